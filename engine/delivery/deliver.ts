// One chunk: claim, map out, send with a few in flight, and hand every result to the outcome stage. Nothing here decides
// what a failure means; it only says what happened.
import { ConnectorError, type Exchange } from '#connector'
import type { Claimed, Result, Route, Settlement, Step } from '../hub.ts'
import { leaseMs } from './claim.ts'
import { gathering } from './exchanges.ts'
import type { Ledger } from './ledger.ts'
import { type Payload, prepareAll } from './prepare.ts'
import { call, push, type Sent } from './send.ts'

export interface DeliveryFacts {
  ledger: Ledger
  connection: string
  routes: Map<string, Route>
  /** Requests in flight at once, over all chunks of the connection. */
  concurrency: number
  inTurn: <T>(work: () => Promise<T>) => Promise<T>
  /** Shared by the chunks that are under way: set when nothing more of them is to be sent. */
  halt: { halted: boolean }
  /** The hard deadline of one request. */
  deadlineMs: number
  /** The chunk is one handoff that processes died with. */
  alone: boolean
  signal: AbortSignal
}
type Settle = (settlements: Settlement[]) => Promise<void>

/** Below this a request is not begun: between the look at the clock and the request itself time passes. */
const AIR_MS = 5_000
/** Failures in a row after which the rest of a chunk is left for later. */
const HALTS_AFTER = 5
const AFTER_A_FAULT_MS = 10_000

/** Claims a chunk and delivers it. */
export async function deliver(facts: DeliveryFacts, ids: number[], settle: Settle): Promise<void> {
  const leaseBegan = performance.now()
  const claimed = await facts.ledger.claim(ids, leaseMs(facts.deadlineMs))
  await deliverClaimed(facts, claimed, leaseBegan, settle)
}

/**
 * Delivers what is claimed. `leaseBegan`: a moment of `performance.now` before the claim, on a clock that goes on while the
 * process is stopped, so that the lease is never taken for longer than it is.
 */
export async function deliverClaimed(
  facts: DeliveryFacts,
  claimed: Claimed[],
  leaseBegan: number,
  settle: Settle,
): Promise<void> {
  if (claimed.length === 0) return
  const { ledger, routes, halt } = facts
  const leaseEnds = leaseBegan + leaseMs(facts.deadlineMs)
  const chunk = await prepareChunk(facts, claimed).catch(async (error) => {
    await settle(
      claimed.map((handoff) => settlement(handoff, routes, { result: 'released', waitMs: AFTER_A_FAULT_MS })),
    )
    throw error
  })

  if (facts.alone) await ledger.mapped(claimed)

  // Outcomes are written when the chunk is done, or every second of a slow one, so that little is lost to a crash.
  let unsaved = chunk.settled
  let saving: Promise<void> = Promise.resolve()
  let lastSaved = performance.now()
  const save = () => {
    const batch = unsaved
    unsaved = []
    lastSaved = performance.now()
    if (batch.length > 0) saving = saving.then(() => settle(batch))
    return saving
  }
  const gate = ({ deadlineMs }: { deadlineMs: number }) => {
    if (leaseEnds - performance.now() < deadlineMs) throw new LeaseLost()
  }
  let inRow = 0
  const next = chunk.toSend.values()
  const lane = async () => {
    for (const { handoff, payload, idempotencyKey, link } of next) {
      const stops = () =>
        halt.halted || facts.signal.aborted || leaseEnds - performance.now() < facts.deadlineMs + AIR_MS
      const done = await facts.inTurn(async () =>
        stops()
          ? settlement(handoff, routes, { result: 'released', ...(inRow > 0 ? { waitMs: AFTER_A_FAULT_MS } : {}) })
          : attempt(handoff, routes.get(handoff.route)!, payload, { idempotencyKey, link, gate }),
      )
      // A limit, a refused key, an outage concern all: the rest, also of other chunks, would only hear the same.
      const kind = done.result.result === 'error' ? done.result.error.kind : undefined
      inRow = kind === 'retryable' || kind === 'uncertain' ? inRow + 1 : 0
      if (kind === 'auth' || kind === 'rate_limited' || inRow >= HALTS_AFTER) halt.halted = true
      // Only now: `save` may have replaced the list while this one was on its way.
      unsaved.push(done)
      if (performance.now() - lastSaved > 1000) await save()
    }
  }
  await Promise.all(Array.from({ length: Math.min(facts.concurrency, chunk.toSend.length) }, lane))
  await save()
}

