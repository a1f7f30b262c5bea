// The queries and mutations. Each one's page is https://developer.shiphero.com/schema/queries/NAME.html or …/mutations/NAME.html.
import { createHash } from 'node:crypto'
import type { Json } from '../core/types.ts'
import { ApiError } from './error.ts'
import { connection, type Meter, type Nodes, warehouseNode } from './nodes.ts'
import {
  addLines,
  between,
  changeLines,
  createOrder,
  matching,
  numberOf,
  orderDate,
  removeLines,
  updateOrder,
} from './orders.ts'
import { accountId, accountNumber, type Product, uuid, type Warehouse, warehouseId } from './state.ts'
import { webhookTypes } from './webhooks.ts'
import type { Work } from './work.ts'

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
  const order = (id: string) => found(warehouse.orders.get(numberOf(id, 'Order')), 'Order')
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
      nodes.shipment(found(warehouse.shipments.get(numberOf(id, 'Shipment')), 'Shipment'), meter),
    ),
    // There is no `updated_from` here: a shipment is found by the date it was made (schema/queries/shipments.html).
    shipments: page(
      (args) => {
        const items = args.order_id
          ? warehouse.shipments.by('order', String(numberOf(args.order_id, 'Order')))
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
    order_update: one('order', ({ data }, { meter }) =>
      nodes.order(updateOrder(work, order(data.order_id), data), meter),
    ),
    order_add_line_items: one('order', ({ data }, { meter }) =>
      nodes.order(addLines(warehouse, work, order(data.order_id), data.line_items), meter),
    ),
    order_update_line_items: one('order', ({ data }, { meter }) =>
      nodes.order(changeLines(work, order(data.order_id), data.line_items), meter),
    ),
    order_remove_line_items: one('order', ({ data }, { meter }) =>
      nodes.order(removeLines(work, order(data.order_id), data.line_item_ids), meter),
    ),
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

function productsMatching(warehouse: Warehouse, args: Json): Product[] {
  const all = args.sku
    ? [warehouse.products.get(args.sku)].filter((item) => item !== undefined)
    : warehouse.products.all()
  const [updated, created] = [between(args.updated_from, args.updated_to), between(args.created_from, args.created_to)]
  return all.filter((item) => updated(item.updated) && created(item.created))
}

function webhookNode({ number, name, url, shop_name, enabled = true }: Json): Json {
  return {
    id: uuid('Webhook', number),
    legacy_id: number,
    account_id: accountId,
    shop_name,
    name,
    url,
    source: 'api',
    enabled,
    shared_signature_secret: null,
  }
}
