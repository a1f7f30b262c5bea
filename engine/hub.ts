// What a running hub consists of: the words that the stages share. Types only.
import type { Action, ConnectorErrorKind, Json, PushFacts, SourceItem, WebhookRequest } from '#connector'

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
  | { problems: Problem[]; /** Wait until this link exists, instead of parking. */ waitFor?: LinkNeed }
export interface Mapper {
  name: string
  revision: string
  /** Fields that must be there are not demanded: what comes out is merged into a record that exists. */
  partial: boolean
  links(source: Json, context: Omit<MapContext, 'link'>): LinkNeed[]
  run(source: Json, context: MapContext): MapResult
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
  fetch?: (externalId: string) => Promise<Json | undefined>
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
  call?: CallClient
}

export interface PushClient {
  facts: PushFacts
  key(payload: Json): string | undefined
  find(key: string, payload: Json, context: SendContext): Promise<FoundItem | undefined>
  create(payload: Json, context: SendContext): Promise<FoundItem>
  update(payload: Json, id: string, context: SendContext & { found?: FoundItem }): Promise<void>
}
export interface CallClient {
  facts: Action
  call(request: Json, context: SendContext): Promise<Json>
  find(request: Json, context: SendContext): Promise<Json | undefined>
}
export interface FoundItem {
  id: string
  item?: Json
}
export interface SendContext {
  idempotencyKey: string
}

export type { ConnectorErrorKind, Json, SourceItem, WebhookRequest }
