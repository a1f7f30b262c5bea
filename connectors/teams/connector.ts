import { type AlertMessage, defineConnector, field } from '#connector'

const COLOURS = { open: 'Attention', still: 'Warning', recovered: 'Good', test: 'Accent' }
/** A message has at most 28 KB; the card around the text takes little. */
const LONGEST = 12_000

export default defineConnector({
  name: 'teams',
  title: 'Microsoft Teams',
  kind: 'alert',
  docs: 'https://support.microsoft.com/en-us/office/create-incoming-webhooks-with-workflows-for-microsoft-teams-8ae491c7-0394-4861-ba59-055e33f75498',

  settings: {
    url: field.secretUrl('Workflow address', {
      hint: 'Teams › channel › Workflows › "Send webhook alerts to a channel". The address must hold a `sig`: let anyone trigger the flow.',
      example:
        'https://prod-01.westeurope.logic.azure.com/workflows/abc/triggers/manual/paths/invoke?api-version=2016-06-01&sig=xxxx',
    }),
  },

  // The flow answers 202 with an empty body and posts the card later. The signature stands in the address.
  http: (settings) => {
    const url = new URL(settings.url)
    const sig = url.searchParams.get('sig')
    url.searchParams.delete('sig')
    return {
      baseUrl: url.href,
      ...(sig ? { auth: { query: { sig } } } : {}),
      answers: 'text',
      limit: { requests: 4, per: '1s' },
    }
  },

  // Nothing can be asked of a flow without starting it, so an address that it refuses is given up and shown, not asked again.
  errors: {
    code: (body) => body?.error?.code,
    message: (body) => body?.error?.message,
    rules: [
      {
        status: 401,
        kind: 'permanent',
        say: 'the flow does not take this address: copy it again from the flow, with its `sig`.',
      },
      {
        status: 403,
        kind: 'permanent',
        say: 'the flow may not be triggered by anyone: change that in its first step.',
      },
      { status: 404, kind: 'permanent', say: 'there is no such flow any more: make a new one.' },
    ],
  },

  resources: {},

  actions: {
    send: {
      schema: 'message.json',
      answerSchema: 'sent.json',
      repeat: 'allow',
      call: async (api, message: AlertMessage, { idempotencyKey }) => {
        await api.post('', inTeams(message))
        return { id: idempotencyKey }
      },
      id: (sent) => sent.id,
    },
  },
})

/** A workflow takes adaptive cards and nothing else. */
function inTeams({ state, title, text, facts }: AlertMessage): object {
  const shown = facts?.length
    ? { type: 'FactSet', facts: facts.map(({ name, value }) => ({ title: name, value: value.slice(0, 2_000) })) }
    : { type: 'TextBlock', text: text.slice(0, LONGEST), wrap: true }
  return {
    type: 'message',
    attachments: [
      {
        contentType: 'application/vnd.microsoft.card.adaptive',
        contentUrl: null,
        content: {
          $schema: 'http://adaptivecards.io/schemas/adaptive-card.json',
          type: 'AdaptiveCard',
          version: '1.4',
          msteams: { width: 'Full' },
          body: [
            { type: 'TextBlock', text: title, wrap: true, weight: 'Bolder', size: 'Medium', color: COLOURS[state] },
            shown,
          ],
        },
      },
    ],
  }
}
