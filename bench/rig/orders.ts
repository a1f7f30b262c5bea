// The order that all benchmarks use: five lines, about 2 KB, as a shop sends it.
import { readFileSync } from 'node:fs'
import path from 'node:path'

const sample = JSON.parse(readFileSync(path.join(import.meta.dirname, '..', 'mapping', 'order.json'), 'utf8'))
const [before, between, after] = JSON.stringify({
  ...sample,
  id: '@',
  number: '@',
  date_modified_gmt: '2026-03-01T10:00:00',
}).split('"@"') as [string, string, string]

/** The text of order number `n`; no two are the same. */
export const orderText = (n: number): string => `${before}${n}${between}"${n}"${after}`
