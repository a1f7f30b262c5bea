import { type AlertMessage, defineConnector, field, standardWebhook } from '#connector'

export default defineConnector({
  name: 'webhook',
  title: 'Signed webhook',
  kind: 'alert',
  docs: 'https://www.standardwebhooks.com',

  settings: {
    url: field.secretUrl('Address', {
      hint: 'Where the messages are sent by POST, as JSON.',
      example: 'https://example.com/hooks/handoff',
    }),
    secret: field.secret('Signing secret', {
      hint: 'At least 24 random bytes, as base64 after `whsec_`. The receiver checks the signature with the same secret.',
    }),
    previousSecret: field.secret('Previous signing secret', {
      hint: 'While the secret is being changed: messages are signed with both.',
      optional: true,
    }),
  },

  // A receiver may answer anything with a status of 200 to 299.
  http: (settings) => ({ baseUrl: settings.url, answers: 'text' }),

  // A message of a type of its own, by which receivers know that it means nothing.
  check: (api, settings) => {
    const body = { type: 'handoff.check', timestamp: new Date().toISOString(), data: {} }
    const headers = standardWebhook(secretsOf(settings), `check ${body.timestamp}`, JSON.stringify(body))
    return api.read({ method: 'POST', path: '', body, headers })
  },

  errors: {
    message: (body) => (typeof body === 'string' ? body.slice(0, 200) : (body?.message ?? body?.error)),
    rules: [
      { status: 401, kind: 'auth', say: 'the receiver does not take the signature: compare the secrets.' },
      { status: 404, kind: 'permanent', say: 'there is nothing at this address.' },
      { status: 410, kind: 'permanent', say: 'the receiver wants no more messages.' },
    ],
  },

  resources: {},

  actions: {
    send: {
      schema: 'message.json',
      answerSchema: 'sent.json',
      repeat: 'allow',
      // `webhook-id` is the same for every repetition, so that the receiver takes a message once.
      call: async (api, message: AlertMessage, { settings, idempotencyKey }) => {
        const body = {
          type: `handoff.alert.${message.state}`,
          timestamp: message.since ?? new Date().toISOString(),
          data: message,
        }
        const headers = standardWebhook(secretsOf(settings), idempotencyKey, JSON.stringify(body))
        await api.post('', body, { headers })
        return { id: headers['webhook-id'] }
      },
      id: (sent) => sent.id,
    },
  },
})

const secretsOf = ({ secret, previousSecret }: { secret: string; previousSecret?: string | undefined }) =>
  previousSecret ? [secret, previousSecret] : [secret]
