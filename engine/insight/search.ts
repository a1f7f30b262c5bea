// From a word that a person has (an order's number, a record's key, an id of any system) to what it names. Every question goes through
// an index, also when the ledger holds millions of orders, and none of these indexes is on something that changes: a record's data
// may then be written without touching them.
import type { Problem } from '../hub.ts'
import type { Store } from '../platform/store/store.ts'

export interface TracedItem {
  source: string
  externalId: string
  status: string
  origin: string | null
  receivedAt: Date
  problems: Problem[] | null
}
/** Where record types keep the key of their order. */
export type OrderFields = { type: string; path: string[] }[]

/** The records of that number, key or external id, and those that name them as their order. */
export async function recordsNamed(store: Store, word: string, orderFields: OrderFields): Promise<number[]> {
  const found = await store.query<{ id: number; key: string; type: string }>(NAMED, [word])
  const orders = found.filter((row) => row.type === 'order').map((row) => row.key)
  const children = await store.query<{ id: number }>(CHILDREN, [
    orders,
    orderFields.map((field) => field.type),
    orderFields.map((field) => field.path.join('.')),
  ])
  return [...new Set([...found, ...children].map((row) => row.id))]
}

/** Items have no key before they are mapped; a person's word is compared with their id and, where they are stuck or new, with what stands in them. */
export async function undecidedItems(store: Store, word: string): Promise<TracedItem[]> {
  return store.query<TracedItem & Record<string, unknown>>(UNDECIDED, [word])
}

/** The few places that things have external ids at, found by stepping through the primary key from one to the next. */
const places = (table: 'item' | 'link') => `
place as (
  (select connection, resource from ${table} order by connection, resource limit 1)
  union all
  select next.connection, next.resource from place, lateral
    (select connection, resource from ${table} where (connection, resource) > (place.connection, place.resource) order by connection, resource limit 1) as next)`

const NAMED = `
with recursive ${places('link')},
named as (
  select id from record where key = $1
  union select id from record where type = 'order' and substr(key, strpos(key, ':') + 1) = $1
  union select record_id from place join link using (connection, resource) where link.external_id = $1 and connection not like '$%')
select id, key, type from named join record using (id)`

// The key of most of them begins with their order's; an invoice has a number of its own.
const CHILDREN = `
select child.id from unnest($1::text[]) as parent(key)
join record child on child.type in ('fulfillment', 'payment', 'return', 'shipment') and child.key collate "C" > parent.key || ':' and child.key collate "C" < parent.key || ';'
join unnest($2::text[], $3::text[]) as field(type, path) on field.type = child.type
where child.data #>> string_to_array(field.path, '.') = parent.key
union all
select child.id from record child join unnest($2::text[], $3::text[]) as field(type, path) on field.type = child.type
where child.type = 'invoice' and child.data #>> string_to_array(field.path, '.') = any($1::text[])`

const COLUMNS = `source, external_id as "externalId", status, origin, received_at as "receivedAt", errors as problems`
// Bytes with bytes: a text that is cut may end within a character.
const UNDECIDED = `
with recursive ${places('item')}
select ${COLUMNS} from place join item using (connection, resource) where external_id = $1 and status <> 'done'
union
select ${COLUMNS} from (
  select * from item where status in ('parked', 'waiting')
  union all (select * from item where status = 'new' limit 5000)) as open
where position(convert_to('"' || $1 || '"', 'UTF8') in substring(body from 1 for 2000)) > 0
limit 20`
