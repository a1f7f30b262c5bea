// The requests and answers of one attempt, gathered while it runs, whichever connector makes them.
import { AsyncLocalStorage } from 'node:async_hooks'

/** Masked by the connector's client before it gets here. */
export interface ExchangeExcerpt {
  method: string
  url: string
  status?: number
  ms: number
  request?: string
  response?: string
}

const current = new AsyncLocalStorage<ExchangeExcerpt[]>()

/** Runs an attempt and gathers its exchanges into `into`. */
export function gathering<T>(into: ExchangeExcerpt[], attempt: () => Promise<T>): Promise<T> {
  return current.run(into, attempt)
}

/** Called by every connection's client after each request. */
export function noteExchange(exchange: ExchangeExcerpt): void {
  current.getStore()?.push(exchange)
}
