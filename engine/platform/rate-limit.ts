// A connection's rate limit as a gate before each request: evenly spaced, with a burst of at most the limit itself.
import { setTimeout as sleep } from 'node:timers/promises'

/** Waits until one more request is allowed. At most `requests` start in any period of `periodMs` (GCRA, as in ITU-T I.371). */
export function rateGate(
  requests: number,
  periodMs: number,
  now: () => number = () => performance.now(),
): (signal?: AbortSignal) => Promise<void> {
  const spacing = periodMs / requests
  // Half the limit may come at once, and the other half is spread over the period: never more than the limit in any period.
  const tolerance = spacing * Math.max(0, Math.floor(requests / 2) - 1)
  let next = 0
  return async (signal) => {
    const at = now()
    const start = Math.max(at, next - tolerance)
    next = Math.max(next, at) + spacing
    const wait = start - at
    if (wait > 0) await sleep(wait, undefined, signal ? { signal } : {})
  }
}
