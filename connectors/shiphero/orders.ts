import type { Json, PushFacts } from '#connector'
import {
  ask,
  LINES_ADD,
  LINES_REMOVE,
  LINES_UPDATE,
  nodes,
  ORDER_BY_ID,
  ORDER_CREATE,
  ORDER_UPDATE,
  ORDERS_BY_PARTNER,
  write,
} from './queries.ts'

export const orderPush: PushFacts = {
  key: (order) => order.partner_order_id,
  // Orders are found through an index; how far it lags is not documented.
  lookup: { lag: '10s' },
  async find(api, key) {
    const { orders } = await ask(api, ORDERS_BY_PARTNER, { key })
    const order = nodes(orders.data).find((one) => one.partner_order_id === key)
    return order && { id: order.id }
  },
  create: async (api, order) => ({ id: (await write(api, ORDER_CREATE, order)).order_create.order.id }),
  async update(api, order, id) {
    await write(api, ORDER_UPDATE, { ...changeable(order), order_id: id })
    const current = (await ask(api, ORDER_BY_ID, { id })).order.data
    for (const [mutation, lines] of changeLines(nodes(current.line_items), order.line_items))
      await write(api, mutation, { order_id: id, ...lines })
  },
}

/** What UpdateOrderInput has; the status is left out because "pending" would reopen an order that has been shipped. */
function changeable({ shop_name, subtotal, total_price, order_date, fulfillment_status, line_items, ...order }: Json) {
  return order
}

/**
 * The mutations that turn the lines of an order into the wanted ones; order_update does not touch lines. Lines are known
 * by `partner_line_item_id`. A line that has begun to ship is never taken away or made smaller than what has left.
 */
function changeLines(current: Json[], wanted: Json[] | undefined): [string, Json][] {
  if (!wanted) return []
  const keyOf = (line: Json) => line.partner_line_item_id ?? line.sku
  const known = new Map(current.map((line) => [keyOf(line), line]))
  const keep = new Set(wanted.map(keyOf))

  const added = wanted.filter((line) => !known.has(keyOf(line)))
  const changed = wanted.flatMap((line) => {
    const old = known.get(keyOf(line))
    const quantity = Math.max(line.quantity, old?.quantity_shipped ?? 0)
    return old && old.quantity !== quantity ? [{ id: old.id, quantity }] : []
  })
  const removed = current.filter((line) => !keep.has(keyOf(line)) && !line.quantity_shipped).map((line) => line.id)

  const changes: [string, Json][] = []
  if (added.length > 0) changes.push([LINES_ADD, { line_items: added }])
  if (changed.length > 0) changes.push([LINES_UPDATE, { line_items: changed }])
  if (removed.length > 0) changes.push([LINES_REMOVE, { line_item_ids: removed }])
  return changes
}
