// `handoff plan ROUTE`: what of the records that are there goes along a route, and what sending it today would change.
import { owe } from '../handoff/owe.ts'
import type { Json, Route } from '../hub.ts'
import { LANES } from '../platform/queue/queues.ts'
import type { Store } from '../platform/store/store.ts'
import { goesOut, lookAll, type Planned, type Step } from './outgoing.ts'
import { rehearse } from './rehearse.ts'

export interface RoutePlan {
  /** Records of the route's type, and those that match its `when:`. */
  records: number
  matching: number
  /** Of the matching: where their handoffs stand. */
  states: { state: string; count: number }[]
  /** Matching records that were never owed along it: the route is newer than they are. */
  never: number
  /** Of these: what its `since:` owes when a hub starts. */
  past: number
  /** The newest matching records, sent today. */
  out: Step[]
}
interface Row extends Record<string, unknown> {
  id: number
  key: string
  version: number
  data: Json
  updated: Date
  state: string | null
}

const BATCH = 1000

/** `since`: as the configuration says for the route. */
export async function planRoute(
  hub: Planned,
  route: Route,
  since: string | undefined,
  limit: number,
): Promise<RoutePlan> {
  const plan: RoutePlan = { records: 0, matching: 0, states: [], never: 0, past: 0, out: [] }
  const states = new Map<string, number>()
  let newest: Row[] = []
  for (let after = 0; !hub.signal.aborted; ) {
    const rows = await hub.store.query<Row>(RECORDS, [route.record, after, BATCH, route.name])
    if (rows.length === 0) break
    after = rows.at(-1)!.id
    plan.records += rows.length
    const matching = rows.filter((row) => route.matches(row.data))
    plan.matching += matching.length
    for (const { state, updated } of matching) {
      if (state !== null) states.set(state, (states.get(state) ?? 0) + 1)
      else {
        plan.never++
        if (since !== undefined && updated >= new Date(since)) plan.past++
      }
    }
    newest = [...newest, ...matching].sort((a, b) => b.updated.getTime() - a.updated.getTime()).slice(0, limit)
  }
  plan.states = [...states].map(([state, count]) => ({ state, count })).sort((a, b) => b.count - a.count)
  const { stopped, sendings } = await rehearse(hub.store, (inside) => sentToday(hub, inside, route, newest))
  plan.out = [...stopped, ...(await lookAll(hub, sendings))]
  return plan
}

/** As if each of them were owed now. Calls that were made, and what a person holds, stay what they are. */
async function sentToday(hub: Planned, inside: Store, route: Route, records: Row[]) {
  const owed = records.map(({ id, key, version, data }) => ({
    id,
    key,
    type: route.record,
    version,
    data,
    deleted: false,
    lane: LANES.bulk,
  }))
  await inside.transaction((tx) => owe(tx, [route], owed))
  const ids = records.map((record) => record.id)
  await inside.query(
    `update handoff set state = 'owed', due_at = hub_now() where route = $1 and record_id = any($2::bigint[])
       and (state in ('failed', 'parked', 'waiting') or (kind = 'push' and state in ('resting', 'owed')))`,
    [route.name, ids],
  )
  return goesOut(hub, inside, [route], ids)
}

const RECORDS = `
select r.id, r.key, r.version, r.data, r.updated_at as updated,
  (select case when h.state = 'resting' then coalesce(h.outcome, 'resting') else h.state end from handoff h
   where h.route = $4 and h.record_id = r.id order by h.id desc limit 1) as state
from record r where r.type = $1 and r.id > $2::bigint and not r.deleted order by r.id limit $3`
