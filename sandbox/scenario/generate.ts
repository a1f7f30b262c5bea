// The demo's story, the same for the same seed: customers who come back, baskets, and a few orders that mean trouble.
import { type Random, random } from '../core/random.ts'
import type { Json } from '../core/types.ts'
import { type Article, catalog, shortSku } from './catalog.ts'
import { type Basket, order } from './orders.ts'
import { type Customer, customer } from './people.ts'

export interface Scenario {
  orders: Json[]
  customers: Customer[]
  articles: Article[]
  /** Units on the warehouse's shelves by SKU. */
  stock: Record<string, number>
  /** Units the shop believes in by SKU: some are out of date. */
  shopStock: Record<string, number>
  /** Numbers of orders that the warehouse sends in two parcels. */
  splits: string[]
}

const methods = [
  { id: 'flat_rate', title: 'Standard', cents: 490 },
  { id: 'free_shipping', title: 'Free shipping', cents: 0 },
  { id: 'dhl_express', title: 'Express', cents: 1490 },
]
/** Ship methods that a hub can know. Anything else is new to it. */
export const knownMethods: readonly string[] = methods.map(({ id }) => id)

const firstId = 1001
const firstDay = Date.UTC(2026, 2, 1, 8)
const longName =
  'Maximiliane-Theresia-Wilhelmine-Charlotte-Augusta-Friederike von und zu Hohenstein-Wittelsbach-Rosenkranz-Lichtenfels-Oberursel'
    .repeat(2)
    .slice(0, 190)

type Trouble = (order: Json, r: Random) => void
const named = (first: string, last: string): Trouble => {
  return ({ id, billing, shipping }) => {
    // Somebody of their own: else a customer's name would change from order to order.
    billing.email = `customer.of.${id}@example.org`
    for (const address of [billing, shipping]) Object.assign(address, { first_name: first, last_name: last })
  }
}
const troubles: { name: string; count: number; change: Trouble }[] = [
  {
    name: 'no SKU',
    count: 2,
    change: ({ line_items }) => Object.assign(line_items[0], { sku: '', product_id: 0, name: 'Gift wrap (custom)' }),
  },
  {
    name: 'unknown ship method',
    count: 3,
    change: ({ shipping_lines }) =>
      Object.assign(shipping_lines[0], { method_id: 'drone_delivery', method_title: 'By drone' }),
  },
  { name: 'emoji', count: 1, change: named('Zoë 🏔️', 'Fjäll👩‍👧') },
  { name: 'right to left', count: 1, change: named('نور', 'الحسن') },
  { name: 'both directions', count: 1, change: named('\u202Bשירה\u202C', 'Cohen (כהן)') },
  { name: 'long name', count: 1, change: named(longName, 'Ångström') },
  { name: 'quotes and markup', count: 1, change: named(`Robert"); DROP TABLE orders;--`, '<b>O’Neil</b> & Söhne') },
  {
    name: 'billing without a name',
    count: 1,
    change: (given) => {
      Object.assign(given.billing, {
        first_name: '',
        last_name: '',
        company: '',
        email: `customer.of.${given.id}@example.org`,
      })
      Object.assign(given, { customer_id: 0 })
    },
  },
  { name: 'same article twice', count: 1, change: () => {} },
  { name: 'cancelled', count: 1, change: (given) => Object.assign(given, { status: 'cancelled' }) },
  {
    name: 'not paid',
    count: 1,
    change: (given) =>
      Object.assign(given, {
        status: 'pending',
        date_paid: null,
        date_paid_gmt: null,
        transaction_id: '',
        needs_payment: true,
      }),
  },
]

/** Makes `orders` orders. From 60 on all troubles are among them; smaller stories have fewer. */
export function generate({ orders: count, seed }: { orders: number; seed: number }): Scenario {
  const r = random(seed)
  const customers = Array.from({ length: Math.max(1, Math.round(count * 0.55)) }, (_, n) => customer(r, n + 1))
  const special = r.shuffle(Array.from({ length: count }, (_, i) => i))
  const take = (n: number) => special.splice(0, count >= 60 ? n : Math.min(n, count >= 20 ? 1 : 0))
  const troubled = new Map(
    troubles.flatMap(({ name, count: n, change }) => take(n).map((i) => [i, { name, change }] as const)),
  )
  const [short] = count >= 10 ? special.splice(0, 1) : []
  const splits = new Set(special.splice(0, count >= 60 ? 10 : Math.floor(count / 10)))

  const plain = catalog.filter(({ sku }) => sku !== shortSku)
  const orders: Json[] = []
  let [created, modified] = [firstDay, firstDay]
  for (let i = 0; i < count; i += 1) {
    // Every 25th order is changed in the very second of the one before it.
    const twin = i > 0 && i % 25 === 0
    created = twin ? created : created + r.int(600, 5400) * 1000
    modified = twin ? modified : created + r.int(30, 540) * 1000
    const isShort = i === short
    const trouble = troubled.get(i)
    const buyer = isShort
      ? (customers.find(({ company }) => company) ?? company(customers[0]!))
      : r.pick(r.chance(0.5) ? customers : customers.slice(0, Math.ceil(customers.length / 3)))
    const basket: Basket = {
      id: firstId + i,
      created,
      modified,
      customer: r.chance(0.06) ? { ...buyer, email: shouted(buyer.email) } : buyer,
      lines: isShort
        ? [{ article: catalog.find(({ sku }) => sku === shortSku)!, quantity: 100 }]
        : lines(r, plain, buyer, splits.has(i)),
      method: r.pick(methods),
      coupon: r.chance(0.08),
      ...(buyer.company && {
        purchaseOrder: { number: `45${String(r.int(0, 99_999_999)).padStart(8, '0')}`, inNote: r.chance(0.4) },
      }),
    }
    if (trouble?.name === 'same article twice') basket.lines.push({ ...basket.lines[0]!, quantity: 1 })
    const made = order(r, basket)
    trouble?.change(made, r)
    orders.push(made)
  }

  const demand = new Map<string, number>()
  for (const { line_items } of orders)
    for (const { sku, quantity } of line_items) demand.set(sku, (demand.get(sku) ?? 0) + quantity)
  const stock = Object.fromEntries(
    catalog.map(({ sku }) => [sku, sku === shortSku ? 95 : (demand.get(sku) ?? 0) + r.int(20, 200)]),
  )
  const shopStock = Object.fromEntries(
    catalog.map(({ sku }) => [sku, stock[sku]! + (sku === shortSku ? 5 : r.chance(0.3) ? r.int(-9, 12) : 0)]),
  )
  return { orders, customers, articles: catalog, stock, shopStock, splits: [...splits].map((i) => String(firstId + i)) }
}

function lines(r: Random, articles: Article[], buyer: Customer, split: boolean): Basket['lines'] {
  const wanted = split ? r.int(2, 4) : r.chance(0.45) ? 1 : r.int(2, buyer.company ? 7 : 4)
  return r
    .shuffle(articles)
    .slice(0, wanted)
    .map((article) => ({ article, quantity: buyer.company ? r.int(2, 24) : r.chance(0.75) ? 1 : r.int(2, 4) }))
}

function company(person: Customer): Customer {
  return { ...person, company: 'Camp & Co B.V.' }
}

/** The same address as somebody types it on a phone. */
function shouted(email: string): string {
  return email.replace(/^./, (letter) => letter.toUpperCase()).replace('@example', '@Example')
}
