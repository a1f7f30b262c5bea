// https://woocommerce.github.io/woocommerce-rest-api-docs/#orders
import { createHash } from 'node:crypto'
import type { Call, Routes } from '../core/router.ts'
import { withoutZone } from '../core/time.ts'
import type { Json } from '../core/types.ts'
import { check, invalid, type Kind, refuse, truthy } from './check.ts'
import { list, many } from './list.ts'
import { linked, mergedMeta, nextPart, type Shop } from './shop.ts'

const path = '/wp-json/wc/v3/orders'
const statuses = ['pending', 'processing', 'on-hold', 'completed', 'cancelled', 'refunded', 'failed', 'trash']
const kinds: Record<string, Kind> = {
  status: ['auto-draft', 'checkout-draft', ...statuses],
  currency: 'string',
  customer_id: 'integer',
  customer_note: 'string',
  billing: 'object',
  shipping: 'object',
  payment_method: 'string',
  payment_method_title: 'string',
  transaction_id: 'string',
  meta_data: 'array',
  line_items: 'array',
  shipping_lines: 'array',
  fee_lines: 'array',
  coupon_lines: 'array',
  set_paid: 'boolean',
}
const address = [
  'first_name',
  'last_name',
  'company',
  'address_1',
  'address_2',
  'city',
  'state',
  'postcode',
  'country',
  'phone',
]

export function orderRoutes(shop: Shop): Routes {
  const show = (order: Json, call: Call) => linked(order, call.request.origin, 'orders')
  const find = (call: Call) => {
    const order = shop.orders.get(call.params.id!)
    return order ?? refuse(404, 'woocommerce_rest_shop_order_invalid_id', 'Invalid ID.')
  }
  return {
    [`GET ${path}`]: (call) => {
      const wanted = many(call.query, 'status')
      for (const status of wanted ?? []) {
        if (status !== 'any' && !statuses.includes(status)) {
          invalid('status', `status[0] is not one of any, ${statuses.join(', ')}.`, 'rest_not_in_enum')
        }
      }
      const search = call.query.get('search')?.toLowerCase()
      const customer = call.query.get('customer')
      const keep = (order: Json) => {
        if (wanted && !wanted.includes('any') ? !wanted.includes(order.status) : order.status === 'trash') return false
        if (customer && String(order.customer_id) !== customer) return false
        return !search || searched(order).includes(search)
      }
      const orderings = ['date', 'modified', 'id', 'include', 'title', 'slug']
      return list(call, path, shop.orders.all(), orderings, keep, (order) => show(order, call))
    },
    [`GET ${path}/:id`]: (call) => ({ status: 200, body: show(find(call), call) }),
    [`POST ${path}`]: (call) => {
      const order = create(shop, call.body ?? {})
      return {
        status: 201,
        body: show(order, call),
        headers: { Location: `${call.request.origin}${path}/${order.id}` },
      }
    },
    [`PUT ${path}/:id`]: (call) => ({ status: 200, body: show(change(shop, find(call), call.body ?? {}), call) }),
    [`POST ${path}/:id`]: (call) => ({ status: 200, body: show(change(shop, find(call), call.body ?? {}), call) }),
    [`DELETE ${path}/:id`]: (call) => {
      const order = find(call)
      if (truthy(call.query.get('force'))) shop.orders.remove(order.id)
      else shop.orders.put(order.id, { ...order, status: 'trash' })
      shop.emit('order.deleted', order.id)
      return { status: 200, body: show(order, call) }
    },
  }
}

function searched({ number, billing, shipping }: Json): string {
  return [number, ...Object.values(billing), ...Object.values(shipping)].join(' ').toLowerCase()
}

/** A new order, stored and told to the subscribers. Also what a customer's checkout does. */
export function create(shop: Shop, body: Json): Json {
  check(body, kinds)
  checkEmail(body)
  const id = shop.orders.next(1001)
  const now = withoutZone(Date.now())
  const paid = truthy(body.set_paid)
  const blank = Object.fromEntries(address.map((name) => [name, '']))
  const order: Json = {
    id,
    parent_id: 0,
    status: body.status ?? (paid ? 'processing' : 'pending'),
    currency: body.currency ?? 'EUR',
    version: '10.3.5',
    prices_include_tax: false,
    date_created: now,
    date_modified: now,
    discount_total: '0.00',
    discount_tax: '0.00',
    shipping_total: '0.00',
    shipping_tax: '0.00',
    cart_tax: '0.00',
    total: '0.00',
    total_tax: '0.00',
    customer_id: Number(body.customer_id ?? 0),
    order_key: `wc_order_${createHash('md5').update(String(id)).digest('hex').slice(0, 13)}`,
    billing: { ...blank, email: '', ...pick(body.billing, [...address, 'email']) },
    shipping: { ...blank, ...pick(body.shipping, address) },
    payment_method: body.payment_method ?? '',
    payment_method_title: body.payment_method_title ?? '',
    transaction_id: body.transaction_id ?? '',
    customer_ip_address: '',
    customer_user_agent: '',
    created_via: 'rest-api',
    customer_note: body.customer_note ?? '',
    date_completed: null,
    date_paid: paid ? now : null,
    cart_hash: '',
    number: String(id),
    meta_data: mergedMeta([], body.meta_data ?? [], id),
    line_items: [],
    tax_lines: [],
    shipping_lines: [],
    fee_lines: [],
    coupon_lines: [],
    refunds: [],
    payment_url: '',
    is_editable: false,
    needs_payment: false,
    needs_processing: true,
    date_created_gmt: now,
    date_modified_gmt: now,
    date_completed_gmt: null,
    date_paid_gmt: paid ? now : null,
    currency_symbol: body.currency ?? 'EUR',
  }
  return shop.save('order', summed(withLines(shop, order, body)), 'created')
}

