// CSV as RFC 4180 has it, found in the bytes: where a row stands, its cells, and what is wrong with it. One bad row
// spoils no other: reading goes on at the next line of the file.
import type { Decode } from './text.ts'

export interface CsvForm {
  /** One ASCII character. */
  delimiter: string
  quote: string
  decode: Decode
  /** The byte that ends a line: LF, or CR in old files. Decided once for a file. */
  end: number
  /** How many cells a row must have; undefined for the header row itself. */
  columns?: number
}
export interface Row {
  /** Cells of a good row; a bad one has a problem instead, and its text as it stands. */
  cells?: string[]
  problem?: string
  raw?: string
  offset: number
  /** Bytes, with the line end. */
  length: number
  /** The first line, counted from 1. */
  line: number
}

const LF = 0x0a
const CR = 0x0d
/** A quoted cell that has not ended after so many bytes was never meant to be one. */
const LONGEST_ROW = 1024 * 1024

/**
 * The rows in a piece of a file. `whole` says that nothing follows; otherwise a row without an end is left for the next
 * piece. Answers the rows and how many bytes and lines they used.
 */
export function scanRows(
  bytes: Buffer,
  form: CsvForm,
  start: { offset: number; line: number },
  whole: boolean,
  most = Number.POSITIVE_INFINITY,
): { rows: Row[]; used: number; lines: number } {
  const rows: Row[] = []
  const quote = form.quote.charCodeAt(0)
  const { end } = form
  let at = 0
  let line = start.line
  let nextQuote = bytes.indexOf(quote)

  while (at < bytes.length && rows.length < most) {
    const newline = bytes.indexOf(end, at)
    if (newline === -1 && !whole) break
    const first = newline === -1 ? bytes.length : newline + 1
    if (nextQuote !== -1 && nextQuote < at) nextQuote = bytes.indexOf(quote, at)
    const quoted = nextQuote !== -1 && nextQuote < first
    const close = quoted ? rowEnd(bytes, at, quote, form.delimiter.charCodeAt(0), end) : first
    if (close === undefined && !whole && bytes.length - at < LONGEST_ROW) break

    const base = { offset: start.offset + at, line }
    let row: Row | undefined
    if (close !== undefined && close !== 'bad')
      row = readRow(bytes.subarray(at, close), form, { ...base, length: close - at })
    // Cells over several lines that do not add up: the quote was opened by mistake, so only the first line is bad.
    const several = row !== undefined && row.length > first - at
    if (row === undefined || (several && row.problem !== undefined))
      row = badRow(bytes.subarray(at, first), form, { ...base, length: first - at })

    if (!isBlank(row)) rows.push(row)
    line += several && row.length > first - at ? countLines(bytes.subarray(at, at + row.length), end) : 1
    at += row.length
  }
  return { rows, used: at, lines: line - start.line }
}

/** Old files end their lines with CR alone. */
export const lineEnd = (bytes: Buffer) => (bytes.includes(LF) || !bytes.includes(CR) ? LF : CR)

/** Where a row with quotes ends; 'bad' where a closing quote is followed by anything but a delimiter or a line end. */
function rowEnd(bytes: Buffer, at: number, quote: number, delimiter: number, end: number): number | 'bad' | undefined {
  let i = at
  for (;;) {
    if (bytes[i] === quote) {
      i++
      for (;;) {
        const next = bytes.indexOf(quote, i)
        if (next === -1) return undefined
        if (next - at > LONGEST_ROW) return 'bad'
        if (bytes[next + 1] === quote) {
          i = next + 2
          continue
        }
        i = next + 1
        break
      }
      if (bytes[i] === CR && bytes[i + 1] === LF) return i + 2
      if (i >= bytes.length) return i
      if (bytes[i] === end) return i + 1
      if (bytes[i] !== delimiter) return 'bad'
      i++
      continue
    }
    while (i < bytes.length && bytes[i] !== delimiter && bytes[i] !== end) {
      if (bytes[i] === quote) return 'bad'
      i++
    }
    if (i >= bytes.length) return i
    if (bytes[i] === end) return i + 1
    i++
  }
}

type Place = Pick<Row, 'offset' | 'length' | 'line'>

function readRow(bytes: Buffer, form: CsvForm, place: Place): Row {
  const text = form.decode(bytes)
  if (text === undefined)
    return {
      ...place,
      problem: 'it is not in the encoding that the connection names',
      raw: bytes.toString('latin1').trimEnd(),
    }
  const line = withoutEnd(text)
  const cells = line.includes(form.quote) ? splitQuoted(line, form) : line.split(form.delimiter)
  if (form.columns === undefined || cells.length === form.columns || line.trim() === '') return { ...place, cells }
  return { ...place, problem: `it has ${cells.length} cells, but the header has ${form.columns}`, raw: line }
}

function badRow(bytes: Buffer, form: CsvForm, place: Place): Row {
  const raw = withoutEnd(form.decode(bytes) ?? bytes.toString('latin1'))
  return { ...place, problem: 'a quote is not closed, or stands where none may stand', raw }
}

function withoutEnd(text: string): string {
  let end = text.length
  while (end > 0 && (text.charCodeAt(end - 1) === LF || text.charCodeAt(end - 1) === CR)) end--
  return text.slice(0, end)
}

function splitQuoted(line: string, { delimiter, quote }: CsvForm): string[] {
  const cells: string[] = []
  let at = 0
  for (;;) {
    if (line[at] === quote) {
      let close = at
      do {
        close = line.indexOf(quote, close + 1)
        if (line[close + 1] !== quote) break
        close++
      } while (close !== 0)
      cells.push(line.slice(at + 1, close).replaceAll(quote + quote, quote))
      at = close + 1
    } else {
      const next = line.indexOf(delimiter, at)
      cells.push(line.slice(at, next === -1 ? undefined : next))
      at = next === -1 ? line.length : next
    }
    if (at >= line.length) return cells
    at++
    if (at === line.length) return [...cells, '']
  }
}

/** Spreadsheets leave rows of empty cells at the end of what they export. */
const isBlank = (row: Row) => row.cells?.every((cell) => cell.trim() === '') === true

function countLines(bytes: Buffer, end: number): number {
  let lines = 0
  for (let at = bytes.indexOf(end); at !== -1; at = bytes.indexOf(end, at + 1)) lines++
  return Math.max(1, lines)
}
