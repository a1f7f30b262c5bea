// What is stuck and needs a person: parked items, and parked, failed and held handoffs. An item is named by its source and its
// id there (`shop-orders/727`), a handoff by its number.
import type { Json, Problem } from '../hub.ts'
import { applyEdits, type Edit } from '../platform/edits.ts'
import type { Store } from '../platform/store/store.ts'

export interface Failure {
  /** `shop-orders/727` for an item, `4711` for a handoff. */
  id: string
  what: 'item' | 'handoff'
  state: 'parked' | 'failed' | 'held'
  /** The order or record it is about, as far as it is known. */
  subject: string
  /** Source of an item, route of a handoff. */
  where: string
  connection: string
  cause: string
  problems: Problem[]
  since: Date
  attempts: number
}

export async function listFailures(store: Store, limit = 1000): Promise<Failure[]> {
  return store.query<Failure & Record<string, unknown>>(
    `${ITEMS} union all ${HANDOFFS} order by cause, since limit $1`,
    [limit],
  )
}

export async function countFailures(
  store: Store,
): Promise<{ cause: string; where: string; state: string; count: number; sample: string }[]> {
  return store.query(
    `select cause, "where", state, count(*) as count, min(id) as sample from (${ITEMS} union all ${HANDOFFS}) f group by 1, 2, 3 order by count desc`,
  )
}

const ITEMS = `
select source || '/' || external_id as id, 'item' as what, status as state, coalesce(origin, resource || ' ' || external_id) as subject, source as "where", connection,
  coalesce(cause, '') as cause, errors as problems, coalesce(decided_at, received_at) as since, 0 as attempts
from item where status = 'parked'`
const HANDOFFS = `
select h.id::text, 'handoff', h.state, r.type || ' ' || r.key, h.route, h.connection, coalesce(h.cause, ''), coalesce(h.reason, '[]'), h.updated_at, h.attempts
from handoff h join record r on r.id = h.record_id where h.state in ('parked', 'failed', 'held')`

export interface FailureDetail extends Failure {
  /** The item as it came, or the record as it is. */
  data: Json
  tries: { at: Date; step: string; ms: number; kind: string | null; message: string | null; exchanges: Json }[]
}

export async function showFailure(store: Store, id: string): Promise<FailureDetail | undefined> {
  const [failure] = await store.query<Failure & Record<string, unknown>>(
    `select * from (${ITEMS} union all ${HANDOFFS}) f where id = $1`,
    [id],
  )
  if (!failure) return undefined
  if (failure.what === 'item') {
    const [source, externalId] = splitItemId(id)
    const [row] = await store.query<{ body: Buffer; edits: Edit[] | null }>(
      'select body, edits from item where source = $1 and external_id = $2',
      [source, externalId],
    )
    return { ...failure, data: applyEdits(readable(row!.body), row!.edits), tries: [] }
  }
  const [row] = await store.query<{ data: Json }>(
    'select r.data from handoff h join record r on r.id = h.record_id where h.id = $1',
    [Number(id)],
  )
  const tries = await store.query<FailureDetail['tries'][number]>(
    'select at, step, ms, kind, message, exchanges from attempt where handoff_id = $1 order by id desc limit 20',
    [Number(id)],
  )
  return { ...failure, data: row!.data, tries }
}

function readable(body: Buffer): Json {
  const text = body.toString('utf8')
  try {
    return JSON.parse(text)
  } catch {
    return text
  }
}

/** `shop-orders/727` → source and external id; the id may hold slashes of its own. */
export function splitItemId(id: string): [source: string, externalId: string] {
  const slash = id.indexOf('/')
  return [id.slice(0, slash), id.slice(slash + 1)]
}
