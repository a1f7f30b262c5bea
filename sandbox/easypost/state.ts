// What the carrier account keeps: addresses, shipments, trackers, events and webhooks, in EasyPost's own shapes.

import { hexId } from '../core/random.ts'
import type { Collection, Store } from '../core/store.ts'
import type { Json } from '../core/types.ts'

export interface CarrierSettings {
  /** From one step of a parcel (pre_transit, in_transit, out_for_delivery, delivered) to the next. */
  step: string
  /** False: parcels stay where they are until it is set to true again. */
  moving: boolean
}
export const settingsAtFirst: CarrierSettings = { step: '400ms', moving: true }

export interface Webhook {
  id: string
  url: string
  secret: string
  created_at: string
  disabled_at: string | null
  custom_headers: { name: string; value: string }[]
}

export class Carrier {
  readonly store: Store
  readonly addresses: Collection<Json>
  readonly shipments: Collection<Json>
  readonly trackers: Collection<Json>
  readonly events: Collection<Json>
  readonly webhooks: Collection<Webhook>
  readonly #settings: Collection<CarrierSettings>
  readonly #counters: Collection<number>

  constructor(store: Store) {
    this.store = store
    this.addresses = store.collection('addresses')
    this.shipments = store.collection('shipments')
    this.shipments.index('reference', ({ reference }) => reference ?? undefined)
    this.trackers = store.collection('trackers')
    this.trackers.index('tracking_code', ({ tracking_code }) => tracking_code)
    this.events = store.collection('events')
    this.webhooks = store.collection('webhooks')
    this.#settings = store.collection('settings')
    this.#counters = store.collection('counters')
  }

  get settings(): CarrierSettings {
    return this.#settings.get('carrier') ?? settingsAtFirst
  }

  set settings(settings: CarrierSettings) {
    this.#settings.put('carrier', settings)
  }

  /** `shp_` and 32 hexadecimal digits: the n-th id of a kind is the same in every sandbox. */
  id(prefix: string): string {
    const n = (this.#counters.get(prefix) ?? 0) + 1
    this.#counters.put(prefix, n)
    return `${prefix}_${hexId(`${prefix}${n}`).slice(0, 24)}${n.toString(16).padStart(8, '0')}`
  }

  count(prefix: string): number {
    return this.#counters.get(prefix) ?? 0
  }
}
