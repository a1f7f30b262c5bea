import { type Api, bearer, byCursor, ConnectorError, defineConnector, field, type PushFacts, path } from '#connector'

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
const DEAL_TO_CONTACT = { associationCategory: 'HUBSPOT_DEFINED', associationTypeId: 3 }

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

/** By a property that is unique; unlike the search this sees at once what was written. */
const findBy = async (api: Api, type: string, property: string, value: string) => {
  const found = await api.get(`${OBJECTS}/${type}${path`/${value}`}`, {
    query: { idProperty: property, properties: property },
  })
  return found && { id: String(found.id), item: found }
}

const contactPush: PushFacts = {
  key: ({ properties }) => properties?.email,
  lookup: 'strong',
  find: (api, email) => findBy(api, 'contacts', 'email', email),
  create: async (api, { properties }) => ({ id: (await api.post(`${OBJECTS}/contacts`, { properties })).id }),
  update: async (api, { properties }, id) =>
    void (await api.patch(path`/crm/v3/objects/contacts/${id}`, { properties })),
}

/** `contact` in the payload is the id of the contact the deal belongs to; `key` goes into the property of the settings. */
const dealPush: PushFacts = {
  key: (deal) => deal.key,
  lookup: 'strong',
  find: (api, key, _deal, { settings }) => findBy(api, 'deals', settings.keyProperty, key),
  async create(api, { key, contact, properties }, { settings }) {
    const associations = contact ? [{ to: { id: contact }, types: [DEAL_TO_CONTACT] }] : []
    const deal = await api.post(`${OBJECTS}/deals`, {
      properties: { ...properties, [settings.keyProperty]: key },
      associations,
    })
    return { id: deal.id }
  },
  async update(api, { contact, properties }, id) {
    await api.patch(path`/crm/v3/objects/deals/${id}`, { properties })
    if (contact) await api.put(path`/crm/v4/objects/deals/${id}/associations/default/contacts/${contact}`, undefined)
  },
}

const property = (settings: { keyProperty: string }) => path`/crm/v3/properties/deals/${settings.keyProperty}`

export default defineConnector({
  name: 'hubspot',
  title: 'HubSpot',
  kind: 'crm',
  docs: 'https://developers.hubspot.com/docs/api-reference/overview',

  settings: {
    token: field.secret('Access token', {
      hint: 'HubSpot › Settings › Integrations › Private apps; scopes crm.objects.contacts, crm.objects.deals and crm.schemas.deals, read and write.',
    }),
    url: field.url('API address', { default: 'https://api.hubapi.com' }),
    keyProperty: field.text('Deal property with the hub key', {
      hint: 'A text property of deals that requires unique values.',
      default: 'handoff_key',
    }),
  },

  // Private apps: 100 requests in 10 seconds in the free and starter plans.
  http: (settings) => ({ baseUrl: settings.url, auth: bearer(settings.token), limit: { requests: 90, per: '10s' } }),

  async check(api, settings) {
    const known = await api.get(property(settings))
    if (known?.hasUniqueValue) return
    const what = known ? 'does not require unique values, so deals could be doubled' : 'is missing'
    throw new ConnectorError(
      'permanent',
      'HUB_HUBSPOT_PROPERTY',
      `HubSpot: the deal property "${settings.keyProperty}" ${what}. See connectors/hubspot/README.md.`,
    )
  },

  async setup(api, settings) {
    if (await api.get(property(settings))) return []
    await api.post('/crm/v3/properties/deals', {
      name: settings.keyProperty,
      label: 'Handoff key',
      description: 'The order this deal stands for. Written by Handoff; do not change.',
      groupName: 'dealinformation',
      type: 'string',
      fieldType: 'text',
      hasUniqueValue: true,
    })
    return [`HubSpot: made the deal property "${settings.keyProperty}".`]
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
      push: dealPush,
    },
  },
})
