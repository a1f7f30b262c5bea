import { type AlertMessage, defineConnector, field } from '#connector'

export default defineConnector({
  name: 'pagerduty',
  title: 'PagerDuty',
  kind: 'alert',
  docs: 'https://developer.pagerduty.com/docs/events-api-v2-overview',

  settings: {
    routingKey: field.secret('Integration key', {
      hint: 'PagerDuty › Services › your service › Integrations › Add integration › Events API V2. 32 characters.',
    }),
    url: field.url('API address', {
      default: 'https://events.pagerduty.com',
      hint: 'https://events.eu.pagerduty.com for accounts in the EU.',
    }),
  },

  // The key goes into every body. 429 asks for a pause of minutes.
  http: (settings) => ({
    baseUrl: `${settings.url}/v2`,
    envelope: (body) => ({ routing_key: settings.routingKey, ...body }),
    limit: { requests: 2, per: '1s' },
  }),

  // A resolve of an alert that never was is dropped, and a wrong key is refused before that.
  check: (api) => api.query('/enqueue', { event_action: 'resolve', dedup_key: 'handoff-check' }),

  errors: {
    code: (body) => body?.status,
    message: (body) => [body?.message, ...(Array.isArray(body?.errors) ? body.errors : [])].filter(Boolean).join(': '),
    rules: [
      {
        message: /routing_key|routing key/i,
        kind: 'auth',
        say: 'this integration key is not known: copy it from the integration of the service.',
      },
      {
        status: 429,
        kind: 'rate_limited',
        say: 'too many events at once.',
        retryAfter: (body) => (body?.status ? 120_000 : undefined),
      },
    ],
  },

  resources: {},

  actions: {
    send: {
      schema: 'message.json',
      answerSchema: 'sent.json',
      repeat: 'allow',
      // The same event twice is one alert there: they have the same dedup_key.
      call: async (api, message: AlertMessage) => {
        const taken = await api.post('/enqueue', eventOf(message))
        // Nobody has to close what was only tried out.
        if (message.state === 'test') await api.post('/enqueue', eventOf({ ...message, state: 'recovered' }))
        return { ...taken, id: message.key }
      },
      id: (sent) => sent.id,
    },
  },
})

function eventOf({ key, state, severity, title, since, text, facts, count }: AlertMessage): object {
  if (state === 'recovered') return { event_action: 'resolve', dedup_key: key }
  return {
    event_action: 'trigger',
    dedup_key: key,
    client: 'Handoff',
    payload: {
      summary: title.slice(0, 1024),
      source: 'handoff',
      severity: state === 'test' ? 'info' : severity,
      ...(since ? { timestamp: since } : {}),
      custom_details: { ...Object.fromEntries((facts ?? []).map(({ name, value }) => [name, value])), count, text },
    },
  }
}
