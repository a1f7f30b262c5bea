import { type Api, type Json, type PushFacts, path } from '#connector'

const WAITING = new Set(['pending', 'on-hold', 'processing'])

/** The Shipment Tracking extension neither changes a number nor the order's status: both are done here. */
const trackings = (order: string | number) => path`/wc-shipment-tracking/v3/orders/${order}/shipment-trackings`
async function addTracking(api: Api, { order_id, status, ...tracking }: Json) {
  const added = await api.post(trackings(order_id), tracking)
  await setStatus(api, { order_id, status })
  return { id: `${order_id}/${added.tracking_id}` }
}
async function setStatus(api: Api, { order_id, status }: Json) {
  if (!status) return
  const order = await api.get(path`/wc/v3/orders/${order_id}`)
  // Only an order that waits is moved on: one that the shop cancelled or refunded meanwhile stays so.
  if (WAITING.has(order?.status)) await api.put(path`/wc/v3/orders/${order_id}`, { status })
}

export const trackingPush: PushFacts = {
  key: ({ order_id, tracking_number }) => (order_id && tracking_number ? `${order_id}/${tracking_number}` : undefined),
  lookup: 'strong',
  async find(api, _key, { order_id, tracking_number }) {
    const list: Json[] = (await api.get(trackings(order_id))) ?? []
    const known = list.find((one) => one.tracking_number === tracking_number)
    return known && { id: `${order_id}/${known.tracking_id}`, item: known }
  },
  create: addTracking,
  async update(api, shipment, id) {
    const [order, tracking] = id.split('/') as [string, string]
    const old = await api.get(`${trackings(order)}${path`/${tracking}`}`)
    if (old?.tracking_number === shipment.tracking_number) return setStatus(api, shipment)
    const added = await addTracking(api, shipment)
    if (old) await api.delete(`${trackings(order)}${path`/${tracking}`}`)
    return added
  },
}
