// How the warehouse's objects look in answers. Fields that cost a look-up are functions: they run when they are asked for.
import { withOffset } from '../core/time.ts'
import type { Json } from '../core/types.ts'
import {
  accountId,
  type Line,
  type Order,
  type Product,
  type Shipment,
  uuid,
  type Warehouse,
  warehouseId,
  warehouseNumber,
} from './state.ts'
import type { Work } from './work.ts'

export const warehouseNode = {
  id: warehouseId,
  legacy_id: warehouseNumber,
  account_id: accountId,
  identifier: 'Primary',
  profile: 'default',
  address: {
    name: 'Northlight Goods',
    address1: 'Havenstraat 12',
    address2: '',
    city: 'Rotterdam',
    state: '',
    country: 'NL',
    zip: '3011 AB',
    phone: '+31105550100',
  },
}

interface Page {
  sort?: string
  first?: number
  last?: number
  before?: string
  after?: string
}

/** Counts the objects that an answer carries, for its price in credits. */
export interface Meter {
  nodes: number
}

const cursor = (i: number) => Buffer.from(`arrayconnection:${i}`).toString('base64')
const position = (text: string) => Number(Buffer.from(text, 'base64').toString().split(':')[1] ?? -1)

/** A Relay page. The cursors are positions, so the order must not change between pages: ids ascending unless `sort` says else. */
export function connection(items: readonly Json[], page: Page, meter: Meter, node: (item: Json) => Json): Json {
  const sorted = page.sort ? bySort(items, page.sort, node) : items
  const start = page.after ? position(page.after) + 1 : 0
  const end = page.before ? position(page.before) : sorted.length
  let from = start
  let to = end
  if (page.last !== undefined && page.first === undefined) from = Math.max(start, end - page.last)
  else to = Math.min(end, start + (page.first ?? 100))
  const edges = sorted.slice(from, to).map((item, i) => ({ node: node(item), cursor: cursor(from + i) }))
  meter.nodes += edges.length
  return {
    edges,
    pageInfo: {
      hasNextPage: to < sorted.length,
      hasPreviousPage: from > 0,
      startCursor: edges[0]?.cursor ?? null,
      endCursor: edges.at(-1)?.cursor ?? null,
    },
  }
}

function bySort(items: readonly Json[], sort: string, node: (item: Json) => Json): Json[] {
  const down = sort.startsWith('-')
  const name = sort.replace(/^[-+]/, '')
  const keyed = items.map((item) => ({ item, key: node(item)[name] }))
  keyed.sort((a, b) => (a.key < b.key ? -1 : a.key > b.key ? 1 : 0) * (down ? -1 : 1))
  return keyed.map(({ item }) => item)
}

export class Nodes {
  readonly #warehouse: Warehouse
  readonly #work: Work

  constructor(warehouse: Warehouse, work: Work) {
    this.#warehouse = warehouse
    this.#work = work
  }

  order(order: Order, meter: Meter): Json {
    const { data } = order
    const id = uuid('Order', order.number)
    return {
      ...data,
      id,
      legacy_id: order.number,
      account_id: accountId,
      source: 'api',
      fulfillment_status: order.status,
      order_date: data.order_date ?? withOffset(order.created),
      updated_at: withOffset(order.updated),
      subtotal: total(order.lines),
      total_price: total(order.lines, data.total_tax, data.shipping_lines?.price, `-${data.total_discounts ?? 0}`),
      ready_to_ship: order.due !== undefined,
      holds: {
        fraud_hold: false,
        payment_hold: false,
        operator_hold: false,
        address_hold: false,
        shipping_method_hold: false,
        client_hold: false,
        ...data.holds,
      },
      line_items: (page: Page) => connection(order.lines, page, meter, (line) => this.line(line, order)),
      shipments: () =>
        this.#warehouse.shipments.by('order', String(order.number)).map((shipment) => this.shipment(shipment, meter)),
      allocations: () => this.#allocations(order, id),
    }
  }

