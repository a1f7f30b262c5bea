// The five stand-ins of one folder: started, seeded, looked at and disturbed. Used by main.ts, by the demo and by tests.
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { control } from './control.ts'
import { type Fault, type FaultRule, Faults } from './core/faults.ts'
import { listen, serve } from './core/server.ts'
import { type RequestEntry, Store } from './core/store.ts'
import { milliseconds } from './core/time.ts'
import { type Json, type System, type SystemName, systemNames } from './core/types.ts'
import { type CarrierSettings, settingsAtFirst as carrierAtFirst } from './easypost/state.ts'
import { easypost } from './easypost/system.ts'
import { type CrmSettings, settingsAtFirst as crmAtFirst } from './hubspot/state.ts'
import { hubspot } from './hubspot/system.ts'
import { odoo } from './odoo/system.ts'
import { expected, type Summary, summary } from './scenario/expected.ts'
import { generate } from './scenario/generate.ts'
import { loadCrm, loadErp, loadShop, loadWarehouse, openErp } from './scenario/load.ts'
import { type WarehouseSettings, settingsAtFirst as warehouseAtFirst } from './shiphero/state.ts'
import { shiphero } from './shiphero/system.ts'
import { change, create } from './woocommerce/orders.ts'
import { woocommerce } from './woocommerce/system.ts'

export interface SandboxOptions {
  /** The folder of the journals and of `ports.json`. Made when it is not there. */
  dir: string
  /** The control port of a first start; later starts use the remembered one. Default 0, any free port. */
  controlPort?: number
}
interface SeedOptions {
  /** Default 500. */
  orders?: number
  /** Default 42. */
  seed?: number
}
interface RequestFilter {
  /** Only requests that may change something. */
  writes?: boolean
  /** Only after this request number, or after this moment (RFC 3339). */
  since?: number | string
}

export interface Sandbox {
  /** Where the control API listens. */
  control: string
  /** Where each system listens: `http://127.0.0.1:PORT`. */
  systems: Record<SystemName, string>
  /** Fills the systems with the demo's story. The same options again change nothing; other ones throw. */
  seed(options?: SeedOptions): Summary
  /** The outcome that each seeded order should have, by order number: `carried`, `parked: …`, `skipped: …`. */
  expected(): Record<string, string>
  /** All objects of one collection (`shiphero`, `orders`). Without a collection: the sizes of all. */
  state(system: SystemName, collection?: string): Json
  requests(system: SystemName, filter?: RequestFilter): RequestEntry[]
  /** Forgets the logged requests of one system, or of all. */
  clearRequests(system?: SystemName): void
  /** How many webhooks are queued or on their way, over all systems. */
  unanswered(): number
  addFault(rule: FaultRule): Fault
  faults(): Fault[]
  clearFaults(id?: string): void
  warehouse(settings?: Partial<WarehouseSettings>): WarehouseSettings
  carrier(settings?: Partial<CarrierSettings>): CarrierSettings
  crm(settings?: Partial<CrmSettings>): CrmSettings
  /** Makes a system refuse its credentials, or take them again. */
  auth(system: SystemName, revoked: boolean): void
  /** What the shop's staff does: changes an order (fields as in PUT /orders/ID). Webhooks are sent. */
  editOrder(number: string | number, changes: Json): Json
  /** What a customer does: a new order (fields as in POST /orders). Webhooks are sent. */
  placeOrder(order: Json): Json
  close(): Promise<void>
}

