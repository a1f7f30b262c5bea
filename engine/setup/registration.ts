// The sign that this process lives: a lock that its own database connection holds. Where that connection is lost, the sign is set up
// again, under the same worker id, as soon as there is a database.
import { setTimeout as sleep } from 'node:timers/promises'
import type { Store } from '../platform/store/store.ts'

export interface Registration {
  worker: number
  release: () => Promise<void>
}

export async function openRegistration(
  store: Store,
  signal: AbortSignal,
  onError: (error: Error) => void,
): Promise<Registration> {
  const onLost = () => void registerAgain()
  let current = await store.register(onLost)
  const { worker } = current
  async function registerAgain(): Promise<void> {
    while (!signal.aborted) {
      try {
        await store.ready()
        current = await store.register(onLost, worker)
        return
      } catch (error) {
        onError(error as Error)
        await sleep(500)
      }
    }
  }
  return { worker, release: () => current.release() }
}
