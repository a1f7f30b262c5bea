// The audit: counted in the systems themselves, not in the hub. Each order of the store (or file) must be exactly once where it
// belongs, or have one named outcome; the hub is asked only for the reasons of those that were not carried.
import type { Json } from '../../hub.ts'

/** One kind of thing, counted where it ends: `expected` is what the system before it says there should be. */
export interface AuditRow {
  system: string
  what: string
  expected: number
  found: number
  missing: number
  doubled: number
}
export interface Audit {
  orders: number
  /** How many orders ended how; the sum is `orders`. */
  outcomes: { outcome: string; count: number; cure?: string }[]
  rows: AuditRow[]
  /** Sentences about figures that do not agree. */
  faults: string[]
  holds: boolean
}

export interface Collections {
  warehouseOrders: Json[]
  warehouseShipments: Json[]
  warehouseProducts: Json[]
  labels: Json[]
  trackings: Json[]
  shopOrders: Json[]
  shopProducts: Json[]
  invoices: Json[]
  invoiceLines: Json[]
  contacts: Json[]
  deals: Json[]
}
/** An order as it came: its key in the hub, its customer, and why it was not carried, if it was not. */
export interface ExpectedOrder {
  key: string
  customer: string | undefined
  /** Named outcome of an order that does not go to the warehouse. */
  stopped?: { outcome: string; cure?: string }
}

const tally = (values: Iterable<string>): Map<string, number> => {
  const counts = new Map<string, number>()
  for (const value of values) counts.set(value, (counts.get(value) ?? 0) + 1)
  return counts
}

/** `withStorefront`: the orders come from the store, which gets tracking numbers and stock; labels are bought for their parcels. */
export function audit(orders: ExpectedOrder[], found: Collections, options: { withStorefront: boolean }): Audit {
  const rows: AuditRow[] = []
  const faults: string[] = []
  const count = (system: string, what: string, expected: Iterable<string>, actual: Iterable<string>) => {
    const wanted = tally(expected)
    const there = tally(actual)
    let missing = 0
    let doubled = 0
    for (const [key, number] of wanted) {
      const has = there.get(key) ?? 0
      missing += Math.max(0, number - has)
      doubled += Math.max(0, has - number)
    }
    for (const [key, has] of there) if (!wanted.has(key)) doubled += has
    rows.push({ system, what, expected: sum(wanted), found: sum(there), missing, doubled })
  }

  const carried = orders.filter((order) => !order.stopped)
  const known = orders.filter((order) => !order.stopped || order.stopped.outcome.startsWith('not sent'))
  count(
    'warehouse',
    'orders',
    carried.map((order) => order.key),
    found.warehouseOrders.map((order) => order.data.partner_order_id),
  )

  const keyOfOrder = new Map(
    found.warehouseOrders.map((order) => [order.number, order.data.partner_order_id as string]),
  )
  const parcels = found.warehouseShipments.map((shipment) => ({
    shipment,
    order: keyOfOrder.get(shipment.order)!,
    units: units(shipment.lines),
  }))
  const perOrder = parcels.map((parcel) => parcel.order)
  if (options.withStorefront) {
    count(
      'carrier',
      'labels',
      perOrder,
      found.labels.filter((label) => label.postage_label).map((label) => orderOf(label.reference)),
    )
    const channel = orders[0]?.key.split(':')[0]
    const numberOf = new Map(found.shopOrders.map((order) => [order.id, `${channel}:${order.number}`]))
    count(
      'store',
      'tracking numbers',
      perOrder,
      found.trackings.map((tracking) => numberOf.get(tracking.order_id) ?? `unknown ${tracking.order_id}`),
    )
    stock(found, faults)
  }
  const posted = found.invoices.filter((invoice) => invoice.move_type === 'out_invoice')
  count(
    'erp',
    'invoices',
    perOrder,
    posted.map((invoice) => orderOf(invoice.ref)),
  )
  const drafts = posted.filter((invoice) => invoice.state !== 'posted').length
  if (drafts > 0) faults.push(`${drafts} invoices are drafts`)
  count(
    'crm',
    'contacts',
    new Set(known.flatMap((order) => (order.customer ? [order.customer] : []))),
    found.contacts.map((contact) => contact.properties.handoff_key),
  )
  count(
    'crm',
    'deals',
    known.map((order) => order.key),
    found.deals.map((deal) => deal.properties.handoff_key),
  )

  const shipped = parcels.reduce((total, parcel) => total + parcel.units, 0)
  const moves = new Set(posted.map((invoice) => invoice.id))
  const invoiced = units(found.invoiceLines.filter((line) => moves.has(line.move_id)))
  if (shipped !== invoiced) faults.push(`${shipped} units were shipped and ${invoiced} invoiced`)

  const outcomes = [...Map.groupBy(orders, (order) => order.stopped?.outcome ?? 'carried')].map(
    ([outcome, members]) => ({
      outcome,
      count: members.length,
      ...(members[0]?.stopped?.cure ? { cure: members[0].stopped.cure } : {}),
    }),
  )
  const holds = faults.length === 0 && rows.every((row) => row.missing === 0 && row.doubled === 0)
  return { orders: orders.length, outcomes: outcomes.sort((a, b) => b.count - a.count), rows, faults, holds }
}

/** The order's key in a reference that the hub made: `label:shop:1001:31500` or `shop:1001:31500` → `shop:1001`. */
function orderOf(reference: string): string {
  const parts = String(reference)
    .replace(/^label:/, '')
    .split(':')
  return `${parts[0]}:${parts[1]}`
}

function sum(counts: Map<string, number>): number {
  return [...counts.values()].reduce((total, each) => total + each, 0)
}

function units(lines: { quantity: number }[]): number {
  return lines.reduce((total, line) => total + Number(line.quantity), 0)
}

/** The store sells what the warehouse has: what is on the shelf and not promised to an order. */
function stock(found: Collections, faults: string[]): void {
  const promised = new Map<string, number>()
  for (const order of found.warehouseOrders)
    for (const line of order.lines) promised.set(line.sku, (promised.get(line.sku) ?? 0) + line.allocated)
  const inStore = new Map(found.shopProducts.map((product) => [product.sku, product.stock_quantity]))
  const wrong = found.warehouseProducts.filter(
    ({ sku, on_hand }) => inStore.has(sku) && inStore.get(sku) !== on_hand - (promised.get(sku) ?? 0),
  )
  if (wrong.length > 0)
    faults.push(`${wrong.length} stock levels in the store differ from the warehouse (${wrong[0]!.sku})`)
}
