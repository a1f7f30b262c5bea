import type { Api, Json, PushFacts, WriteContext } from '#connector'
import { call, idOf } from './rpc.ts'

/** Create and change by a field that names the record; Odoo does not enforce its uniqueness, one attempt at a time does. */
const keyedBy = (model: string, field: string): Pick<PushFacts, 'key' | 'lookup' | 'find'> => ({
  key: (payload) => payload[field],
  lookup: 'strong',
  async find(api, key) {
    // Archived records count as well, otherwise a second one would be made beside them.
    const kwargs = { fields: ['id'], limit: 1, order: 'id asc', context: { active_test: false } }
    const [record] = await call(api, model, 'search_read', [[[field, '=', key]]], kwargs)
    return record && { id: String(record.id) }
  },
})

export const partnerPush: PushFacts = {
  ...keyedBy('res.partner', 'ref'),
  create: async (api, partner, context) => ({
    id: String(await call(api, 'res.partner', 'create', [await withCountry(api, partner, context)])),
  }),
  update: async (api, partner, id, context) => {
    await call(api, 'res.partner', 'write', [[Number(id)], await withCountry(api, partner, context)])
  },
}

export const productPush: PushFacts = {
  ...keyedBy('product.product', 'default_code'),
  create: async (api, product) => ({ id: String(await call(api, 'product.product', 'create', [product])) }),
  update: async (api, product, id) => void (await call(api, 'product.product', 'write', [[Number(id)], product])),
}

async function withCountry(api: Api, { country_code, ...partner }: Json, context: WriteContext): Promise<Json> {
  return country_code
    ? { ...partner, country_id: await idOf(api, context, 'res.country', 'code', country_code) }
    : partner
}
