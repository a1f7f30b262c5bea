// https://woocommerce.github.io/woocommerce-rest-api-docs/#webhooks
// A delivery is tried once. More than five failures in a row disable the webhook. The delivery id is made of the webhook's id
// and the current second, so two deliveries of one second carry the same (get_new_delivery_id in class-wc-webhook.php).
import { createHash, createHmac } from 'node:crypto'
import type { Deliveries } from '../core/deliver.ts'
import type { Call, Routes } from '../core/router.ts'
import { withoutZone } from '../core/time.ts'
import type { Json } from '../core/types.ts'
import { check, refuse, truthy } from './check.ts'
import { list } from './list.ts'
import { linked, type Shop, type Webhook } from './shop.ts'

const path = '/wp-json/wc/v3/webhooks'
const agent = 'WooCommerce/10.3.5 Hookshot (WordPress/6.8.3)'
const topics = /^(order|product|customer|coupon)\.(created|updated|deleted|restored)$/

export function webhookRoutes(shop: Shop, deliveries: Deliveries): Routes {
  const find = (call: Call) =>
    shop.webhooks.get(call.params.id!) ?? refuse(404, 'woocommerce_rest_shop_webhook_invalid_id', 'Invalid ID.')
  const show = ({ secret: _, failures: __, ...webhook }: Webhook, call: Call): Json => {
    const [resource, event] = webhook.topic.split('.')
    const dates = { date_created: webhook.date_created_gmt, date_modified: webhook.date_modified_gmt }
    return linked(
      { ...webhook, ...dates, resource, event, hooks: [`woocommerce_${event}_${resource}`] },
      call.request.origin,
      'webhooks',
    )
  }
  const change = (webhook: Webhook, body: Json): Webhook => {
    check(body, {
      name: 'string',
      status: ['active', 'paused', 'disabled'],
      topic: 'string',
      delivery_url: 'string',
      secret: 'string',
    })
    if (body.topic !== undefined && !topics.test(body.topic)) {
      refuse(400, 'woocommerce_rest_shop_webhook_invalid_topic', 'Webhook topic must be valid.')
    }
    if (body.delivery_url !== undefined && !/^https?:\/\//.test(body.delivery_url)) {
      refuse(
        400,
        'woocommerce_rest_shop_webhook_invalid_delivery_url',
        'Webhook delivery URL must be a valid URL starting with http:// or https://.',
      )
    }
    const { name, status, topic, delivery_url, secret } = { ...webhook, ...body }
    const failures = body.status === 'active' ? 0 : webhook.failures
    const next = {
      ...webhook,
      name,
      status,
      topic,
      delivery_url,
      secret,
      failures,
      date_modified_gmt: withoutZone(Date.now()),
    }
    return shop.webhooks.put(webhook.id, next)
  }

  shop.emit = (topic, id) => {
    for (const webhook of shop.webhooks.values()) {
      if (webhook.status === 'active' && webhook.topic === topic) deliver(shop, deliveries, webhook.id, topic, id)
    }
  }

  return {
    [`GET ${path}`]: (call) => {
      const status = call.query.get('status') ?? 'all'
      const keep = (webhook: Webhook) => status === 'all' || webhook.status === status
      return list(call, path, shop.webhooks.all(), ['date', 'id', 'include', 'title', 'slug'], keep, (item) =>
        show(item, call),
      )
    },
    [`GET ${path}/:id`]: (call) => ({ status: 200, body: show(find(call), call) }),
    [`POST ${path}`]: (call) => {
      const body = call.body ?? {}
      if (!body.topic)
        refuse(400, 'woocommerce_rest_shop_webhook_invalid_topic', 'Webhook topic is required and must be valid.')
      if (!body.delivery_url) {
        refuse(
          400,
          'woocommerce_rest_shop_webhook_invalid_delivery_url',
          'Webhook delivery URL must be a valid URL starting with http:// or https://.',
        )
      }
      const now = withoutZone(Date.now())
      const blank = {
        name: `Webhook created on ${now}`,
        status: 'active' as const,
        topic: '',
        delivery_url: '',
        failures: 0,
      }
      // "This will default is a MD5 hash from the current user's ID|username if not provided."
      const secret = createHash('md5').update('1|admin').digest('hex')
      const dates = { date_created_gmt: now, date_modified_gmt: now }
      const webhook = change({ id: shop.webhooks.next(), ...blank, secret, ...dates }, body)
      if (webhook.status === 'active') ping(deliveries, webhook)
      return {
        status: 201,
        body: show(webhook, call),
        headers: { Location: `${call.request.origin}${path}/${webhook.id}` },
      }
    },
    [`PUT ${path}/:id`]: (call) => ({ status: 200, body: show(change(find(call), call.body ?? {}), call) }),
    [`DELETE ${path}/:id`]: (call) => {
      const webhook = find(call)
      if (!truthy(call.query.get('force'))) {
        refuse(501, 'woocommerce_rest_trash_not_supported', 'Webhooks do not support trashing.')
      }
      shop.webhooks.remove(webhook.id)
      return { status: 200, body: show(webhook, call) }
    },
  }
}

/** The first message to a new address: a form field, not signed, without a topic. */
function ping(deliveries: Deliveries, webhook: Webhook): void {
  const headers = { 'content-type': 'application/x-www-form-urlencoded', 'user-agent': agent }
  deliveries.queue(
    () => ({ url: webhook.delivery_url, headers, body: `webhook_id=${webhook.id}`, timeout: 5000 }),
    () => {},
  )
}

function deliver(shop: Shop, deliveries: Deliveries, webhookId: number, topic: string, id: number): void {
  const [resource, event] = topic.split('.') as [string, string]
  const make = () => {
    const webhook = shop.webhooks.get(webhookId)
    if (webhook?.status !== 'active') return undefined
    const item =
      resource === 'order'
        ? shop.orders.get(id)
        : resource === 'product'
          ? shop.products.get(id)
          : shop.customers.get(id)
    if (!item && event !== 'deleted') return undefined
    const body = JSON.stringify(event === 'deleted' ? { id } : linked(item, 'https://shop.example.com', `${resource}s`))
    const second = Math.floor(Date.now() / 1000)
    const headers = {
      'content-type': 'application/json',
      'user-agent': agent,
      'x-wc-webhook-source': 'https://shop.example.com/',
      'x-wc-webhook-topic': topic,
      'x-wc-webhook-resource': resource,
      'x-wc-webhook-event': event,
      'x-wc-webhook-signature': createHmac('sha256', webhook.secret).update(body).digest('base64'),
      'x-wc-webhook-id': String(webhookId),
      'x-wc-webhook-delivery-id': createHash('md5').update(`${webhookId}${second}`).digest('hex'),
    }
    return { url: webhook.delivery_url, headers, body, timeout: 5000 }
  }
  deliveries.queue(make, (status) => {
    const webhook = shop.webhooks.get(webhookId)
    if (!webhook) return
    const arrived = (status >= 200 && status < 300) || status === 301 || status === 302
    if (arrived && webhook.failures === 0) return
    const failures = arrived ? 0 : webhook.failures + 1
    shop.webhooks.put(webhookId, { ...webhook, failures, status: failures > 5 ? 'disabled' : webhook.status })
    shop.store.flush()
  })
}
