// What each handoff of a chunk has to send: its record mapped out, or why nothing is sent. A handoff whose preparation fails
// stops only itself.
import type { Claimed, Json, MapContext, Result, Route } from '../hub.ts'
import { fingerprint } from '../platform/fingerprint.ts'
import type { Ledger } from './ledger.ts'

export interface Payload {
  payload: Json
  /** Of a push: a hash of what is sent, kept as the destination's known image. */
  image: string
}
interface PrepareFacts {
  ledger: Ledger
  connection: string
  routes: Map<string, Route>
}

/** Two deaths in a chunk and two while it was mapped alone, or ten of any kind: see claim.ts. */
const DEADLY = 10

export async function prepareAll(facts: PrepareFacts, claimed: Claimed[]): Promise<Map<Claimed, Payload | Result>> {
  const { ledger, connection, routes } = facts
  const prepared = new Map<Claimed, Payload | Result>()
  const related = await ledger.related(claimed)
  const contextOf = (each: Claimed): Omit<MapContext, 'link'> => ({
    connection,
    key: each.key,
    id: String(each.recordId),
    related: related.get(each)!.records,
  })
  const needs = claimed.flatMap((each) => {
    const stopped = stoppedBefore(each, routes.get(each.route)!, related.get(each)!.missing)
    if (stopped) prepared.set(each, stopped)
    if (prepared.has(each)) return []
    try {
      return routes.get(each.route)!.mapper.links(each.data, contextOf(each))
    } catch (error) {
      prepared.set(each, defect(error))
      return []
    }
  })
  const link = await ledger.links(needs)
  for (const each of claimed) {
    if (prepared.has(each)) continue
    const context = { ...contextOf(each), link }
    prepared.set(each, await map(connection, each, routes.get(each.route)!, context).catch(defect))
  }
  return prepared
}

/** What is decided without mapping. */
function stoppedBefore(handoff: Claimed, route: Route, missing: string | undefined): Payload | Result | undefined {
  if (handoff.deaths >= DEADLY) {
    const code = 'HUB_DELIVERY_DEADLY'
    const message = "The hub's process ended again and again while it worked on this handoff."
    const cure = 'Look at the mapping functions it uses, then `handoff failures retry ID`.'
    return { result: 'parked', problems: [{ code, message, cure }] }
  }
  // Of a call that may have been made already, the very same request is asked for again, whatever the record says now.
  if (handoff.kind === 'call' && handoff.request) return { payload: handoff.request, image: '' }
  if (handoff.deleted) return noMatch('The record was deleted at its source.')
  try {
    if (!route.matches(handoff.data))
      return noMatch("The record's latest version no longer matches the route's `when:`.")
  } catch (error) {
    return defect(error)
  }
  if (!missing) return undefined
  const [, type, ...key] = missing.split(':')
  const message = `It waits for the ${type} ${key.join(':')}, which has not arrived yet.`
  return { result: 'waiting', waitingFor: missing, problem: { code: 'HUB_WAIT_RECORD', message } }
}

async function map(connection: string, handoff: Claimed, route: Route, context: MapContext): Promise<Payload | Result> {
  const mapped = await route.mapper.run(handoff.data, context)
  if ('skipped' in mapped) return { result: 'skipped', problem: { code: 'HUB_MAP_SKIPPED', message: mapped.skipped } }
  if ('problems' in mapped) {
    if (!mapped.waitFor) return { result: 'parked', problems: mapped.problems }
    const { resource, value } = mapped.waitFor
    const message = `It waits until ${value} is at ${connection}.${resource}.`
    const waitingFor = `sent:${connection}.${resource}:${value}`
    return { result: 'waiting', waitingFor, problem: { code: 'HUB_WAIT_LINK', message } }
  }
  const image = fingerprint(mapped.record)
  if (handoff.kind === 'push' && handoff.image === image) return { result: 'unchanged' }
  return { payload: mapped.record, image }
}

const noMatch = (message: string): Result => ({ result: 'skipped', problem: { code: 'HUB_ROUTE_NO_MATCH', message } })

function defect(error: unknown): Result {
  const message = `The hub failed while it prepared this handoff: ${(error as Error).message}`
  const cure = 'Look at the mapping and its functions; `handoff failures retry ID` tries it again.'
  return { result: 'parked', problems: [{ code: 'HUB_DELIVERY_DEFECT', message, cure }] }
}
