// Transaction 1: what arrives is stored as the bytes that came, before anything is decided about it.
//
// An item is state, not an event: the store keeps the latest one of each external id. What is already there, unchanged and
// decided under today's mapping, is not even sent to the database (25 times the rate of a re-pull).
import { createHash } from 'node:crypto'
import type { Source, SourceItem } from '../hub.ts'
import { LANES } from '../platform/queue/queues.ts'
import type { Transaction } from '../platform/store/store.ts'

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
}
/** Where the items of a source go, and how they came. A webhook is urgent, unless its source was put in the bulk lane. */
export function collectionOf(source: Source, via: Collection['via']): Collection {
  const { name, connection, resource, revision, fetch } = source
  const lane = via === 'webhook' && source.lane < LANES.bulk ? LANES.urgent : source.lane
  return { source: name, connection, resource, via, lane, revision, rereads: fetch !== undefined }
}
export type CollectedItem = SourceItem & { stale?: boolean; recordId?: number }

/** Stores what is new or changed; answers the external ids that now wait for a decision. */
export async function collect(tx: Transaction, to: Collection, items: CollectedItem[]): Promise<string[]> {
  const latest = new Map<string, CollectedItem & { hash: string }>()
  for (const item of items) {
    const hash = hashOf(item)
    const before = latest.get(item.id)
    latest.set(item.id, before ? newer(before, { ...item, hash }, to.rereads) : { ...item, hash })
  }
  const known = await tx.query<{
    external_id: string
    hash: string
    revision: string | null
    status: string
    stamp: Date | null
  }>(
    'select external_id, hash, revision, status, stamp from item where connection = $1 and resource = $2 and external_id = any($3::text[])',
    [to.connection, to.resource, [...latest.keys()]],
  )
  for (const row of known) {
    const item = latest.get(row.external_id)!
    const decided = row.status === 'new' || row.revision === to.revision
    // The same again, but later: what is told afterwards of a moment in between is older.
    const later = row.stamp !== null && Date.parse(item.stamp ?? '') > row.stamp.getTime()
    if (row.hash === item.hash && decided && !item.stale && !later) latest.delete(row.external_id)
  }
  if (latest.size === 0) return []
  const rows = [...latest.values()].sort((a, b) => (a.id < b.id ? -1 : 1))
  const stored = await tx.query<{ external_id: string }>(STORE, [
    to.connection,
    to.resource,
    to.source,
    to.via,
    to.lane,
    rows.map((row) => row.id),
    rows.map((row) => Buffer.from(row.text)),
    rows.map((row) => row.hash),
    rows.map((row) => validStamp(row.stamp)),
    rows.map((row) => row.deleted ?? false),
    rows.map((row) => row.stale ?? false),
    rows.map((row) => row.origin ?? null),
    rows.map((row) => row.recordId ?? null),
    rows.map((row) => (row.problem ? JSON.stringify(row.problem) : null)),
    to.revision,
    to.asOf ?? null,
    to.rereads,
  ])
  return stored.map((row) => row.external_id)
}

/** What tells one state of an item from another. */
export function hashOf({ text, deleted }: { text: string; deleted?: boolean | undefined }): string {
  return createHash('sha256')
    .update(deleted ? `deleted ${text}` : text)
    .digest('base64')
}

/** Of two notices of one item in a batch, the one that counts; the later one is read again where it may be the older. */
function newer<Item extends CollectedItem & { hash: string }>(before: Item, after: Item, rereads: boolean): Item {
  const order = Date.parse(after.stamp ?? '') - Date.parse(before.stamp ?? '')
  if (order < 0) return before
  if (order > 0 || after.deleted || after.hash === before.hash) return after
  return { ...after, stale: after.stale || rereads }
}

/** A stamp that the database takes, or none. */
export function validStamp(stamp: string | undefined): string | null {
  return stamp && !Number.isNaN(Date.parse(stamp)) ? stamp : null
}

// An older stamp never beats a newer one. Where stamps do not tell (none, or an equal one with other content), the item is read
// again at the source when it may be the older of two: a webhook may have been overtaken on its way, a page of a pull by a
// webhook that came while it was read, and anything by a deletion. A source that cannot be read again keeps what is known, until
// the next pull. A stamp from the future (2099) counts as no stamp at all.
const STORE = `
insert into item as known (connection, resource, external_id, source, via, lane, body, hash, stamp, deleted, stale, origin, record_id, broken, status, received_at)
select $1, $2, x.id, $3, $4, $5, x.body, x.hash, case when x.stamp > hub_now() + interval '1 day' then null else x.stamp end, x.deleted, x.stale, x.origin, x.record_id, x.broken::jsonb, 'new', hub_now()
from unnest($6::text[], $7::bytea[], $8::text[], $9::timestamptz[], $10::boolean[], $11::boolean[], $12::text[], $13::bigint[], $14::text[])
  as x(id, body, hash, stamp, deleted, stale, origin, record_id, broken)
on conflict (connection, resource, external_id) do update set
  source = excluded.source, via = excluded.via, 
  lane = case when known.status = 'new' then least(known.lane, excluded.lane) else excluded.lane end, body = excluded.body, hash = excluded.hash,
  stamp = excluded.stamp, deleted = excluded.deleted, origin = excluded.origin, record_id = coalesce(excluded.record_id, known.record_id),
  stale = excluded.stale or ($17::boolean and not excluded.deleted and known.hash <> excluded.hash and not coalesce(excluded.stamp > known.stamp, false)
    and (excluded.via = 'webhook' or known.deleted or coalesce(known.received_at > $16::timestamptz, false))),
  broken = excluded.broken, status = 'new', errors = null, cause = null, waiting_for = null, deaths = 0, claimed_by = null, received_at = excluded.received_at
where (known.hash <> excluded.hash or known.revision is distinct from $15 or excluded.stale or excluded.stamp > known.stamp)
  and (known.stamp is null or excluded.stamp is null or excluded.stamp >= known.stamp)
  and ($17::boolean or known.hash = excluded.hash or excluded.via <> 'pull' or coalesce(excluded.stamp > known.stamp, false) or not coalesce(known.received_at > $16::timestamptz, false))
returning external_id`
