// A small world for tests of the engine: one hub process on the real store and the real queue, with a source and a destination
// in memory that a test can make slow, forgetful or dead.
import { randomBytes } from 'node:crypto'
import { setTimeout as sleep } from 'node:timers/promises'
import type { ConnectionClient, SourceItem } from '#connector'
import { releaseParked, sweepWaits, undecided } from '../../engine/handoff/sweep.ts'
import { reclaim } from '../../engine/handoff/wake.ts'
import type { Json, Mapper, Route, Source } from '../../engine/hub.ts'
import { collect } from '../../engine/intake/collect.ts'
import { openConnectionStates } from '../../engine/outcome/connections.ts'
import { openPipeline, type Running } from '../../engine/pipeline.ts'
import { openQueues } from '../../engine/platform/queue/queues.ts'
import { openStore } from '../../engine/platform/store/store.ts'
import type { Assembly } from '../../engine/setup/assemble.ts'
import { DEADLINE_MS, Vendor } from './vendor.ts'

export const backends = ['postgres', ...(process.env['HANDOFF_TEST_REDIS'] ? ['redis'] : [])] as (
  | 'postgres'
  | 'redis'
)[]

/** Generous: a busy machine is no failure. */
const PATIENCE_MS = 30_000

/** An item `{ id, number, … }` becomes an order of channel `shop` with the same fields. */
export const identity = (more: Partial<Mapper> = {}): Mapper => ({
  name: 'test/identity',
  revision: 'r1',
  partial: false,
  links: () => [],
  run: (item) => ({ record: { channel: 'shop', ...item } }),
  ...more,
})
/** A record becomes the payload `{ key, … }`. */
export const payload = (more: Partial<Mapper> = {}): Mapper => ({
  name: 'test/payload',
  revision: 'p1',
  partial: false,
  links: () => [],
  run: (record, context) => ({ record: { ...record, key: context.key } }),
  ...more,
})

/** What the dead left does not fly. */
const SHIFT = `
update clock set shift = shift + $1::interval
where $2 = (select count(*) from handoff where state = 'sending' and worker in (select living_workers())) returning 1`

export interface World extends AsyncDisposable {
  schema: string
  vendor: Vendor
  hub: Running
  pipeline: ReturnType<typeof openPipeline>
  assembly: Assembly
  errors: Error[]
  /** Stores items as a pull would and decides on them. `$stamp` and `$deleted` are about the item, not in it. */
  arrive: (items: Json[], via?: 'pull' | 'webhook', how?: { source?: string; asOf?: Date }) => Promise<void>
  /** Stores items and leaves them undecided. */
  store: (items: Json[]) => Promise<void>
  /** The database's moment. */
  now: () => Promise<Date>
  probe: () => Promise<void>
  /** Adds a source; its items become records of its type. */
  addSource: (source: Partial<Source> & { name: string; connection: string; resource: string }) => Source
  addRoute: (route: Partial<Route> & { name: string }) => Route
  /**
   * Shifts the database's clock, once nothing is in flight but the handoffs that the test itself holds there. What was in flight would
   * lose its lease, be taken for uncertain, and settle on a clock that no longer moves.
   */
  pass: (interval: string, inFlight?: { held: number }) => Promise<void>
  /** Waits until this process decides, wakes, sends and writes down nothing any more. */
  calm: () => Promise<void>
  sweep: () => Promise<void>
  retryParked: () => Promise<number>
  /** Waits until the condition holds, sweeping meanwhile. */
  until: (what: string, condition: () => Promise<boolean> | boolean, ms?: number) => Promise<void>
  handoff: (key?: string) => Promise<Json>
  /** Another hub process on the same database and queue. */
  join: () => Promise<World>
}

