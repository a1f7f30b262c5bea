// The contract between the hub and a connector. A connector is a value full of facts about one kind of system; the
// hub owns everything that has state: cursors, queues, clocks, leases, raw signatures. What a connector can do is
// derived from which parts are present. See docs/decisions/0001 and any folder under connectors/ for a whole example.
import type { ConnectorErrorKind } from './errors.ts'

/** JSON as a vendor sends it. Numbers whose digits a float would lose arrive as text (see json.ts). */
export type Json = any

/** A duration as people write it in YAML and definitions: `500ms`, `1s`, `2m`, `1h`, `7d`. */
export type Duration = string

/** At most `requests` requests in any period of length `per`, for one connection over all its uses. */
export interface RateLimit {
  requests: number
  per: Duration
}

/** One setting of a connection: a JSON Schema fragment and the words a form or an error shows. */
export interface Field<T = unknown> {
  schema: Record<string, unknown>
  title: string
  hint?: string
  secret: boolean
  required: boolean
  /** Carries the TypeScript type of the value; never present at run time. */
  readonly type?: T
}
export type Fields = Record<string, Field<any>>
export type SettingsOf<F extends Fields> = { [K in keyof F]: F[K] extends Field<infer T> ? T : never }

export interface RequestOptions {
  query?: Record<string, unknown>
  headers?: Record<string, string>
  /** Names this write at the vendor, so that a repetition is recognised there. Goes into HttpFacts.idempotencyHeader. */
  idempotencyKey?: string
  /** Overrides the connection's hard deadline for one request. */
  timeout?: Duration
}

/** One request that only reads, as data: for paging and for fetching one item. */
export interface ReadRequest {
  /** Default GET. POST is for searches, GraphQL queries and JSON-RPC reads. */
  method?: 'GET' | 'POST'
  path: string
  query?: Record<string, unknown>
  headers?: Record<string, string>
  body?: unknown
}
/** A whole answer: what paging needs beyond the parsed body. */
export interface Answer<T = Json> {
  status: number
  /** Names in lower case. */
  headers: Record<string, string | undefined>
  /** The exact text that came, and what it says. Undefined for 204 and for a 404 on a read. */
  text: string
  json: T
  /** The vendor's own clock when it answered (the Date header), in milliseconds. */
  clock?: number
}

/** What a connector speaks through. Every method may throw a ConnectorError, and nothing else. */
export interface Api {
  /** Reads. A 404 answers `undefined`; a lost answer is `retryable`. */
  get<T = Json>(path: string, options?: RequestOptions): Promise<T>
  /** A read that the vendor wants as a POST (a search, a GraphQL query, a JSON-RPC read). A lost answer is `retryable`. */
  query<T = Json>(path: string, body: unknown, options?: RequestOptions): Promise<T>
  /** Writes. A lost, cut-off, unreadable or 5xx answer is `uncertain`: it may have happened. */
  post<T = Json>(path: string, body: unknown, options?: RequestOptions): Promise<T>
  put<T = Json>(path: string, body: unknown, options?: RequestOptions): Promise<T>
  patch<T = Json>(path: string, body: unknown, options?: RequestOptions): Promise<T>
  delete<T = Json>(path: string, options?: RequestOptions): Promise<T>
  /** Reads and hands over the whole answer; a 404 has `json: undefined`. */
  read<T = Json>(request: ReadRequest): Promise<Answer<T>>
}

export interface HttpFacts {
  baseUrl: string
  /** Headers (or query parameters) that say who asks. Made by basicAuth, bearer, apiKey … */
  auth?: Auth
  headers?: Record<string, string>
  limit?: RateLimit
  /** The hard deadline of one request. The hub's leases outlive it. Default 20s. */
  timeout?: Duration
  /** `text`: the status says it all, and the body may be plain or empty (webhooks of chats). Default: JSON, or it is a fault. */
  answers?: 'json' | 'text'
  /** The header in which this vendor takes an idempotency key for writes, where it has one. */
  idempotencyHeader?: string
  /** Done once for a connection, and again after an `auth` error. What it answers is at hand in `envelope`. */
  login?: (api: Api) => Promise<Json>
  /** What is really sent for a body (JSON-RPC): the place of credentials that belong into the body. */
  envelope?: (body: Json, session: Json) => Json
}
export interface Auth {
  headers?: Record<string, string>
  query?: Record<string, string>
}

