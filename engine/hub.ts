// What a running hub consists of: the words that the stages share. Types only.
import type { ActionClient, ConnectionClient, ConnectorError, Exchange, Json, PushClient, SourceItem } from '#connector'

/** A record as the store keeps it. `key` names it across systems, `version` counts its changes. */
export interface RecordRow {
  id: number
  type: string
  key: string
  version: number
  data: Json
  deleted: boolean
}

/** One reason why something could not be mapped, validated or delivered, in the words of the error reference. */
export interface Problem {
  code: string
  message: string
  /** Target path in the record or payload, and source path. */
  at?: string
  from?: string
  value?: unknown
  cure?: string
  /** The mapping rule's place: `mappings/woocommerce/orders.yaml:12`. */
  rule?: string
}

/** What a mapping needs to know beside its source. */
export interface MapContext {
  connection: string
  key?: string
  id?: string
  related?: Record<string, Json>
  link: (link: LinkNeed) => string | undefined
}
/** A link that a mapping looks up: an external id (in) or a record's key (out) at a resource of the connection. */
export interface LinkNeed {
  resource: string
  value: string
}
export type MapResult =
  | { record: Json }
  | { skipped: string }
  | { problems: Problem[] /** Wait until this link exists, instead of parking. */; waitFor?: LinkNeed }
export interface Mapper {
  name: string
  revision: string
  /** Fields that must be there are not demanded: what comes out is merged into a record that exists. */
  partial: boolean
  /** Whether it reads this field of a source's items (`line_items[].sku`), or knows and does not want it. */
  concern?: (field: string) => 'reads' | 'ignores' | undefined
  /** The target's fields that it writes (`lines[].sku`); undefined: whatever there is. */
  speaks?: string[]
  links(source: Json, context: Omit<MapContext, 'link'>): LinkNeed[]
  /** A promise where the mapping has expressions. */
  run(source: Json, context: MapContext): MapResult | Promise<MapResult>
}

/** One configured source, ready to run. */
export interface Source {
  name: string
  connection: string
  resource: string
  /** The record it makes, then those that come `also` out of the same item. */
  outputs: { type: string; resource: string; mapper: Mapper }[]
  revision: string
  lane: number
  /** Reads one item afresh at the source, where the connector can. */
  fetch?: (externalId: string) => Promise<SourceItem | undefined>
}

/** One configured route, ready to run. */
export interface Route {
  name: string
  record: string
  connection: string
  kind: 'push' | 'call'
  /** The resource of a push, the action of a call. */
  target: string
  lane: number
  with: string[]
  matches: (record: Json) => boolean
  /** Of a call: the field whose value makes an occurrence; undefined means once in the record's life. */
  once?: string
  mapper: Mapper
  push?: PushClient
  call?: ActionClient
}

/** A handoff as a worker holds it: claimed under a fence, with the record's latest version. */
export interface Claimed {
  id: number
  route: string
  kind: 'push' | 'call'
  occurrence: string
  fence: number
  wanted: number
  attempts: number
  deaths: number
  image: string | null
  /** Of a call: frozen before the first send. */
  request: Json
  idempotencyKey: string | null
  /** How long ago a write of it may have happened, in milliseconds; null when it is known what happened. */
  uncertainMs: number | null
  /** How long ago the answer to a write was lost last, and of which version it was (0: of several), also when it is known what
   * happened by now: that write may still land, after another one. */
  lostMs: number | null
  lostVersion: number | null
  /** The record was made together with it, from elsewhere: nothing at the destination is linked to it. */
  unlinked?: boolean
  recordId: number
  type: string
  key: string
  version: number
  data: Json
  deleted: boolean
}

export type Step = 'find' | 'create' | 'update' | 'call'
/** What came of one handoff. What it means is decided by the outcome stage alone. */
export type Result =
  | {
      result: 'sent'
      externalId: string
      /** The external id it had until now, where the destination gave it another one. */
      replaced?: string
      links?: Record<string, string>
      image: string | null
      answer?: Json
    }
  | { result: 'unchanged' }
  | { result: 'skipped'; problem: Problem }
  | { result: 'waiting'; waitingFor: string; problem: Problem }
  | { result: 'parked'; problems: Problem[] }
  /** `gone`: the external id that the destination no longer knows. */
  | { result: 'held'; problem: Problem; gone?: string }
  /** Not sent: an earlier write may still land. Look again in so many milliseconds. */
  | { result: 'settling'; waitMs: number }
  | { result: 'error'; error: ConnectorError }
  /** Nothing was sent: the lease was too short, the connection has stopped, or the hub is stopping. */
  | { result: 'released'; waitMs?: number }
export interface Attempt {
  step: Step
  ms: number
  exchanges: Exchange[]
}
export interface Settlement {
  handoff: Claimed
  route: Route
  result: Result
  attempt?: Attempt
}

export type { ActionClient, ConnectionClient, Json, PushClient, SourceItem }
