// The shop's state: what is in it, what happens when something is saved, and who is told.
import type { Collection, Store } from '../core/store.ts'
import { withoutZone } from '../core/time.ts'
import type { Json } from '../core/types.ts'

export interface Webhook {
  id: number
  name: string
  status: 'active' | 'paused' | 'disabled'
  topic: string
  delivery_url: string
  secret: string
  failures: number
  date_created_gmt: string
  date_modified_gmt: string
}

export interface Tracking {
  tracking_id: string
  order_id: number
  tracking_provider: string
  custom_tracking_provider: string
  custom_tracking_link: string
  tracking_link: string
  tracking_number: string
  date_shipped: string
}

export class Shop {
  readonly store: Store
  readonly orders: Collection<Json>
  readonly products: Collection<Json>
  readonly customers: Collection<Json>
  readonly webhooks: Collection<Webhook>
  readonly trackings: Collection<Tracking>
  /** Set by the webhook part: tells subscribers of `order.updated` and the like. */
  emit: (topic: string, id: number) => void = () => {}

  constructor(store: Store) {
    this.store = store
    this.orders = store.collection('orders')
    this.products = store.collection('products')
    this.products.index('sku', (product: Json) => (product.sku === '' ? undefined : product.sku.toLowerCase()))
    this.customers = store.collection('customers')
    this.webhooks = store.collection('webhooks')
    this.trackings = store.collection('trackings')
    this.trackings.index('order', (tracking) => String(tracking.order_id))
  }

  /** Saving always moves the modified date, also when nothing has changed, and always tells the subscribers. */
  save(kind: 'order' | 'product', item: Json, event: 'created' | 'updated'): Json {
    const now = withoutZone(Date.now())
    const stamped = { ...item, date_modified: now, date_modified_gmt: now }
    const collection = kind === 'order' ? this.orders : this.products
    collection.put(item.id, stamped)
    this.emit(`${kind}.${event}`, item.id)
    return stamped
  }
}

/** An item with the links that only make sense seen from outside. */
export function linked(item: Json, origin: string, kind: string): Json {
  const base = `${origin}/wp-json/wc/v3/${kind}`
  return { ...item, _links: { self: [{ href: `${base}/${item.id}` }], collection: [{ href: base }] } }
}

/** Merges meta_data as WooCommerce does: by id, else by key; a null value deletes. */
export function mergedMeta(existing: Json[], given: Json[], ownerId: number): Json[] {
  const merged = existing.map((entry) => ({ ...entry }))
  for (const entry of given) {
    const at = merged.findIndex((old) => (entry.id ? old.id === Number(entry.id) : old.key === entry.key))
    if (entry.value === null) {
      if (at >= 0) merged.splice(at, 1)
    } else if (at >= 0) merged[at] = { ...merged[at], key: entry.key ?? merged[at].key, value: entry.value }
    else merged.push({ id: nextPart(merged, ownerId), key: String(entry.key), value: entry.value ?? '' })
  }
  return merged
}

/** Ids of an order's parts: the order's id and two more digits. */
export function nextPart(parts: Json[], ownerId: number): number {
  return parts.reduce((highest, { id }) => Math.max(highest, id), ownerId * 100) + 1
}
