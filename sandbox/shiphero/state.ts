// What the warehouse keeps, and how it is set up.
import type { Collection, Store } from '../core/store.ts'
import type { Json } from '../core/types.ts'

export interface WarehouseSettings {
  /** From an order's arrival until its parcel is packed. A split order's second parcel takes twice as long. */
  shipAfter: string
  /** False: nobody packs anything until it is set to true again. */
  open: boolean
  /**
   * What a second order_create with the same order_number in the same shop does. ShipHero's pages promise no uniqueness, so
   * the stand-in grants none (`accept`); integrators report an error with code 6 and "already exists" (`refuse`).
   */
  duplicates: 'accept' | 'refuse'
  /** An order line whose SKU the warehouse has never seen: taken in with plenty of stock, or refused. */
  unknownSkus: 'stock' | 'refuse'
  /** The credits of https://developer.shiphero.com/getting-started/: 4004 at most, 60 restored a second; here a hundredfold. */
  credits: { max: number; perSecond: number }
}

export const settingsAtFirst: WarehouseSettings = {
  shipAfter: '300ms',
  open: true,
  duplicates: 'accept',
  unknownSkus: 'stock',
  credits: { max: 4004, perSecond: 6000 },
}

export const accountNumber = 63898
export const warehouseNumber = 76733
export const uuid = (kind: string, number: number): string => Buffer.from(`${kind}:${number}`).toString('base64')
export const accountId = uuid('Account', accountNumber)
export const warehouseId = uuid('Warehouse', warehouseNumber)

export interface Line {
  number: number
  sku: string
  partner_line_item_id: string
  quantity: number
  price: string
  product_name: string
  allocated: number
  shipped: number
  extra: Json
}
export interface Order {
  number: number
  /** The fields as they came, with defaults. */
  data: Json
  lines: Line[]
  /** pending, fulfilled or canceled. */
  status: string
  created: number
  updated: number
  /** When the next parcel is packed; undefined when nothing can be. */
  due?: number
  /** Goes in two parcels. */
  split: boolean
}
export interface Shipment {
  number: number
  order: number
  created: number
  completed: boolean
  lines: { number: number; line: number; quantity: number }[]
}
export interface Product {
  number: number
  sku: string
  name: string
  /** Pounds, as text. */
  weight: string
  on_hand: number
  created: number
  updated: number
}
export interface Webhook {
  number: number
  name: string
  url: string
  shop_name: string
  secret: string
}

export class Warehouse {
  readonly store: Store
  readonly orders: Collection<Order>
  readonly shipments: Collection<Shipment>
  readonly products: Collection<Product>
  readonly webhooks: Collection<Webhook>
  readonly #settings: Collection<WarehouseSettings>
  /** Order numbers that go in two parcels, whatever the order says. */
  readonly splits: Collection<{ number: string }>

  constructor(store: Store) {
    this.store = store
    this.orders = store.collection('orders')
    this.orders.index('order_number', ({ data }) => data.order_number)
    this.orders.index('partner_order_id', ({ data }) => data.partner_order_id)
    // Orders that still wait for goods, so that new stock finds them.
    this.orders.index('waiting', ({ status }) => (status === 'pending' ? 'yes' : undefined))
    this.shipments = store.collection('shipments')
    this.shipments.index('order', ({ order }) => String(order))
    this.products = store.collection('products')
    this.webhooks = store.collection('webhooks')
    this.webhooks.index('name', ({ name }) => name)
    this.#settings = store.collection('settings')
    this.splits = store.collection('splits')
  }

  get settings(): WarehouseSettings {
    return this.#settings.get('warehouse') ?? settingsAtFirst
  }

  set settings(settings: WarehouseSettings) {
    this.#settings.put('warehouse', settings)
  }

  /** Units of a SKU promised to orders and not yet shipped. */
  allocated(sku: string): number {
    let units = 0
    for (const order of this.orders.by('waiting', 'yes'))
      for (const line of order.lines) if (line.sku === sku) units += line.allocated
    return units
  }
}
