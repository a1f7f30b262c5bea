// The queries and mutations. Each one's page is https://developer.shiphero.com/schema/queries/NAME.html or …/mutations/NAME.html.
import { createHash } from 'node:crypto'
import type { Json } from '../core/types.ts'
import { connection, type Meter, type Nodes, warehouseNode } from './nodes.ts'
import { accountId, accountNumber, type Order, type Product, uuid, type Warehouse, warehouseId } from './state.ts'
import { webhookTypes } from './webhooks.ts'
import type { Work } from './work.ts'

/** An error of the API: it goes into `errors`, the status stays 200. Code 5 is "not found", 6 "already exists". */
export class ApiError extends Error {
  readonly code: number
  constructor(code: number, message: string) {
    super(message)
    this.code = code
  }
}

/** Made for each request: how to answer, what it may cost, and where to count. */
export interface Context {
  requestId: string
  complexity: number
  meter: Meter
}
type Resolver = (args: Json, context: Context) => Json

export function resolvers(warehouse: Warehouse, work: Work, nodes: Nodes, quota: () => Json): Record<string, Resolver> {
  const result = (context: Context, data: Json) => ({
    request_id: context.requestId,
    complexity: context.complexity,
    ...data,
  })
  const found = <T>(item: T | undefined, kind: string): T => {
    if (item === undefined) throw new ApiError(5, `${kind} not found`)
    return item
  }
  const order = (id: string) => found(warehouse.orders.get(number(id, 'Order')), 'Order')
  const one = (key: string, data: (args: Json, context: Context) => Json): Resolver => {
    return (args, context) => result(context, { [key]: args.analyze ? null : data(args, context) })
  }
  const page = (items: (args: Json) => readonly Json[], node: (item: Json, meter: Meter) => Json): Resolver => {
    return (args, context) =>
      result(context, {
        data: (paging: Json) =>
          args.analyze ? null : connection(items(args), paging, context.meter, (item) => node(item, context.meter)),
      })
  }
  const inventory = (units: (product: Product, quantity: number) => number): Resolver =>
    one('warehouse_product', ({ data }) => {
      const product = found(warehouse.products.get(data.sku), 'Product')
      if (data.warehouse_id !== warehouseId) throw new ApiError(5, 'Warehouse not found')
      work.stock(data.sku, units(product, data.quantity))
      return nodes.warehouseProduct(warehouse.products.get(data.sku)!)
    })

  return {
    user_quota: () => quota(),
    account: one('data', () => ({
      id: accountId,
      legacy_id: accountNumber,
      email: 'demo@example.com',
      username: 'demo',
      status: 'active',
      is_3pl: false,
      warehouses: [warehouseNode],
    })),
    order: one('data', ({ id }, { meter }) => nodes.order(order(id), meter)),
    orders: page(
      (args) => matching(warehouse, args),
      (item, meter) => nodes.order(item, meter),
    ),
    shipment: one('data', ({ id }, { meter }) =>
      nodes.shipment(found(warehouse.shipments.get(number(id, 'Shipment')), 'Shipment'), meter),
    ),
    // There is no `updated_from` here: a shipment is found by the date it was made (schema/queries/shipments.html).
    shipments: page(
      (args) => {
        const items = args.order_id
          ? warehouse.shipments.by('order', String(number(args.order_id, 'Order')))
          : warehouse.shipments.all()
        if (args.tracking_number || args.voided === true) return []
        const ordered = between(args.order_date_from, args.order_date_to)
        const made = between(args.date_from, args.date_to)
        return items.filter((item) => made(item.created) && ordered(orderDate(warehouse.orders.get(item.order)!)))
      },
      (item, meter) => nodes.shipment(item, meter),
    ),
    product: one('data', ({ id, sku }) => {
      const product = sku
        ? warehouse.products.get(sku)
        : warehouse.products.all().find((item) => uuid('Product', item.number) === id)
      return nodes.product(found(product, 'Product'))
    }),
    products: page(
      (args) => productsMatching(warehouse, args),
      (item) => nodes.product(item),
    ),
    warehouse_products: page(
      (args) => (args.warehouse_id && args.warehouse_id !== warehouseId ? [] : productsMatching(warehouse, args)),
      (item) => nodes.warehouseProduct(item),
    ),
    webhooks: page(
      ({ shop_name }) => warehouse.webhooks.all().filter((webhook) => !shop_name || webhook.shop_name === shop_name),
      (webhook) => webhookNode(webhook),
    ),

    order_create: one('order', ({ data }, { meter }) => nodes.order(createOrder(warehouse, work, data), meter)),
    order_update: one('order', ({ data }, { meter }) => {
      const before = order(data.order_id)
      const { order_id: _, shipping_address, billing_address, holds, ...rest } = data
      const next: Order = {
        ...before,
        updated: Date.now(),
        data: {
          ...before.data,
          ...rest,
          ...(shipping_address && { shipping_address: { ...before.data.shipping_address, ...shipping_address } }),
          ...(billing_address && { billing_address: { ...before.data.billing_address, ...billing_address } }),
          ...(holds && { holds: { ...before.data.holds, ...holds } }),
        },
      }
      return nodes.order(work.allocate(next), meter)
    }),
    order_cancel: one('order', ({ data }, { meter }) => {
      const before = order(data.order_id)
      if (before.status === 'canceled') throw new ApiError(4, 'Order is already canceled')
      if (before.status === 'fulfilled' && !data.force) throw new ApiError(4, 'Order is already fulfilled')
      return nodes.order(work.cancel(before), meter)
    }),
    inventory_add: inventory((product, quantity) => product.on_hand + quantity),
    inventory_remove: inventory((product, quantity) => product.on_hand - quantity),
    inventory_replace: inventory((_, quantity) => quantity),
    webhook_create: one('webhook', ({ data }) => {
      if (!webhookTypes.includes(data.name)) throw new ApiError(4, `Invalid webhook name ${data.name}`)
      const shopName = data.shop_name ?? 'api'
      const same = warehouse.webhooks.by('name', data.name).some(({ shop_name }) => shop_name === shopName)
      if (same) throw new ApiError(6, `Webhook ${data.name} already exists for ${shopName}`)
      const id = warehouse.webhooks.next(5001)
      const secret = createHash('sha256').update(`demo-webhook-${id}-${data.name}`).digest('hex').slice(0, 32)
      const webhook = warehouse.webhooks.put(id, {
        number: id,
        name: data.name,
        url: data.url,
        shop_name: shopName,
        secret,
      })
      return { ...webhookNode(webhook), shared_signature_secret: secret }
    }),
    webhook_delete: one('webhook', ({ data }) => {
      const webhooks = warehouse.webhooks
        .by('name', data.name)
        .filter(({ shop_name }) => shop_name === (data.shop_name ?? 'api'))
      if (webhooks.length === 0) throw new ApiError(5, 'Webhook not found')
      for (const webhook of webhooks) warehouse.webhooks.remove(webhook.number)
      return null
    }),
  }
}

