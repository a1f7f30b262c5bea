// What should become of each order of the story, so that an audit can be checked against it.
import type { Json } from '../core/types.ts'
import { knownMethods, type Scenario } from './generate.ts'

/** `carried`, `parked: reason` or `skipped: reason` for an order as the shop has it. */
export function expected(order: Json): string {
  if (order.status === 'cancelled') return 'skipped: cancelled'
  if (order.status === 'pending') return 'skipped: not paid'
  if (order.line_items.some(({ sku }: Json) => sku === '')) return 'parked: a line has no SKU'
  const method = order.shipping_lines[0]?.method_id
  if (!knownMethods.includes(method)) return `parked: unknown ship method ${method}`
  return 'carried'
}

export interface Summary {
  orders: number
  carried: number
  parked: number
  skipped: number
  /** Different customers by e-mail address in lower case: of all orders, and of the carried ones. */
  customers: number
  carriedCustomers: number
  /** Parcels of the carried orders, and so labels and invoices. */
  shipments: number
  /** Units ordered and units that ship. */
  units: number
  shippedUnits: number
}

export function summary(
  { orders, splits }: Pick<Scenario, 'orders' | 'splits'>,
  short = { sku: 'CARE-106', missing: 5 },
): Summary {
  const carried = orders.filter((order) => expected(order) === 'carried')
  const emails = (list: Json[]) => new Set(list.map(({ billing }) => billing.email.toLowerCase())).size
  const units = carried.reduce(
    (sum, { line_items }) => sum + line_items.reduce((all: number, { quantity }: Json) => all + quantity, 0),
    0,
  )
  const isShort = carried.some(({ line_items }) => line_items.some(({ sku }: Json) => sku === short.sku))
  const outcome = (start: string) => orders.filter((order) => expected(order).startsWith(start)).length
  return {
    orders: orders.length,
    carried: carried.length,
    parked: outcome('parked'),
    skipped: outcome('skipped'),
    customers: emails(orders),
    carriedCustomers: emails(carried),
    shipments: carried.length + carried.filter(({ number }) => splits.includes(number)).length,
    units,
    shippedUnits: units - (isShort ? short.missing : 0),
  }
}
