// What carriers charge: by weight and distance, the same for the same parcel. Domestic and international services differ.
import { hash, random } from '../core/random.ts'
import type { Json } from '../core/types.ts'

interface Service {
  carrier: string
  service: string
  account: string
  international: boolean
  base: number
  perPound: number
  days: number
}

const usps = 'ca_demo0000000000000000000000000usps'
const ups = 'ca_demo00000000000000000000000000ups'
const dhl = 'ca_demo00000000000000000000000000dhl'
const services: Service[] = [
  {
    carrier: 'USPS',
    service: 'GroundAdvantage',
    account: usps,
    international: false,
    base: 4.2,
    perPound: 0.85,
    days: 3,
  },
  { carrier: 'USPS', service: 'Priority', account: usps, international: false, base: 6.4, perPound: 1.2, days: 2 },
  { carrier: 'USPS', service: 'Express', account: usps, international: false, base: 28.1, perPound: 2.6, days: 1 },
  { carrier: 'UPS', service: 'Ground', account: ups, international: false, base: 7.9, perPound: 0.95, days: 4 },
  { carrier: 'UPS', service: 'NextDayAir', account: ups, international: false, base: 31.5, perPound: 3.1, days: 1 },
  {
    carrier: 'USPS',
    service: 'FirstClassPackageInternationalService',
    account: usps,
    international: true,
    base: 14.3,
    perPound: 4.2,
    days: 12,
  },
  {
    carrier: 'USPS',
    service: 'PriorityMailInternational',
    account: usps,
    international: true,
    base: 38.6,
    perPound: 4.9,
    days: 8,
  },
  {
    carrier: 'DHLExpress',
    service: 'ExpressWorldwideNonDoc',
    account: dhl,
    international: true,
    base: 44.0,
    perPound: 5.4,
    days: 3,
  },
]

/** The rates of a shipment, cheapest last as a carrier account happens to answer. `id` makes the rates' ids. */
export function rates(shipment: Json, createdAt: string, id: () => string): Json[] {
  const pounds = shipment.parcel.weight / 16
  const international = shipment.from_address.country !== shipment.to_address.country
  const way = random(hash(`${shipment.from_address.zip}-${shipment.to_address.zip}`)).int(0, 180) / 100
  return services
    .filter((service) => service.international === international)
    .sort((a, b) => b.base - a.base)
    .map((service) => {
      const price = service.base + service.perPound * pounds + way
      return {
        id: id(),
        object: 'Rate',
        created_at: createdAt,
        updated_at: createdAt,
        mode: 'test',
        service: service.service,
        carrier: service.carrier,
        rate: price.toFixed(2),
        currency: 'USD',
        retail_rate: (price * 1.35).toFixed(2),
        retail_currency: 'USD',
        list_rate: (price * 1.1).toFixed(2),
        list_currency: 'USD',
        billing_type: 'easypost',
        delivery_days: service.days,
        delivery_date: null,
        delivery_date_guaranteed: false,
        est_delivery_days: service.days,
        shipment_id: shipment.id,
        carrier_account_id: service.account,
      }
    })
}

/** A number in the carrier's own form, different for each parcel. */
export function trackingCode(carrier: string, n: number): string {
  const digits = String(36_806_895_3000 + n * 11).padStart(12, '0')
  if (carrier === 'UPS') return `1Z999AA1${digits.slice(-10)}`
  return carrier === 'DHLExpress' ? digits.slice(-10) : `94001001${digits.padStart(14, '1')}`
}