function createOrder(warehouse: Warehouse, work: Work, { line_items = [], ...data }: Json): Order {
  const { settings } = warehouse
  if (!data.order_number) throw new ApiError(4, 'order_number is required')
  if (line_items.length === 0) throw new ApiError(4, 'line_items is required')
  const shopName = data.shop_name ?? 'api'
  const same = warehouse.orders.by('order_number', data.order_number).find((other) => other.data.shop_name === shopName)
  if (same && settings.duplicates === 'refuse') throw new ApiError(6, `Order ${data.order_number} already exists`)
  const now = Date.now()
  for (const item of line_items) {
    if (item.sku.trim() === '') throw new ApiError(4, 'sku is required')
    if (item.quantity < 1) throw new ApiError(4, 'quantity must be greater than zero')
    if (warehouse.products.get(item.sku)) continue
    if (settings.unknownSkus === 'refuse') throw new ApiError(5, `Product ${item.sku} not found`)
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
  const number = warehouse.orders.next(272_000_001)
  const digits = (text: string | undefined) => text?.replace(/\D/g, '') ?? ''
  const split =
    data.tags?.includes('split') ||
    [data.order_number, data.partner_order_id].some((text) => warehouse.splits.get(digits(text)) !== undefined)
  const lines = line_items.map((item: Json, i: number) => ({
    number: 1_000_000_000 + (number - 272_000_000) * 2000 + i,
    sku: item.sku,
    partner_line_item_id: item.partner_line_item_id,
    quantity: item.quantity,
    price: item.price,
    product_name: item.product_name ?? '',
    allocated: 0,
    shipped: 0,
    extra: { option_title: item.option_title, customs_value: item.customs_value, barcode: item.custom_barcode },
  }))
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

function matching(warehouse: Warehouse, args: Json): Order[] {
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

function productsMatching(warehouse: Warehouse, args: Json): Product[] {
  const all = args.sku
    ? [warehouse.products.get(args.sku)].filter((item) => item !== undefined)
    : warehouse.products.all()
  const [updated, created] = [between(args.updated_from, args.updated_to), between(args.created_from, args.created_to)]
  return all.filter((item) => updated(item.updated) && created(item.created))
}

const orderDate = (order: Order): number => (order.data.order_date ? moment(order.data.order_date) : order.created)

/** From and to, both included, in whole seconds, since that is what the answers show. */
function between(from: string | undefined, to: string | undefined): (at: number) => boolean {
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

function number(id: string, kind: string): number {
  const [name, digits] = Buffer.from(id, 'base64').toString().split(':')
  return name === kind ? Number(digits) : Number(/^\d+$/.test(id) ? id : Number.NaN)
}

function webhookNode({ number, name, url, shop_name }: Json): Json {
  return {
    id: uuid('Webhook', number),
    legacy_id: number,
    account_id: accountId,
    shop_name,
    name,
    url,
    source: 'api',
    shared_signature_secret: null,
  }
}
