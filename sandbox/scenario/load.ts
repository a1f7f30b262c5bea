// Puts the story into the systems, as if it had happened there: no webhook is sent for it.

import type { Store } from '../core/store.ts'
import { spaced, withoutZone } from '../core/time.ts'
import type { HubSpot } from '../hubspot/system.ts'
import type { Odoo } from '../odoo/system.ts'
import type { ShipHero } from '../shiphero/system.ts'
import { blank } from '../woocommerce/products.ts'
import type { WooCommerce } from '../woocommerce/system.ts'
import type { Scenario } from './generate.ts'

const opening = Date.UTC(2026, 0, 15, 9)

export function loadShop({ shop }: WooCommerce, { orders, customers, articles, shopStock }: Scenario): void {
  for (const { id, sku, name, cents, grams } of articles) {
    const price = (cents / 100).toFixed(2)
    const stock = shopStock[sku]!
    shop.products.put(id, {
      ...blank(id, opening),
      name,
      sku,
      price,
      regular_price: price,
      weight: String(grams / 1000),
      manage_stock: true,
      stock_quantity: stock,
      stock_status: stock > 0 ? 'instock' : 'outofstock',
    })
  }
  for (const customer of customers) {
    if (customer.id === 0) continue
    const { first: first_name, last: last_name, email } = customer
    const address = {
      first_name,
      last_name,
      company: customer.company,
      address_1: customer.street,
      address_2: customer.street2,
      city: customer.city,
      postcode: customer.postcode,
      country: customer.country,
      state: customer.state,
    }
    const at = withoutZone(opening)
    const dates = { date_created: at, date_created_gmt: at, date_modified: at, date_modified_gmt: at }
    shop.customers.put(customer.id, {
      id: customer.id,
      ...dates,
      email,
      first_name,
      last_name,
      role: 'customer',
      username: email.split('@')[0],
      billing: { ...address, email, phone: customer.phone },
      shipping: { ...address, phone: customer.phone },
      is_paying_customer: true,
      avatar_url: '',
      meta_data: [],
    })
  }
  for (const order of orders) shop.orders.put(order.id, order)
}

export function loadWarehouse({ warehouse }: ShipHero, { articles, stock, splits }: Scenario): void {
  for (const { id, sku, name, grams } of articles) {
    warehouse.products.put(sku, {
      number: 90_000_000 + id,
      sku,
      name,
      weight: (grams / 453.592).toFixed(3),
      on_hand: stock[sku]!,
      created: opening,
      updated: opening,
    })
  }
  for (const number of splits) warehouse.splits.put(number, { number })
}

export function loadErp({ orm, store }: Odoo, { articles }: Scenario): void {
  const products = store.collection('product.product')
  if (products.size > 0) return
  const at = spaced(opening)
  const product = (name: string, default_code: string, price: number, weight: number, detailed_type: string) => {
    const id = products.next(1)
    orm.collection('product.product').put(id, {
      id,
      name,
      default_code,
      list_price: price,
      weight,
      detailed_type,
      active: true,
      sale_ok: true,
      taxes_id: [],
      create_date: at,
      write_date: at,
      create_uid: 2,
      write_uid: 2,
    })
  }
  for (const { sku, name, cents, grams } of articles)
    product(name.replace('&amp;', '&'), sku, cents / 100, grams / 1000, 'consu')
  product('Shipping', 'SHIPPING', 0, 0, 'service')
}

/** The administrator has made the property that names an order of the hub; creating it again answers 409. */
export function loadCrm({ crm }: HubSpot): void {
  crm.define('deals', {
    name: 'handoff_key',
    label: 'Handoff key',
    type: 'string',
    fieldType: 'text',
    groupName: 'dealinformation',
    hasUniqueValue: true,
    options: [],
    hubspotDefined: false,
  })
}

/** What every Odoo database has from its first day: countries, currencies and taxes. */
export function openErp(store: Store): void {
  const at = spaced(opening)
  const put = (model: string, id: number, values: object) =>
    store.collection(model).put(id, { id, ...values, create_date: at, write_date: at, create_uid: 1, write_uid: 1 })
  if (store.collection('res.country').size > 0) return
  for (const [i, [code, name, phone_code]] of countries.entries()) put('res.country', i + 1, { code, name, phone_code })
  for (const [id, name, symbol, decimal_places] of currencies)
    put('res.currency', id, { name, symbol, decimal_places, rounding: 10 ** -decimal_places, active: true })
  for (const [i, amount] of [0, 7, 10, 19, 20, 21, 23, 25].entries()) {
    put('account.tax', i + 1, {
      name: `${amount}%`,
      amount,
      amount_type: 'percent',
      type_tax_use: 'sale',
      price_include: false,
      sequence: 1,
      active: true,
    })
  }
  const states: [string, string][] = [
    ['OR', 'Oregon'],
    ['TX', 'Texas'],
    ['WI', 'Wisconsin'],
    ['CA', 'California'],
    ['NY', 'New York'],
  ]
  const us = countries.findIndex(([code]) => code === 'US') + 1
  for (const [i, [code, name]] of states.entries()) put('res.country.state', i + 1, { code, name, country_id: us })
}

const currencies: [number, string, string, number][] = [
  [1, 'USD', '$', 2],
  [25, 'JPY', '¥', 0],
  [125, 'EUR', '€', 2],
  [142, 'GBP', '£', 2],
  [5, 'CHF', 'CHF', 2],
  [18, 'SEK', 'kr', 2],
  [17, 'PLN', 'zł', 2],
]
const countries: [string, string, number][] = [
  ['AU', 'Australia', 61],
  ['AT', 'Austria', 43],
  ['BE', 'Belgium', 32],
  ['BH', 'Bahrain', 973],
  ['BR', 'Brazil', 55],
  ['CA', 'Canada', 1],
  ['CH', 'Switzerland', 41],
  ['CN', 'China', 86],
  ['CY', 'Cyprus', 357],
  ['CZ', 'Czech Republic', 420],
  ['DE', 'Germany', 49],
  ['DK', 'Denmark', 45],
  ['ES', 'Spain', 34],
  ['FI', 'Finland', 358],
  ['FR', 'France', 33],
  ['GB', 'United Kingdom', 44],
  ['GR', 'Greece', 30],
  ['HK', 'Hong Kong', 852],
  ['IE', 'Ireland', 353],
  ['IL', 'Israel', 972],
  ['IN', 'India', 91],
  ['IS', 'Iceland', 354],
  ['IT', 'Italy', 39],
  ['JP', 'Japan', 81],
  ['LB', 'Lebanon', 961],
  ['LT', 'Lithuania', 370],
  ['LU', 'Luxembourg', 352],
  ['MT', 'Malta', 356],
  ['MX', 'Mexico', 52],
  ['NL', 'Netherlands', 31],
  ['NO', 'Norway', 47],
  ['NZ', 'New Zealand', 64],
  ['PL', 'Poland', 48],
  ['PT', 'Portugal', 351],
  ['SA', 'Saudi Arabia', 966],
  ['SE', 'Sweden', 46],
  ['SG', 'Singapore', 65],
  ['AE', 'United Arab Emirates', 971],
  ['AR', 'Argentina', 54],
  ['US', 'United States', 1],
  ['VE', 'Venezuela', 58],
  ['ZA', 'South Africa', 27],
]
