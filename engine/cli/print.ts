// How commands speak: tables that fit 80 columns, moments a person can read, colours only where they are wanted.
import { styleText } from 'node:util'
import { pathText } from '../platform/config/diagnostic.ts'
import type { Difference } from '../platform/edits.ts'

export interface Printer {
  color: boolean
  json: boolean
  line: (text?: string) => void
  error: (text: string) => void
}

export function printer({ color, json = false }: { color: boolean; json?: boolean }): Printer {
  return {
    color,
    json,
    line: (text = '') => void process.stdout.write(`${text}\n`),
    error: (text) => void process.stderr.write(`${text}\n`),
  }
}

export type Tone = 'good' | 'bad' | 'doubtful' | 'dim' | 'strong'
const STYLES = { good: 'green', bad: 'red', doubtful: 'yellow', dim: 'dim', strong: 'bold' } as const

export function tone(out: Printer, kind: Tone, text: string): string {
  return out.color ? styleText(STYLES[kind], text, { validateStream: false }) : text
}

const WIDTH = 80

/** Columns as wide as they need to be; the widest gives way until the row fits 80 characters. Numbers stand on the right. */
export function table(head: string[], rows: (string | number)[][]): string[] {
  const cells = [head, ...rows.map((row) => row.map(String))]
  const widths = head.map((_, column) => Math.max(...cells.map((row) => length(row[column] ?? ''))))
  const room = WIDTH - 2 * (head.length - 1)
  while (sum(widths) > room) widths[widths.indexOf(Math.max(...widths))]!--
  const numeric = head.map((_, column) => rows.length > 0 && rows.every((row) => typeof row[column] === 'number'))
  return cells.map((row) =>
    row
      .map((cell, column) => fit(cell, widths[column]!, numeric[column]!))
      .join('  ')
      .trimEnd(),
  )
}

function sum(numbers: number[]): number {
  return numbers.reduce((total, each) => total + each, 0)
}

function length(text: string): number {
  return [...text].length
}

function fit(text: string, width: number, right: boolean): string {
  const letters = [...text]
  if (letters.length > width) return `${letters.slice(0, width - 1).join('')}…`
  const padding = ' '.repeat(width - letters.length)
  return right ? padding + text : text + padding
}

/** Text broken at spaces into lines of at most 80 characters, each after `indent`. */
export function wrapped(text: string, indent: string): string[] {
  const lines: string[] = []
  let line = ''
  for (const word of text.split(/\s+/)) {
    if (line && indent.length + line.length + 1 + word.length > WIDTH) {
      lines.push(indent + line)
      line = word
    } else line = line ? `${line} ${word}` : word
  }
  return [...lines, indent + line]
}

/** `2026-03-01 09:15:02` in UTC. */
export function moment(at: Date | null): string {
  return at ? at.toISOString().slice(0, 19).replace('T', ' ') : '-'
}

/** `12 s`, `3 min`, `2 h`, `4 d`: how long ago, or how far ahead. */
export function span(ms: number): string {
  const seconds = Math.round(Math.abs(ms) / 1000)
  if (seconds < 100) return `${seconds} s`
  if (seconds < 6000) return `${Math.round(seconds / 60)} min`
  if (seconds < 48 * 3600) return `${Math.round(seconds / 3600)} h`
  return `${Math.round(seconds / 86400)} d`
}

/** `shipTo.postcode: "9021" → "90210"`, one line for each field. */
export function changeLines(changes: readonly Difference[], indent: string): string[] {
  return changes.map((each) => `${indent}${pathText(each.path)}: ${valueText(each.old)} → ${valueText(each.new)}`)
}

/** A value as JSON, cut where it is long. */
export function valueText(value: unknown): string {
  const text = value === undefined ? 'nothing' : JSON.stringify(value)
  return text.length > 60 ? `${text.slice(0, 59)}…` : text
}
