// Decides on everything that a source has waiting, one batch after another. A batch that fails is split until the item that it
// fails on stands alone; that one is parked, and all others go on.
import { setTimeout as sleep } from 'node:timers/promises'
import { ConnectorError } from '#connector'
import type { Source } from '../hub.ts'
import { type Coalesced, coalesced } from '../platform/coalesce.ts'
import { patiently, serverIsGone } from '../platform/store/pool.ts'
import type { Store } from '../platform/store/store.ts'
import { type ClaimedItem, claimItems, claimLeft, parkItem, releaseItems } from './claim.ts'

export interface DeciderFacts {
  store: Store
  worker: number
  signal: AbortSignal
  /** Today's sources; a source that is gone decides no more. */
  sources: () => Source[]
  /** Runs what processes died with one at a time. */
  inTurn: <T>(work: () => Promise<T>) => Promise<T>
  decide: (source: Source, items: ClaimedItem[]) => Promise<void>
  onError: (error: Error) => void
}

/** Items decided on at once. */
const BATCH = 500
/** Items that were taken in by this process and are kept in memory until they are decided; the others are read again. */
const IN_HAND = 2_000
/**
 * After a decision on more than a few a source rests for as long as that took, at most so long: under load, what comes meanwhile
 * is decided together and costs half as many statements.
 */
const REST_MS = 25
const FEW = 4

export function openDecider(facts: DeciderFacts) {
  const { store, worker, signal } = facts
  const deciders = new Map<string, Coalesced>()
  const inHand = new Map<string, ClaimedItem[]>()
  /** Until when a source rests, on the clock of `performance.now`. */
  const rests = new Map<string, number>()
  /** Sources of which the store is to be looked through as well. */
  const thorough = new Set<string>()

  async function all(name: string): Promise<void> {
    const source = () => (signal.aborted ? undefined : facts.sources().find((each) => each.name === name))
    let limit = BATCH
    const next = (came: 'decided' | 'failed') =>
      (limit = came === 'failed' ? Math.ceil(limit / 2) : Math.min(BATCH, limit * 2))
    try {
      for (;;) {
        await rested(name)
        // Nothing is awaited between a look that finds nothing in hand and the end: what is handed in then starts anew.
        const [now, mine] = [source(), take(name)]
        if (!now || mine.length === 0) break
        const began = performance.now()
        if ((await some(now, Promise.resolve(mine))) === 'failed') {
          next('failed')
          thorough.add(name)
        }
        const ended = performance.now()
        if (mine.length > FEW) rests.set(name, ended + Math.min(REST_MS, ended - began))
      }
    } finally {
      // What is left is claimed, and found again in the store.
      inHand.delete(name)
    }
    if (!thorough.delete(name)) return
    for (let now = source(); now; now = source()) {
      const left = await facts.inTurn(() => some(now!, claimLeft(store, now!, worker)))
      if (left === 'none') break
    }
    for (let now = source(); now; now = source()) {
      const known = (inHand.get(name) ?? []).map((item) => item.externalId)
      const came = await some(now, claimItems(store, now, worker, limit, known))
      if (came === 'none') return
      next(came)
    }
  }

  /** Resolves when a source has rested, or has a whole batch in hand, or nothing. */
  async function rested(name: string): Promise<void> {
    const waiting = inHand.get(name)?.length ?? 0
    const rest = (rests.get(name) ?? 0) - performance.now()
    if (rest > 0 && waiting > 0 && waiting < BATCH) await sleep(rest)
  }
  /** The next of what was taken in here. */
  function take(name: string): ClaimedItem[] {
    return inHand.get(name)?.splice(0, BATCH) ?? []
  }

  async function some(source: Source, claimed: Promise<ClaimedItem[]>): Promise<'none' | 'decided' | 'failed'> {
    const items = await claimed
    if (items.length === 0) return 'none'
    try {
      await facts.decide(source, items)
      return 'decided'
    } catch (error) {
      const later = serverIsGone(error) || error instanceof ConnectorError
      const [only] = items.length === 1 && !later ? items : []
      // Patiently: a claim that is not given back is looked at by nobody for as long as this process lives.
      await patiently(
        () =>
          only ? parkItem(store, source, only, worker, error as Error) : releaseItems(store, source, items, worker),
        signal,
      )
      if (later) throw error
      return 'failed'
    }
  }

  /** Starts deciding on a source, or lets it run once more when it runs already. */
  function soon(name: string): void {
    thorough.add(name)
    start(name)
  }
  function start(name: string): void {
    const known = deciders.get(name) ?? coalesced(() => all(name), facts.onError)
    deciders.set(name, known)
    known()
  }

  return {
    soon,
    /** The same for items that this process has just stored and claimed: they need not be read again. */
    hand(name: string, items: ClaimedItem[]): void {
      const before = inHand.get(name) ?? []
      if (before.length + items.length > IN_HAND) return soon(name)
      inHand.set(name, [...before, ...items])
      start(name)
    },
    /** Resolves when no decision is under way. */
    async idle(): Promise<void> {
      await Promise.all([...deciders.values()].map((each) => each.idle()))
    },
  }
}
