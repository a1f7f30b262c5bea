// One CSV file as items: rows that share a value of a column become one item, wherever they stand in the file.
import { readSync } from 'node:fs'
import { type FileHandle, open } from 'node:fs/promises'
import type { SourceItem } from '../contract.ts'
import { ConnectorError } from '../errors.ts'
import { GroupIndex } from './groups.ts'
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

const PIECE = 1024 * 1024
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
    const make = (key: string | undefined, rows: Row[]) =>
      toItem(key, rows, { name, stamp, columns, ...(options.groupBy ? { groupBy: options.groupBy } : {}) })
    const keyOf = (row: Row) => (column === undefined ? undefined : keyIn(row, column, form))

    if (options.groupBy === undefined) {
      let index = 0
      for await (const row of rowsOf(handle, form, start))
        if (index++ >= from) yield { item: make(keyOf(row), [row]), next: index }
      return
    }
    const groups = new GroupIndex()
    for await (const row of rowsOf(handle, form, start))
      groups.add(keyOf(row) ?? `\0${row.line}`, row.offset, row.length, row.line)
    const read = nearReader(handle)
    for (let group = from; group < groups.size; group++) {
      const byKey = new Map<string | undefined, Row[]>()
      for (const run of groups.runs(group))
        for (const row of scanRows(await read(run.offset, run.length), form, run, true).rows) {
          const key = keyOf(row)
          byKey.set(key, [...(byKey.get(key) ?? []), row].slice(0, MOST_ROWS + 1))
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
  const { buffer, bytesRead } = await handle.read(Buffer.alloc(PIECE), 0, PIECE, 0)
  const bytes = buffer.subarray(0, bytesRead)
  const bare: CsvForm = {
    delimiter,
    quote: options.quote ?? '"',
    decode: decoder(options.encoding ?? 'utf-8'),
    end: lineEnd(bytes),
  }
  const bom = bytes.subarray(0, 3).equals(BOM) ? 3 : 0
  const at = { offset: bom, line: 1 }
  const first = options.header ? undefined : scanRows(bytes.subarray(bom), bare, at, true).rows[0]
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

/** Names as given; a name that is there already, or that the line number has, gets a number, an empty one its place. */
function distinct(names: string[]): string[] {
  const seen = new Set(['line'])
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

/** The rows of a file, a piece at a time. */
async function* rowsOf(handle: FileHandle, form: CsvForm, { offset, line }: Start): AsyncGenerator<Row> {
  let rest: Buffer = Buffer.alloc(0)
  let position = offset
  for (;;) {
    const { buffer, bytesRead } = await handle.read(Buffer.allocUnsafe(PIECE), 0, PIECE, position + rest.length)
    const bytes =
      rest.length === 0 ? buffer.subarray(0, bytesRead) : Buffer.concat([rest, buffer.subarray(0, bytesRead)])
    const { rows, used, lines } = scanRows(bytes, form, { offset: position, line }, bytesRead === 0)
    yield* rows
    position += used
    line += lines
    rest = bytes.subarray(used)
    if (bytesRead === 0) return
  }
}

/**
 * Reads pieces that mostly follow one another. Where they do, a large piece is read ahead; where they are scattered, just
 * what is asked for, at once: a million waits for the thread pool would cost ten times the reading.
 */
function nearReader(handle: FileHandle): (offset: number, length: number) => Promise<Buffer> {
  let held: Buffer = Buffer.alloc(0)
  let heldAt = 0
  let little: Buffer = Buffer.alloc(64 * 1024)
  return async (offset, length) => {
    const end = heldAt + held.length
    if (offset >= heldAt && offset + length <= end) return held.subarray(offset - heldAt, offset - heldAt + length)
    if (offset >= end && offset - end < PIECE) {
      const { buffer, bytesRead } = await handle.read(
        Buffer.allocUnsafe(Math.max(length, PIECE)),
        0,
        Math.max(length, PIECE),
        offset,
      )
      held = buffer.subarray(0, bytesRead)
      heldAt = offset
      return held.subarray(0, length)
    }
    if (length > little.length) little = Buffer.alloc(length)
    return little.subarray(0, readSync(handle.fd, little, 0, length, offset))
  }
}

interface File {
  name: string
  stamp: string
  columns: string[]
  groupBy?: string
}

function toItem(key: string | undefined, rows: Row[], { name, stamp, columns, groupBy }: File): SourceItem {
  const place = `${name}:${rows[0]!.line}`
  const good = rows.filter((row) => row.cells).map((row) => ({ ...named(columns, row.cells!), line: row.line }))
  const bad = rows.filter((row) => row.problem)
  const problem =
    rows.length > MOST_ROWS
      ? { code: 'HUB_FILE_TOO_MANY_ROWS', message: `${place}: more than ${MOST_ROWS} rows have the key "${key}".` }
      : bad.length > 0
        ? { code: 'HUB_FILE_BAD_ROW', message: bad.map((row) => `${name}:${row.line}: ${row.problem}.`).join(' ') }
        : groupBy && key === undefined
          ? { code: 'HUB_FILE_NO_KEY', message: `${place}: the column "${groupBy}" is empty.` }
          : undefined
  const problems = bad.map((row) => ({ line: row.line, text: row.raw, message: row.problem }))
  const text = JSON.stringify({
    key: key ?? null,
    rows: good.slice(0, MOST_ROWS),
    ...(problems.length > 0 ? { problems } : {}),
  })
  return { id: key ?? place, text, stamp, origin: place, ...(problem ? { problem } : {}) }
}

const named = (columns: string[], cells: string[]) =>
  Object.fromEntries(columns.map((column, index) => [column, cells[index] ?? '']))
