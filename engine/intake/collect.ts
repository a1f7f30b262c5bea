// Transaction 1: what arrives is stored as the bytes that came, before anything is decided about it.
//
// An item is state, not an event: the store keeps the latest one of each external id. What is already there, unchanged and
// decided under today's mapping, is not even sent to the database (25 times the rate of a re-pull).
import { hash } from 'node:crypto'
import type { Source, SourceItem } from '../hub.ts'
import { LANES } from '../platform/queue/queues.ts'
import type { Queries, Transaction } from '../platform/store/store.ts'
import type { ClaimedItem } from './claim.ts'

export interface Collection {
  source: string
  connection: string
  resource: string
  via: 'pull' | 'webhook' | 'answer' | 'person'
  lane: number
  /** Of today's mapping: a mended mapping makes unchanged items new. */
  revision: string
  /** Of a pull: a moment before the page was asked for. What came in since may be newer than what the page says. */
  asOf?: Date
  /** Whether one item can be read afresh at the source. */
  rereads: boolean
  /** The worker that decides on them next; without one they wait for whoever comes first. */
  worker?: number
}
/** Where the items of a source go, and how they came. A webhook is urgent, unless its source was put in the bulk lane. */
export function collectionOf(source: Source, via: Collection['via'], worker?: number): Collection {
  const { name, connection, resource, revision, fetch } = source
  const lane = via === 'webhook' && source.lane < LANES.bulk ? LANES.urgent : source.lane
  const to = { source: name, connection, resource, via, lane, revision, rereads: fetch !== undefined }
  return worker === undefined ? to : { ...to, worker }
}
export type CollectedItem = SourceItem & { stale?: boolean; recordId?: number }
export type HashedItem = CollectedItem & { hash: string }

/** Those of a batch that say something new: never heard of, or other than what is known. */
export interface Sifted {
  fresh: HashedItem[]
  changed: HashedItem[]
  /** The database's moment. */
  at: Date
}

/** Stores what is new or changed; answers what now waits for a decision. */
export async function collect(tx: Transaction, to: Collection, items: CollectedItem[]): Promise<ClaimedItem[]> {
  const { fresh, changed } = await sift(tx, to, items)
  return storeItems(tx, to, [...fresh, ...changed])
}

/** The latest state of each item of a batch. */
export function latestOf(to: Collection, items: CollectedItem[]): Map<string, HashedItem> {
  const latest = new Map<string, HashedItem>()
  for (const item of items) {
    const hashed = { ...item, hash: hashOf(item) }
    const before = latest.get(item.id)
    latest.set(item.id, before ? newer(before, hashed, to.rereads) : hashed)
  }
  return latest
}

/** What of a batch is already there as it says is not even answered: of a re-read of everything that is all. */
export async function sift({ query }: Queries, to: Collection, items: CollectedItem[]): Promise<Sifted> {
  const latest = latestOf(to, items)
  const rows = [...latest.values()]
  const news = await query<{ at: Date; id: string | null; known: boolean | null }>(SIFT, [
    to.connection,
    to.resource,
    rows.map((row) => row.id),
    rows.map((row) => row.hash),
    rows.map((row) => validStamp(row.stamp)),
    rows.map((row) => row.stale ?? false),
    to.revision,
  ])
  const sifted: Sifted = { fresh: [], changed: [], at: news[0]!.at }
  for (const { id, known } of news) if (id !== null) (known ? sifted.changed : sifted.fresh).push(latest.get(id)!)
  return sifted
}

// The same again, but later, is also news: what is told afterwards of a moment in between is older.
const SIFT = `
select now.at, said.id, said.known from (select hub_now() as at) as now left join (
  select x.id, item.hash is not null as known
  from unnest($3::text[], $4::text[], $5::timestamptz[], $6::boolean[]) as x(id, hash, stamp, stale)
  left join lateral (select hash, status, revision, stamp from item where connection = $1 and resource = $2 and external_id = x.id offset 0) as item on true
  where item.hash is null or item.hash <> x.hash or item.status <> 'new' and item.revision is distinct from $7 or x.stale or x.stamp > item.stamp
) as said on true`

/** Stores the latest state of each item, undecided, claimed by `to.worker`. */
export async function storeItems({ query }: Queries, to: Collection, items: HashedItem[]): Promise<ClaimedItem[]> {
  if (items.length === 0) return []
  return storedItems(items, await query<StoredItem>(STORE, storeColumns(to, items)))
}

/** STORE takes $1 to this. */
export const STORE_PARAMETERS = 20

/** What STORE is asked with. */
export function storeColumns(to: Collection, items: HashedItem[]): unknown[] {
  const rows = [...items].sort((a, b) => (a.id < b.id ? -1 : 1))
  return [
    to.connection,
    to.resource,
    to.source,
    to.via,
    to.lane,
    ...columnsOf(rows),
    rows.map((row) => row.stale ?? false),
    rows.map((row) => row.recordId ?? null),
    to.revision,
    to.asOf ?? null,
    to.rereads,
    to.worker ?? null,
  ]
}

/** What STORE answers, as the items that now wait for a decision. */
export function storedItems(items: HashedItem[], stored: StoredItem[]): ClaimedItem[] {
  const byId = new Map(items.map((item) => [item.id, item]))
  return stored.map((row) => claimedItem(byId.get(row.externalId)!, row))
}

