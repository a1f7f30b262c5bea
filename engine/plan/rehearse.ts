// The walk's own code, run in a transaction that is never committed: what would be decided and owed is found out by what decides
// and owes, and nothing of it stays. Nothing is sent from in here.
import type { Store } from '../platform/store/store.ts'

class Undone extends Error {}

/** Runs `act` on a store whose writes are undone at the end; answers what it found out. Waits for no lock longer than seconds. */
export async function rehearse<T>(store: Store, act: (inside: Store) => Promise<T>): Promise<T> {
  let found: { result: T } | undefined
  try {
    await store.transaction(async (tx) => {
      await tx.query("set local lock_timeout = '5s'")
      found = { result: await act({ ...store, query: tx.query, transaction: (work) => work(tx) }) }
      throw new Undone()
    })
  } catch (error) {
    if (!(error instanceof Undone)) throw error
  }
  return found!.result
}
