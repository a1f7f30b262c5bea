// What every stand-in shares: the shape of a request, of an answer, and of the system itself.
import type { IncomingHttpHeaders } from 'node:http'
import type { Deliveries } from './deliver.ts'
import type { Store } from './store.ts'

/** JSON as it travels. The stand-ins check what matters to the vendor by hand, as the vendor does. */
export type Json = any

export const systemNames = ['woocommerce', 'shiphero', 'easypost', 'odoo', 'hubspot'] as const
export type SystemName = (typeof systemNames)[number]

export interface Request {
  method: string
  /** The path without the query, as it came (still percent-encoded). */
  path: string
  query: URLSearchParams
  headers: IncomingHttpHeaders
  /** The body as text. */
  text: string
  /** Where the client reached us: `http://127.0.0.1:4711`. Vendors put it into links. */
  origin: string
}

export interface Reply {
  status: number
  /** Sent as JSON. */
  body?: Json
  /** Sent as it is, instead of `body`. */
  text?: string
  headers?: Record<string, string>
}

/** What a request means: used by the request log and by fault rules. */
export interface Meaning {
  /** `POST /wp-json/wc/v3/orders`, `order_create`, `account.move.create`. */
  operation: string
  /** True when the request may change something. */
  write: boolean
}

export interface System {
  name: SystemName
  store: Store
  /** Of one that sends webhooks. */
  deliveries?: Deliveries
  handle(request: Request): Reply
  meaning(request: Request): Meaning
  /** The vendor's own shape of a failure that a fault rule asks for (429, 500, 503). */
  failure(status: number, retryAfter?: number): Reply
  /** Takes up what was under way when the process ended: parcels to pack, parcels on the road. */
  resume(): void
  close(): void
}
