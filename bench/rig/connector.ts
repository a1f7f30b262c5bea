import { byToken, defineConnector, field, hmac, type Pull, type SourceItem } from '#connector'

/** While this holds pages, orders are pulled from here instead of over HTTP. */
export const memory: { pages?: SourceItem[][] } = {}

const overHttp = byToken({
  items: 'orders',
  request: ({ token }) => ({ path: '/orders', query: { token } }),
  next: ({ json }) => json.next ?? undefined,
})
const pull: Pull = async function* (context) {
  if (!memory.pages) return yield* overHttp(context)
  for (const items of memory.pages) yield { items, position: {}, last: items === memory.pages.at(-1) }
}

const push = (resource: string, key: string) => ({
  key: (payload: any) => payload[key],
  lookup: 'none' as const,
  idempotent: true,
  create: async (api: any, payload: any, { idempotencyKey }: any) => ({
    id: (await api.post(`/${resource}`, payload, { idempotencyKey })).id,
  }),
  update: async (api: any, payload: any) => void (await api.post(`/${resource}`, payload)),
})

/** The stand-in's connector: one request a page, one request a push; the destination recognises repetitions by the key. */
export default defineConnector({
  name: 'plain',
  title: 'Plain',
  kind: 'generic',
  docs: 'bench/rig/stand-in.ts',
  settings: { url: field.url('Address'), secret: field.secret('Webhook secret', { optional: true }) },
  http: (settings) => ({ baseUrl: settings.url, idempotencyHeader: 'idempotency-key' }),
  check: (api) => api.get('/count'),
  resources: {
    orders: {
      schema: 'order.json',
      id: (order) => order.id,
      pull,
      webhook: { topics: ['order'] },
      push: push('orders', 'number'),
    },
    stock: {
      schema: 'stock.json',
      id: (level) => level.sku,
      webhook: { topics: ['stock'] },
      push: push('stock', 'sku'),
    },
  },
  webhooks: {
    verify: ({ secret }) => hmac({ header: 'x-signature', secret }),
    topic: ({ headers }) => headers['x-topic'],
    read: ({ topic, json }) => ({
      resource: topic === 'stock' ? 'stock' : 'orders',
      items: [{ id: String(json.id ?? json.sku), at: '' }],
    }),
  },
})
