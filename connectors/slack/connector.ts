import { type AlertMessage, defineConnector, field } from '#connector'

const MARKS = {
  open: ':red_circle:',
  still: ':large_orange_circle:',
  recovered: ':large_green_circle:',
  test: ':speech_balloon:',
}

export default defineConnector({
  name: 'slack',
  title: 'Slack',
  kind: 'alert',
  docs: 'https://docs.slack.dev/messaging/sending-messages-using-incoming-webhooks',

  settings: {
    url: field.secretUrl('Webhook address', {
      hint: 'api.slack.com/apps › your app › Incoming Webhooks › Add New Webhook to Workspace. It posts to the one channel chosen there.',
      example: 'https://hooks.slack.com/services/T000/B000/xxxx',
    }),
  },

  // One message a second and channel; answers are plain words: `ok`, `no_service` …
  http: (settings) => ({ baseUrl: settings.url, answers: 'text', limit: { requests: 1, per: '1s' } }),

  // A message without text is refused (`no_text`) and nobody sees it; an address that is not known is refused before that.
  check: (api) => api.read({ method: 'POST', path: '', body: {} }),

  errors: {
    code: word,
    message: word,
    failed: (body) => body !== 'ok',
    absent: (body) => body === 'no_text',
    rules: [
      {
        code: /^(no_service|no_service_id|no_active_hooks|no_team|team_disabled|invalid_token)$/,
        kind: 'auth',
        say: 'this webhook address is not known any more: make a new one and put it into the settings.',
      },
      {
        status: 404,
        code: 'channel_not_found',
        kind: 'permanent',
        say: 'the channel of this webhook is gone: make a webhook for another one.',
      },
      {
        status: 410,
        kind: 'permanent',
        say: 'the channel of this webhook is archived: make a webhook for another one.',
      },
      {
        code: /^(action_prohibited|posting_to_general_channel_denied)$/,
        kind: 'permanent',
        say: 'the workspace does not allow this app to post there: ask its administrator.',
      },
      { status: 404, kind: 'auth', say: 'this webhook address is not known: check it.' },
    ],
  },

  resources: {},

  actions: {
    send: {
      schema: 'message.json',
      answerSchema: 'sent.json',
      repeat: 'allow',
      call: async (api, message: AlertMessage, { idempotencyKey }) => {
        await api.post('', inSlack(message))
        return { id: idempotencyKey }
      },
      id: (sent) => sent.id,
    },
  },
})

function word(body: unknown): string | undefined {
  return typeof body === 'string' && /^[a-z_]{2,60}$/.test(body) ? body : undefined
}

/** https://docs.slack.dev/reference/block-kit/blocks: a header has 150 characters, a section 3,000. */
function inSlack({ state, title, text, facts }: AlertMessage): object {
  const body = facts?.length
    ? facts.map(({ name, value }) => `*${escaped(name)}:* ${escaped(value)}`).join('\n')
    : escaped(text)
  return {
    text: `${MARKS[state]} ${escaped(title)}`,
    blocks: [
      { type: 'header', text: { type: 'plain_text', text: cut(`${MARKS[state]} ${title}`, 150) } },
      { type: 'section', text: { type: 'mrkdwn', text: cut(body, 3000) } },
    ],
  }
}

const cut = (text: string, most: number) => (text.length > most ? `${text.slice(0, most - 1)}…` : text)
/** These three have a meaning there: https://docs.slack.dev/messaging/formatting-message-text */
const escaped = (text: string) => text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;')
