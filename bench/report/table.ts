// Figures as lines of text.
import { type Figure, reached } from '../figures.ts'

export const HEAD = ['what', 'measured', 'of what', 'aim', ''] as const

/** What, measured, ratio and baseline, aim, verdict. */
export function cells(figure: Figure): string[] {
  const { name, unit, value, ratio, baseline, target, note } = figure
  const ok = reached(figure)
  return [
    note ? `${name} (${note})` : name,
    `${number(value)} ${unit}`,
    ratio === undefined ? '' : `×${ratio.toFixed(2)} ${baseline ?? ''}`.trim(),
    target ? aim(target) : '',
    ok === undefined ? '' : ok ? 'reached' : 'missed',
  ]
}

function aim({ least, most, of }: NonNullable<Figure['target']>): string {
  const sign = of === 'ratio' ? '×' : ''
  return least === undefined ? `≤ ${sign}${number(most!)}` : `≥ ${sign}${number(least)}`
}

/** Three digits that say something, thousands apart. */
export function number(value: number): string {
  if (!Number.isFinite(value)) return '–'
  const digits = Math.abs(value) >= 100 ? 0 : Math.abs(value) >= 10 ? 1 : Math.abs(value) >= 1 ? 2 : 3
  return value.toLocaleString('en', { maximumFractionDigits: digits })
}

/** For a terminal: columns as wide as they must be. */
export function table(figures: Figure[]): string[] {
  const rows = [[...HEAD], ...figures.map(cells)]
  const widths = HEAD.map((_, column) => Math.max(...rows.map((row) => row[column]!.length)))
  return rows.map((row) =>
    row
      .map((cell, column) => cell.padEnd(widths[column]!))
      .join('  ')
      .trimEnd(),
  )
}