export async function openWorld(
  backend: 'postgres' | 'redis' = 'postgres',
  shared?: { schema: string; vendor: Vendor; assembly: Assembly },
  { idle = false } = {},
): Promise<World> {
  const schema = shared?.schema ?? `t_${randomBytes(6).toString('hex')}`
  const vendor = shared?.vendor ?? new Vendor()
  const errors: Error[] = []
  const stopping = new AbortController()
  const onError = (error: Error) => void errors.push(error)
  const store = await openStore({
    databaseUrl: process.env['HANDOFF_TEST_DATABASE'],
    stateDir: '/nowhere',
    schema,
    onError,
  })
  const registration = await store.register(() => {})
  const queues = await openQueues({
    store,
    redisUrl: backend === 'redis' ? process.env['HANDOFF_TEST_REDIS'] : undefined,
    workers: 1,
    onError,
  })
  const source: Source = {
    name: 'orders',
    connection: 'shop',
    resource: 'orders',
    outputs: [{ type: 'order', resource: 'orders', mapper: identity() }],
    revision: 'r1',
    lane: 5,
  }
  const route: Route = {
    name: 'out',
    record: 'order',
    connection: 'wms',
    kind: 'push',
    target: 'orders',
    lane: 5,
    with: [],
    matches: () => true,
    mapper: payload(),
    push: vendor.push,
  }
  const assembly = shared?.assembly ?? {
    sources: new Map([[source.name, source]]),
    routes: new Map([[route.name, route]]),
    answers: new Map(),
  }
  const clients = new Map<string, ConnectionClient>()
  clients.set('wms', { name: 'wms', deadlineMs: DEADLINE_MS, check: () => vendor.check() } as ConnectionClient)
  const states = openConnectionStates(store, clients)
  const hub: Running = {
    store,
    queues,
    worker: registration.worker,
    signal: stopping.signal,
    clients,
    assembly: () => assembly,
    facts: {
      owners: {},
      keyFields: () => [['channel'], ['number']],
      parents: () => ({}),
      faults: () => [],
      since: () => undefined,
      takesWebhooks: () => true,
    },
    openConnections: () => states.open(['wms', 'shop', 'carrier', 'mail', 'chat']),
    healthy: states.healthy,
    forgetConnections: states.forget,
    // Without workers nothing is sent either.
    concurrency: () => (idle ? 0 : 8),
    onError,
  }
  const pipeline = openPipeline(hub)
  const jobs = new Set<Promise<void>>()
  for (const name of idle ? [] : ['wms', 'carrier']) {
    await queues.work(name, 2, (job) => {
      const { ids, alone } = job.data as { ids: number[]; alone: boolean }
      const done = pipeline.deliver(name, ids, alone).finally(() => jobs.delete(done))
      jobs.add(done)
      return done
    })
  }

  const sweep = async () => {
    await reclaim(store)
    await sweepWaits(store)
    await pipeline.recover()
    for (const name of await undecided(store, registration.worker)) pipeline.decideSoon(name)
    pipeline.wakeSoon()
    await pipeline.idle()
  }
  async function storeItems(items: Json[], via: 'pull' | 'webhook', name: string, asOf?: Date): Promise<void> {
    const from = assembly.sources.get(name)!
    const sourceItems: SourceItem[] = items.map(({ $stamp, $deleted, ...item }) => ({
      id: String(item.id),
      text: JSON.stringify(item),
      ...($stamp ? { stamp: $stamp } : {}),
      ...($deleted ? { deleted: true } : {}),
    }))
    const { connection, resource, revision } = from
    const rereads = from.fetch !== undefined
    const into = { source: name, connection, resource, via, lane: 5, revision, rereads, ...(asOf ? { asOf } : {}) }
    await store.transaction((tx) => collect(tx, into, sourceItems))
  }
  const world: World = {
    schema,
    vendor,
    hub,
    pipeline,
    assembly,
    errors,
    arrive: async (items, via = 'pull', { source: name = 'orders', asOf } = {}) => {
      await storeItems(items, via, name, asOf)
      pipeline.decideSoon(name)
      await pipeline.idle()
    },
    store: (items) => storeItems(items, 'pull', 'orders'),
    now: async () => (await store.query<{ now: Date }>('select hub_now() as now'))[0]!.now,
    probe: () => states.probe(),
    addSource: (more) => {
      const added: Source = {
        ...source,
        outputs: [{ type: 'order', resource: more.resource, mapper: identity() }],
        ...more,
      }
      assembly.sources.set(added.name, added)
      return added
    },
    addRoute: (more) => {
      const added: Route = { ...route, ...more }
      assembly.routes.set(added.name, added)
      return added
    },
    pass: async (interval, { held } = { held: 0 }) => {
      await pipeline.idle()
      const shifted = () =>
        store.transaction(async (tx) => {
          // Nobody claims between the look and the shift.
          await tx.query('lock table handoff in exclusive mode')
          return tx.query(SHIFT, [interval, held])
        })
      for (const start = Date.now(); (await shifted()).length === 0; await sleep(10))
        if (Date.now() - start > PATIENCE_MS) throw new Error(`not ${held} handoffs, but others are in flight`)
    },
    calm: async () => {
      do await Promise.all([pipeline.ended(), ...jobs])
      while (jobs.size > 0)
    },
    sweep,
    retryParked: async () => {
      const released = await releaseParked(store, [...assembly.sources.values()], [...assembly.routes.values()])
      await sweep()
      return released
    },
    until: async (what, condition, ms = PATIENCE_MS) => {
      for (const start = Date.now(); !(await condition()); await sleep(20)) {
        if (Date.now() - start > ms)
          throw new Error(`it never happened that ${what}; ${errors.map((error) => error.message).join('; ')}`)
        await sweep()
      }
    },
    handoff: async (key = 'shop:1') =>
      (await store.query('select h.* from handoff h join record r on r.id = h.record_id where r.key = $1', [key]))[0],
    join: () => openWorld(backend, { schema, vendor, assembly }),
    [Symbol.asyncDispose]: async () => {
      stopping.abort()
      await queues.close()
      await pipeline.ended()
      await registration.release()
      if (!shared) await store.query(`drop schema "${schema}" cascade`)
      await store.close()
    },
  }
  return world
}
