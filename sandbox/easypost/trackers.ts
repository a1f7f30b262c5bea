// https://docs.easypost.com/docs/trackers. A bought shipment gets a tracker by itself; another one can be made for any number.
// A parcel goes unknown → pre_transit → in_transit → out_for_delivery → delivered, a step each time the settings say.
// A list knows no "changed since": what changed comes as tracker.updated events, or is seen by reading again.

import type { Routes } from '../core/router.ts'
import { milliseconds, seconds, Timers } from '../core/time.ts'
import type { Json } from '../core/types.ts'
import { notFound, object, required, text } from './check.ts'
import type { Events } from './events.ts'
import { page } from './page.ts'
import type { Carrier } from './state.ts'

const way = ['unknown', 'pre_transit', 'in_transit', 'out_for_delivery', 'delivered']
const messages: Record<string, [message: string, detail: string]> = {
  pre_transit: ['Shipping Label Created', 'label_created'],
  in_transit: ['Departed Shipping Partner Facility', 'departed_facility'],
  out_for_delivery: ['Out for Delivery', 'out_for_delivery'],
  delivered: ['Delivered, Front Door/Porch', 'arrived_at_destination'],
}

export class Trackers {
  readonly #carrier: Carrier
  readonly #events: Events
  readonly #timers = new Timers()

  constructor(carrier: Carrier, events: Events) {
    this.#carrier = carrier
    this.#events = events
  }

  /** Parcels on the road go on after a restart, and when they are let go again. */
  resume(): void {
    this.#timers.close()
    for (const tracker of this.#carrier.trackers.values()) if (tracker.status !== 'delivered') this.#later(tracker.id)
  }

  close(): void {
    this.#timers.close()
  }

  make(code: string, carrierName: string, shipmentId: string | null): Json {
    const now = seconds(Date.now())
    const id = this.#carrier.id('trk')
    const tracker = {
      id,
      object: 'Tracker',
      mode: 'test',
      tracking_code: code,
      status: 'unknown',
      status_detail: 'unknown',
      created_at: now,
      updated_at: now,
      signed_by: null,
      weight: null,
      est_delivery_date: null,
      shipment_id: shipmentId,
      carrier: carrierName,
      tracking_details: [],
      fees: [],
      carrier_detail: null,
      finalized: false,
      is_return: false,
      public_url: `https://track.example.com/${Buffer.from(id).toString('base64url')}`,
    }
    this.#carrier.trackers.put(id, tracker)
    this.#events.happened('tracker.created', tracker, {})
    this.#later(id)
    return tracker
  }

  #later(id: string): void {
    const { step, moving } = this.#carrier.settings
    if (!moving) return
    this.#timers.after(milliseconds(step), () => {
      this.#advance(id)
      this.#carrier.store.flush()
    })
  }

  #advance(id: string): void {
    const tracker = this.#carrier.trackers.get(id)
    if (!tracker || !this.#carrier.settings.moving) return
    const status = way[way.indexOf(tracker.status) + 1]
    if (!status) return
    const now = seconds(Date.now())
    const [message, detail] = messages[status]!
    const event = {
      object: 'TrackingDetail',
      message,
      description: '',
      status,
      status_detail: detail,
      datetime: now,
      source: tracker.carrier,
      carrier_code: '',
      tracking_location: { object: 'TrackingLocation', city: null, state: null, country: null, zip: null },
    }
    const next = {
      ...tracker,
      status,
      status_detail: detail,
      updated_at: now,
      tracking_details: [...tracker.tracking_details, event],
      finalized: status === 'delivered',
      signed_by: status === 'delivered' ? 'RECIPIENT' : null,
    }
    this.#carrier.trackers.put(id, next)
    this.#events.happened('tracker.updated', next, { status: tracker.status })
    if (status !== 'delivered') this.#later(id)
  }
}

export function trackerRoutes(carrier: Carrier, trackers: Trackers): Routes {
  return {
    'POST /v2/trackers': ({ body }) => {
      const given = object(body?.tracker, 'tracker')
      const code = text(given.tracking_code, 'tracker.tracking_code') ?? required('tracker.tracking_code')
      const name = text(given.carrier, 'tracker.carrier') ?? 'USPS'
      // The same number and carrier again answers the tracker that is there.
      const known = carrier.trackers.by('tracking_code', code).find((tracker) => tracker.carrier === name)
      return { status: 200, body: known ?? trackers.make(code, name, null) }
    },
    'GET /v2/trackers': (call) => {
      const [code, name] = [call.query.get('tracking_code'), call.query.get('carrier')]
      const all = code ? carrier.trackers.by('tracking_code', code) : carrier.trackers.all()
      return page(
        call,
        'trackers',
        name ? all.filter((tracker) => tracker.carrier === name) : all,
        (tracker) => tracker,
      )
    },
    'GET /v2/trackers/:id': ({ params }) => ({ status: 200, body: carrier.trackers.get(params.id!) ?? notFound() }),
    'DELETE /v2/trackers/:id': ({ params }) => {
      if (!carrier.trackers.get(params.id!)) notFound()
      carrier.trackers.remove(params.id!)
      return { status: 200, body: { success: true } }
    },
  }
}
