// What a person sees while the demo runs: one block that is redrawn in a terminal, a line every two seconds elsewhere.
import type { Printer } from '../print.ts'
import { tone } from '../print.ts'

export interface Figure {
  label: string
  now: number
  of: number
}

export function progressDisplay(print: Printer, live: boolean) {
  let drawn = 0
  let lastLine = 0
  const started = Date.now()
  return {
    show(figures: Figure[]): void {
      const seconds = ((Date.now() - started) / 1000).toFixed(1)
      if (live) {
        const lines = figures.map(
          (figure) =>
            `  ${figure.label.padEnd(30)} ${bar(figure)} ${String(figure.now).padStart(5)}${figure.of > 0 ? ` of ${figure.of}` : ''}`,
        )
        if (drawn > 0) process.stdout.write(`\u001b[${drawn}A`)
        for (const line of [...lines, tone(print, 'dim', `  ${seconds} s`)]) process.stdout.write(`\u001b[2K${line}\n`)
        drawn = lines.length + 1
      } else if (Date.now() - lastLine >= 2000) {
        lastLine = Date.now()
        print.line(
          `  ${seconds.padStart(6)} s  ${figures.map((figure) => `${figure.now} ${short(figure.label)}`).join(', ')}`,
        )
      }
    },
  }
}

const WIDTH = 24

function bar({ now, of }: Figure): string {
  const full = of > 0 ? Math.min(WIDTH, Math.round((now / of) * WIDTH)) : 0
  return `${'█'.repeat(full)}${'·'.repeat(WIDTH - full)}`
}

/** `orders in the warehouse` → `in warehouse`, `labels in the carrier` → `labels`. */
function short(label: string): string {
  const [what, where] = label.split(/ (?:in|from) the /)
  return what === 'orders' ? `in ${where}` : what!
}
