// The only home of the `yaml` package. YAML 1.2, core schema: NO is Norway, 2026-03-29 stays text.
import { readFileSync } from 'node:fs'
import { type Document, isAlias, isMap, isScalar, isSeq, LineCounter, type Node, parseDocument, stringify } from 'yaml'
import { type Diagnostic, type Path, pathText } from './diagnostic.ts'

interface Place {
  line: number
  col: number
  length: number
}

/** A YAML file with its value and the place of everything in it. */
export interface YamlFile {
  file: string
  text: string
  /** Plain JSON; undefined when the file could not be read. Keys are the text that was written (`007`, not `7`). */
  value: any
  /** Syntax errors and duplicate keys. `value` is what could be read in spite of them. */
  diagnostics: Diagnostic[]
  /** Where a key, or its value, stands; for what is not there, the nearest thing above it. */
  at(path: Path, part?: 'key' | 'value'): Place
  /** The text of a plain scalar as written (`1.50`), or undefined. */
  written(path: Path): string | undefined
  /** A diagnostic at a place of this file. */
  diagnostic(
    path: Path,
    part: 'key' | 'value',
    rest: Omit<Diagnostic, 'file' | 'line' | 'col' | 'length' | 'path'>,
  ): Diagnostic
}

/** Reads a file. Never throws: a file that cannot be read is a diagnostic. `shown` is the name used in messages. */
export function readYaml(file: string, shown = file): YamlFile {
  let text: string
  try {
    text = readFileSync(file, 'utf8')
  } catch (error) {
    const unread = parseYaml('', shown)
    unread.diagnostics.push({
      code: 'HUB_YAML_UNREADABLE',
      severity: 'error',
      file: shown,
      line: 1,
      col: 1,
      message: `This file cannot be read: ${(error as Error).message}.`,
    })
    return unread
  }
  return parseYaml(text, shown)
}

/** Reads a text. Never throws, whatever the text is. */
export function parseYaml(text: string, file: string): YamlFile {
  const lines = new LineCounter()
  const diagnostics: Diagnostic[] = []
  let document: Document.Parsed | undefined
  let value: unknown
  try {
    document = parseDocument(text, {
      version: '1.2',
      schema: 'core',
      uniqueKeys: true,
      prettyErrors: false,
      lineCounter: lines,
    })
    // The first few tell; the rest are echoes of them.
    for (const found of [...document.errors, ...document.warnings].slice(0, 20))
      diagnostics.push(syntax(file, lines, found))
    value = document.contents ? plain(document.contents, document, { nodes: 0 }) : undefined
  } catch (error) {
    const deep = error instanceof RangeError
    diagnostics.push({
      code: 'HUB_YAML_SYNTAX',
      severity: 'error',
      file,
      line: 1,
      col: 1,
      message: deep
        ? 'This file is nested too deeply to be read.'
        : `This file is not YAML: ${(error as Error).message}`,
    })
  }
  const at = (path: Path, part: 'key' | 'value' = 'value'): Place => {
    const node = document && locate(document, path, part)
    const range = node?.range
    if (!range) return { line: 1, col: 1, length: 1 }
    const { line, col } = lines.linePos(range[0])
    const end = text.slice(range[0], range[1]).search(/\r?\n|$/)
    return { line, col, length: Math.max(1, end) }
  }
  return {
    file,
    text,
    value,
    diagnostics,
    at,
    written(path) {
      const node = document && locate(document, path, 'value')
      return isScalar(node) && node.type === 'PLAIN' ? node.source : undefined
    },
    diagnostic: (path, part, rest) => ({ file, ...at(path, part), path: pathText(path), ...rest }),
  }
}

/** Plain JSON as YAML, for examples and for files the hub writes. */
export function writeYaml(value: unknown): string {
  return stringify(value, {
    version: '1.2',
    schema: 'core',
    lineWidth: 110,
    flowCollectionPadding: true,
    aliasDuplicateObjects: false,
  })
}

/** A YAML text with other values at some paths; comments and everything else stay. */
export function editYaml(text: string, edits: { path: Path; value: unknown }[]): string {
  const document = parseDocument(text, { version: '1.2', schema: 'core' })
  for (const { path, value } of edits) document.setIn([...path], document.createNode(value))
  return document.toString({ lineWidth: 110, flowCollectionPadding: true })
}

function syntax(
  file: string,
  lines: LineCounter,
  found: { code: string; message: string; pos: [number, number]; name: string },
): Diagnostic {
  const { line, col } = lines.linePos(found.pos[0])
  const twice = found.code === 'DUPLICATE_KEY'
  return {
    code: twice ? 'HUB_YAML_DUPLICATE_KEY' : 'HUB_YAML_SYNTAX',
    severity: found.name === 'YAMLWarning' ? 'warning' : 'error',
    file,
    line,
    col,
    length: Math.max(1, found.pos[1] - found.pos[0]),
    message: twice
      ? 'This key stands here twice; only one of the two can count.'
      : `${found.message.includes('call stack') ? 'This is nested too deeply to be read' : found.message}.`,
  }
}

// Aliases may unfold without end ("billion laughs"); no file that a person wrote comes near this.
const MOST_NODES = 2_000_000

/** Like the package's own toJS, but keys keep the text that was written: `007` must not become `7` in a table. */
function plain(node: unknown, document: Document, budget: { nodes: number }): unknown {
  if (++budget.nodes > MOST_NODES) throw new Error('its aliases unfold without end.')
  if (isAlias(node)) return plain(node.resolve(document), document, budget)
  if (isScalar(node)) return typeof node.value === 'bigint' ? String(node.value) : node.value
  if (isSeq(node)) return node.items.map((item) => plain(item, document, budget))
  if (isMap(node)) {
    const object: Record<string, unknown> = {}
    for (const pair of node.items) {
      // defineProperty, because a plain assignment to `__proto__` would set the prototype.
      Object.defineProperty(object, keyText(pair.key), {
        value: plain(pair.value, document, budget),
        enumerable: true,
        writable: true,
        configurable: true,
      })
    }
    return object
  }
  return null
}

function keyText(key: unknown): string {
  return isScalar(key) ? String(key.type === 'PLAIN' ? (key.source ?? key.value) : key.value) : String(key)
}

function locate(document: Document, path: Path, part: 'key' | 'value'): Node | undefined {
  let node: unknown = document.contents
  let key: unknown
  for (const step of path) {
    if (isAlias(node)) node = node.resolve(document)
    let found: { key: unknown; value: unknown } | undefined
    if (isMap(node)) found = node.items.find((pair) => keyText(pair.key) === String(step))
    else if (isSeq(node) && node.items[Number(step)] !== undefined)
      found = { key: node.items[Number(step)], value: node.items[Number(step)] }
    if (!found) return (key ?? node ?? undefined) as Node | undefined
    key = found.key
    node = found.value
  }
  return ((part === 'key' ? (key ?? node) : (node ?? key)) ?? undefined) as Node | undefined
}
