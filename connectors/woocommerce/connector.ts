import { basicAuth, byCursor, defineConnector, field, hmac, type Json, path } from '#connector'
import { PRODUCTS, productBySku, productPath } from './product.ts'
import { trackingPush } from './tracking.ts'

const ORDERS = '/wc/v3/orders'

// WooCommerce filters with "later than" and whole seconds, so the request steps back one second and leaves out what was
// seen there. Ids break ties (class-wc-rest-crud-controller.php), and `exclude` is a plain query parameter: 300 ids fit a URL.
const changed = (list: string, more: Record<string, unknown> = {}) =>
  byCursor({
    step: '1s',
    overlap: '2m',
    exclude: 300,
    request: ({ since, seen, offset }) => ({
      path: list,
      query: {
        ...more,
        modified_after: since?.replace('Z', ''),
        dates_are_gmt: true,
        orderby: 'modified',
        order: 'asc',
        per_page: 100,
        exclude: seen.length > 0 ? seen : undefined,
        offset: offset > 0 ? offset : undefined,
      },
    }),
  })

const topics = (thing: string) => ['created', 'updated', 'restored', 'deleted'].map((event) => `${thing}.${event}`)

export default defineConnector({
  name: 'woocommerce',
  title: 'WooCommerce',
  kind: 'storefront',
  docs: 'https://woocommerce.github.io/woocommerce-rest-api-docs/',

  settings: {
    url: field.url('Store address', {
      hint: 'Where the store is; https, because the key is sent with every request.',
      example: 'https://shop.example.com',
    }),
    key: field.text('Consumer key', {
      hint: 'WooCommerce › Settings › Advanced › REST API, permission Read/Write.',
      example: 'ck_0123456789abcdef',
    }),
    secret: field.secret('Consumer secret', { hint: 'Shown once, together with the key.' }),
    webhookSecret: field.secrets('Webhook secret', {
      hint: 'Any long random text; webhooks are signed with it. A list [new, old] while it is being replaced.',
      optional: true,
    }),
  },

  http: (settings) => ({
    baseUrl: `${settings.url.replace(/\/$/, '')}/wp-json`,
    auth: basicAuth(settings.key, settings.secret),
    limit: { requests: 5, per: '1s' }, // WooCommerce states no limit; small hosts fall over above this
    timeout: '30s',
  }),

  check: (api) => api.get(ORDERS, { query: { per_page: 1 } }),

  errors: {
    code: (body) => body?.code,
    message: (body) => body?.message,
    rules: [
      { status: 401, kind: 'auth', say: 'the store does not know this key: it was revoked, or the secret is wrong.' },
      {
        code: /_cannot_(create|edit|view|delete|batch)$/,
        kind: 'auth',
        say: 'the key may not do this; give it Read/Write and an administrator or shop manager as its user.',
      },
      {
        code: 'rest_no_route',
        kind: 'permanent',
        say: 'the store has no such API: are WooCommerce and, for tracking numbers, the Shipment Tracking extension active?',
      },
      { code: 'product_invalid_sku', kind: 'conflict', say: 'the store already has a product with this SKU.' },
      { html: true, kind: 'retryable', say: 'a cache, firewall or maintenance page answered instead of the API.' },
    ],
  },

  resources: {
    orders: {
      schema: 'order.json',
      id: (order) => order.id,
      stamp: (order) => order.date_modified_gmt,
      pull: changed(ORDERS),
      fetch: (id) => ({ path: path`/wc/v3/orders/${id}` }),
      webhook: { topics: topics('order') },
    },

    products: {
      schema: 'product.json',
      pushSchema: 'product-input.json',
      id: (product) => product.id,
      stamp: (product) => product.date_modified_gmt,
      pull: changed(PRODUCTS),
      fetch: (id) => ({ path: productPath(id) }),
      webhook: { topics: topics('product') },
      push: {
        key: (product) => product.sku,
        lookup: 'strong',
        find: productBySku,
        create: async (api, product) => ({ id: (await api.post(PRODUCTS, product)).id }),
        update: async (api, product, id) => void (await api.put(productPath(id), product)),
      },
    },

    // The shop owns its products, so stock of an unknown SKU creates nothing.
    stock: {
      schema: 'product.json',
      pushSchema: 'stock.json',
      id: (product) => product.id,
      push: {
        key: (stock) => stock.sku,
        lookup: 'strong',
        find: productBySku,
        update: async (api, { sku: _, ...stock }, id) => void (await api.put(productPath(id), stock)),
      },
    },

    shipments: {
      schema: 'tracking.json',
      pushSchema: 'shipment.json',
      id: (tracking) => tracking.tracking_id,
      push: trackingPush,
    },
  },

  webhooks: {
    verify: (settings) =>
      hmac({ header: 'x-wc-webhook-signature', encoding: 'base64', secret: settings.webhookSecret }),
    topic: ({ headers }) => headers['x-wc-webhook-topic'],
    // Sent unsigned, as a form, when a webhook is saved; anything but 200 keeps the webhook from being active.
    ping: ({ body, headers }) => !headers['x-wc-webhook-topic'] && body.subarray(0, 11).toString() === 'webhook_id=',
    read: ({ topic, json }) => ({
      resource: topic.startsWith('product.') ? 'products' : 'orders',
      items: [topic.endsWith('.deleted') ? { id: String(json.id), deleted: true } : { id: String(json.id), at: '' }],
    }),
    subscribe: async (api, { topic, url, settings }) => {
      const webhook = { name: `Handoff ${topic}`, topic, delivery_url: url, secret: [settings.webhookSecret].flat()[0] }
      return { id: String((await api.post('/wc/v3/webhooks', webhook)).id) }
    },
    list: async (api) =>
      ((await api.get('/wc/v3/webhooks', { query: { per_page: 100 } })) as Json[]).map((one) => ({
        id: String(one.id),
        topic: one.topic,
        url: one.delivery_url,
        active: one.status === 'active',
      })),
    unsubscribe: (api, id) => api.delete(path`/wc/v3/webhooks/${id}`, { query: { force: true } }),
  },
})
