// How many handoffs make a chunk at each destination: about as many as it takes in a second. One that answers in a millisecond gets
// many, so that claims and outcomes cost little; one that takes a second each gets few, so that little is in flight at a crash.
const CHUNK_MS = 1_000
const FIRST = 40
const LEAST = 10
const MOST = 200

export type Paces = ReturnType<typeof openPaces>

export function openPaces() {
  const sizes = new Map<string, number>()
  return {
    size: (connection: string): number => sizes.get(connection) ?? FIRST,
    /** What a chunk took, from its first request to its last answer. */
    note(connection: string, count: number, ms: number): void {
      const fits = (count / Math.max(1, ms)) * CHUNK_MS
      const before = sizes.get(connection) ?? FIRST
      // Half way each time: one slow chunk is no trend. One that was not full says nothing of a larger one.
      const next = fits > before && count < before ? before : (before + fits) / 2
      sizes.set(connection, Math.round(Math.min(MOST, Math.max(LEAST, next))))
    },
  }
}
