// The requests and answers of one attempt, gathered while it runs, whichever connector makes them.
import { AsyncLocalStorage } from 'node:async_hooks'
import type { Exchange } from '#connector'

const current = new AsyncLocalStorage<Exchange[]>()

/** Runs an attempt and gathers its exchanges into `into`. */
export function gathering<T>(into: Exchange[], attempt: () => Promise<T>): Promise<T> {
  return current.run(into, attempt)
}

/** Called by every connection's client after each request. */
export function noteExchange(exchange: Exchange): void {
  current.getStore()?.push(exchange)
}
