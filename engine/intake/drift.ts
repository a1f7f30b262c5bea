// Notices when the items of a source look otherwise than before: a new field, one that is gone, one of another type. Each is
// told once, as an event and as a row of `drift` that stays until a person accepts it.
//
// Most items have a structure that was seen before: for them the work is one look-up in memory. What was counted goes to the
// store every few seconds; `drift-changes.ts` says there what of it is a change.
import type { Json, Source } from '../hub.ts'
import type { Store } from '../platform/store/store.ts'
import { type Counts, writeCounted } from './drift-changes.ts'
import { type FieldType, fieldsOf, signature } from './shape.ts'

const FLUSH_MS = 10_000
/** Structures kept in memory for one resource, and fields known of it. */
const SHAPES = 500
const FIELDS = 5_000

interface Shape {
  fields: string[]
  /** Since the last flush: how many items, and the places of the first and the last of them. */
  count: number
  first: number
  last: number
}
interface Memory {
  revision: number
  fields: Map<string, Set<string>>
  shapes: Map<number, Shape>
  /** Fields, and types of fields, that the store does not know yet. */
  news: Map<string, Set<FieldType>>
  noted: number
  flushedAt: number
}

const memories = new WeakMap<Store, Map<string, Memory>>()

/** Looks at the items of a batch. What goes wrong here is not theirs: it is tried again with a later batch. */
export async function noteShapes(store: Store, source: Source, items: Iterable<Json>): Promise<void> {
  const known = memories.get(store) ?? new Map<string, Memory>()
  memories.set(store, known)
  const name = `${source.connection}.${source.resource}`
  try {
    const memory = known.get(name) ?? (await remembered(store, source))
    known.set(name, memory)
    for (const item of items) note(memory, item)
    const due = memory.news.size > 0 || memory.shapes.size > SHAPES || Date.now() - memory.flushedAt > FLUSH_MS
    if (memory.noted > 0 && due && (await flush(store, source, memory)) !== memory.revision) known.delete(name)
  } catch {
    known.delete(name)
  }
}

async function remembered(store: Store, { connection, resource }: Source): Promise<Memory> {
  const place = [connection, resource]
  const [shape] = await store.query<{ revision: number }>(
    'select revision from shape where connection = $1 and resource = $2',
    place,
  )
  const rows = await store.query<{ path: string; types: string[] }>(
    'select path, types from shape_field where connection = $1 and resource = $2',
    place,
  )
  const fields = new Map(rows.map((row) => [row.path, new Set(row.types)]))
  return { revision: shape?.revision ?? 0, fields, shapes: new Map(), news: new Map(), noted: 0, flushedAt: 0 }
}

function note(memory: Memory, item: Json): void {
  const number = signature(item)
  let shape = memory.shapes.get(number)
  if (!shape) {
    const fields = fieldsOf(item)
    shape = { fields: [...fields.keys()], count: 0, first: 0, last: 0 }
    memory.shapes.set(number, shape)
    for (const [path, types] of fields) {
      const usual = memory.fields.get(path)
      const strange = [...types].filter((type) => !usual?.has(type))
      if ((usual && strange.length === 0) || (!usual && memory.fields.size + memory.news.size >= FIELDS)) continue
      memory.news.set(path, new Set([...(memory.news.get(path) ?? []), ...strange]))
    }
  }
  memory.noted++
  if (shape.count++ === 0) shape.first = memory.noted
  shape.last = memory.noted
}

/** Writes what was counted; answers the revision of what is known in the store now. */
async function flush(store: Store, source: Source, memory: Memory): Promise<number> {
  const { noted, news } = memory
  const counted = countsOf(memory)
  for (const [path, types] of news) memory.fields.set(path, new Set([...(memory.fields.get(path) ?? []), ...types]))
  memory.news = new Map()
  memory.noted = 0
  memory.flushedAt = Date.now()
  if (memory.shapes.size > SHAPES) memory.shapes.clear()
  for (const shape of memory.shapes.values()) shape.count = 0
  return store.transaction((tx) => writeCounted(tx, source, { noted, news, counted }))
}

function countsOf({ shapes }: Memory): Map<string, Counts> {
  const counted = new Map<string, Counts>()
  for (const { fields, count, first, last } of shapes.values()) {
    if (count === 0) continue
    for (const path of fields) {
      const so = counted.get(path)
      if (!so) counted.set(path, { seen: count, first, last })
      else {
        so.seen += count
        so.first = Math.min(so.first, first)
        so.last = Math.max(so.last, last)
      }
    }
  }
  return counted
}
