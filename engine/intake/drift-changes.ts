// What was counted of the items of a source becomes what the store knows of them, and what of it is a change: a few statements
// whatever the number of items. A change is told as an event and as a row of `drift`.
import type { Source } from '../hub.ts'
import type { Transaction } from '../platform/store/store.ts'
import { type FieldType, parentOf } from './shape.ts'

/** So many items teach what is usual; until then nothing is told. */
const LEARN = 100
/** A field that was always there is gone when so many items in a row lack it. */
const GONE = 100

/** Of one field: in how many items it was, and the places of the first and the last of them. */
export interface Counts {
  seen: number
  first: number
  last: number
}
interface Counted {
  /** How many items. */
  noted: number
  /** Fields, and types of fields, that may be new to the store. */
  news: Map<string, Set<FieldType>>
  counted: Map<string, Counts>
}
interface Change {
  path: string
  change: 'new' | 'vanished' | 'retyped'
  old: string | null
  now: string
}

/** Writes what was counted; answers the revision of what is known in the store now. */
export async function writeCounted(
  tx: Transaction,
  source: Source,
  { noted, news, counted }: Counted,
): Promise<number> {
  const place = [source.connection, source.resource]
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
