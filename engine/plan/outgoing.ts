// The second half of a plan: what is owed in a rehearsal, mapped out, and what sending it would change at the destinations.
import { openLedger } from '../delivery/ledger.ts'
import { prepareAll } from '../delivery/prepare.ts'
import type { Claimed, ConnectionClient, Problem, Result, Route } from '../hub.ts'
import type { Difference } from '../platform/edits.ts'
import type { Store } from '../platform/store/store.ts'
import type { Assembly } from '../setup/assemble.ts'
import type { Facts } from '../setup/facts.ts'
import { type Look, look, type Sending } from './look.ts'

export interface Step {
  /** `order shop:1001`, or the item where no record comes of it. */
  subject: string
  /** The source, or the route. */
  where: string
  does: Look['does'] | 'delete' | 'wait'
  why: string
  changes: Difference[]
}
export interface Plan {
  /** What was read at the source and would become of it. */
  in: Step[]
  /** What would then be sent. */
  out: Step[]
}
export interface Planned {
  store: Store
  assembly: Assembly
  facts: Facts
  clients: Map<string, ConnectionClient>
  signal: AbortSignal
}

/** No process has this number: what is claimed in a rehearsal is nobody's. */
export const NOBODY = 0
const LEASE_MS = 60_000

/** The handoffs of these records, mapped out; what stops before anything is sent is a step already. */
export async function goesOut(
  hub: Planned,
  inside: Store,
  routes: Route[],
  records: number[],
): Promise<{ stopped: Step[]; sendings: Sending[] }> {
  const byName = new Map(routes.map((route) => [route.name, route]))
  const rows = await inside.query<{
    id: number
    connection: string
    route: string
    state: string
    kind: string
    reason: Problem[] | null
    subject: string
  }>(
    `select h.id, h.connection, h.route, h.state, h.kind, h.reason, r.type || ' ' || r.key as subject from handoff h join record r on r.id = h.record_id
     where h.record_id = any($1::bigint[]) and h.route = any($2::text[]) order by h.record_id, h.route`,
    [records, [...byName.keys()]],
  )
  const stopped: Step[] = rows.flatMap(({ state, route, reason, subject, kind }): Step[] => {
    const about = { subject, where: route, changes: [] }
    const why = sentence(reason ?? [])
    if (state === 'held') return [{ ...about, does: 'hold', why }]
    if (state === 'sending') return [{ ...about, does: 'wait', why: 'an earlier version is on its way' }]
    if (state === 'resting' && kind === 'call') return [{ ...about, does: 'skip', why: 'it was done already' }]
    if (state === 'failed' || state === 'parked') return [{ ...about, does: 'park', why }]
    return []
  })
  const sendings: Sending[] = []
  const owed = rows.filter((row) => row.state === 'owed')
  for (const [connection, group] of Map.groupBy(owed, (row) => row.connection)) {
    const own = { store: inside, worker: NOBODY, connection, routes: byName, parents: hub.facts.parents, alone: true }
    const ledger = openLedger(own)
    const claimed = await ledger.claim(
      group.map((row) => row.id),
      LEASE_MS,
    )
    const links = await ledger.ownLinks(claimed)
    for (const [handoff, prepared] of await prepareAll({ ledger, connection, routes: byName }, claimed)) {
      const route = byName.get(handoff.route)!
      if (!('result' in prepared))
        sendings.push({ handoff, route, payload: prepared.payload, link: links.get(handoff) })
      else stopped.push(stopOf(handoff, prepared))
    }
    const late = group.filter((row) => !claimed.some((each) => each.id === row.id))
    stopped.push(
      ...late.map(
        (row): Step => ({
          subject: row.subject,
          where: row.route,
          does: 'wait',
          why: 'it is tried again later',
          changes: [],
        }),
      ),
    )
  }
  return { stopped, sendings }
}

function stopOf(handoff: Claimed, result: Result): Step {
  const about = { subject: `${handoff.type} ${handoff.key}`, where: handoff.route, changes: [] }
  if (result.result === 'unchanged')
    return { ...about, does: 'skip', why: 'the destination was sent exactly this last' }
  if (result.result === 'skipped') return { ...about, does: 'skip', why: result.problem.message }
  if (result.result === 'waiting') return { ...about, does: 'wait', why: result.problem.message }
  if (result.result === 'parked') return { ...about, does: 'park', why: sentence(result.problems) }
  return { ...about, does: 'unknown', why: result.result }
}

/** Asks the destinations, each one question after another. */
export async function lookAll(hub: Planned, sendings: Sending[]): Promise<Step[]> {
  const groups = [...Map.groupBy(sendings, (each) => each.route.connection).values()]
  const looked = await Promise.all(
    groups.map(async (group) => {
      const steps: Step[] = []
      for (const sending of group) {
        const { handoff } = sending
        const seen = await look(sending, hub.clients.get(sending.route.connection)!)
        steps.push({ subject: `${handoff.type} ${handoff.key}`, where: handoff.route, ...seen })
      }
      return steps
    }),
  )
  return looked.flat()
}

export function sentence(problems: Problem[]): string {
  return problems.map((each) => `${each.at ? `${each.at}: ` : ''}${each.message} [${each.code}]`).join(' ')
}
