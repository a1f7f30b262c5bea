// Which items a worker decides on next. A claim is committed before anything can fail on the item, so that an item which
// kills the process is known: rows that two processes died with run alone, and after three deaths they are parked.
import type { Json } from '../hub.ts'
import type { Edit } from '../platform/edits.ts'
import type { Store } from '../platform/store/store.ts'

export interface ClaimedItem {
  externalId: string
  text: string
  /** The same as a value, where this process has just read it. */
  json?: Json
  hash: string
  stale: boolean
  deleted: boolean
  recordId: number | null
  /** What the connector itself could not read (a broken row of a file). */
  broken: { code: string; message: string } | null
  /** What a person corrected in it. */
  edits: Edit[] | null
  lane: number
  deaths: number
  receivedAt: Date
}
interface Place {
  connection: string
  resource: string
}

export const DEADLY = 3
/** One death is no suspicion: processes are killed for other reasons. */
const SUSPECT = 2

/**
 * Claims undecided items of a source, the urgent and the oldest first: what nobody has, what one dead process left behind, and what
 * this one claimed without learning of it, because the answer was lost. `inHand` are the external ids it knows of.
 */
export async function claimItems(
  store: Store,
  { connection, resource }: Place,
  worker: number,
  limit: number,
  inHand: string[],
): Promise<ClaimedItem[]> {
  return claimWith(store, CLAIM_FRESH, [connection, resource, worker, limit, inHand])
}

/** Claims one item that two processes died with: the caller runs one such item at a time, so that it is known which one kills. */
export async function claimLeft(store: Store, { connection, resource }: Place, worker: number): Promise<ClaimedItem[]> {
  return claimWith(store, CLAIM_LEFT, [connection, resource, worker])
}

async function claimWith(store: Store, sql: string, values: unknown[]): Promise<ClaimedItem[]> {
  const rows = await store.query<Omit<ClaimedItem, 'text'> & { body: Buffer }>(sql, values)
  return rows.map(({ body, ...row }) => ({ ...row, text: body.toString('utf8') }))
}

// `deaths` counts the claims; deciding on an item sets it back to 0.
const claiming = (chosen: string) => `
with chosen as (${chosen})
update item set claimed_by = $3, deaths = item.deaths + 1
from chosen where item.ctid = chosen.ctid
returning external_id as "externalId", body, hash, stale, deleted, record_id as "recordId", broken, edits, lane, item.deaths, received_at as "receivedAt"`

const CLAIM_FRESH = claiming(`
  select ctid from item where connection = $1 and resource = $2 and status = 'new' and deaths < ${SUSPECT}
    and (claimed_by is null or (claimed_by = $3 and external_id <> all($5::text[])) or claimed_by <> all(array(select living_workers())))
  order by lane, received_at limit $4 for update skip locked`)
const CLAIM_LEFT = claiming(`
  select ctid from item where connection = $1 and resource = $2 and status = 'new' and deaths >= ${SUSPECT} and (claimed_by is null or claimed_by <> all(array(select living_workers())))
  order by deaths desc, received_at limit 1 for update skip locked`)

/** Gives claimed items back undecided, without counting a death: the attempt itself went wrong, not the items. */
export async function releaseItems(
  store: Store,
  { connection, resource }: Place,
  items: ClaimedItem[],
  worker: number,
): Promise<void> {
  await store.query(
    `update item set claimed_by = null, deaths = 0
     where connection = $1 and resource = $2 and status = 'new' and claimed_by = $4 and external_id = any($3::text[])`,
    [connection, resource, items.map((item) => item.externalId), worker],
  )
}

/** Parks an item on which the decision itself fails, and on which it would fail again. */
export async function parkItem(
  store: Store,
  source: Place & { revision: string },
  item: ClaimedItem,
  worker: number,
  error: Error,
): Promise<void> {
  const problem = {
    code: 'HUB_INTAKE_DEFECT',
    message: `The hub cannot store what this item became: ${error.message}`,
    cure: 'Report it, with the item; then `handoff failures retry`.',
  }
  await store.query(
    `update item set status = 'parked', errors = $4::jsonb, cause = $5, revision = $6, claimed_by = null, deaths = 0, decided_at = hub_now()
     where connection = $1 and resource = $2 and external_id = $3 and claimed_by = $7`,
    [
      source.connection,
      source.resource,
      item.externalId,
      JSON.stringify([problem]),
      problem.code,
      source.revision,
      worker,
    ],
  )
}
