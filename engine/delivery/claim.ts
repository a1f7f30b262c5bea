// A worker takes a chunk of handoffs: one statement marks them as being sent, with a fence and a lease, and is committed
// before anything leaves the house. Whoever comes later sees `sending`, and after a death knows that it may have happened.
import type { Claimed } from '../hub.ts'
import type { Store } from '../platform/store/store.ts'

/** A lease outlives the hard deadline of any request that is sent under it. */
export const LEASE_MS = 60_000
/** With less than this left on the lease nothing more is sent: hard deadline of a request (20 s) and some air. */
export const LEASE_RESERVE_MS = 25_000

export async function claim(store: Store, ids: number[], worker: number): Promise<Claimed[]> {
  return store.query<Claimed & Record<string, unknown>>(CLAIM, [ids, worker, LEASE_MS])
}

const CLAIM = `
with now as (select hub_now() as at),
mine as (select id from handoff, now where id = any($1::bigint[]) and state = 'owed' and due_at <= now.at order by id for update of handoff skip locked)
update handoff set state = 'sending', fence = handoff.fence + 1, worker = $2, lease_until = now.at + $3 * interval '1 ms',
  sending = record.version, queued_at = null, updated_at = now.at
from mine, record, now where handoff.id = mine.id and record.id = handoff.record_id
returning handoff.id, handoff.route, handoff.kind, handoff.occurrence, handoff.fence, handoff.wanted, handoff.attempts, handoff.deaths, handoff.image,
  handoff.request, handoff.idempotency_key as "idempotencyKey", (extract(epoch from now.at - handoff.uncertain_since) * 1000)::float8 as "uncertainMs",
  record.id as "recordId", record.type, record.key, record.version, record.data, record.deleted`
