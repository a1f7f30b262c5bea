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

  async call(api, { shipment: wanted, services }, { idempotencyKey }) {
    const shipment =
      (await byReference(api, idempotencyKey)) ??
      (await api.post('/shipments', { shipment: { ...wanted, reference: idempotencyKey } }))
    if (isBought(shipment)) return shipment
    const rate = fittingRate(shipment, services)
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

/** The cheapest rate of the wanted services (`UPS Ground`, or all of a carrier: `UPS`); of all, where none is named. Throws before money is spent. */
function fittingRate({ rates, messages }: Json, services: string | undefined): Json {
  const wanted = services?.split(',').map((one) => one.trim().toLowerCase())
  const names = (rate: Json) => [rate.carrier, `${rate.carrier} ${rate.service}`].map((name) => name.toLowerCase())
  const fitting = rates.filter((rate: Json) => !wanted || names(rate).some((name) => wanted.includes(name)))
  if (fitting.length > 0)
    return fitting.reduce((best: Json, rate: Json) => (Number(rate.rate) < Number(best.rate) ? rate : best))
  const offers = rates.map((rate: Json) => `${rate.carrier} ${rate.service}`).join(', ') || 'nothing'
  const reasons = (messages ?? []).map((one: Json) => ` ${one.carrier} says: ${one.message}.`).join('')
  const say = `EasyPost offers ${offers} for this parcel, but not ${services ?? 'any rate'}.${reasons} Change the table of carrier services, or the parcel.`
  throw new ConnectorError('invalid', 'HUB_LABEL_NO_RATE', say)
}
