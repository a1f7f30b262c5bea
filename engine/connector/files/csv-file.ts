// One CSV file as items: rows that share a value of a column become one item, wherever they stand in the file.
import { type FileHandle, open } from 'node:fs/promises'
import type { Json, SourceItem } from '../contract.ts'
import { ConnectorError } from '../errors.ts'
import { GroupIndex } from './groups.ts'
import { nearReader, rowsOf } from './pieces.ts'
import { type CsvForm, lineEnd, type Row, scanRows } from './rows.ts'
import { decoder } from './text.ts'

export interface CsvOptions {
  /** Default `,`; `tab` is said as a word. */
  delimiter?: string
  /** Default `"`. */
  quote?: string
  /** Default utf-8. */
  encoding?: string
  /** The column names where the file has no header row. */
  header?: string[]
  /** The column whose value makes rows one item. Absent: every row is an item. */
  groupBy?: string
  /** The column that identifies an item that is a row. Default: its place in the file. */
  id?: string
}

/** No header row is longer. */
const HEAD = 1024 * 1024
const MOST_ROWS = 10_000
const BOM = Buffer.from([0xef, 0xbb, 0xbf])

/** An item, and the number to go on from once it is stored. */
export interface NumberedItem {
  item: SourceItem
  next: number
}

/** The items of a file from a number on, in the order of their first rows. `name` is what origins say. */
export async function* csvItems(
  file: string,
  name: string,
  stamp: string,
  options: CsvOptions,
  from = 0,
): AsyncGenerator<NumberedItem> {
  const handle = await open(file, 'r')
  try {
    const { form, columns, start } = await readHeader(handle, name, options)
    const column = columnOf(columns, options.groupBy ?? options.id, name)
    const facts = { name, stamp, named: namer(columns), ...(options.groupBy ? { groupBy: options.groupBy } : {}) }
    const make = (key: string | undefined, rows: Row[]) => toItem(key, rows, facts)
    const keyOf = (row: Row) => (column === undefined ? undefined : keyIn(row, column, form))

    if (options.groupBy === undefined) {
      let index = 0
      for await (const rows of rowsOf(handle, form, start))
        for (const row of rows) if (index++ >= from) yield { item: make(keyOf(row), [row]), next: index }
      return
    }
    const groups = new GroupIndex()
    for await (const rows of rowsOf(handle, form, start))
      for (const row of rows) groups.add(keyOf(row) ?? `\0${row.line}`, row.offset, row.length, row.line)
    const read = nearReader(handle)
    for (let group = from; group < groups.size; group++) {
      const byKey = new Map<string | undefined, Row[]>()
      for (const run of groups.runs(group))
        for (const row of scanRows(await read(run.offset, run.length), form, run, true).rows) {
          const key = keyOf(row)
          const rows = byKey.get(key)
          if (!rows) byKey.set(key, [row])
          else if (rows.length <= MOST_ROWS) rows.push(row)
        }
      let left = byKey.size
      for (const [key, rows] of byKey) yield { item: make(key, rows), next: --left === 0 ? group + 1 : group }
    }
  } finally {
    await handle.close()
  }
}

interface Start {
  offset: number
  line: number
}

async function readHeader(
  handle: FileHandle,
  name: string,
  options: CsvOptions,
): Promise<{ form: CsvForm; columns: string[]; start: Start }> {
  const delimiter = options.delimiter === 'tab' ? '\t' : (options.delimiter ?? ',')
  const { buffer, bytesRead } = await handle.read(Buffer.allocUnsafe(HEAD), 0, HEAD, 0)
  const bytes = buffer.subarray(0, bytesRead)
  const bare: CsvForm = {
    delimiter,
    quote: options.quote ?? '"',
    decode: decoder(options.encoding ?? 'utf-8'),
    end: lineEnd(bytes),
  }
  const bom = bytes.subarray(0, 3).equals(BOM) ? 3 : 0
  const at = { offset: bom, line: 1 }
  const first = options.header ? undefined : scanRows(bytes.subarray(bom), bare, at, true, 1).rows[0]
  if (first?.problem)
    throw new ConnectorError(
      'permanent',
      'HUB_FILE_HEADER',
      `${name}:${first.line}: the header row cannot be read: ${first.problem}.`,
    )
  const columns = distinct(options.header ?? first?.cells ?? [])
  const start = first ? { offset: first.offset + first.length, line: first.line + 1 } : at
  return { form: { ...bare, columns: columns.length }, columns, start }
}

/** Names as given; a name that is there already, or that the line number or the language has, gets a number, an empty one its place. */
function distinct(names: string[]): string[] {
  const seen = new Set(['line', '__proto__'])
  return names.map((name, index) => {
    const base = name.trim() === '' ? `column ${index + 1}` : name
    let own = base
    for (let n = 2; seen.has(own); n++) own = `${base} (${n})`
    seen.add(own)
    return own
  })
}

function columnOf(columns: string[], wanted: string | undefined, name: string): number | undefined {
  if (wanted === undefined || columns.length === 0) return undefined
  const column = columns.indexOf(wanted)
  if (column === -1)
    throw new ConnectorError(
      'permanent',
      'HUB_FILE_COLUMN',
      `${name} has no column "${wanted}". Its columns: ${columns.join(', ')}.`,
    )
  return column
}

/** The key of a row; of a bad row what stands in its place, so that an order with one broken row is stopped as a whole. */
function keyIn(row: Row, column: number, form: CsvForm): string | undefined {
  const cell = row.cells ? row.cells[column] : row.raw?.split(form.delimiter)[column]?.replaceAll(form.quote, '')
  return cell?.trim() || undefined
}

interface File {
  name: string
  stamp: string
  groupBy?: string
  named: (row: Row) => Json
}

function toItem(key: string | undefined, rows: Row[], { name, stamp, groupBy, named }: File): SourceItem {
  const place = `${name}:${rows[0]!.line}`
  const good = rows.filter((row) => row.cells)
  const bad = good.length === rows.length ? [] : rows.filter((row) => row.problem)
  const problem =
    rows.length > MOST_ROWS
      ? { code: 'HUB_FILE_TOO_MANY_ROWS', message: `${place}: more than ${MOST_ROWS} rows have the key "${key}".` }
      : bad.length > 0
        ? { code: 'HUB_FILE_BAD_ROW', message: bad.map((row) => `${name}:${row.line}: ${row.problem}.`).join(' ') }
        : groupBy && key === undefined
          ? { code: 'HUB_FILE_NO_KEY', message: `${place}: the column "${groupBy}" is empty.` }
          : undefined
  const problems = bad.map((row) => ({ line: row.line, text: row.raw, message: row.problem }))
  const json = {
    key: key ?? null,
    rows: good.slice(0, MOST_ROWS).map(named),
    ...(problems.length > 0 ? { problems } : {}),
  }
  const item = { id: key ?? place, text: JSON.stringify(json), stamp, origin: place }
  return problem ? { ...item, problem } : { ...item, json }
}

/** Rows as objects. They are copies of one, so that all have one shape: half the time, and less memory. */
function namer(columns: string[]): (row: Row) => Json {
  const empty: Record<string, string> = Object.fromEntries(columns.map((column) => [column, '']))
  return ({ cells, line }) => {
    const object = { ...empty, line }
    for (let index = 0; index < columns.length; index++)
      (object as Record<string, string | number>)[columns[index]!] = cells![index] ?? ''
    return object
  }
}
