// The same mapping as rules.yaml in TypeScript, as a careful person writes it, with the same checks.
import type { Address, Line, Money, Order } from '../../schemas/records/types.ts'

type Json = any

const STATUS: Record<string, Order['status']> = {
  pending: 'open',
  processing: 'open',
  'on-hold': 'on_hold',
  completed: 'fulfilled',
  cancelled: 'cancelled',
  refunded: 'refunded',
}
const SERVICES: Record<string, string> = { flat_rate: 'standard', free_shipping: 'standard', 'ups:3': 'express' }
const DECIMAL = /^-?(?:0|[1-9]\d*)(?:\.\d+)?$/
const MOMENT = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d$/

/** Throws all that is wrong with the order. */
export function mapOrder(raw: Json, connection: string): Order {
  const errors: string[] = []
  const currency = text(raw.currency)
  if (!currency) errors.push('currency is missing')
  const money = (value: Json, at: string): Money | undefined => {
    if (value === null || value === undefined || value === '') return undefined
    const amount = String(value)
    if (!DECIMAL.test(amount)) errors.push(`${at}: ${amount} is not an amount`)
    return { amount, currency: currency! }
  }
  const moment = (value: Json, at: string): string | undefined => {
    if (!text(value)) return undefined
    if (!MOMENT.test(value) || Number.isNaN(Date.parse(`${value}Z`))) errors.push(`${at}: ${value} is not a moment`)
    return `${value}Z`
  }
  const status = STATUS[raw.status]
  if (!status) errors.push(`status: ${raw.status} is not known`)
  const method = text(raw.shipping_lines?.[0]?.method_id)
  const shippingService = method === undefined ? undefined : SERVICES[method]
  if (method !== undefined && !shippingService) errors.push(`shippingService: ${method} is not known`)
  const number = text(raw.number)
  if (!number) errors.push('number is missing')
  const total = money(raw.total, 'total')
  if (!total) errors.push('total is missing')

  const order: Order = { channel: connection, number: number!, status: status!, lines: [] }
  const placedAt = moment(raw.date_created_gmt, 'placedAt')
  if (placedAt) order.placedAt = placedAt
  const paidAt = moment(raw.date_paid_gmt, 'paidAt')
  if (paidAt) order.paidAt = paidAt
  if (currency) order.currency = currency
  if (total) order.total = total
  order.shippingTotal = money(raw.shipping_total ?? '0.00', 'shippingTotal')!
  const taxTotal = money(raw.total_tax, 'taxTotal')
  if (taxTotal) order.taxTotal = taxTotal
  const { billing = {}, shipping = {} } = raw
  const customer: NonNullable<Order['customer']> = {}
  const email = text(billing.email)?.toLowerCase()
  if (email) customer.number = email
  const name = joined(billing.first_name, billing.last_name)
  if (name) customer.name = name
  const phone = text(billing.phone) ?? text(shipping.phone)
  if (phone) customer.phone = phone
  order.customer = customer
  const shipTo = address(shipping, errors)
  if (shipTo) order.shipTo = shipTo
  if (shippingService) order.shippingService = shippingService
  for (const item of raw.line_items) {
    if (!(item.quantity > 0)) continue
    const line: Line = { quantity: item.quantity }
    if (!Number.isSafeInteger(item.quantity))
      errors.push(`lines[${order.lines.length}].quantity: ${item.quantity} is not a whole number`)
    line.lineId = String(item.id)
    const sku = text(item.sku)
    if (sku) line.sku = sku
    else errors.push(`lines[${order.lines.length}].sku: The warehouse knows items by SKU only.`)
    const title = text(item.name)
    if (title) line.name = title
    const lineTotal = money(item.total, 'lines.total')
    if (lineTotal) line.total = lineTotal
    const lineTax = money(item.total_tax, 'lines.taxTotal')
    if (lineTax) line.taxTotal = lineTax
    order.lines.push(line)
  }
  if (errors.length) throw new Error(errors.join('; '))
  return order
}

function text(value: Json): string | undefined {
  return typeof value === 'string' && value.trim() !== '' ? value : undefined
}

function joined(...parts: Json[]): string | undefined {
  return parts.filter((part) => text(part) !== undefined).join(' ') || undefined
}

function address(raw: Json, errors: string[]): Address | undefined {
  const found: Address = {}
  const name = joined(raw.first_name, raw.last_name)
  if (name) found.name = name
  const company = text(raw.company)
  if (company) found.company = company
  const street = [raw.address_1, raw.address_2].filter((line) => text(line) !== undefined)
  if (street.length) found.street = street
  const city = text(raw.city)
  if (city) found.city = city
  const region = text(raw.state)
  if (region) found.region = region
  const postcode = text(raw.postcode)
  if (postcode) found.postcode = postcode
  if (!Object.keys(found).length && !text(raw.country)) return undefined
  const country = text(raw.country)?.toUpperCase()
  if (country) found.country = country
  else errors.push('shipTo.country is missing')
  return found
}