/** Changes an order. Read-only names are ignored, as WooCommerce does. */
export function change(shop: Shop, order: Json, body: Json): Json {
  check(body, kinds)
  checkEmail(body)
  const now = withoutZone(Date.now())
  const next: Json = {
    ...order,
    ...pick(body, ['currency', 'customer_note', 'payment_method', 'payment_method_title', 'transaction_id']),
  }
  if (body.customer_id !== undefined) next.customer_id = Number(body.customer_id)
  if (body.billing) next.billing = { ...order.billing, ...pick(body.billing, [...address, 'email']) }
  if (body.shipping) next.shipping = { ...order.shipping, ...pick(body.shipping, address) }
  if (body.meta_data) next.meta_data = mergedMeta(order.meta_data, body.meta_data, order.id)
  if (truthy(body.set_paid) && !order.date_paid) {
    Object.assign(next, { date_paid: now, date_paid_gmt: now, status: 'processing' })
  }
  if (body.status !== undefined && body.status !== order.status) {
    next.status = body.status
    if (body.status === 'completed') Object.assign(next, { date_completed: now, date_completed_gmt: now })
  }
  const priced = body.line_items || body.shipping_lines ? summed(withLines(shop, next, body)) : next
  return shop.save('order', priced, 'updated')
}

function withLines(shop: Shop, order: Json, body: Json): Json {
  const lines = order.line_items.map((line: Json) => ({ ...line }))
  for (const given of body.line_items ?? []) {
    check(given, {
      id: 'integer',
      product_id: 'integer',
      quantity: 'integer',
      sku: 'string',
      total: 'string',
      subtotal: 'string',
    })
    const at = lines.findIndex((line: Json) => line.id === Number(given.id))
    if (given.id !== undefined && at < 0) {
      refuse(400, 'woocommerce_rest_invalid_item_id', 'Order item ID provided is not associated with order.')
    }
    if (at >= 0 && Number(given.quantity) === 0) lines.splice(at, 1)
    else if (at >= 0) lines[at] = line(shop, { ...lines[at], ...given }, lines[at].id)
    else lines.push(line(shop, given, nextPart(lines, order.id)))
  }
  const shippingLines = body.shipping_lines
    ? body.shipping_lines.map((given: Json, i: number) => ({
        id: given.id ?? order.id * 100 + 90 + i,
        method_title: given.method_title ?? '',
        method_id:
          given.method_id ?? refuse(400, 'woocommerce_rest_invalid_shipping_item', 'Shipping method ID is required.'),
        instance_id: given.instance_id ?? '',
        total: Number(given.total ?? 0).toFixed(2),
        total_tax: Number(given.total_tax ?? 0).toFixed(2),
        taxes: [],
        meta_data: [],
      }))
    : order.shipping_lines
  return { ...order, line_items: lines, shipping_lines: shippingLines }
}

function line(shop: Shop, given: Json, id: number): Json {
  const product = given.product_id
    ? shop.products.get(given.product_id)
    : shop.products.by('sku', String(given.sku ?? '').toLowerCase())[0]
  if (!product && !given.name && given.total === undefined) {
    refuse(400, 'woocommerce_rest_required_product_reference', 'Product ID or SKU is required.')
  }
  const quantity = Number(given.quantity ?? 1)
  const subtotal = Number(given.subtotal ?? given.total ?? Number(product?.price ?? 0) * quantity).toFixed(2)
  const total = Number(given.total ?? subtotal).toFixed(2)
  return {
    id,
    name: given.name ?? product?.name ?? '',
    product_id: product?.id ?? 0,
    variation_id: 0,
    quantity,
    tax_class: '',
    subtotal,
    subtotal_tax: given.subtotal_tax ?? '0.00',
    total,
    total_tax: given.total_tax ?? '0.00',
    taxes: given.taxes ?? [],
    meta_data: given.meta_data ?? [],
    sku: product?.sku ?? given.sku ?? '',
    price: quantity === 0 ? 0 : Number(total) / quantity,
    image: { id: '', src: '' },
    parent_name: null,
  }
}

function summed(order: Json): Json {
  const sum = (items: Json[], name: string) =>
    items.reduce((cents, item) => cents + Math.round(Number(item[name] ?? 0) * 100), 0)
  const [lines, shipping] = [order.line_items, order.shipping_lines]
  const money = (cents: number) => (cents / 100).toFixed(2)
  const [net, cartTax] = [sum(lines, 'total'), sum(lines, 'total_tax')]
  const [freight, freightTax] = [sum(shipping, 'total'), sum(shipping, 'total_tax')]
  return {
    ...order,
    discount_total: money(sum(lines, 'subtotal') - net),
    shipping_total: money(freight),
    shipping_tax: money(freightTax),
    cart_tax: money(cartTax),
    total_tax: money(cartTax + freightTax),
    total: money(net + cartTax + freight + freightTax),
  }
}

function checkEmail(body: Json): void {
  const email = body.billing?.email
  if (email && !/^[^@\s]+@[^@\s]+\.[^@\s]+$/.test(email))
    invalid('billing', 'Invalid email address.', 'rest_invalid_email')
}

function pick(from: Json, names: readonly string[]): Json {
  return Object.fromEntries(names.filter((name) => from?.[name] !== undefined).map((name) => [name, from[name]]))
}
