// The same mapping without any check, as a hasty person writes it: an unknown status is `undefined`, a wrong amount goes through.
type Json = any

const STATUS: Record<string, string> = {
  pending: 'open',
  processing: 'open',
  'on-hold': 'on_hold',
  completed: 'fulfilled',
  cancelled: 'cancelled',
  refunded: 'refunded',
}
const SERVICES: Record<string, string> = { flat_rate: 'standard', free_shipping: 'standard', 'ups:3': 'express' }

export function mapOrderUnchecked(raw: Json, connection: string): Json {
  const { currency, billing, shipping } = raw
  const money = (amount: string) => ({ amount, currency })
  return {
    channel: connection,
    number: raw.number,
    status: STATUS[raw.status],
    placedAt: `${raw.date_created_gmt}Z`,
    ...(raw.date_paid_gmt && { paidAt: `${raw.date_paid_gmt}Z` }),
    currency,
    total: money(raw.total),
    shippingTotal: money(raw.shipping_total),
    taxTotal: money(raw.total_tax),
    customer: {
      number: billing.email.toLowerCase(),
      name: `${billing.first_name} ${billing.last_name}`,
      phone: billing.phone || shipping.phone,
    },
    shipTo: {
      name: `${shipping.first_name} ${shipping.last_name}`,
      ...(shipping.company && { company: shipping.company }),
      street: [shipping.address_1, shipping.address_2].filter(Boolean),
      ...(shipping.city && { city: shipping.city }),
      ...(shipping.state && { region: shipping.state }),
      ...(shipping.postcode && { postcode: shipping.postcode }),
      country: shipping.country.toUpperCase(),
    },
    shippingService: SERVICES[raw.shipping_lines[0]?.method_id],
    lines: raw.line_items
      .filter((item: Json) => item.quantity > 0)
      .map((item: Json) => ({
        lineId: String(item.id),
        sku: item.sku,
        name: item.name,
        quantity: item.quantity,
        total: money(item.total),
        taxTotal: money(item.total_tax),
      })),
  }
}
