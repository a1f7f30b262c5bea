import { bearer, byCursor, ConnectorError, defineConnector, field, path } from '#connector'
import { contactPush, dealPush } from './push.ts'

const OBJECTS = '/crm/v3/objects'
const CONTACT = [
  'email',
  'firstname',
  'lastname',
  'phone',
  'company',
  'address',
  'city',
  'state',
  'zip',
  'country',
  'lastmodifieddate',
]
const DEAL = ['dealname', 'amount', 'dealstage', 'pipeline', 'closedate', 'hs_lastmodifieddate']

/** Search shows what changed since a moment, but only 10,000 results a question: following the cursor passes that by. */
const changed = (type: string, stamp: string, properties: string[]) =>
  byCursor({
    items: 'results',
    overlap: '5m', // the search index lags: https://developers.hubspot.com/docs/api-reference/search/guide
    request: ({ since, offset }) => ({
      method: 'POST',
      path: `${OBJECTS}/${type}/search`,
      body: {
        filterGroups: since
          ? [{ filters: [{ propertyName: stamp, operator: 'GTE', value: String(Date.parse(since)) }] }]
          : [],
        sorts: [{ propertyName: stamp, direction: 'ASCENDING' }],
        properties,
        limit: 100,
        ...(offset > 0 ? { after: String(offset) } : {}),
      },
    }),
  })

const GROUPS = { contacts: 'contactinformation', deals: 'dealinformation' }
const properties = (type: string) => `/crm/v3/properties/${type}`

export default defineConnector({
  name: 'hubspot',
  title: 'HubSpot',
  kind: 'crm',
  docs: 'https://developers.hubspot.com/docs/api-reference/overview',

  settings: {
    token: field.secret('Access token', {
      hint: 'HubSpot › Settings › Integrations › Private apps; scopes crm.objects and crm.schemas of contacts and deals, read and write.',
    }),
    url: field.url('API address', { default: 'https://api.hubapi.com' }),
    keyProperty: field.text('Property with the hub key', {
      hint: 'A text property of contacts and of deals that requires unique values.',
      default: 'handoff_key',
    }),
  },

  // Private apps: 100 requests in 10 seconds in the free and starter plans.
  http: (settings) => ({ baseUrl: settings.url, auth: bearer(settings.token), limit: { requests: 90, per: '10s' } }),

  async check(api, { keyProperty }) {
    for (const type of Object.keys(GROUPS)) {
      const known = await api.get(properties(type) + path`/${keyProperty}`)
      if (known?.hasUniqueValue) continue
      const what = known ? 'does not require unique values, so they could be doubled' : 'is missing'
      const say = `HubSpot: the property "${keyProperty}" of ${type} ${what}. See connectors/hubspot/README.md.`
      throw new ConnectorError('permanent', 'HUB_HUBSPOT_PROPERTY', say)
    }
  },

  async setup(api, { keyProperty }) {
    const made: string[] = []
    for (const [type, groupName] of Object.entries(GROUPS)) {
      if (await api.get(properties(type) + path`/${keyProperty}`)) continue
      const words = { label: 'Handoff key', description: 'What this stands for in Handoff. Do not change it.' }
      const kind = { type: 'string', fieldType: 'text', hasUniqueValue: true }
      await api.post(properties(type), { name: keyProperty, groupName, ...words, ...kind })
      made.push(`HubSpot: made the property "${keyProperty}" of ${type}.`)
    }
    return made
  },

  // https://developers.hubspot.com/docs/api-reference/error-handling
  errors: {
    code: (body) => body?.category ?? body?.errorType,
    message: (body) => body?.message,
    rules: [
      { status: 401, kind: 'auth', say: 'the access token was refused: it was revoked or rotated.' },
      { status: 403, kind: 'auth', say: 'the private app lacks a scope for this; the message names it.' },
      { status: 423, kind: 'retryable', say: 'the account is locked for a moment by many writes.' },
      { status: 477, kind: 'retryable', say: 'the account is being moved to another data centre.' },
      {
        message: /CONFLICTING_UNIQUE_VALUE|already has that value|already exists/i,
        kind: 'conflict',
        say: 'it exists already.',
      },
      { code: 'VALIDATION_ERROR', kind: 'invalid', say: 'a value was not accepted.' },
    ],
  },

  resources: {
    contacts: {
      schema: 'contact.json',
      pushSchema: 'contact-input.json',
      id: (contact) => contact.id,
      stamp: (contact) => contact.properties?.lastmodifieddate ?? contact.updatedAt,
      pull: changed('contacts', 'lastmodifieddate', CONTACT),
      fetch: (id) => ({ path: path`/crm/v3/objects/contacts/${id}`, query: { properties: CONTACT } }),
      push: contactPush,
    },
    deals: {
      schema: 'deal.json',
      pushSchema: 'deal-input.json',
      id: (deal) => deal.id,
      stamp: (deal) => deal.properties?.hs_lastmodifieddate ?? deal.updatedAt,
      fetch: (id) => ({ path: path`/crm/v3/objects/deals/${id}`, query: { properties: DEAL } }),
      push: dealPush,
    },
  },
})