/** Starts the stand-ins. Throws when a remembered port is taken, because then another sandbox runs in this folder. */
export async function startSandbox({ dir, controlPort = 0 }: SandboxOptions): Promise<Sandbox> {
  mkdirSync(dir, { recursive: true })
  const portsFile = path.join(dir, 'ports.json')
  const ports: Record<string, number> = existsSync(portsFile)
    ? JSON.parse(readFileSync(portsFile, 'utf8'))
    : { control: controlPort }
  const opened = await openAll(ports, portsFile)

  const stores = Object.fromEntries(
    systemNames.map((name) => [name, new Store(path.join(dir, `${name}.jsonl`))]),
  ) as Record<SystemName, Store>
  const revoked = new Set<SystemName>()
  const isRevoked = (name: SystemName) => () => revoked.has(name)
  openErp(stores.odoo)
  const systems = {
    woocommerce: woocommerce(stores.woocommerce, isRevoked('woocommerce')),
    shiphero: shiphero(stores.shiphero, isRevoked('shiphero')),
    easypost: easypost(stores.easypost, isRevoked('easypost')),
    odoo: odoo(stores.odoo, isRevoked('odoo')),
    hubspot: hubspot(stores.hubspot, isRevoked('hubspot')),
  }
  const faults = new Faults()
  const { shop } = systems.woocommerce
  const seeds = stores.woocommerce.collection<Required<SeedOptions> & { splits: string[] }>('seed')

  const sandbox: Sandbox = {
    control: url(opened.control!.port),
    systems: Object.fromEntries(systemNames.map((name) => [name, url(opened[name]!.port)])) as Record<
      SystemName,
      string
    >,
    seed: ({ orders = 500, seed = 42 } = {}) => {
      const before = seeds.get('story')
      if (before && (before.orders !== orders || before.seed !== seed)) {
        throw new Error(
          `This sandbox tells the story of ${before.orders} orders, seed ${before.seed}. Use another folder for another one.`,
        )
      }
      const scenario = generate({ orders, seed })
      if (!before) {
        loadWarehouse(systems.shiphero, scenario)
        loadErp(systems.odoo, scenario)
        loadCrm(systems.hubspot)
        loadShop(systems.woocommerce, scenario)
        for (const name of systemNames) if (name !== 'woocommerce') stores[name].flush()
        // Last, so that a seeding that was cut off is done again.
        seeds.put('story', { orders, seed, splits: scenario.splits })
        stores.woocommerce.flush()
      }
      return summary(scenario)
    },
    expected: () => {
      const story = seeds.get('story')
      if (!story) return {}
      return Object.fromEntries(generate(story).orders.map((order) => [order.number, expected(order)]))
    },
    state: (system, collection) => {
      const store = stores[system]
      if (collection !== undefined) return store.collection(collection).all()
      return Object.fromEntries(store.names().map((name) => [name, store.collection(name).size]))
    },
    requests: (system, { writes, since } = {}) => {
      const after =
        since === undefined || since === '' ? undefined : Number.isNaN(Number(since)) ? String(since) : Number(since)
      return stores[system].requests().filter((entry) => {
        if (writes && !entry.write) return false
        return after === undefined || (typeof after === 'number' ? entry.n > after : entry.at > after)
      })
    },
    clearRequests: (system) => {
      for (const name of systemNames) if (system === undefined || system === name) stores[name].clearRequests()
    },
    unanswered: () =>
      Object.values<System>(systems).reduce((sum, { deliveries }) => sum + (deliveries?.unanswered ?? 0), 0),
    addFault: (rule) => faults.add(rule),
    faults: () => faults.list(),
    clearFaults: (id) => faults.clear(id),
    warehouse: (settings) => {
      const { warehouse, work } = systems.shiphero
      if (settings) {
        warehouse.settings = merged('warehouse', warehouse.settings, settings, warehouseAtFirst)
        milliseconds(warehouse.settings.shipAfter)
        stores.shiphero.flush()
        if (warehouse.settings.open) work.open()
      }
      return warehouse.settings
    },
    carrier: (settings) => {
      const { carrier, resume } = systems.easypost
      if (settings) {
        carrier.settings = merged('carrier', carrier.settings, settings, carrierAtFirst)
        milliseconds(carrier.settings.step)
        stores.easypost.flush()
        resume()
      }
      return carrier.settings
    },
    crm: (settings) => {
      const { crm } = systems.hubspot
      if (settings) {
        crm.settings = merged('crm', crm.settings, settings, crmAtFirst)
        milliseconds(crm.settings.searchLag)
        stores.hubspot.flush()
      }
      return crm.settings
    },
    auth: (system, isOut) => {
      if (isOut) revoked.add(system)
      else revoked.delete(system)
    },
    editOrder: (number, changes) => {
      const order = shop.orders.get(number)
      if (!order) throw new Error(`The shop has no order ${number}.`)
      const changed = change(shop, order, changes)
      stores.woocommerce.flush()
      return changed
    },
    placeOrder: (order) => {
      const placed = create(shop, { set_paid: true, ...order })
      stores.woocommerce.flush()
      return placed
    },
    close: async () => {
      await Promise.all(Object.values(opened).map((server) => server.close()))
      for (const system of Object.values(systems)) system.close()
      for (const store of Object.values(stores)) store.close()
    },
  }

  for (const system of Object.values(systems)) {
    system.resume()
    opened[system.name]!.answer(serve(system, faults))
  }
  opened.control!.answer(control(sandbox))
  return sandbox
}

const url = (port: number) => `http://127.0.0.1:${port}`

type Opened = Record<string, Awaited<ReturnType<typeof listen>>>

/** Takes all ports before anything is opened: who has them owns the folder. */
async function openAll(ports: Record<string, number>, file: string): Promise<Opened> {
  const opened: Opened = {}
  for (const name of ['control', ...systemNames]) {
    try {
      opened[name] = await listen(ports[name] ?? 0)
    } catch (error) {
      for (const server of Object.values(opened)) await server.close()
      if ((error as NodeJS.ErrnoException).code !== 'EADDRINUSE') throw error
      throw new Error(
        `Port ${ports[name]} (${name}) is taken: another sandbox runs in this folder, or something else has its port. Stop it, or remove ${file}.`,
      )
    }
  }
  writeFileSync(
    file,
    JSON.stringify(Object.fromEntries(Object.entries(opened).map(([name, { port }]) => [name, port]))),
  )
  return opened
}

function merged<T extends object>(what: string, now: T, given: Partial<T>, known: T): T {
  for (const key of Object.keys(given)) {
    if (!(key in known)) throw new Error(`${what} has no setting "${key}". It has ${Object.keys(known).join(', ')}.`)
  }
  return { ...now, ...given }
}
