import { styleText } from 'node:util'

/** Something wrong, or doubtful, in a file that a person edits. Lines and columns count from 1. */
export interface Diagnostic {
  /** `HUB_<ROOM>_<WHAT>`; permanent once released. */
  code: string
  severity: 'error' | 'warning'
  file: string
  line: number
  col: number
  /** How many characters the caret underlines. Default 1. */
  length?: number
  /** What is wrong, as one sentence. */
  message: string
  /** The nearest right word, ready to paste. */
  hint?: string
  /** What to do about it. */
  cure?: string
  /** Where in the document: `fields.total.as`. */
  path?: string
}

export interface RenderOptions {
  color?: boolean
  /** Answers the text of a file, or undefined when it cannot be read; then only the message is shown. */
  readSource?: (file: string) => string | undefined
}

/**
 * Diagnostics as a person reads them, in the order of files and lines:
 * `file:line:col code message`, the line of the source, a caret, "did you mean", the cure.
 */
export function renderDiagnostics(diagnostics: readonly Diagnostic[], options: RenderOptions = {}): string {
  const paint = (style: Parameters<typeof styleText>[0], text: string) =>
    options.color ? styleText(style, text, { validateStream: false }) : text
  const sources = new Map<string, string[] | undefined>()
  const lineOf = (file: string, line: number) => {
    if (!sources.has(file)) sources.set(file, options.readSource?.(file)?.split(/\r?\n/))
    return sources.get(file)?.[line - 1]
  }
  return [...diagnostics]
    .sort((a, b) => (a.file < b.file ? -1 : a.file > b.file ? 1 : a.line - b.line || a.col - b.col))
    .map((found) => {
      const tone = found.severity === 'error' ? 'red' : 'yellow'
      const said = `${found.message}${found.hint === undefined ? '' : ` Did you mean \`${found.hint}\`?`}`
      const out = [`${found.file}:${found.line}:${found.col} ${paint(tone, found.code)} ${said}`]
      const source = lineOf(found.file, found.line)
      if (source !== undefined) out.push(...excerpt(source, found, (text) => paint(tone, text)))
      if (found.cure) out.push(`  ${paint('dim', 'cure:')} ${found.cure}`)
      return out.join('\n')
    })
    .join('\n')
}

const WIDTH = 140

function excerpt(source: string, found: Diagnostic, paint: (text: string) => string): string[] {
  const start = Math.max(0, Math.min(found.col - 1, source.length))
  const from = start > WIDTH - 20 ? start - 20 : 0
  const shown = source.slice(from, from + WIDTH).replaceAll('\t', ' ')
  const length = Math.max(1, Math.min(found.length ?? 1, shown.length - (start - from)))
  return [`  ${shown}`, `  ${' '.repeat(start - from)}${paint('^'.repeat(length))}`]
}

/** The candidate most like the word, when it is near enough to be a slip of the pen. */
export function nearest(word: string, candidates: Iterable<string>): string | undefined {
  const lower = word.toLowerCase()
  let best: string | undefined
  let bestDistance = Math.max(1, Math.floor(word.length / 3)) + 0.5
  for (const candidate of candidates) {
    const other = candidate.toLowerCase()
    // A word that was cut short or has a surplus ending is near, however long the rest.
    const contained = word.length > 3 && (other.startsWith(lower) || lower.startsWith(other)) && other.length > 3
    const found = other === lower ? 0 : contained ? 1 : distance(lower, other, bestDistance)
    if (found < bestDistance) [best, bestDistance] = [candidate, found]
  }
  return best
}

/** Edits between two words (insert, drop, replace, swap of neighbours), or more than `limit`. */
function distance(a: string, b: string, limit: number): number {
  if (Math.abs(a.length - b.length) > limit) return limit + 1
  let before: number[] = []
  let above = Array.from({ length: b.length + 1 }, (_, i) => i)
  for (let i = 1; i <= a.length; i++) {
    const row = [i]
    for (let j = 1; j <= b.length; j++) {
      const cost = a[i - 1] === b[j - 1] ? 0 : 1
      let least = Math.min(row[j - 1]! + 1, above[j]! + 1, above[j - 1]! + cost)
      if (i > 1 && j > 1 && a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1]) least = Math.min(least, before[j - 2]! + 1)
      row.push(least)
    }
    before = above
    above = row
  }
  return above[b.length]!
}

export type Path = readonly (string | number)[]

/** A path as people write it: `line_items[0].sku`. Names that are not plain words stand in `["…"]`. */
export function pathText(path: Path): string {
  let text = ''
  for (const part of path) {
    if (typeof part === 'number') text += `[${part}]`
    else if (/^[\w$@-]+$/.test(part)) text += text ? `.${part}` : part
    else text += `[${JSON.stringify(part)}]`
  }
  return text
}
