// One chunk: claim, map out, send with a few in flight, and hand every result to the outcome stage. Nothing here decides
// what a failure means; it only says what happened.
import { createHash } from 'node:crypto'
import { ConnectorError, type Exchange } from '#connector'
import type { Claimed, Json, MapContext, Result, Route, Settlement, Step } from '../hub.ts'
import type { Store } from '../platform/store/store.ts'
import { claim, LEASE_MS, LEASE_RESERVE_MS } from './claim.ts'
import { loadLinks, loadOwnLinks, loadRelated, type Parents } from './context.ts'
import { gathering } from './exchanges.ts'
import { call, push, type Sent } from './send.ts'

export interface DeliveryFacts {
  store: Store
  worker: number
  connection: string
  routes: Map<string, Route>
  parents: Parents
  /** Requests in flight at once for one chunk. */
  concurrency: number
  signal: AbortSignal
}

/** Delivers a chunk; answers what happened to each handoff that could be claimed. */
export async function deliver(facts: DeliveryFacts, ids: number[], settle: (settlements: Settlement[]) => Promise<void>): Promise<void> {
  const { store, routes } = facts
  const claimedAt = performance.now()
  const claimed = (await claim(store, ids, facts.worker)).filter((each) => routes.has(each.route))
  if (claimed.length === 0) return
  const related = await loadRelated(store, routes, facts.parents, claimed)
  const ownLinks = await loadOwnLinks(store, facts.connection, routes, claimed)
  const contexts = new Map<Claimed, Omit<MapContext, 'link'>>(
    claimed.map((each) => [each, { connection: facts.connection, key: each.key, id: String(each.recordId), related: related.get(each)!.records }]),
  )
  const needs = claimed.flatMap((each) => (related.get(each)!.missing ? [] : routes.get(each.route)!.mapper.links(each.data, contexts.get(each)!)))
  const link = await loadLinks(store, facts.connection, needs)

  const settled: Settlement[] = []
  const toSend: (() => Promise<Settlement>)[] = []
  const frozen: { id: number; fence: number; request: string; key: string }[] = []
  for (const handoff of claimed) {
    const route = routes.get(handoff.route)!
    const prepared = await prepare(facts.connection, handoff, route, related.get(handoff)!.missing, { ...contexts.get(handoff)!, link })
    if ('result' in prepared) {
      settled.push({ handoff, route, result: prepared })
      continue
    }
    const idempotencyKey = handoff.idempotencyKey ?? [route.name, handoff.key, handoff.occurrence].filter(Boolean).join(':')
    if (handoff.kind === 'call' && !handoff.request) frozen.push({ id: handoff.id, fence: handoff.fence, request: JSON.stringify(prepared.payload), key: idempotencyKey })
    toSend.push(() => attempt(handoff, route, prepared, idempotencyKey, ownLinks.get(handoff)))
  }
  if (frozen.length > 0) await freeze(store, frozen)

  // Outcomes are written when the chunk is done, or every second of a slow one, so that little is lost to a crash.
  let unsaved = settled
  let saving: Promise<void> = Promise.resolve()
  let lastSaved = performance.now()
  const save = () => {
    const batch = unsaved
    unsaved = []
    lastSaved = performance.now()
    if (batch.length > 0) saving = saving.then(() => settle(batch))
    return saving
  }
  const leaseLeft = () => LEASE_MS - (performance.now() - claimedAt)
  const pending = [...claimed.filter((each) => !settled.some((done) => done.handoff === each))]
  let next = 0
  const lane = async () => {
    while (next < toSend.length) {
      const index = next++
      const handoff = pending[index]!
      const stop = facts.signal.aborted || leaseLeft() < LEASE_RESERVE_MS
      const settlement: Settlement = stop ? { handoff, route: routes.get(handoff.route)!, result: { result: 'released' } } : await toSend[index]!()
      // Only now: `save` may have replaced the list while this one was on its way.
      unsaved.push(settlement)
      if (performance.now() - lastSaved > 1000) await save()
    }
  }
  await Promise.all(Array.from({ length: Math.min(facts.concurrency, toSend.length) }, lane))
  await save()
}

interface Prepared {
  payload: Json
  image: string
}

