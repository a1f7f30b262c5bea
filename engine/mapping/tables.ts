import type { Diagnostic } from '../platform/config/diagnostic.ts'
import type { YamlFile } from '../platform/config/yaml.ts'
import type { Json } from './types.ts'

/** A named list of values: one value a key, or several under column names. */
export interface Table {
  name: string
  file: string
  columns: string[]
  /** Key to value, of one column where the table has columns. */
  entries(column?: string): ReadonlyMap<string, Json>
}

/** Reads a table; what is wrong with it goes to `diagnostics`. */
export function readTable(name: string, yaml: YamlFile, diagnostics: Diagnostic[]): Table {
  const value = yaml.value ?? {}
  const fault = (path: (string | number)[], message: string, cure?: string) =>
    diagnostics.push(
      yaml.diagnostic(path, 'value', { code: 'HUB_MAP_TABLE', severity: 'error', message, ...(cure ? { cure } : {}) }),
    )
  const rows: [string, Json][] = typeof value === 'object' && !Array.isArray(value) ? Object.entries(value) : []
  if (typeof value !== 'object' || Array.isArray(value))
    fault([], 'A table is `key: value`, or `key: { column: value }`.')
  const columns = [
    ...new Set(
      rows.flatMap(([, row]) => (row && typeof row === 'object' && !Array.isArray(row) ? Object.keys(row) : [])),
    ),
  ]
  for (const [key, row] of rows) {
    const wide = row && typeof row === 'object' && !Array.isArray(row)
    if (Array.isArray(row)) fault([key], 'A list cannot be a value of a table.')
    else if (Boolean(wide) !== columns.length > 0)
      fault([key], `\`${key}\` has ${wide ? 'columns' : 'no columns'}, other rows have ${wide ? 'none' : 'some'}.`)
    for (const path of wide ? Object.keys(row).map((column) => [key, column]) : [[key]]) {
      const cell = path.reduce<Json>((at, step) => at?.[step], value)
      const written = yaml.written(path)
      if (cell !== null && typeof cell === 'object' && !wide) continue
      if (cell !== null && typeof cell === 'object') fault(path, 'A cell is a single value.')
      // 0049 would become 49, 1.50 would become 1.5: nobody means that in a table.
      else if (typeof cell === 'number' && written !== undefined && written !== String(cell))
        fault(path, `\`${written}\` would be read as the number ${cell}.`, `Put it in quotes: "${written}".`)
    }
  }
  return {
    name,
    file: yaml.file,
    columns,
    entries: (column) =>
      new Map(
        rows
          .map(([key, row]) => [key, column === undefined ? row : (row?.[column] ?? undefined)] as const)
          .filter(([, cell]) => cell !== undefined),
      ),
  }
}
