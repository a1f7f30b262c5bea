import { type Api, type PushFacts, path } from '#connector'

const OBJECTS = '/crm/v3/objects'
const DEAL_TO_CONTACT = { associationCategory: 'HUBSPOT_DEFINED', associationTypeId: 3 }

/** By a property that is unique; unlike the search this sees at once what was written. */
const findBy = async (api: Api, type: string, property: string, value: string) => {
  const found = await api.get(`${OBJECTS}/${type}${path`/${value}`}`, {
    query: { idProperty: property, properties: property },
  })
  return found && { id: String(found.id), item: found }
}

/** Contacts are known by the hub key; one that somebody made by hand is known by its e-mail address, and gets the key. */
export const contactPush: PushFacts = {
  key: (contact) => contact.key,
  lookup: 'strong',
  async find(api, key, { properties }, { settings }) {
    const known = await findBy(api, 'contacts', settings.keyProperty, key)
    return known ?? (properties.email ? findBy(api, 'contacts', 'email', properties.email) : undefined)
  },
  create: async (api, { key, properties }, { settings }) => ({
    id: (await api.post(`${OBJECTS}/contacts`, { properties: { ...properties, [settings.keyProperty]: key } })).id,
  }),
  async update(api, { key, properties }, id, { settings }) {
    await api.patch(path`/crm/v3/objects/contacts/${id}`, {
      properties: { ...properties, [settings.keyProperty]: key },
    })
  },
}

/** `contact` in the payload is the id of the contact the deal belongs to; `key` goes into the property of the settings. */
export const dealPush: PushFacts = {
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