export interface ErrorFacts {
  /** The vendor's own code and sentence in an error body, where it has them. */
  code?: (body: Json) => string | undefined
  message?: (body: Json) => string | undefined
  /** Answers that say "failed" with status 200 (GraphQL, JSON-RPC, union types). True makes it an error. */
  failed?: (body: Json) => boolean
  /** Failures that only say "there is none": for a read the same as a 404. */
  absent?: (body: Json) => boolean
  /** First match wins. What is not listed follows the hub's own table (errors.ts). */
  rules?: ErrorRule[]
}
export interface ErrorRule {
  status?: number
  /** The vendor's own code, whole (text) or in part (a pattern). */
  code?: string | RegExp
  message?: RegExp
  /** An HTML page where JSON was asked for. */
  html?: true
  kind: ConnectorErrorKind
  /** The sentence an operator reads: what happened and what to do. */
  say: string
  /** For `rate_limited`: how long to wait, in milliseconds, where the vendor says so in the body. */
  retryAfter?: (body: Json) => number | undefined
}

/** Where a pull stands. Opaque to the hub, JSON, saved after each page is stored. */
export type Position = { [key: string]: Json }

/** One item as the vendor sent it. */
export interface SourceItem {
  id: string
  /** The exact text that came (a slice of the answer), or the row(s) of a file as JSON. */
  text: string
  /** The same as a value, where it was read already. */
  json?: Json
  /** The vendor's own moment of the last change, RFC 3339 UTC, where it has one. */
  stamp?: string
  deleted?: boolean
  /** Where it stands in a file: `orders.csv:17`. */
  origin?: string
  /** Set when the item came but cannot be read (a broken row of a file): it is parked with this reason, before any mapping. */
  problem?: { code: string; message: string }
}
export interface PulledPage {
  items: SourceItem[]
  /** Where the next page begins: saved only after this page's items are stored. */
  position: Position
  /** True after the last page: the run is over. */
  last: boolean
  /** Where it is read in the order of changes: everything that changed until this moment (RFC 3339 UTC) has been read. */
  through?: string
}

export interface PullContext<S = any> {
  api: Api
  settings: S
  /** As saved with the last stored page; empty before the first. */
  position: Position
  /** Only items changed since this moment (RFC 3339 UTC), when the connection has no position yet. */
  since?: string
  signal: AbortSignal
  /** Reads one item whole, for lists that show only a part of it (`partial`). */
  fetch?: (id: string) => Promise<SourceItem | undefined>
  /** The resource's own facts. */
  id: (item: Json) => string | number | undefined
  stamp?: (item: Json) => string | number | undefined
}
/** Reads one page after another. Made by byCursor, byToken, byPage …; a file connector writes its own. */
export type Pull<S = any> = (context: PullContext<S>) => AsyncGenerator<PulledPage>

export interface Found {
  id: string
  /** What the vendor answered, for connectors whose `update` needs it (a draft or a posted invoice). */
  item?: Json
}
export interface WriteContext<S = any> {
  settings: S
  /** The hub's own name of this write; goes into the vendor's idempotency header or reference field. */
  idempotencyKey: string
  /** Reads something that hardly changes (a currency's id) once for the life of the connection. Nothing found is not remembered. */
  remember: <T>(name: string, read: () => Promise<T>) => Promise<T>
}

/** How the hub writes records of one resource. `payload` is what the route's mapping made. */
export interface PushFacts<S = any> {
  /** The value that makes a create findable again. Empty is refused before anything is sent. */
  key: (payload: Json) => string | undefined
  /** `strong`: what was written is found at once. `lag`: search indexes lag by this long. `none`: no look-up at all. */
  lookup: 'strong' | { lag: Duration } | 'none'
  /** How long a write whose answer was lost may still land at the vendor. Default 30s (the hard deadline of a request plus the vendor's). */
  settle?: Duration
  find?: (api: Api, key: string, payload: Json, context: WriteContext<S>) => Promise<Found | undefined>
  /** Absent: this resource is only ever updated (stock of a product that the shop owns). */
  create?: (api: Api, payload: Json, context: WriteContext<S>) => Promise<Found>
  /**
   * Absent: what was created is never changed. `found` is present when this attempt looked it up. Answers a Found where the
   * change gave the thing another id (a tracking number that had to be replaced): the link follows it.
   */
  // biome-ignore lint/suspicious/noConfusingVoidType: most changes answer nothing at all
  update?: (api: Api, payload: Json, id: string, context: WriteContext<S> & { found?: Found }) => Promise<Found | void>
  /** True when the vendor recognises a repeated create by its idempotency key (WriteContext.idempotencyKey). */
  idempotent?: boolean
}

export interface Resource<S = any> {
  /** File name under the connector's schemas/ that describes one item as the vendor sends it. */
  schema: string
  /** The schema of what a push sends, where it differs from `schema`. */
  pushSchema?: string
  id: (item: Json) => string | number | undefined
  /** The vendor's own moment of the last change, as the vendor writes it (a moment without zone is UTC). */
  stamp?: (item: Json) => string | number | undefined
  pull?: Pull<S>
  /** How one item is read afresh, by its external id. `item` is where it stands in the answer: `result.0`. */
  fetch?: (id: string, settings: S) => ReadRequest & { item?: string }
  webhook?: { topics: string[] }
  push?: PushFacts<S>
}

