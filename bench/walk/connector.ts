import { byToken, defineConnector, field } from '#connector'

/** The stand-in's connector: one request a page, one request a push; the sink recognises repetitions by the key. */
export default defineConnector({
  name: 'plain',
  title: 'Plain',
  kind: 'generic',
  docs: 'bench/walk/stand-in.ts',
  settings: { url: field.url('Address') },
  http: (settings) => ({ baseUrl: settings.url, idempotencyHeader: 'idempotency-key' }),
  check: (api) => api.get('/count'),
  resources: {
    orders: {
      schema: 'order.json',
      id: (order) => order.id,
      pull: byToken({
        items: 'orders',
        request: ({ token }) => ({ path: '/orders', query: { token } }),
        next: ({ json }) => json.next ?? undefined,
      }),
      push: {
        key: (order) => order.number,
        lookup: 'none',
        idempotent: true,
        create: async (api, order, { idempotencyKey }) => ({
          id: (await api.post('/orders', order, { idempotencyKey })).id,
        }),
        update: async (api, order) => void (await api.post('/orders', order)),
      },
    },
  },
})
