// The chunks that this process delivers: those that come through the queue, and those that were claimed as they were owed. Each
// connection has a few at once, and as many requests in flight as the configuration says.
import type { Claimed, Route, Settlement } from '../hub.ts'
import { limited } from '../platform/coalesce.ts'
import type { Store } from '../platform/store/store.ts'
import type { Parents } from './context.ts'
import { type DeliveryFacts, deliver, deliverClaimed } from './deliver.ts'
import { openLedger } from './ledger.ts'
import { openPaces } from './pace.ts'

interface ChunkFacts {
  store: Store
  worker: number
  signal: AbortSignal
  parents: Parents
  routes: () => Map<string, Route>
  /** Requests in flight at once. */
  concurrency: (connection: string) => number
  /** The hard deadline of one request. */
  deadlineMs: (connection: string) => number
  settle: (connection: string, settlements: Settlement[]) => Promise<void>
  onError: (error: Error) => void
}

/** Chunks of a connection at once, so that one is prepared while another is sent and a third is written down. */
export const CHUNKS_AT_ONCE = 4

export function openChunks(facts: ChunkFacts) {
  const running = new Map<string, number>()
  const limits = new Map<string, DeliveryFacts['inTurn']>()
  const halts = new Map<string, DeliveryFacts['halt']>()
  const paces = openPaces()
  const waiting: (() => void)[] = []
  /** Those that did not come through the queue. */
  const straight = new Set<Promise<void>>()

  async function run(
    connection: string,
    alone: boolean,
    work: (chunk: DeliveryFacts, settle: Settle) => Promise<void>,
  ) {
    const inTurn = limits.get(connection) ?? limited(facts.concurrency(connection))
    limits.set(connection, inTurn)
    const before = halts.get(connection)
    const halt = before && !before.halted ? before : { halted: false }
    halts.set(connection, halt)
    running.set(connection, (running.get(connection) ?? 0) + 1)
    const began = performance.now()
    let attempts = 0
    const settle: Settle = async (settlements) => {
      attempts += settlements.filter((each) => each.attempt).length
      await facts.settle(connection, settlements)
    }
    const { store, worker, signal, parents } = facts
    const routes = facts.routes()
    const ledger = openLedger({ store, worker, connection, routes, parents, alone })
    const concurrency = facts.concurrency(connection)
    const deadlineMs = facts.deadlineMs(connection)
    const chunk = { ledger, signal, connection, routes, concurrency, deadlineMs, alone }
    try {
      await work({ ...chunk, inTurn, halt }, settle)
      if (attempts > 0) paces.note(connection, attempts, performance.now() - began)
    } finally {
      running.set(connection, running.get(connection)! - 1)
      for (const go of waiting.splice(0)) go()
    }
  }
  const room = (connection: string) =>
    facts.concurrency(connection) === 0
      ? 0
      : Math.max(0, CHUNKS_AT_ONCE - (running.get(connection) ?? 0)) * paces.size(connection)

  return {
    size: paces.size,
    /** How many handoffs each of these connections can take at once. */
    room: (connections: string[]) => new Map(connections.map((connection) => [connection, room(connection)])),
    /** A chunk from the queue. `alone`: one handoff that processes died with. */
    deliver: (connection: string, ids: number[], alone: boolean) =>
      run(connection, alone, (chunk, settle) => deliver(chunk, ids, settle)),
    /** What was claimed as it was owed; see `deliverClaimed` for `leaseBegan`. */
    send(claimed: Claimed[], leaseBegan: number): void {
      for (const [connection, all] of Map.groupBy(claimed, (each) => facts.routes().get(each.route)!.connection)) {
        const size = paces.size(connection)
        for (let at = 0; at < all.length; at += size) {
          const some = all.slice(at, at + size)
          const sent: Promise<void> = run(connection, false, (chunk, settle) =>
            deliverClaimed(chunk, some, leaseBegan, settle),
          )
            .catch(facts.onError)
            .finally(() => straight.delete(sent))
          straight.add(sent)
        }
      }
    },
    /** Resolves when one of the connections has room again, or after so many milliseconds. */
    async roomSoon(connections: string[], ms: number): Promise<void> {
      const until = performance.now() + ms
      while (connections.some((each) => room(each) === 0) && performance.now() < until) {
        await new Promise<void>((go) => {
          const timer = setTimeout(go, until - performance.now())
          waiting.push(() => {
            clearTimeout(timer)
            go()
          })
        })
      }
    },
    /** Resolves when nothing is sent any more that did not come through the queue. */
    async idle(): Promise<void> {
      while (straight.size > 0) await Promise.all(straight)
    },
  }
}
type Settle = (settlements: Settlement[]) => Promise<void>
