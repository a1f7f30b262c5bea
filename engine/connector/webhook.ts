// The webhook side of a connection: raw bytes are checked first, parsed after, and split into items with their own bytes.
import { createHash } from 'node:crypto'
import type { CallOptions, HttpApi } from './api.ts'
import type { Connector, Json, SourceItem, WebhookRequest } from './contract.ts'
import { ConnectorError } from './errors.ts'
import type { Guarded } from './guard.ts'
import { parseJson, sliceValue, valueAt } from './json.ts'
import { toItem } from './pages/items.ts'

export interface WebhookDelivery {
  topic: string
  resource: string
  /** `stale`: the delivery does not carry the item whole (its text is empty); it is read afresh with `fetch`. */
  items: (SourceItem & { stale?: boolean })[]
}
export interface Subscription {
  id: string
  topic: string
  url: string
  active: boolean
}
export interface WebhookClient {
  /** False when no secret is set: the hub must refuse to start with webhooks on this connection. */
  readonly configured: boolean
  /** Whether the vendor makes the secrets; `trust` then takes them, and answers whether they are others than before. */
  vendorSecret: boolean
  trust(secrets: string[]): boolean
  /** Tells one secret of the settings from another; a change means that subscriptions are made anew. */
  signedWith(): string | undefined
  /** Over the raw bytes, in constant time. */
  verify(request: WebhookRequest): boolean
  /** A test call of the vendor; to be answered 200 before any signature is asked for. */
  isPing(request: WebhookRequest): boolean
  /** Call only after `verify`. Undefined: a topic nobody asked for. Throws `invalid` HUB_WEBHOOK_UNREADABLE where the body is not what the topic promises. */
  read(request: WebhookRequest): WebhookDelivery | undefined
  /** What the vendor wants to hear with status 200; undefined: an empty body. */
  answer: Json
  /** The topics of a resource. */
  topics(resource: string): string[]
  /** Undefined where the vendor's subscriptions are made by hand. */
  subscribe?: (topic: string, url: string, options?: CallOptions) => Promise<{ id: string; secret?: string }>
  list?: (options?: CallOptions) => Promise<Subscription[]>
  unsubscribe?: (id: string, options?: CallOptions) => Promise<void>
}

const PROBE = Buffer.from('handoff')

export function webhookClient(
  connector: Connector<any>,
  settings: any,
  apiFor: (options?: CallOptions) => HttpApi,
  guarded: Guarded,
): WebhookClient {
  const facts = connector.webhooks!
  let signature = facts.verify(settings, [])
  let trusted = ''
  const resources =
    typeof connector.resources === 'function' ? connector.resources(settings as never) : connector.resources
  const topics = (resource: string) => resources[resource]?.webhook?.topics ?? []
  const wanted = new Set(Object.keys(resources).flatMap(topics))
  const through = <T>(where: string, options: CallOptions | undefined, run: (api: HttpApi) => Promise<T>) => {
    const api = apiFor(options)
    return guarded(where, api, () => run(api))
  }

  function read(request: WebhookRequest): WebhookDelivery | undefined {
    const text = request.body.toString('utf8')
    try {
      const json = parseJson(text)
      const topic = facts.topic(request, json)
      if (topic === undefined || !wanted.has(topic)) return undefined
      const { resource, items } = facts.read({ topic, json, text })
      const { id, stamp } = resources[resource]!
      return {
        topic,
        resource,
        items: items.map((item) => {
          if (item.deleted) return { id: item.id, text: '', deleted: true }
          if (item.stale || item.at === undefined) return { id: item.id, text: '', stale: true }
          return toItem({ id, ...(stamp ? { stamp } : {}) }, valueAt(json, item.at), sliceValue(text, item.at) ?? text)
        }),
      }
    } catch (error) {
      const why = error instanceof Error ? error.message : String(error)
      throw new ConnectorError(
        'invalid',
        'HUB_WEBHOOK_UNREADABLE',
        `${connector.title} sent a webhook that cannot be read: ${why}`,
        { cause: error },
      )
    }
  }

  return {
    get configured() {
      return signature !== undefined
    },
    vendorSecret: facts.vendorSecret === true,
    trust(secrets) {
      const before = trusted
      trusted = secrets.join(' ')
      signature = facts.verify(settings, secrets)
      return trusted !== before
    },
    signedWith: () =>
      signature &&
      createHash('sha256')
        .update(JSON.stringify(signature.sign(PROBE, 0)))
        .digest('base64url')
        .slice(0, 16),
    verify: (request) => signature?.verify(request) ?? false,
    isPing: (request) => facts.ping?.(request) ?? false,
    read,
    answer: facts.answer,
    topics,
    ...(facts.subscribe
      ? {
          subscribe: (topic, url, options) =>
            through('subscribe', options, (api) => facts.subscribe!(api, { topic, url, settings })),
        }
      : {}),
    ...(facts.list ? { list: (options) => through('list', options, (api) => facts.list!(api)) } : {}),
    ...(facts.unsubscribe
      ? { unsubscribe: (id, options) => through('unsubscribe', options, (api) => facts.unsubscribe!(api, id)) }
      : {}),
  }
}
