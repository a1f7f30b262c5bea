// When a failed delivery is tried again. The ladder is published in docs/guarantees.md; each step varies by a fifth, so that
// many handoffs that failed together do not come back together.
const SECOND = 1000
const MINUTE = 60 * SECOND
const HOUR = 60 * MINUTE

export const LADDER_MS = [
  2 * SECOND,
  10 * SECOND,
  30 * SECOND,
  2 * MINUTE,
  10 * MINUTE,
  30 * MINUTE,
  HOUR,
  3 * HOUR,
  6 * HOUR,
]
/** After this many attempts a delivery has failed: the whole ladder was climbed. */
export const MAX_ATTEMPTS = LADDER_MS.length + 1

/** Milliseconds until the next attempt, after `attempts` of them; undefined when it has failed for good. */
export function backoff(
  attempts: number,
  wishMs: number | undefined,
  random: () => number = Math.random,
): number | undefined {
  const step = LADDER_MS[attempts - 1]
  if (step === undefined) return undefined
  const jittered = step * (0.8 + 0.4 * random())
  return Math.round(Math.max(jittered, wishMs ?? 0))
}
