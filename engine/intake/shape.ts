// What an item looks like: its fields and their types, without its values.
import type { Json } from '../hub.ts'
import { pathText } from '../platform/config/diagnostic.ts'

export type FieldType = 'text' | 'number' | 'boolean' | 'object' | 'list' | 'null'

/** Of a list so many items are looked at, evenly spread; deeper and wider than this an item is data, not structure. */
const ITEMS = 50
const DEPTH = 12
/** An object with more keys than this is a table with keys of its own, not fields. */
const KEYS = 200

/** The same text for items of the same structure: cheap, made once for each item. */
export function signature(value: Json, depth = 0): string {
  if (value === null || value === undefined) return '-'
  if (typeof value !== 'object') return typeof value === 'string' ? 't' : typeof value === 'number' ? 'n' : 'b'
  if (depth === DEPTH) return '.'
  if (Array.isArray(value)) {
    if (value.length === 0) return '[]'
    if (value.length === 1) return `[${signature(value[0], depth + 1)}]`
    const kinds = new Set<string>()
    for (const item of sampled(value)) kinds.add(signature(item, depth + 1))
    return `[${[...kinds].join('|')}]`
  }
  const keys = Object.keys(value)
  if (keys.length > KEYS) return '{…}'
  let text = '{'
  for (const key of keys) text += `${key}\t${signature(value[key], depth + 1)}\n`
  return `${text}}`
}

/** The fields of an item with their types, lists passed through: `line_items[].sku`. */
export function fieldsOf(value: Json): Map<string, Set<FieldType>> {
  const fields = new Map<string, Set<FieldType>>()
  const look = (part: Json, at: string, depth: number): void => {
    if (at) {
      const known = fields.get(at) ?? new Set()
      fields.set(at, known.add(typeOf(part)))
    }
    if (part === null || typeof part !== 'object' || depth === DEPTH) return
    if (Array.isArray(part)) {
      for (const item of sampled(part)) look(item, `${at}[]`, depth + 1)
      return
    }
    const keys = Object.keys(part)
    if (keys.length > KEYS) return
    for (const key of keys) {
      const name = pathText([key])
      look(part[key], at && !name.startsWith('[') ? `${at}.${name}` : at + name, depth + 1)
    }
  }
  look(value, '', 0)
  return fields
}

/** The path of what a field is in: `line_items[].sku` → `line_items[]` → `line_items`; empty at the top. */
export function parentOf(path: string): string {
  if (path.endsWith('[]')) return path.slice(0, -2)
  const quoted = path.endsWith(']') ? path.lastIndexOf('["') : -1
  return quoted >= 0 ? path.slice(0, quoted) : path.slice(0, Math.max(0, path.lastIndexOf('.')))
}

function typeOf(value: Json): FieldType {
  if (value === null || value === undefined) return 'null'
  if (Array.isArray(value)) return 'list'
  if (typeof value === 'string') return 'text'
  return typeof value as 'number' | 'boolean' | 'object'
}

function sampled(list: Json[]): Json[] {
  if (list.length <= ITEMS) return list
  const step = list.length / ITEMS
  return Array.from({ length: ITEMS }, (_, i) => list[Math.floor(i * step)])
}