/** Something a system can do that is not a record: buy a label, verify an address. Done once for a record. */
export interface Action<S = any> {
  schema: string
  answerSchema: string
  /** Whether doing it twice is harmless. `never`: an uncertain call is looked up, or held for a person. */
  repeat: 'allow' | 'never'
  /** Finds what an earlier call with the same key did. */
  find?: (api: Api, idempotencyKey: string, request: Json, context: WriteContext<S>) => Promise<Json | undefined>
  lookup?: 'strong' | { lag: Duration } | 'none'
  settle?: Duration
  idempotent?: boolean
  call: (api: Api, request: Json, context: WriteContext<S>) => Promise<Json>
  /** The external id of what the answer describes. */
  id: (answer: Json) => string
  /** Other external ids in the answer that name the same record, by resource: `{ trackers: 'trk_1' }`. */
  links?: (answer: Json) => Record<string, string | undefined>
}

export interface WebhookRequest {
  headers: Record<string, string | undefined>
  /** The bytes that came; a signature is made over these and no others. */
  body: Buffer
  query: Record<string, string | undefined>
  /** When it came, in milliseconds; for signatures that expire. Default: now. */
  at?: number
}
/** A signature scheme with its secret in it; made by hmac(…). The hub compares, in constant time. */
export interface Signature {
  verify: (request: WebhookRequest) => boolean
  /** The headers a right delivery of this body carries; for tests. */
  sign: (body: Buffer, at?: number) => Record<string, string>
}
export interface WebhookItem {
  id: string
  /** Where the item stands in the delivery (`result`, `data.order`; empty: the whole body). Absent with `stale` or `deleted`. */
  at?: string
  /** The delivery names the item but does not carry it whole: it is read afresh. */
  stale?: boolean
  deleted?: boolean
}
export interface WebhookItems {
  resource: string
  items: WebhookItem[]
}
export interface WebhookFacts<S = any> {
  /**
   * Undefined when no secret is known: the hub refuses to start a source with `webhook: true`. `made`: the secrets that the vendor made,
   * where `vendorSecret` says that it does.
   */
  verify: (settings: S, made: string[]) => Signature | undefined
  /** The vendor makes a secret for each subscription and tells it once: the hub keeps it. */
  vendorSecret?: true
  topic: (request: WebhookRequest, json: Json) => string | undefined
  /** A test call of the vendor: answered 200 and goes no further. */
  ping?: (request: WebhookRequest) => boolean
  /** Which resource and items a delivery carries. An item without a body of its own asks for a fresh read with `stale: true`. */
  read: (delivery: { topic: string; json: Json; text: string }) => WebhookItems
  /** What the vendor wants to hear. Default: 200 and an empty body. */
  answer?: Json
  /** Creates the vendor's subscription for one topic. `secret` where the vendor makes it and tells it only once. `list` tells which exist. */
  subscribe?: (
    api: Api,
    subscription: { topic: string; url: string; settings: S },
  ) => Promise<{ id: string; secret?: string }>
  list?: (api: Api) => Promise<{ id: string; topic: string; url: string; active: boolean }[]>
  unsubscribe?: (api: Api, id: string) => Promise<void>
}

export type ConnectorKind =
  | 'storefront'
  | 'crm'
  | 'warehouse'
  | 'carrier'
  | 'erp'
  | 'payment'
  | 'alert'
  | 'file'
  | 'generic'

export interface Connector<F extends Fields = Fields> {
  /** The folder's name under connectors/. */
  name: string
  title: string
  kind: ConnectorKind
  docs: string
  settings: F
  /** Absent for a connector that speaks no HTTP (files). */
  http?: (settings: SettingsOf<F>) => HttpFacts
  /** Changes nothing there; throws where the connection would not work. Absent where nothing can be asked (a chat's webhook). */
  check?: (api: Api, settings: SettingsOf<F>) => Promise<unknown>
  /** Makes what the hub needs at the vendor (a custom property) where it is missing; answers a sentence for each thing made. */
  setup?: (api: Api, settings: SettingsOf<F>) => Promise<string[]>
  errors?: ErrorFacts
  /** A function where the resources are the user's own (files): derived from the settings. */
  resources:
    | Record<string, Resource<SettingsOf<F>>>
    | ((settings: SettingsOf<F>) => Record<string, Resource<SettingsOf<F>>>)
  actions?: Record<string, Action<SettingsOf<F>>>
  webhooks?: WebhookFacts<SettingsOf<F>>
}

/** Types flow from the settings into every part; nothing happens at run time. */
export function defineConnector<const F extends Fields>(connector: Connector<F>): Connector<F> {
  return connector
}
