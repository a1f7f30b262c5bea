import { bearer, byRelay, defineConnector, field, hmac, type Json } from '#connector'
import { errors } from './errors.ts'
import { orderPush } from './orders.ts'
import * as q from './queries.ts'
import { asked, nodes, write } from './queries.ts'

/** Everything changed since a moment. The vendor's cursor is only good within one question, so a run is one pass. */
const changed = (query: string, connection: string) =>
  byRelay({
    connection: `data.${connection}.data`,
    overlap: '5m',
    partial: (item) => item.line_items?.pageInfo.hasNextPage === true,
    request: ({ since, token }) => asked(query, { since, after: token }),
  })

const TOPICS = { shipments: 'Shipment Update', inventory: 'Inventory Update' }

export default defineConnector({
  name: 'shiphero',
  title: 'ShipHero',
  kind: 'warehouse',
  docs: 'https://developer.shiphero.com/',

  settings: {
    token: field.secret('Access token', {
      hint: 'Valid for 28 days; made with the refresh token of a developer user (Settings › Users).',
    }),
    url: field.url('API address', { default: 'https://public-api.shiphero.com' }),
    shopName: field.text('Shop name of the webhooks', {
      hint: 'Webhooks are registered under a shop name of the account.',
      default: 'api',
    }),
    webhookSecret: field.secrets('Webhook secrets', {
      hint: 'Only for webhooks that were made by hand: what webhook_create answered. Those that the hub makes it knows itself.',
      optional: true,
    }),
  },

  // 7,000 requests in 5 minutes, and credits that grow back: https://developer.shiphero.com/getting-started/#throttling-quotas
  http: (settings) => ({
    baseUrl: settings.url,
    auth: bearer(settings.token),
    limit: { requests: 20, per: '1s' },
    timeout: '30s',
  }),

  check: (api) => q.ask(api, q.CHECK),

  errors,

  resources: {
    orders: {
      schema: 'order.json',
      pushSchema: 'order-input.json',
      id: (order) => order.id,
      stamp: (order) => order.updated_at,
      pull: changed(q.ORDERS, 'orders'),
      fetch: (id) => ({ ...asked(q.ORDER_BY_ID, { id }), item: 'data.order.data' }),
      push: orderPush,
    },

    // ShipHero keeps no "changed at" for shipments: a label that is voided later is seen by the webhook only.
    shipments: {
      schema: 'shipment.json',
      id: (shipment) => shipment.id,
      stamp: (shipment) => shipment.created_date,
      pull: changed(q.SHIPMENTS, 'shipments'),
      fetch: (id) => ({ ...asked(q.SHIPMENT_BY_ID, { id }), item: 'data.shipment.data' }),
      webhook: { topics: [TOPICS.shipments] },
    },

    inventory: {
      schema: 'inventory.json',
      id: (stock) => `${stock.warehouse_id}/${stock.sku}`,
      stamp: (stock) => stock.updated_at,
      pull: changed(q.INVENTORY, 'warehouse_products'),
      fetch: (id) => {
        const [warehouse, ...sku] = id.split('/')
        return {
          ...asked(q.STOCK_OF, { warehouse, sku: sku.join('/') }),
          item: 'data.warehouse_products.data.edges.0.node',
        }
      },
      webhook: { topics: [TOPICS.inventory] },
    },
  },

  webhooks: {
    vendorSecret: true,
    verify: ({ webhookSecret = [] }, made) =>
      hmac({ header: 'x-shiphero-hmac-sha256', encoding: 'base64', secret: [...made, webhookSecret].flat() }),
    topic: (_request, json) => json.webhook_type ?? json.fulfillment?.webhook_type,
    // The deliveries are shaped unlike the API's answers, so they only name what is read afresh.
    read: ({ topic, json }) =>
      topic === TOPICS.shipments
        ? { resource: 'shipments', items: [{ id: json.fulfillment.shipment_uuid, stale: true }] }
        : {
            resource: 'inventory',
            items: json.inventory.map((one: Json) => ({
              id: `${one.updated_warehouse.warehouse_uuid}/${one.sku}`,
              stale: true,
            })),
          },
    answer: { code: '200', Status: 'Success' },
    subscribe: async (api, { topic, url, settings }) => {
      const { webhook } = (await write(api, q.WEBHOOK_CREATE, { name: topic, url, shop_name: settings.shopName }))
        .webhook_create
      return { id: `${topic}@${settings.shopName}`, secret: webhook.shared_signature_secret }
    },
    list: async (api) =>
      nodes((await q.ask(api, q.WEBHOOKS)).webhooks.data).map((one) => ({
        id: `${one.name}@${one.shop_name}`,
        topic: one.name,
        url: one.url,
        active: one.enabled !== false,
      })),
    unsubscribe: async (api, id) => {
      const [name, shop_name] = id.split('@')
      await write(api, q.WEBHOOK_DELETE, { name, shop_name })
    },
  },
})