type Known = Pick<ClaimedItem, 'stale' | 'recordId' | 'edits' | 'lane' | 'receivedAt'>
export type StoredItem = Known & Pick<ClaimedItem, 'externalId'>

/** An item as a worker holds it that has just taken it in. */
export function claimedItem(item: HashedItem, known: Known): ClaimedItem {
  const { stale, recordId, edits, lane, receivedAt } = known
  return {
    externalId: item.id,
    text: item.text,
    ...(item.json === undefined ? {} : { json: item.json }),
    hash: item.hash,
    stale,
    deleted: item.deleted ?? false,
    recordId,
    edits,
    lane,
    broken: item.problem ?? null,
    deaths: 1,
    receivedAt,
  }
}

/** Many bodies as one parameter, which the driver sends as it is: `substring(all from begins for size)` is each of them. */
export function inOne(bodies: Buffer[]): { begins: number[]; sizes: number[]; all: Buffer } {
  let at = 1
  const begins = bodies.map((body) => {
    at += body.length
    return at - body.length
  })
  return { begins, sizes: bodies.map((body) => body.length), all: Buffer.concat(bodies) }
}

/** What is stored of items as they came. */
export function columnsOf(rows: HashedItem[]): unknown[] {
  const { begins, sizes, all } = inOne(rows.map((row) => Buffer.from(row.text)))
  return [
    rows.map((row) => row.id),
    begins,
    sizes,
    rows.map((row) => row.hash),
    rows.map((row) => validStamp(row.stamp)),
    rows.map((row) => row.deleted ?? false),
    rows.map((row) => row.origin ?? null),
    rows.map((row) => (row.problem ? JSON.stringify(row.problem) : null)),
    all,
  ]
}

/** What tells one state of an item from another. */
export function hashOf({ text, deleted }: { text: string; deleted?: boolean | undefined }): string {
  return hash('sha256', deleted ? `deleted ${text}` : text, 'base64')
}

/** Of two notices of one item in a batch, the one that counts; the later one is read again where it may be the older. */
function newer(before: HashedItem, after: HashedItem, rereads: boolean): HashedItem {
  const order = Date.parse(after.stamp ?? '') - Date.parse(before.stamp ?? '')
  if (order < 0) return before
  if (order > 0 || after.deleted || after.hash === before.hash) return after
  return { ...after, stale: after.stale || rereads }
}

/** A stamp that the database takes, or none. */
export function validStamp(stamp: string | undefined): string | null {
  return stamp && !Number.isNaN(Date.parse(stamp)) ? stamp : null
}

/** A moment far ahead is a vendor's slip. */
export const SANE_STAMP = "case when x.stamp > now.at + interval '1 day' then null else x.stamp end"

// An older stamp never beats a newer one. Where stamps do not tell (none, or an equal one with other content), the item is read
// again at the source when it may be the older of two: a webhook may have been overtaken on its way, a page of a pull by a
// webhook that came while it was read, and anything by a deletion. A source that cannot be read again keeps what is known, until
// the next pull. A stamp from the future (2099) counts as no stamp at all.
export const STORE = `
insert into item as known (connection, resource, external_id, source, via, lane, body, hash, stamp, deleted, stale, origin, record_id, broken, status, claimed_by, deaths, received_at)
select $1, $2, x.id, $3, $4, $5, substring($14::bytea from x.begins for x.size), x.hash, ${SANE_STAMP}, x.deleted, x.stale, x.origin, x.record_id, x.broken::jsonb,
  'new', $20::int, case when $20::int is null then 0 else 1 end, now.at
from unnest($6::text[], $7::int[], $8::int[], $9::text[], $10::timestamptz[], $11::boolean[], $12::text[], $13::text[], $15::boolean[], $16::bigint[])
  as x(id, begins, size, hash, stamp, deleted, origin, broken, stale, record_id), (select hub_now() as at) as now
on conflict (connection, resource, external_id) do update set
  source = excluded.source, via = excluded.via, 
  lane = case when known.status = 'new' then least(known.lane, excluded.lane) else excluded.lane end, body = excluded.body, hash = excluded.hash,
  stamp = excluded.stamp, deleted = excluded.deleted, origin = excluded.origin, record_id = coalesce(excluded.record_id, known.record_id),
  stale = excluded.stale or ($19::boolean and not excluded.deleted and known.hash <> excluded.hash and not coalesce(excluded.stamp > known.stamp, false)
    and (excluded.via = 'webhook' or known.deleted or coalesce(known.received_at > $18::timestamptz, false))),
  broken = excluded.broken, status = 'new', errors = null, cause = null, waiting_for = null, deaths = excluded.deaths, claimed_by = excluded.claimed_by, received_at = excluded.received_at
where (known.hash <> excluded.hash or known.status <> 'new' and known.revision is distinct from $17 or excluded.stale or excluded.stamp > known.stamp)
  and (known.stamp is null or excluded.stamp is null or excluded.stamp >= known.stamp)
  and ($19::boolean or known.hash = excluded.hash or excluded.via <> 'pull' or coalesce(excluded.stamp > known.stamp, false) or not coalesce(known.received_at > $18::timestamptz, false))
returning external_id as "externalId", stale, record_id as "recordId", edits, lane, received_at as "receivedAt"`