class LeaseLost extends Error {
  constructor() {
    super('the lease would end before the answer could come')
  }
}

const settlement = (handoff: Claimed, routes: Map<string, Route>, result: Result): Settlement => ({
  handoff,
  route: routes.get(handoff.route)!,
  result,
})

interface ToSend {
  handoff: Claimed
  payload: Payload
  idempotencyKey: string
  link: string | undefined
}

async function prepareChunk(
  facts: DeliveryFacts,
  claimed: Claimed[],
): Promise<{ settled: Settlement[]; toSend: ToSend[] }> {
  const { ledger, routes } = facts
  const prepared = await prepareAll(facts, claimed)
  const links = await ledger.ownLinks(claimed.filter((each) => !each.unlinked))
  const settled: Settlement[] = []
  const toSend: ToSend[] = []
  for (const [handoff, payload] of prepared) {
    const key = handoff.idempotencyKey ?? [handoff.route, handoff.key, handoff.occurrence].filter(Boolean).join(':')
    if ('result' in payload) settled.push(settlement(handoff, routes, payload))
    else toSend.push({ handoff, payload, idempotencyKey: key, link: links.get(handoff) })
  }
  // A call's request and key are committed before the first send: every later attempt asks for the very same thing.
  const calls = toSend.filter(({ handoff }) => handoff.kind === 'call')
  const frozen = await ledger.freeze(
    calls.map(({ handoff, payload, idempotencyKey }) => ({ handoff, request: payload.payload, idempotencyKey })),
  )
  return { settled, toSend: toSend.filter((each) => each.handoff.kind === 'push' || frozen.has(each.handoff.id)) }
}

async function attempt(
  handoff: Claimed,
  route: Route,
  { payload, image }: Payload,
  {
    link,
    ...how
  }: { idempotencyKey: string; link: string | undefined; gate: (request: { deadlineMs: number }) => void },
): Promise<Settlement> {
  const exchanges: Exchange[] = []
  const started = performance.now()
  const overtakesMs = handoff.lostVersion === handoff.version ? null : handoff.lostMs
  const write = { ...how, uncertainMs: handoff.uncertainMs }
  let step: Step = route.kind === 'call' ? 'call' : link === undefined ? 'create' : 'update'
  let result: Result
  try {
    const sent = await gathering(exchanges, () =>
      route.kind === 'call'
        ? call(route.call!, payload, write)
        : push(route.push!, payload, { ...write, link, overtakesMs }),
    )
    if (sent.result === 'sent') step = sent.step
    result = resultOf(sent, route, handoff, image)
  } catch (error) {
    if (error instanceof LeaseLost) return { handoff, route, result: { result: 'released' } }
    result = { result: 'error', error: asConnectorError(error) }
  }
  return { handoff, route, result, attempt: { step, ms: Math.round(performance.now() - started), exchanges } }
}

function resultOf(sent: Sent, route: Route, handoff: Claimed, image: string): Result {
  switch (sent.result) {
    case 'sent': {
      const { externalId, replaced, answer } = sent
      const links = answer === undefined ? {} : (route.call?.links(answer) ?? {})
      const known = handoff.kind === 'push' ? image : null
      return { result: 'sent', externalId, ...(replaced ? { replaced } : {}), links, image: known, answer }
    }
    case 'settling':
      return sent
    case 'held': {
      const { gone, code, message, cure } = sent
      return { result: 'held', problem: { code, message, cure }, ...(gone ? { gone } : {}) }
    }
    case 'parked':
      return { result: 'parked', problems: [{ code: sent.code, message: sent.message, cure: sent.cure }] }
  }
}

/** A connector that throws anything else has a defect; what it was doing may have happened. */
function asConnectorError(error: unknown): ConnectorError {
  if (error instanceof ConnectorError) return error
  const message = `The connector failed: ${(error as Error).message}`
  return new ConnectorError('uncertain', 'HUB_CONNECTOR_DEFECT', message, { cause: error })
}
