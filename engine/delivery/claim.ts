// A worker takes a chunk of handoffs: one statement marks them as being sent, with a fence and a lease, and is committed
// before anything leaves the house. Whoever comes later sees `sending`, and after a death knows that it may have happened.
import type { Claimed } from '../hub.ts'
import type { Store } from '../platform/store/store.ts'

/** How long a chunk may take to be sent; its lease outlasts that by the hard deadline of one request and some air. */
const CHUNK_MS = 40_000

/** A lease outlives the hard deadline of any request that is sent under it. */
export const leaseMs = (deadlineMs: number): number => CHUNK_MS + deadlineMs

/** What two processes died with is claimed alone, also where an old job still names it among others. */
const SUSPECT = 2
/** What is put on a suspect's deaths while it is mapped: dying there says much about it, dying while a vendor is silent little. */
const WEIGHT = 3

/** Those of the handoffs that are owed and due; of a route that this process does not know it takes none. */
export async function claim(
  store: Store,
  ids: number[],
  worker: number,
  routes: string[],
  lease: number,
  alone: boolean,
): Promise<Claimed[]> {
  return store.query<Claimed & Record<string, unknown>>(CLAIM, [
    ids,
    worker,
    lease,
    routes,
    alone ? 32_767 : SUSPECT,
    alone ? WEIGHT : 0,
  ])
}

/** A suspect has survived its mapping: a death from here on is more likely somebody else's. */
export async function mapped(store: Store, claimed: Claimed[]): Promise<void> {
  await store.query(
    'update handoff set deaths = deaths - $3 from unnest($1::bigint[], $2::bigint[]) as x(id, fence) where handoff.id = x.id and handoff.fence = x.fence',
    [claimed.map((each) => each.id), claimed.map((each) => each.fence), WEIGHT],
  )
}

const CLAIM = `
with now as (select hub_now() as at),
mine as (
  select id, deaths from handoff, now
  where id = any($1::bigint[]) and state = 'owed' and due_at <= now.at and route = any($4::text[]) and deaths < $5 order by id for update of handoff skip locked)
update handoff set state = 'sending', fence = handoff.fence + 1, worker = $2, lease_until = now.at + $3 * interval '1 ms',
  sending = record.version, deaths = handoff.deaths + $6, queued_at = null, updated_at = now.at
from mine, record, now where handoff.id = mine.id and record.id = handoff.record_id
returning handoff.id, handoff.route, handoff.kind, handoff.occurrence, handoff.fence, handoff.wanted, handoff.attempts, mine.deaths, handoff.image,
  handoff.request, handoff.idempotency_key as "idempotencyKey", (extract(epoch from now.at - handoff.uncertain_since) * 1000)::float8 as "uncertainMs",
  (extract(epoch from now.at - handoff.lost_at) * 1000)::float8 as "lostMs", handoff.lost_version as "lostVersion",
  record.id as "recordId", record.type, record.key, record.version, record.data, record.deleted`
