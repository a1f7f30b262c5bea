// The work in the warehouse: goods are promised to orders, picked and packed after a while, and taken off the shelf.
// A packed parcel has no label here, because the carrier's label is bought elsewhere: its `shipping_labels` is empty, as the
// shipment of a `shipment_create` without labels is until `shipping_label_create` (https://developer.shiphero.com/examples/).
import { milliseconds, Timers } from '../core/time.ts'
import type { Line, Order, Shipment, Warehouse } from './state.ts'

export type Tell = (
  event: 'Order Allocated' | 'Order Canceled' | 'Shipment Update' | 'Inventory Update',
  subject: Order | Shipment | string,
) => void

export class Work {
  readonly #warehouse: Warehouse
  readonly #timers = new Timers()
  readonly #tell: Tell
  /** Units promised by SKU. Counted here, because summing over all orders for each line would be slow. */
  readonly #promised = new Map<string, number>()

  constructor(warehouse: Warehouse, tell: Tell) {
    this.#warehouse = warehouse
    this.#tell = tell
  }

  /** After a start: counts what is promised and takes up what was waiting. */
  resume(): void {
    this.#promised.clear()
    for (const order of this.#warehouse.orders.by('waiting', 'yes')) {
      for (const line of order.lines) this.#promise(line.sku, line.allocated)
      if (order.due !== undefined) this.#wait(order)
    }
  }

  close(): void {
    this.#timers.close()
  }

  promised(sku: string): number {
    return this.#promised.get(sku) ?? 0
  }

  /** Promises goods to an order, as far as there are some, and sets the time of packing. Stores the order. */
  allocate(order: Order): Order {
    if (order.status !== 'pending' || onHold(order)) return this.#warehouse.orders.put(order.number, order)
    let gained = 0
    const lines = order.lines.map((line) => {
      const missing = line.quantity - line.shipped - line.allocated
      const free = (this.#warehouse.products.get(line.sku)?.on_hand ?? 0) - this.promised(line.sku)
      const take = Math.max(0, Math.min(missing, free))
      this.#promise(line.sku, take)
      gained += take
      return { ...line, allocated: line.allocated + take }
    })
    const due = ready({ ...order, lines }) ? (order.due ?? Date.now() + this.#delay()) : undefined
    const next: Order = { ...order, lines, due, ...(gained > 0 && { updated: Date.now() }) }
    this.#warehouse.orders.put(order.number, next)
    if (gained > 0) this.#tell('Order Allocated', next)
    if (due !== undefined && order.due === undefined) this.#wait(next)
    return next
  }

  /** Other lines: what they have too much is free again, what they want more is promised as far as there is some. */
  relined(order: Order, lines: Line[]): Order {
    for (const line of order.lines) this.#promise(line.sku, -line.allocated)
    const kept = lines.map((line) => ({ ...line, allocated: Math.min(line.allocated, line.quantity - line.shipped) }))
    for (const line of kept) this.#promise(line.sku, line.allocated)
    const done = kept.length > 0 && kept.every((line) => line.shipped === line.quantity)
    const status = order.status === 'canceled' ? order.status : done ? 'fulfilled' : 'pending'
    return this.allocate({ ...order, lines: kept, status, updated: Date.now() })
  }

  cancel(order: Order): Order {
    for (const line of order.lines) this.#promise(line.sku, -line.allocated)
    const lines = order.lines.map((line) => ({ ...line, allocated: 0 }))
    const next: Order = { ...order, lines, status: 'canceled', due: undefined, updated: Date.now() }
    this.#warehouse.orders.put(order.number, next)
    this.#tell('Order Canceled', next)
    return next
  }

  /** Puts goods on the shelf (or takes some away) and promises them to the orders that wait, oldest first. */
  stock(sku: string, onHand: number): void {
    const product = this.#warehouse.products.get(sku)!
    this.#warehouse.products.put(sku, { ...product, on_hand: onHand, updated: Date.now() })
    this.#tell('Inventory Update', sku)
    for (const order of this.#warehouse.orders.by('waiting', 'yes')) {
      if (order.lines.some((line) => line.sku === sku && line.shipped + line.allocated < line.quantity))
        this.allocate(order)
    }
  }

  /** Packs what waits, when the warehouse opens again. */
  open(): void {
    for (const order of this.#warehouse.orders.by('waiting', 'yes')) if (order.due !== undefined) this.#wait(order)
  }

  #delay(): number {
    return milliseconds(this.#warehouse.settings.shipAfter)
  }

  #promise(sku: string, units: number): void {
    if (units !== 0) this.#promised.set(sku, this.promised(sku) + units)
  }

  #wait(order: Order): void {
    this.#timers.after(order.due! - Date.now(), () => {
      const now = this.#warehouse.orders.get(order.number)
      if (now?.status !== 'pending' || now.due === undefined) return
      // A timer may run a millisecond early.
      if (now.due > Date.now()) return this.#wait(now)
      if (!this.#warehouse.settings.open || onHold(now)) return
      this.#pack(now)
      this.#warehouse.store.flush()
    })
  }

  #pack(order: Order): void {
    const first = order.split && this.#warehouse.shipments.by('order', String(order.number)).length === 0
    const taken = first ? half(order.lines) : order.lines.map((line) => line.allocated)
    const lines = order.lines.map((line, i) => ({
      ...line,
      allocated: line.allocated - taken[i]!,
      shipped: line.shipped + taken[i]!,
    }))
    const done = lines.every((line) => line.shipped === line.quantity)
    const more = lines.some((line) => line.allocated > 0)
    const now = Date.now()
    const next: Order = {
      ...order,
      lines,
      status: done ? 'fulfilled' : 'pending',
      due: more ? now + this.#delay() : undefined,
      updated: now,
    }

    const number = this.#warehouse.shipments.next(3_150_001)
    const packed = lines.flatMap((line, i) =>
      taken[i]! > 0 ? [{ number: number * 100 + i, line: line.number, quantity: taken[i]! }] : [],
    )
    const shipment: Shipment = { number, order: order.number, created: now, completed: done, lines: packed }
    this.#warehouse.orders.put(order.number, next)
    this.#warehouse.shipments.put(number, shipment)
    for (const [i, line] of lines.entries()) this.#off(line.sku, taken[i]!)
    this.#tell('Shipment Update', shipment)
    if (more) this.#wait(next)
  }

  #off(sku: string, units: number): void {
    if (units === 0) return
    this.#promise(sku, -units)
    const product = this.#warehouse.products.get(sku)!
    this.#warehouse.products.put(sku, { ...product, on_hand: product.on_hand - units, updated: Date.now() })
    this.#tell('Inventory Update', sku)
  }
}

function onHold({ data }: Order): boolean {
  return Object.values(data.holds ?? {}).some((hold) => hold === true)
}

/** Something can be packed, and all of it when the order must not go in parts. */
function ready({ lines, data }: Order): boolean {
  const whole = lines.every((line) => line.shipped + line.allocated === line.quantity)
  return lines.some((line) => line.allocated > 0) && (whole || data.allow_partial !== false)
}

/** The first parcel of a split order: the first half of the lines, or half of the units of a single line. */
function half(lines: Line[]): number[] {
  const filled = lines.filter((line) => line.allocated > 0)
  if (filled.length === 1) return lines.map((line) => Math.ceil(line.allocated / 2))
  const some = new Set(filled.slice(0, Math.ceil(filled.length / 2)))
  return lines.map((line) => (some.has(line) ? line.allocated : 0))
}
