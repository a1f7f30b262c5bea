// Which items a worker decides on next. A claim is committed before anything can fail on the item, so that an item which
// kills the process is known: rows left behind by a dead process run alone, and after three deaths they are parked.
import type { Store } from '../platform/store/store.ts'

export interface ClaimedItem {
  externalId: string
  body: Buffer
  hash: string
  stale: boolean
  deleted: boolean
  recordId: number | null
  /** What the connector itself could not read (a broken row of a file). */
  broken: { code: string; message: string } | null
  deaths: number
}

export const DEADLY = 3

/** Claims the oldest undecided items of a source: a batch of fresh ones, or one that was left behind. */
export async function claimItems(store: Store, source: { connection: string; resource: string }, worker: number, limit: number): Promise<ClaimedItem[]> {
  return store.query<ClaimedItem & Record<string, unknown>>(CLAIM, [source.connection, source.resource, worker, limit])
}

// `deaths` counts the claims; deciding on an item sets it back to 0. An item that was claimed before and is free again
// was left by a dead process: it is taken alone.
const CLAIM = `
with free as (
  select ctid, deaths, received_at from item
  where connection = $1 and resource = $2 and status = 'new' and (claimed_by is null or not worker_lives(claimed_by))
  order by deaths desc, received_at, external_id
  limit $4 for update skip locked),
chosen as (
  select ctid from free where deaths = 0 and not exists (select from free where deaths > 0)
  union all
  (select ctid from free where deaths > 0 order by deaths desc limit 1))
update item set claimed_by = $3, deaths = item.deaths + 1
from chosen where item.ctid = chosen.ctid
returning external_id as "externalId", body, hash, stale, deleted, record_id as "recordId", broken, item.deaths`

/** Gives claimed items back undecided, without counting a death: the attempt itself went wrong, not the items. */
export async function releaseItems(store: Store, source: { connection: string; resource: string }, items: ClaimedItem[]): Promise<void> {
  await store.query(
    'update item set claimed_by = null, deaths = 0 where connection = $1 and resource = $2 and status = $4 and external_id = any($3::text[])',
    [source.connection, source.resource, items.map((item) => item.externalId), 'new'],
  )
}

/** Parks an item on which the decision itself fails, and on which it would fail again. */
export async function parkItem(store: Store, source: { connection: string; resource: string; revision: string }, item: ClaimedItem, error: Error): Promise<void> {
  const problem = { code: 'HUB_INTAKE_DEFECT', message: `The hub cannot store what this item became: ${error.message}`, cure: 'Report it, with the item; then `handoff failures retry`.' }
  await store.query(
    "update item set status = 'parked', errors = $4::jsonb, cause = $5, revision = $6, claimed_by = null, deaths = 0, decided_at = hub_now() where connection = $1 and resource = $2 and external_id = $3",
    [source.connection, source.resource, item.externalId, JSON.stringify([problem]), problem.code, source.revision],
  )
}
