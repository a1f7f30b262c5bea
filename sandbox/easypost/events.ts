// Events and webhooks: https://docs.easypost.com/docs/events and https://docs.easypost.com/docs/webhooks. The signature is
// `hmac-sha256-hex=` and the HMAC of the raw body, its key the webhook's secret in Unicode form NFKD.
import { createHmac } from 'node:crypto'
import type { Deliveries } from '../core/deliver.ts'
import type { Call, Routes } from '../core/router.ts'
import { precise, seconds, type Timers } from '../core/time.ts'
import type { Json } from '../core/types.ts'
import { notFound, object, required, text } from './check.ts'
import { page } from './page.ts'
import type { Carrier, Webhook } from './state.ts'

export class Events {
  readonly #carrier: Carrier
  readonly #deliveries: Deliveries
  readonly #timers: Timers

  constructor(carrier: Carrier, deliveries: Deliveries, timers: Timers) {
    this.#carrier = carrier
    this.#deliveries = deliveries
    this.#timers = timers
  }

  happened(description: string, result: Json, previous: Json): void {
    const at = precise(Date.now())
    const id = this.#carrier.id('evt')
    const webhooks = this.#carrier.webhooks.all().filter(({ disabled_at }) => disabled_at === null)
    const event = {
      description,
      mode: 'test',
      previous_attributes: previous,
      created_at: at,
      pending_urls: webhooks.map(({ url }) => url),
      completed_urls: [],
      updated_at: at,
      id,
      user_id: 'user_demo000000000000000000000000000',
      status: 'pending',
      object: 'Event',
    }
    this.#carrier.events.put(id, event)
    const body = JSON.stringify({ ...event, result })
    for (const webhook of webhooks) this.#send(webhook, body, 0)
  }

  #send(webhook: Webhook, body: string, n: number): void {
    const key = webhook.secret.normalize('NFKD')
    const signature: Record<string, string> =
      key === ''
        ? {}
        : { 'x-hmac-signature': `hmac-sha256-hex=${createHmac('sha256', key).update(body).digest('hex')}` }
    const own = Object.fromEntries(webhook.custom_headers.map(({ name, value }) => [name.toLowerCase(), value]))
    const headers: Record<string, string> = {
      'content-type': 'application/json',
      'user-agent': 'EasyPost Webhook',
      ...own,
      ...signature,
    }
    this.#deliveries.queue(
      () => (this.#carrier.webhooks.get(webhook.id) ? { url: webhook.url, headers, body, timeout: 7000 } : undefined),
      (status) => {
        if ((status >= 200 && status < 300) || n >= 6) return
        this.#timers.after(200 * 2 ** n, () => this.#send(webhook, body, n + 1))
      },
    )
  }
}

export function eventRoutes(carrier: Carrier): Routes {
  const find = (call: Call) => carrier.webhooks.get(call.params.id!) ?? notFound()
  const show = ({ secret: _, ...webhook }: Webhook) => ({ ...webhook, object: 'Webhook', mode: 'test' })
  const change = (webhook: Webhook, given: Json): Webhook => {
    const secret = text(given.webhook_secret, 'webhook.webhook_secret')
    return carrier.webhooks.put(webhook.id, {
      ...webhook,
      url: text(given.url, 'webhook.url') ?? webhook.url,
      secret: secret ?? webhook.secret,
      custom_headers: given.custom_headers ?? webhook.custom_headers,
      disabled_at: null,
    })
  }
  return {
    'POST /v2/webhooks': ({ body }) => {
      const given = object(body?.webhook, 'webhook')
      const url = text(given.url, 'webhook.url') ?? required('webhook.url')
      const blank = {
        id: carrier.id('hook'),
        url,
        secret: '',
        created_at: seconds(Date.now()),
        disabled_at: null,
        custom_headers: [],
      }
      return { status: 201, body: show(change(blank, given)) }
    },
    'GET /v2/webhooks': () => ({ status: 200, body: { webhooks: carrier.webhooks.all().map(show) } }),
    'GET /v2/webhooks/:id': (call) => ({ status: 200, body: show(find(call)) }),
    'PATCH /v2/webhooks/:id': (call) => ({
      status: 201,
      body: show(change(find(call), call.body?.webhook ?? call.body ?? {})),
    }),
    'DELETE /v2/webhooks/:id': (call) => {
      carrier.webhooks.remove(find(call).id)
      return { status: 200, body: {} }
    },
    'GET /v2/events': (call) => page(call, 'events', carrier.events.all(), (event) => event),
    'GET /v2/events/:id': ({ params }) => ({ status: 200, body: carrier.events.get(params.id!) ?? notFound() }),
  }
}
