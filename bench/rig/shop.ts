// The configuration that most benchmarks share: a shop whose orders (or stock levels) go on to other systems.
import { readFileSync } from 'node:fs'
import path from 'node:path'
import type { HubSpec } from './hub.ts'

type Config = Pick<HubSpec, 'connections' | 'sources' | 'routes' | 'mappings'>

const rules = readFileSync(path.join(import.meta.dirname, '..', 'mapping', 'rules.yaml'), 'utf8')
const ORDER_OUT = `
from: order
to: plain.orders
fields:
  number: number
  placedAt: placedAt
  total: { from: total, as: money }
  email: customer.number
  shipTo: shipTo
  lines: { each: lines, fields: { sku: sku, quantity: quantity, name: name } }
`
const STOCK_IN = `
from: plain.stock
to: inventory-level
fields: { sku: sku, location: { const: main }, available: { from: available, as: number } }
`
const STOCK_OUT = `
from: inventory-level
to: plain.stock
fields: { sku: sku, available: available }
`

export const SECRET = 'a-webhook-secret-of-the-benchmarks'

/** Orders of a shop, by pull and by webhook, mapped in with rules like a real storefront's, mapped out and pushed on. */
export function orderHub(from: string, to: string, concurrency = 16): Config {
  return {
    connections: {
      shop: { connector: 'plain', settings: { url: from, secret: SECRET } },
      warehouse: { connector: 'plain', settings: { url: to }, concurrency },
    },
    sources: { orders: { pull: 'shop.orders', into: 'order', every: '1h', webhook: true } },
    routes: { 'to-warehouse': { record: 'order', push: 'warehouse.orders' } },
    mappings: { 'plain/orders': rules.replace('shop.orders', 'plain.orders'), 'plain/orders.out': ORDER_OUT },
  }
}

/** A stock level that changes on one channel is told to others, in the urgent lane. */
export function stockHub(from: string, to: string, channels: string[]): Config {
  const others = channels.map((name) => [
    name,
    { connector: 'plain', settings: { url: `${to}/${name}` }, concurrency: 16 },
  ])
  return {
    connections: {
      shop: { connector: 'plain', settings: { url: from, secret: SECRET } },
      ...Object.fromEntries(others),
    },
    sources: { stock: { pull: 'shop.stock', into: 'inventory-level', webhook: true, lane: 'urgent' } },
    routes: Object.fromEntries(
      channels.map((name) => [`to-${name}`, { record: 'inventory-level', push: `${name}.stock`, lane: 'urgent' }]),
    ),
    mappings: { 'plain/stock': STOCK_IN, 'plain/stock.out': STOCK_OUT },
  }
}
