// A connection's rate limit as a gate before each request. The slots of all processes come from one row in the database, a few at
// a time; where the database is away, from this process alone.
import { setTimeout as sleep } from 'node:timers/promises'
import type { Query } from './store/store.ts'

/** Takes so many slots of so many milliseconds each; answers in how many milliseconds the first of them begins. */
export type Reserve = (spacingMs: number, slots: number) => Promise<number>
export type RateGate = (signal?: AbortSignal) => Promise<void>

/** A process takes at most what it can use in this time. */
const AHEAD_MS = 250
/** A request leaves a little later than its slot, and the next one perhaps does not. */
const JITTER_MS = 50

/**
 * Waits until one more request is allowed: at most `requests` start in any period of `periodMs`. A tenth of the limit is slack: a
 * slot may be used that much later than it began, so that slots which are taken ahead are not lost at once.
 */
export function rateGate(requests: number, periodMs: number, reserve: Reserve = localSlots()): RateGate {
  const slack = Math.floor(requests / 10)
  const spacing = (periodMs + Math.min(JITTER_MS, periodMs / 10)) / (requests - slack)
  const batch = Math.max(1, Math.min(slack, Math.floor(AHEAD_MS / spacing)))
  const alone = localSlots()
  let slots: number[] = []
  let taking: Promise<void> | undefined

  async function take(): Promise<void> {
    const startsIn = await reserve(spacing, batch).catch(() => alone(spacing, batch))
    const start = performance.now() + startsIn
    slots = Array.from({ length: batch }, (_, index) => start + index * spacing)
  }
  return async (signal) => {
    for (;;) {
      const slot = slots.shift()
      if (slot === undefined) {
        taking ??= take().finally(() => (taking = undefined))
        await taking
        continue
      }
      const wait = slot - performance.now()
      if (wait > 0) await sleep(wait, undefined, signal ? { signal } : {})
      // One that was left over for too long, or slept over by a busy process, would come on top of those that belong to now.
      if (performance.now() - slot <= Math.max(slack, 1) * spacing) return
    }
  }
}

/** Slots of this process alone. */
function localSlots(): Reserve {
  let free = 0
  return async (spacingMs, count) => {
    const now = performance.now()
    const start = Math.max(free, now)
    free = start + spacingMs * count
    return start - now
  }
}

/** Slots that all processes on the database share. Real time, which no test shifts. */
export function sharedSlots(query: Query, connection: string): Reserve {
  return async (spacingMs, count) => {
    const [row] = await query<{ ms: number }>(TAKE, [connection, spacingMs * count])
    return row!.ms
  }
}

const TAKE = `
insert into rate as known (connection, free_at) values ($1, clock_timestamp() + $2::float8 * interval '1 ms')
on conflict (connection) do update set free_at = greatest(known.free_at, clock_timestamp()) + $2::float8 * interval '1 ms'
returning greatest(0, extract(epoch from known.free_at - clock_timestamp()) * 1000 - $2)::float8 as ms`
