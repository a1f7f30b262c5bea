import { type Action, type Api, ConnectorError, type Json, path } from '#connector'

const PAGES = 3

/**
 * Buys one label for one key. The key is the shipment's `reference`, which may stand in place of its id: a shipment that an
 * earlier attempt made is used again, and a shipment's postage can be bought only once (SHIPMENT.POSTAGE.EXISTS), so a lost
 * answer never costs twice. https://docs.easypost.com/docs/shipments
 */
export const buyLabel: Pick<Action, 'find' | 'call'> = {
  async find(api, key) {
    const shipment = await byReference(api, key)
    return isBought(shipment) ? shipment : boughtLately(api, key)
  },

  async call(api, { shipment: wanted, carrier, service }, { idempotencyKey }) {
    const shipment =
      (await byReference(api, idempotencyKey)) ??
      (await api.post('/shipments', { shipment: { ...wanted, reference: idempotencyKey } }))
    if (isBought(shipment)) return shipment
    const rate = fittingRate(shipment, carrier, service)
    return api.post(path`/shipments/${shipment.id}/buy`, { rate: { id: rate.id } })
  },
}

const isBought = (shipment: Json) => Boolean(shipment?.postage_label)
const byReference = (api: Api, key: string): Promise<Json> => api.get(path`/shipments/${key}`)

/** References need not be unique there, so an unbought shipment of this key does not prove that there is no bought one. */
async function boughtLately(api: Api, key: string): Promise<Json | undefined> {
  let before: string | undefined
  for (let page = 0; page < PAGES; page++) {
    const { shipments, has_more } = await api.get('/shipments', {
      query: { purchased: true, page_size: 100, before_id: before },
    })
    const found = shipments.find((one: Json) => one.reference === key && isBought(one))
    if (found || !has_more) return found
    before = shipments.at(-1)?.id
  }
  return undefined
}

/** The cheapest rate of the wanted carrier and service; without either, the cheapest of all. Throws before any money is spent. */
function fittingRate({ rates, messages }: Json, carrier?: string, service?: string): Json {
  const same = (wanted: string | undefined, given: string) =>
    wanted === undefined || wanted.toLowerCase() === given.toLowerCase()
  const fitting = rates.filter((rate: Json) => same(carrier, rate.carrier) && same(service, rate.service))
  if (fitting.length > 0)
    return fitting.reduce((best: Json, rate: Json) => (Number(rate.rate) < Number(best.rate) ? rate : best))
  const offers = rates.map((rate: Json) => `${rate.carrier} ${rate.service}`).join(', ') || 'none'
  const reasons = (messages ?? []).map((one: Json) => `${one.carrier}: ${one.message}`).join('; ')
  const wish = [carrier, service].filter(Boolean).join(' ') || 'any'
  throw new ConnectorError(
    'invalid',
    'HUB_LABEL_NO_RATE',
    `EasyPost offers no rate for "${wish}". Offered: ${offers}.${reasons ? ` The carriers say: ${reasons}.` : ''} Change the table of carrier services, or the parcel.`,
  )
}
