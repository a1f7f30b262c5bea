// Transaction 1: what arrives is stored as the bytes that came, before anything is decided about it.
//
// An item is state, not an event: the store keeps the latest one of each external id. What is already there, unchanged and
// decided under today's mapping, is not even sent to the database (25 times the rate of a re-pull).
import { createHash } from 'node:crypto'
import type { SourceItem } from '../hub.ts'
import type { Transaction } from '../platform/store/store.ts'

export interface Collection {
  source: string
  connection: string
  resource: string
  via: 'pull' | 'webhook' | 'answer'
  lane: number
  /** Of today's mapping: a mended mapping makes unchanged items new. */
  revision: string
}
export type CollectedItem = SourceItem & { stale?: boolean; recordId?: number }

/** Stores what is new or changed; answers the external ids that now wait for a decision. */
export async function collect(tx: Transaction, to: Collection, items: CollectedItem[]): Promise<string[]> {
  const latest = new Map<string, CollectedItem & { hash: string }>()
  for (const item of items) {
    const hash = createHash('sha256').update(item.deleted ? `deleted ${item.text}` : item.text).digest('base64')
    latest.set(item.id, { ...item, hash })
  }
  const known = await tx.query<{ external_id: string; hash: string; revision: string | null; status: string }>(
    'select external_id, hash, revision, status from item where connection = $1 and resource = $2 and external_id = any($3::text[])',
    [to.connection, to.resource, [...latest.keys()]],
  )
  for (const row of known) {
    const item = latest.get(row.external_id)!
    const decided = row.status === 'new' || row.revision === to.revision
    if (row.hash === item.hash && decided && !item.stale) latest.delete(row.external_id)
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
  ])
  return stored.map((row) => row.external_id)
}

function validStamp(stamp: string | undefined): string | null {
  return stamp && !Number.isNaN(Date.parse(stamp)) ? stamp : null
}

// An older stamp never beats a newer one. A webhook with an equal stamp and other content may be the older of two changes
// within the stamp's precision: it only says "read again". A stamp from the future (2099) counts as no stamp at all.
const STORE = `
insert into item as known (connection, resource, external_id, source, via, lane, body, hash, stamp, deleted, stale, origin, record_id, broken, status, received_at)
select $1, $2, x.id, $3, $4, $5, x.body, x.hash, case when x.stamp > hub_now() + interval '1 day' then null else x.stamp end, x.deleted, x.stale, x.origin, x.record_id, x.broken::jsonb, 'new', hub_now()
from unnest($6::text[], $7::bytea[], $8::text[], $9::timestamptz[], $10::boolean[], $11::boolean[], $12::text[], $13::bigint[], $14::text[])
  as x(id, body, hash, stamp, deleted, stale, origin, record_id, broken)
on conflict (connection, resource, external_id) do update set
  source = excluded.source, via = excluded.via, lane = least(known.lane, excluded.lane), body = excluded.body, hash = excluded.hash,
  stamp = excluded.stamp, deleted = excluded.deleted, origin = excluded.origin, record_id = coalesce(excluded.record_id, known.record_id),
  stale = excluded.stale or (excluded.via = 'webhook' and excluded.stamp = known.stamp and excluded.hash <> known.hash),
  broken = excluded.broken, status = 'new', errors = null, cause = null, waiting_for = null, deaths = 0, claimed_by = null, received_at = excluded.received_at
where (known.hash <> excluded.hash or known.revision is distinct from $15 or excluded.stale)
  and (known.stamp is null or excluded.stamp is null or excluded.stamp >= known.stamp)
returning external_id`
