import { basicAuth, byToken, defineConnector, field, hmac, type Json, path } from '#connector'
import { buyLabel } from './label.ts'

export default defineConnector({
  name: 'easypost',
  title: 'EasyPost',
  kind: 'carrier',
  docs: 'https://docs.easypost.com/docs',

  settings: {
    apiKey: field.secret('API key', {
      hint: 'EasyPost › Account › API keys. A test key buys test labels, a production key real ones.',
    }),
    url: field.url('API address', { default: 'https://api.easypost.com' }),
    webhookSecret: field.secrets('Webhook secret', {
      hint: 'Any long random text; events are signed with it. A list [new, old] while it is being replaced.',
      optional: true,
    }),
  },

  // The key is the user, the password stays empty. Buying asks the carrier, which can take long.
  http: (settings) => ({
    baseUrl: `${settings.url}/v2`,
    auth: basicAuth(settings.apiKey),
    limit: { requests: 5, per: '1s' },
    timeout: '60s',
  }),

  check: (api) => api.get('/trackers', { query: { page_size: 1 } }),

  // https://docs.easypost.com/docs/errors
  errors: {
    code: (body) => body?.error?.code,
    message: (body) => {
      const { message, errors } = body?.error ?? {}
      const details = Array.isArray(errors)
        ? errors.map((one: Json) => (typeof one === 'string' ? one : `${one.field ?? ''} ${one.message ?? ''}`.trim()))
        : []
      return [Array.isArray(message) ? message.join('; ') : message, ...details].filter(Boolean).join(' ')
    },
    rules: [
      { code: /^APIKEY\./, kind: 'auth', say: 'this API key was switched off; make or activate one.' },
      {
        status: 401,
        kind: 'auth',
        say: 'this API key is not known: check it, and that it is not a test key where a production key is needed.',
      },
      {
        status: 402,
        kind: 'auth',
        say: 'the wallet is empty or the card was refused: add money, then the connection goes on.',
      },
      { code: 'SHIPMENT.POSTAGE.EXISTS', kind: 'conflict', say: 'the label was bought before.' },
      {
        code: /^SHIPMENT\.(POSTAGE\.(TIMED_OUT|NO_RESPONSE)|PURCHASE\.IN_PROGRESS)$/,
        kind: 'uncertain',
        say: 'the carrier did not answer; the label may have been bought.',
      },
      {
        code: /^(ADDRESS|PARAMETER|PARCEL|CUSTOMS_INFO)\./,
        kind: 'invalid',
        say: 'the address or parcel was not accepted.',
      },
      {
        code: /^SHIPMENT\.(INVALID_PARAMS|POSTAGE\.(FAILURE|INVALID))/,
        kind: 'invalid',
        say: 'the carrier refused this shipment.',
      },
    ],
  },

  resources: {
    // Trackers are listed by creation only, newest first, so a pull reads a month of them again: the webhook makes it fast.
    trackers: {
      schema: 'tracker.json',
      id: (tracker) => tracker.id,
      stamp: (tracker) => tracker.updated_at,
      pull: byToken({
        items: 'trackers',
        overlap: '30d',
        request: ({ since, token }) => ({
          path: '/trackers',
          query: { start_datetime: since, before_id: token, page_size: 100 },
        }),
        next: ({ json }, items) => (json.has_more ? items.at(-1)?.id : undefined),
      }),
      fetch: (id) => ({ path: path`/trackers/${id}` }),
      webhook: { topics: ['tracker.updated'] },
    },
  },

  actions: {
    'buy-label': {
      schema: 'label-request.json',
      answerSchema: 'shipment.json',
      repeat: 'never',
      lookup: 'strong',
      settle: '90s',
      ...buyLabel,
      id: (shipment) => shipment.id,
      links: (shipment) => ({ trackers: shipment.tracker?.id }),
    },

    // An address made here costs nothing and is never used again, so a lost answer is just asked for once more.
    'verify-address': {
      schema: 'address-request.json',
      answerSchema: 'address.json',
      repeat: 'allow',
      call: (api, address) => api.query('/addresses', { address, verify: true }),
      id: (address) => address.id,
    },
  },

  webhooks: {
    // The secret is brought into normal form (NFKD) before signing: https://docs.easypost.com/guides/webhooks-guide
    verify: (settings) =>
      hmac({
        header: 'x-hmac-signature',
        encoding: 'hex',
        prefix: 'hmac-sha256-hex=',
        secret: [settings.webhookSecret ?? []].flat().map((secret) => secret.normalize('NFKD')),
      }),
    topic: (_request, json) => json.description,
    read: ({ json }) => ({ resource: 'trackers', items: [{ id: json.result.id, at: 'result' }] }),
    subscribe: async (api, { url, settings }) => ({
      id: (await api.post('/webhooks', { webhook: { url, webhook_secret: [settings.webhookSecret].flat()[0] } })).id,
    }),
    // A webhook carries all events; those that nobody asked for are passed over.
    list: async (api) =>
      (await api.get('/webhooks')).webhooks.map((one: Json) => ({
        id: one.id,
        topic: 'tracker.updated',
        url: one.url,
        active: !one.disabled_at,
      })),
    unsubscribe: (api, id) => api.delete(path`/webhooks/${id}`),
  },
})