async function prepare(connection: string, handoff: Claimed, route: Route, missing: string | undefined, context: MapContext): Promise<Prepared | Result> {
  if (handoff.kind === 'call' && handoff.request) return { payload: handoff.request, image: '' }
  if (handoff.deaths >= 3) {
    return { result: 'parked', problems: [{ code: 'HUB_DELIVERY_DEADLY', message: 'The hub\'s process ended three times while it worked on this handoff.', cure: 'Look at the mapping functions it uses, then `handoff failures retry ID`.' }] }
  }
  if (handoff.deleted || !route.matches(handoff.data)) {
    return { result: 'skipped', problem: { code: 'HUB_ROUTE_NO_MATCH', message: handoff.deleted ? 'The record was deleted at its source.' : "The record's latest version no longer matches the route's `when:`." } }
  }
  if (missing) return { result: 'waiting', waitingFor: missing, problem: { code: 'HUB_WAIT_RECORD', message: `It waits for the ${missing.split(':')[1]} ${missing.split(':').slice(2).join(':')}, which has not arrived yet.` } }
  const mapped = await route.mapper.run(handoff.data, context)
  if ('skipped' in mapped) return { result: 'skipped', problem: { code: 'HUB_MAP_SKIPPED', message: mapped.skipped } }
  if ('problems' in mapped) {
    if (!mapped.waitFor) return { result: 'parked', problems: mapped.problems }
    const { resource, value } = mapped.waitFor
    return { result: 'waiting', waitingFor: `sent:${connection}.${resource}:${value}`, problem: { code: 'HUB_WAIT_LINK', message: `It waits until ${value} is at ${connection}.${resource}.` } }
  }
  const image = createHash('sha256').update(JSON.stringify(mapped.record)).digest('base64')
  if (handoff.kind === 'push' && handoff.image === image) return { result: 'unchanged' }
  return { payload: mapped.record, image }
}

/** A call's request and key are committed before the first send: every later attempt asks for the very same thing. */
async function freeze(store: Store, frozen: { id: number; fence: number; request: string; key: string }[]): Promise<void> {
  await store.query(
    `update handoff set request = x.request::jsonb, idempotency_key = x.key
     from unnest($1::bigint[], $2::bigint[], $3::text[], $4::text[]) as x(id, fence, request, key) where handoff.id = x.id and handoff.fence = x.fence`,
    [frozen.map((row) => row.id), frozen.map((row) => row.fence), frozen.map((row) => row.request), frozen.map((row) => row.key)],
  )
}

async function attempt(handoff: Claimed, route: Route, { payload, image }: Prepared, idempotencyKey: string, link: string | undefined): Promise<Settlement> {
  const exchanges: Exchange[] = []
  const started = performance.now()
  const write = { uncertainMs: handoff.uncertainMs, idempotencyKey }
  let step: Step = link === undefined ? 'create' : 'update'
  let result: Result
  try {
    const sent = await gathering(exchanges, () => (route.kind === 'call' ? call(route.call!, payload, write) : push(route.push!, payload, { ...write, link })))
    if (sent.result === 'sent') step = sent.step
    result = resultOf(sent, route, handoff, image)
  } catch (error) {
    if (route.kind === 'call') step = 'call'
    result = { result: 'error', error: asConnectorError(error) }
  }
  return { handoff, route, result, attempt: { step, ms: Math.round(performance.now() - started), exchanges } }
}

function resultOf(sent: Sent, route: Route, handoff: Claimed, image: string): Result {
  switch (sent.result) {
    case 'sent': {
      const links = sent.answer === undefined ? {} : (route.call?.links(sent.answer) ?? {})
      return { result: 'sent', externalId: sent.externalId, links, image: handoff.kind === 'push' ? image : null, answer: sent.answer }
    }
    case 'settling':
      return sent
    case 'held':
      return { result: 'held', problem: sent }
    case 'parked':
      return { result: 'parked', problems: [sent] }
  }
}

/** A connector that throws anything else has a defect; what it was doing may have happened. */
function asConnectorError(error: unknown): ConnectorError {
  if (error instanceof ConnectorError) return error
  return new ConnectorError('uncertain', 'HUB_CONNECTOR_DEFECT', `The connector failed: ${(error as Error).message}`, { cause: error })
}
