// The Shipment Tracking extension. An item is kept in the order's meta data, so adding one saves the order: its modified date
// moves and order.updated is sent. The extension does not look for duplicates: the same number posted twice is there twice.
// https://woocommerce.com/document/shipment-tracking/shipment-tracking-rest-api-create-tracking-item/
import { createHash } from 'node:crypto'
import type { Call, Routes } from '../core/router.ts'
import type { Json } from '../core/types.ts'
import { check, invalid, missing, refuse } from './check.ts'
import { mergedMeta, type Shop, type Tracking } from './shop.ts'

const path = '/wp-json/wc-shipment-tracking/v3/orders/:order/shipment-trackings'
const metaKey = '_wc_shipment_tracking_items'
const providers: Record<string, Record<string, string>> = {
  Germany: { 'DHL Intraship (DE)': 'https://www.dhl.de/de/privatkunden/dhl-sendungsverfolgung.html?piececode=%1$s' },
  Netherlands: { 'DPD.NL': 'https://tracking.dpd.de/status/en_US/parcel/%1$s' },
  'United Kingdom': { 'Royal Mail': 'https://www3.royalmail.com/track-your-item#/tracking-results/%1$s' },
  'United States': {
    DHL: 'https://www.dhl.com/us-en/home/tracking.html?tracking-id=%1$s',
    Fedex: 'https://www.fedex.com/Tracking?action=track&tracknumbers=%1$s',
    UPS: 'https://www.ups.com/track?loc=en_US&tracknum=%1$s',
    USPS: 'https://tools.usps.com/go/TrackConfirmAction_input?qtc_tLabels1=%1$s',
  },
}
const links = new Map(Object.values(providers).flatMap((group) => Object.entries(group)))

export function trackingRoutes(shop: Shop): Routes {
  const order = (call: Call) =>
    shop.orders.get(call.params.order!) ?? refuse(404, 'woocommerce_rest_order_invalid_id', 'Invalid order ID.')
  const show = (tracking: Tracking, { request }: Call) => {
    const base = `${request.origin}/wp-json/wc-shipment-tracking/v3/orders/${tracking.order_id}`
    return {
      tracking_id: tracking.tracking_id,
      tracking_provider: tracking.custom_tracking_provider || tracking.tracking_provider,
      tracking_link: tracking.tracking_link,
      tracking_number: tracking.tracking_number,
      date_shipped: tracking.date_shipped,
      _links: {
        self: [{ href: `${base}/shipment-trackings/${tracking.tracking_id}` }],
        collection: [{ href: `${base}/shipment-trackings` }],
        up: [{ href: `${request.origin}/wp-json/wc/v3/orders/${tracking.order_id}` }],
      },
    }
  }
  const find = (call: Call) => {
    const tracking = shop.trackings.get(call.params.id!)
    if (tracking && String(tracking.order_id) === call.params.order) return tracking
    return refuse(404, 'woocommerce_rest_order_shipment_tracking_invalid_id', 'Invalid shipment tracking ID.')
  }
  const save = (saved: Json) => {
    const items = shop.trackings.by('order', String(saved.id)).map(stored)
    shop.save(
      'order',
      { ...saved, meta_data: mergedMeta(saved.meta_data, [{ key: metaKey, value: items }], saved.id) },
      'updated',
    )
  }

  return {
    [`GET ${path}`]: (call) => {
      order(call)
      return { status: 200, body: shop.trackings.by('order', call.params.order!).map((item) => show(item, call)) }
    },
    [`GET ${path}/providers`]: (call) => {
      order(call)
      return { status: 200, body: providers }
    },
    [`GET ${path}/:id`]: (call) => {
      order(call)
      return { status: 200, body: show(find(call), call) }
    },
    [`POST ${path}`]: (call) => {
      const saved = order(call)
      const tracking = made(call.body ?? {}, saved.id, shop.trackings.by('order', String(saved.id)).length)
      shop.trackings.put(tracking.tracking_id, tracking)
      save(saved)
      const body = show(tracking, call)
      return { status: 201, body, headers: { Location: body._links.self[0]!.href } }
    },
    [`DELETE ${path}/:id`]: (call) => {
      const saved = order(call)
      const tracking = find(call)
      shop.trackings.remove(tracking.tracking_id)
      save(saved)
      return { status: 200, body: show(tracking, call) }
    },
  }
}

function made(body: Json, orderId: number, n: number): Tracking {
  if (!body.tracking_number) missing('tracking_number')
  check(body, {
    tracking_number: 'string',
    tracking_provider: 'string',
    custom_tracking_provider: 'string',
    custom_tracking_link: 'string',
    date_shipped: 'string',
  })
  const shipped = body.date_shipped || new Date().toISOString().slice(0, 10)
  if (!/^\d{4}-\d\d-\d\d$/.test(shipped)) invalid('date_shipped', 'Invalid date.', 'rest_invalid_date')
  const template = body.custom_tracking_provider
    ? (body.custom_tracking_link ?? '')
    : (links.get(body.tracking_provider) ?? '')
  return {
    tracking_id: createHash('md5').update(`${orderId}-${n}-${body.tracking_number}-${Date.now()}`).digest('hex'),
    order_id: orderId,
    tracking_provider: body.tracking_provider ?? '',
    custom_tracking_provider: body.custom_tracking_provider ?? '',
    custom_tracking_link: body.custom_tracking_link ?? '',
    tracking_link: template.replaceAll('%1$s', encodeURIComponent(body.tracking_number)),
    tracking_number: body.tracking_number,
    date_shipped: shipped,
  }
}

/** What the extension keeps in the order's meta data. */
function stored({ order_id: _, tracking_link: __, date_shipped, ...item }: Tracking): Json {
  return { ...item, date_shipped: String(Date.parse(`${date_shipped}T00:00:00Z`) / 1000) }
}
