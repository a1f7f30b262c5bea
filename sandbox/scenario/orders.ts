// One order as the shop keeps it, from a customer and a basket. All sums are made of whole cents, so they add up.
import { createHash } from 'node:crypto'
import type { Random } from '../core/random.ts'
import { withoutZone } from '../core/time.ts'
import type { Json } from '../core/types.ts'
import type { Article } from './catalog.ts'
import type { Customer } from './people.ts'

export interface Basket {
  id: number
  created: number
  modified: number
  customer: Customer
  lines: { article: Article; quantity: number }[]
  method: { id: string; title: string; cents: number }
  coupon: boolean
  /** A company's purchase order number, as a meta field or in the customer's note. */
  purchaseOrder?: { number: string; inNote: boolean }
}

const inEuro: Record<string, number> = { EUR: 1, GBP: 0.85, USD: 1.1, JPY: 160 }
const taxRates: Record<string, number> = { DE: 19, NL: 21, FR: 20, GB: 20, US: 0, JP: 10, AT: 20, SE: 25, PL: 23 }
const symbols: Record<string, string> = { EUR: '€', GBP: '£', USD: '$', JPY: '¥' }

/** Cents in another currency. A yen has no cents: the shop still writes two decimals, `1600.00`. */
function priced(cents: number, currency: string): number {
  const amount = cents * inEuro[currency]!
  return currency === 'JPY' ? Math.round(amount / 1000) * 1000 : Math.round(amount)
}

const money = (cents: number) => (cents / 100).toFixed(2)

export function order(r: Random, basket: Basket): Json {
  const { id, customer, coupon } = basket
  const { currency, country } = customer
  // A company in another country of the Union pays the tax at home.
  const rate = customer.vat && country !== 'NL' && country !== 'GB' && country !== 'JP' ? 0 : taxRates[country]!
  const step = currency === 'JPY' ? 100 : 1
  const tax = (cents: number) => Math.round((cents * rate) / 100 / step) * step
  let [net, before, lineTax] = [0, 0, 0]
  const lines = basket.lines.map(({ article, quantity }, i) => {
    const subtotal = priced(article.cents, currency) * quantity
    const total = coupon ? subtotal - Math.round(subtotal / 10 / step) * step : subtotal
    net += total
    before += subtotal
    lineTax += tax(total)
    return {
      id: id * 100 + i + 1,
      name: article.name,
      product_id: article.id,
      variation_id: 0,
      quantity,
      tax_class: '',
      subtotal: money(subtotal),
      subtotal_tax: money(tax(subtotal)),
      total: money(total),
      total_tax: money(tax(total)),
      taxes: rate === 0 ? [] : [{ id: rate, total: money(tax(total)), subtotal: money(tax(subtotal)) }],
      meta_data: [],
      sku: article.sku,
      price: total / 100 / quantity,
      image: { id: '', src: '' },
      parent_name: null,
    }
  })
  const freight = priced(basket.method.cents, currency)
  const freightTax = tax(freight)
  const [created, modified] = [withoutZone(basket.created), withoutZone(basket.modified)]
  const paid = withoutZone(basket.created + 20_000)
  const method = customer.company
    ? ['bacs', 'Invoice']
    : r.pick([
        ['stripe', 'Card'],
        ['paypal', 'PayPal'],
        ['klarna', 'Klarna'],
      ])
  const meta: Json[] = []
  const add = (key: string, value: string) => meta.push({ id: id * 100 + 50 + meta.length, key, value })
  if (customer.vat) add('_billing_vat_number', customer.vat)
  const { purchaseOrder } = basket
  if (purchaseOrder && !purchaseOrder.inNote) add('_po_number', purchaseOrder.number)
  const ship = {
    first_name: customer.first,
    last_name: customer.last,
    company: customer.company,
    address_1: customer.street,
    address_2: customer.street2,
    city: customer.city,
    state: customer.state,
    postcode: customer.postcode,
    country,
  }
  return {
    id,
    parent_id: 0,
    status: 'processing',
    currency,
    version: '10.3.5',
    prices_include_tax: false,
    date_created: created,
    date_modified: modified,
    discount_total: money(before - net),
    discount_tax: money(tax(before) - tax(net)),
    shipping_total: money(freight),
    shipping_tax: money(freightTax),
    cart_tax: money(lineTax),
    total: money(net + lineTax + freight + freightTax),
    total_tax: money(lineTax + freightTax),
    customer_id: customer.id,
    order_key: `wc_order_${createHash('md5').update(`demo${id}`).digest('hex').slice(0, 13)}`,
    billing: { ...ship, email: customer.email, phone: customer.phone },
    shipping: { ...ship, phone: customer.phone },
    payment_method: method[0],
    payment_method_title: method[1],
    transaction_id: `tx_${id}`,
    customer_ip_address: '192.0.2.1',
    customer_user_agent: 'Mozilla/5.0',
    created_via: 'checkout',
    customer_note: purchaseOrder?.inNote
      ? `PO ${purchaseOrder.number}`
      : r.chance(0.06)
        ? 'Please leave it with the neighbour.'
        : '',
    date_completed: null,
    date_paid: paid,
    cart_hash: '',
    number: String(id),
    meta_data: meta,
    line_items: lines,
    tax_lines:
      rate === 0
        ? []
        : [
            {
              id: id * 100 + 80,
              rate_code: `${country}-VAT-1`,
              rate_id: rate,
              label: 'VAT',
              compound: false,
              tax_total: money(lineTax),
              shipping_tax_total: money(freightTax),
              rate_percent: rate,
              meta_data: [],
            },
          ],
    shipping_lines: [
      {
        id: id * 100 + 90,
        method_title: basket.method.title,
        method_id: basket.method.id,
        instance_id: '1',
        total: money(freight),
        total_tax: money(freightTax),
        taxes: rate === 0 ? [] : [{ id: rate, total: money(freightTax), subtotal: '' }],
        meta_data: [],
      },
    ],
    fee_lines: [],
    coupon_lines: coupon
      ? [
          {
            id: id * 100 + 95,
            code: 'spring10',
            discount: money(before - net),
            discount_tax: money(tax(before) - tax(net)),
            meta_data: [],
          },
        ]
      : [],
    refunds: [],
    payment_url: `https://shop.example.com/checkout/order-pay/${id}/`,
    is_editable: false,
    needs_payment: false,
    needs_processing: true,
    date_created_gmt: created,
    date_modified_gmt: modified,
    date_completed_gmt: null,
    date_paid_gmt: paid,
    currency_symbol: symbols[currency],
  }
}
