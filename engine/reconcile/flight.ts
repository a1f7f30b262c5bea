// Where what differs stands in the ledger: on its way, which is no gap, or stuck, which says why there is one.
import type { Route } from '../hub.ts'
import type { Planned } from '../plan/outgoing.ts'
import type { Queries } from '../platform/store/store.ts'

export interface Standing {
  onItsWay: boolean
  why?: string
}

/** The pushes that bring records of a type to a connection. */
export function routesTo(hub: Pick<Planned, 'assembly'>, connection: string, record: string): Route[] {
  return [...hub.assembly.routes.values()].filter(
    (route) => route.kind === 'push' && route.connection === connection && route.record === record,
  )
}

/** Whether any route wants a record there. Where none goes, the two systems are fed by others, and everything should be there. */
export const isWanted = (routes: Route[], data: unknown) =>
  routes.length === 0 || routes.some((route) => route.matches(data))

/** What the ledger says about records between the two connections. What was delivered after `since` was not seen there yet. */
export async function standings(
  tx: Queries,
  connections: string[],
  records: number[],
  since: Date,
): Promise<Map<number, Standing>> {
  const rows = await tx.query<{
    id: number
    record_id: number
    route: string
    state: string
    late: boolean
    reason: string
  }>(
    `select id, record_id, route, state, state = 'resting' and updated_at >= $3 as late, reason->0->>'message' as reason from handoff
     where record_id = any($1::bigint[]) and connection = any($2::text[]) and kind = 'push'
       and (state <> 'resting' or updated_at >= $3) order by record_id, id`,
    [records, connections, since],
  )
  const found = new Map<number, Standing>()
  for (const { id, record_id, route, state, late, reason } of rows) {
    const before = found.get(record_id)
    if (late || ['owed', 'sending', 'waiting'].includes(state)) found.set(record_id, { onItsWay: true })
    else if (!before)
      found.set(record_id, {
        onItsWay: false,
        why: `${state} along ${route}${reason ? `: ${reason}` : ''} (handoff failures show ${id})`,
      })
  }
  const waiting = await tx.query<{ record_id: number }>(
    `select l.record_id from link l join item i on i.connection = l.connection and i.resource = l.resource and i.external_id = l.external_id
     where l.record_id = any($1::bigint[]) and l.connection = any($2::text[]) and i.status in ('new', 'waiting')`,
    [records, connections],
  )
  for (const { record_id } of waiting) found.set(record_id, { onItsWay: true })
  return found
}
