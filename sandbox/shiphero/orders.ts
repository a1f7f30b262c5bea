// What is done with orders in the warehouse. https://developer.shiphero.com/flows/order-fulfillment/
import type { Json } from '../core/types.ts'
import { ApiError } from './error.ts'
import type { Line, Order, Warehouse } from './state.ts'
import type { Work } from './work.ts'

export function createOrder(warehouse: Warehouse, work: Work, { line_items = [], ...data }: Json): Order {
  const { settings } = warehouse
  if (!data.order_number) throw new ApiError(4, 'order_number is required')
  if (line_items.length === 0) throw new ApiError(4, 'line_items is required')
  const shopName = data.shop_name ?? 'api'
  const same = warehouse.orders.by('order_number', data.order_number).find((other) => other.data.shop_name === shopName)
  if (same && settings.duplicates === 'refuse') throw new ApiError(6, `Order ${data.order_number} already exists`)
  const now = Date.now()
  for (const item of line_items) know(warehouse, item, now)
  const number = warehouse.orders.next(272_000_001)
  const digits = (text: string | undefined) => text?.replace(/\D/g, '') ?? ''
  const split =
    data.tags?.includes('split') ||
    [data.order_number, data.partner_order_id].some((text) => warehouse.splits.get(digits(text)) !== undefined)
  const lines = line_items.map((item: Json, i: number) => made(item, firstLine(number) + i))
  const status =
    data.fulfillment_status === 'canceled' || data.fulfillment_status === 'fulfilled'
      ? data.fulfillment_status
      : 'pending'
  return work.allocate({
    number,
    data: { ...data, shop_name: shopName },
    lines,
    status,
    created: now,
    updated: now,
    split: split === true,
  })
}

export function matching(warehouse: Warehouse, args: Json): Order[] {
  const all = args.order_number
    ? warehouse.orders.by('order_number', args.order_number)
    : args.partner_order_id
      ? warehouse.orders.by('partner_order_id', args.partner_order_id)
      : warehouse.orders.all()
  const [updated, ordered] = [
    between(args.updated_from, args.updated_to),
    between(args.order_date_from, args.order_date_to),
  ]
  return all.filter(
    (order) =>
      updated(order.updated) &&
      ordered(orderDate(order)) &&
      (!args.partner_order_id || order.data.partner_order_id === args.partner_order_id) &&
      (!args.shop_name || order.data.shop_name === args.shop_name) &&
      (!args.fulfillment_status || order.status === args.fulfillment_status) &&
      (!args.email || order.data.email === args.email) &&
      (!args.sku || order.lines.some(({ sku }) => sku === args.sku)) &&
      (!args.tag || order.data.tags?.includes(args.tag)),
  )
}

export function updateOrder(work: Work, before: Order, data: Json): Order {
  const { order_id: _, shipping_address, billing_address, holds, ...rest } = data
  return work.allocate({
    ...before,
    updated: Date.now(),
    data: {
      ...before.data,
      ...rest,
      ...(shipping_address && { shipping_address: { ...before.data.shipping_address, ...shipping_address } }),
      ...(billing_address && { billing_address: { ...before.data.billing_address, ...billing_address } }),
      ...(holds && { holds: { ...before.data.holds, ...holds } }),
    },
  })
}

export function addLines(warehouse: Warehouse, work: Work, before: Order, items: Json[]): Order {
  for (const item of items) know(warehouse, item, Date.now())
  const highest = Math.max(firstLine(before.number) - 1, ...before.lines.map(({ number }) => number))
  return work.relined(before, [...before.lines, ...items.map((item, i) => made(item, highest + 1 + i))])
}

export function changeLines(work: Work, before: Order, items: Json[]): Order {
  const wanted = new Map(items.map((item) => [numberOf(item.id, 'LineItem'), item]))
  for (const number of wanted.keys()) lineOf(before, number)
  const lines = before.lines.map((line) => {
    const item = wanted.get(line.number)
    if (item?.quantity !== undefined && item.quantity < line.shipped) {
      throw new ApiError(4, 'The quantity is less than what has been shipped')
    }
    return item ? { ...line, quantity: item.quantity ?? line.quantity, price: item.price ?? line.price } : line
  })
  return work.relined(before, lines)
}

export function removeLines(work: Work, before: Order, ids: string[]): Order {
  const gone = new Set(ids.map((id) => lineOf(before, numberOf(id, 'LineItem')).number))
  return work.relined(
    before,
    before.lines.filter(({ number }) => !gone.has(number)),
  )
}

function lineOf({ lines }: Order, number: number): Line {
  const line = lines.find((one) => one.number === number)
  if (!line) throw new ApiError(5, 'Line item not found')
  return line
}

/** Two thousand numbers for the lines of each order. */
const firstLine = (order: number) => 1_000_000_000 + (order - 272_000_000) * 2000

function made(item: Json, number: number): Line {
  return {
    number,
    sku: item.sku,
    partner_line_item_id: item.partner_line_item_id,
    quantity: item.quantity,
    price: item.price,
    product_name: item.product_name ?? '',
    allocated: 0,
    shipped: 0,
    extra: { option_title: item.option_title, customs_value: item.customs_value, barcode: item.custom_barcode },
  }
}

/** Refuses a line that makes no sense; an article that is new to the warehouse is taken in, where the settings allow it. */
function know(warehouse: Warehouse, item: Json, now: number): void {
  if (item.sku.trim() === '') throw new ApiError(4, 'sku is required')
  if (item.quantity < 1) throw new ApiError(4, 'quantity must be greater than zero')
  if (warehouse.products.get(item.sku)) return
  if (warehouse.settings.unknownSkus === 'refuse') throw new ApiError(5, `Product ${item.sku} not found`)
  const name = item.product_name ?? item.sku
  warehouse.products.put(item.sku, {
    number: warehouse.products.size + 90_001,
    sku: item.sku,
    name,
    weight: '0.50',
    on_hand: 1_000_000,
    created: now,
    updated: now,
  })
}

export const orderDate = (order: Order): number =>
  order.data.order_date ? moment(order.data.order_date) : order.created

/** From and to, both included, in whole seconds, since that is what the answers show. */
export function between(from: string | undefined, to: string | undefined): (at: number) => boolean {
  const [low, high] = [from ? moment(from) : Number.NEGATIVE_INFINITY, to ? moment(to) : Number.POSITIVE_INFINITY]
  return (at) => Math.floor(at / 1000) * 1000 >= Math.floor(low / 1000) * 1000 && Math.floor(at / 1000) * 1000 <= high
}

function moment(text: string): number {
  const at = Date.parse(
    /(?:Z|[+-]\d\d:?\d\d)$/i.test(text) ? text : `${text.replace(' ', 'T')}${text.length > 10 ? 'Z' : 'T00:00:00Z'}`,
  )
  if (Number.isNaN(at)) throw new ApiError(4, `Invalid date ${text}`)
  return at
}

export function numberOf(id: string, kind: string): number {
  const [name, digits] = Buffer.from(id, 'base64').toString().split(':')
  return name === kind ? Number(digits) : Number(/^\d+$/.test(id) ? id : Number.NaN)
}
