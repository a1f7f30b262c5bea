// Notices when the items of a source look otherwise than before: a new field, one that is gone, one of another type. Each is
// told once, as an event and as a row of `drift` that stays until a person accepts it.
//
// Most items have a structure that was seen before: for them the work is one look-up in memory. What was counted goes to the
// store every few seconds, with a handful of statements whatever the number of items.
import type { Json, Source } from '../hub.ts'
import type { Store, Transaction } from '../platform/store/store.ts'
import { type FieldType, fieldsOf, parentOf, signature } from './shape.ts'

/** So many items teach what is usual; until then nothing is told. */
const LEARN = 100
/** A field that was always there is gone when so many items in a row lack it. */
const GONE = 100
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
interface Change {
  path: string
  change: 'new' | 'vanished' | 'retyped'
  old: string | null
  now: string
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

  const place = [source.connection, source.resource]
  return store.transaction(async (tx) => {
    // The row of the resource is locked first: two processes write one after the other.
    const [shape] = await tx.query<{ items: number; revision: number }>(
      `insert into shape as known (connection, resource, items) values ($1, $2, $3)
       on conflict (connection, resource) do update set items = known.items + excluded.items returning items, revision`,
      [...place, noted],
    )
    const { items, revision } = shape!
    const changes = await learn(tx, place, news, counted, items - noted)
    changes.push(...(await count(tx, place, counted, noted, items)))
    if (items - noted >= LEARN) await tell(tx, source, changes)
    return revision
  })
}

interface Counts {
  seen: number
  first: number
  last: number
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

/** Takes in fields and types that were not known; answers those that are changes. */
async function learn(
  tx: Transaction,
  place: string[],
  news: Map<string, Set<FieldType>>,
  counted: Map<string, Counts>,
  before: number,
): Promise<Change[]> {
  if (news.size === 0) return []
  const paths = [...news.keys()]
  const rows = await tx.query<{ path: string; types: string[] }>(
    'select path, types from shape_field where connection = $1 and resource = $2 and path = any($3::text[])',
    [...place, paths],
  )
  const usual = new Map(rows.map((row) => [row.path, row.types]))
  await tx.query(
    `insert into shape_field as known (connection, resource, path, types, after, seen, missed)
     select $1, $2, x.path, string_to_array(x.types, ','), x.after, 0, 0
     from unnest($3::text[], $4::text[], $5::bigint[]) as x(path, types, after)
     on conflict (connection, resource, path) do update
       set types = array(select distinct unnest(known.types || excluded.types) order by 1)`,
    [
      ...place,
      paths,
      paths.map((path) => [...news.get(path)!].join(',')),
      paths.map((path) => before + (counted.get(path)?.first ?? 1) - 1),
    ],
  )
  return paths.flatMap((path): Change[] => {
    const old = usual.get(path)
    const now = said([...news.get(path)!].filter((type) => !old?.includes(type)))
    // Of a new object only the object is told. Null is no type: what was always null has been of any type.
    if (!old)
      return news.has(parentOf(path)) && !usual.has(parentOf(path))
        ? []
        : [{ path, change: 'new', old: null, now: now || 'null' }]
    return now && said(old) ? [{ path, change: 'retyped', old: said(old), now }] : []
  })
}

/** Adds up how often each field was there; answers those that always were and are no longer. */
async function count(
  tx: Transaction,
  place: string[],
  counted: Map<string, Counts>,
  noted: number,
  items: number,
): Promise<Change[]> {
  const paths = [...counted.keys()]
  const gone = await tx.query<{ path: string; types: string[] }>(
    `with counted as (
       update shape_field as field
       set seen = field.seen + coalesce(x.seen, 0), missed = case when x.seen > 0 then x.missed else field.missed + $6 end
       from shape_field as own left join unnest($3::text[], $4::bigint[], $5::bigint[]) as x(path, seen, missed) on x.path = own.path
       where own.connection = $1 and own.resource = $2
         and field.connection = $1 and field.resource = $2 and field.path = own.path
       returning field.path, field.types, field.seen, field.missed, field.after)
     select path, types from counted where missed >= $7 and seen >= $7 and seen + missed = $8 - after order by path`,
    [
      ...place,
      paths,
      paths.map((path) => counted.get(path)!.seen),
      paths.map((path) => noted - counted.get(path)!.last),
      noted,
      GONE,
      items,
    ],
  )
  // What is back before anybody looked needs no looking at.
  await tx.query(
    `delete from drift where connection = $1 and resource = $2 and change = 'vanished' and path = any($3::text[])`,
    [...place, paths],
  )
  const all = new Set(gone.map((one) => one.path))
  return gone
    .filter(({ path }) => !above(path).some((parent) => all.has(parent)))
    .map(({ path, types }) => ({ path, change: 'vanished', old: said(types), now: '' }))
}

async function tell(tx: Transaction, source: Source, changes: Change[]): Promise<void> {
  const told = changes.flatMap((change) => {
    const mappers = source.outputs.map(({ mapper }) => mapper)
    const touched = mappers.filter(({ concern }) =>
      change.change === 'new' ? concern?.(change.path) === undefined : concern?.(change.path) === 'reads',
    )
    // A new field that every mapping has under `ignore` is expected.
    if (change.change === 'new' && touched.length === 0) return []
    return [{ ...change, mappings: [...new Set(touched.map(({ name }) => name))].sort().join(',') }]
  })
  if (told.length === 0) return
  await tx.query(
    `with told as (
       insert into drift (connection, resource, path, change, old_type, new_type, mappings, at)
       select $1, $2, x.path, x.change, x.old, x.now, string_to_array(x.mappings, ','), hub_now()
       from unnest($3::text[], $4::text[], $5::text[], $6::text[], $7::text[]) as x(path, change, old, now, mappings)
       on conflict do nothing returning path, change, old_type, new_type, mappings, at)
     insert into event (at, type, connection, detail)
     select at, 'source.drifted', $1, jsonb_build_object('resource', $2::text, 'field', path, 'change', change,
       'old', old_type, 'new', nullif(new_type, ''), 'mappings', to_jsonb(mappings)) from told order by path`,
    [
      source.connection,
      source.resource,
      told.map((one) => one.path),
      told.map((one) => one.change),
      told.map((one) => one.old),
      told.map((one) => one.now),
      told.map((one) => one.mappings),
    ],
  )
}

function above(path: string): string[] {
  const parent = parentOf(path)
  return parent ? [parent, ...above(parent)] : []
}

const said = (types: string[]) =>
  types
    .filter((type) => type !== 'null')
    .sort()
    .join(' or ')