  line(line: Line, order: Order): Json {
    return {
      ...line.extra,
      id: uuid('LineItem', line.number),
      legacy_id: line.number,
      order_id: uuid('Order', order.number),
      sku: line.sku,
      partner_line_item_id: line.partner_line_item_id,
      quantity: line.quantity,
      price: line.price,
      product_name: line.product_name,
      fulfillment_status:
        line.shipped === line.quantity ? 'fulfilled' : order.status === 'canceled' ? 'canceled' : 'pending',
      quantity_pending_fulfillment: order.status === 'canceled' ? 0 : line.quantity - line.shipped,
      quantity_shipped: line.shipped,
      quantity_allocated: line.allocated,
      backorder_quantity: order.status === 'canceled' ? 0 : line.quantity - line.shipped - line.allocated,
      warehouse_id: warehouseId,
      created_at: withOffset(order.created),
      updated_at: withOffset(order.updated),
      product: () => this.product(this.#warehouse.products.get(line.sku)),
    }
  }

  shipment(shipment: Shipment, meter: Meter): Json {
    const order = this.#warehouse.orders.get(shipment.order)!
    const to = order.data.shipping_address
    const id = uuid('Shipment', shipment.number)
    return {
      id,
      legacy_id: shipment.number,
      order_id: uuid('Order', shipment.order),
      user_id: uuid('User', 1207),
      warehouse_id: warehouseId,
      pending_shipment_id: null,
      address: { ...to, name: [to.first_name, to.last_name].filter(Boolean).join(' ') },
      profile: order.data.profile ?? 'default',
      dropshipment: false,
      shipped_off_shiphero: false,
      completed: shipment.completed,
      created_date: withOffset(shipment.created),
      total_packages: 1,
      shipping_labels: [],
      warehouse: warehouseNode,
      order: () => this.order(order, meter),
      line_items: (page: Page) =>
        connection(shipment.lines, page, meter, (item) => ({
          id: uuid('ShipmentLineItem', item.number),
          legacy_id: item.number,
          line_item_id: uuid('LineItem', item.line),
          line_item: () => this.line(order.lines.find(({ number }) => number === item.line)!, order),
          shipment_id: id,
          shipping_label_id: null,
          shipping_label: null,
          quantity: item.quantity,
        })),
    }
  }

  product(product: Product | undefined): Json {
    if (!product) return null
    return {
      id: uuid('Product', product.number),
      legacy_id: product.number,
      account_id: accountId,
      sku: product.sku,
      name: product.name,
      barcode: '',
      active: true,
      dimensions: { weight: product.weight, height: '1', width: '1', length: '1' },
      created_at: withOffset(product.created),
      updated_at: withOffset(product.updated),
      warehouse_products: () => [this.warehouseProduct(product)],
    }
  }

  warehouseProduct(product: Product): Json {
    const allocated = this.#work.promised(product.sku)
    return {
      id: uuid('WarehouseProduct', product.number),
      legacy_id: product.number,
      account_id: accountId,
      sku: product.sku,
      warehouse_id: warehouseId,
      warehouse_identifier: 'Primary',
      warehouse: warehouseNode,
      on_hand: product.on_hand,
      allocated,
      available: product.on_hand - allocated,
      backorder: 0,
      reserve_inventory: 0,
      reorder_level: 0,
      reorder_amount: 0,
      active: true,
      inventory_bin: `A-${product.number % 100}`,
      price: '0.00',
      value: '0.00',
      created_at: withOffset(product.created),
      updated_at: withOffset(product.updated),
      product: () => this.product(product),
    }
  }

  #allocations(order: Order, id: string): Json[] {
    const lines = order.lines.filter((line) => line.allocated > 0)
    if (lines.length === 0) return []
    const shared = {
      warehouse_id: warehouseId,
      allocated_at: withOffset(order.updated),
      allocation_reference: String(order.number),
    }
    return [
      {
        ...shared,
        order_id: id,
        ready_to_ship: order.due !== undefined,
        is_locked: false,
        line_items: lines.map((line) => ({
          ...shared,
          line_item_id: uuid('LineItem', line.number),
          sku: line.sku,
          quantity_allocated: line.allocated,
          is_kit_component: false,
        })),
      },
    ]
  }
}

function total(lines: Line[], ...more: (string | undefined)[]): string {
  const cents = (text: string | undefined) => Math.round(Number(text ?? 0) * 100)
  const goods = lines.reduce((sum, line) => sum + cents(line.price) * line.quantity, 0)
  return (more.reduce((sum, text) => sum + cents(text), goods) / 100).toFixed(2)
}
