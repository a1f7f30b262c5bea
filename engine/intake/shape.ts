// What an item looks like: its fields and their types, without its values.
import type { Json } from '../hub.ts'
import { pathText } from '../platform/config/diagnostic.ts'

export type FieldType = 'text' | 'number' | 'boolean' | 'object' | 'list' | 'null'

/** Of a list so many items are looked at, evenly spread; deeper and wider than this an item is data, not structure. */
const ITEMS = 50
const DEPTH = 12
/** An object with more keys than this is a table with keys of its own, not fields. */
const KEYS = 200

/** The same number for items of the same structure: cheap, made once for each item. */
export function signature(value: Json, depth = 0): number {
  if (value === null || value === undefined) return 1
  if (typeof value !== 'object') return typeof value === 'string' ? 2 : typeof value === 'number' ? 3 : 4
  if (depth === DEPTH) return 5
  if (Array.isArray(value)) return ofList(value, depth)
  let hash = 6
  let keys = 0
  for (const key in value) {
    if (++keys > KEYS) return 7
    hash = mixed(hash, Math.imul(nameHash(key), 31) + signature(value[key], depth + 1))
  }
  return mixed(hash, keys)
}

/** Of the different structures of its items, in any order. */
function ofList(list: Json[], depth: number): number {
  if (list.length === 0) return 8
  const kinds = new Set<number>()
  for (const item of sampled(list)) kinds.add(signature(item, depth + 1))
  let hash = kinds.size
  for (const kind of kinds) hash = (hash + mixed(9, kind)) | 0
  return mixed(10, hash)
}

const mixed = (hash: number, more: number): number => {
  const next = Math.imul(hash ^ Math.imul(more, 0x85ebca6b), 0xc2b2ae35)
  return next ^ (next >>> 15)
}

const NAMES = 10_000
const names = new Map<string, number>()
function nameHash(name: string): number {
  const known = names.get(name)
  if (known !== undefined) return known
  let hash = name.length
  for (let i = 0; i < name.length; i++) hash = mixed(hash, name.charCodeAt(i))
  if (names.size >= NAMES) names.clear()
  names.set(name, hash)
  return hash
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
