// The walk: orders read over HTTP, mapped twice, kept durably, pushed over HTTP. Side by side in one run: the bare loop (the
// ceiling: the same reads and writes, nothing kept), the hub, and the obvious design (a BullMQ job per record and stage).
import { availableParallelism } from 'node:os'
import path from 'node:path'
import type { BenchOptions, Figure, Section } from './figures.ts'
import { runScript, startHubChild, startStandIn } from './rig/children.ts'
import { exactlyOnce, settled } from './rig/ledger-state.ts'
import { type Machines, openMachines, redisIsThere } from './rig/machines.ts'
import { orderHub } from './rig/shop.ts'

export interface WalkCost {
  orders: number
  perSecond: number
  hubCpu: number
  databaseCpu: number
  peakMb: number
  walBytes: number
  statements: number
  /** Unchanged orders a second when they are read again out of memory. */
  again?: number
}
type Backend = 'PostgreSQL' | 'Redis'
/** The share of the bare loop, and how many times the obvious design. */
const AIMS = { PostgreSQL: { share: 0.5, times: 5 }, Redis: { share: 0.55, times: 3 } } satisfies Record<
  Backend,
  object
>

const WALK = path.join(import.meta.dirname, 'walk')

export async function run(options: BenchOptions): Promise<Section> {
  const orders = options.orders ?? (options.quick ? 2_000 : 100_000)
  const peerOrders = Math.min(orders, options.quick ? 500 : 4_000)
  const bare = await bareLoop(orders)
  const least = await durableLoop(orders)
  const figures: Figure[] = [
    {
      name: 'bare loop (undici, 16 in flight)',
      unit: 'orders/s',
      value: bare.perSecond,
      note: `${(bare.cpu * 1000).toFixed(2)} CPU s per 1,000`,
    },
    {
      name: 'bare loop that keeps one durable row an order, and does nothing else',
      unit: 'orders/s',
      value: least.perSecond,
      baseline: 'bare loop',
      ratio: least.perSecond / bare.perSecond,
      note: `${(least.cpu * 1000).toFixed(2)} CPU s per 1,000, PostgreSQL ${(least.databaseCpu * 1000).toFixed(2)}`,
    },
  ]
  const backends: Backend[] = redisIsThere() ? ['PostgreSQL', 'Redis'] : ['PostgreSQL']
  const limits: string[] = []
  for (const backend of backends) {
    const hub = await hubWalk(backend, orders)
    limits.push(limitOf(backend, bare, least, hub))
    const obvious = await obviousWalk(backend, peerOrders)
    figures.push(...compared(backend, bare.perSecond, hub, obvious))
  }
  return {
    title: 'Walk',
    what: `${orders.toLocaleString('en')} orders (5 lines, about 2 KB) pulled over HTTP, mapped in and out, kept durably, pushed one by one over HTTP; everything on one machine. The obvious design ran ${peerOrders.toLocaleString('en')}.`,
    figures,
    caveats: [
      ...limits,
      'The stand-ins that send and take the orders share the cores with what is measured; they cost the same in every row.',
      'The obvious design: one process, a job per order for each of ingest, map and push (16 of each at once), a durable row per order that each stage updates, a mapping written by hand, jobs added a page at a time. Its jobs are the only memory of what is owed, so on PostgreSQL they are committed durably; on Redis nothing is written to disk, which a real one could not afford.',
      ...(redisIsThere() ? [] : ['redis-server is not installed: the half on Redis was left out.']),
    ],
  }
}

/** How much of the machine the aim leaves for an order, and how much of it the walk takes. */
function limitOf(backend: Backend, bare: LoopCost, least: LoopCost, hub: WalkCost): string {
  const share = AIMS[backend].share
  const thousand = (seconds: number) => `${(seconds * 1000).toFixed(2)} s`
  const room = availableParallelism() / (bare.perSecond * share)
  const own = (hub.hubCpu + hub.databaseCpu) / hub.orders
  return `The limit, queue on ${backend}: ×${share} of the bare loop leaves ${thousand(room)} of all cores for 1,000 orders, stand-ins included. The requests alone take ${thousand(bare.cpu)} of a process (the bare loop), the hub with them ${thousand(hub.hubCpu / hub.orders)}, PostgreSQL for keeping everything durably ${thousand(hub.databaseCpu / hub.orders)}: ${thousand(own)} without the stand-ins. What of it is what stands under Profile. One durable row an order, instead of the hub's eight, and nothing else that a hub does, already comes down to ×${(least.perSecond / bare.perSecond).toFixed(2)}.`
}

function compared(backend: Backend, ceiling: number, hub: WalkCost, obvious: WalkCost): Figure[] {
  const name = `hub, queue on ${backend}`
  const { share, times } = AIMS[backend]
  return [
    {
      name,
      unit: 'orders/s',
      value: hub.perSecond,
      baseline: 'bare loop',
      ratio: hub.perSecond / ceiling,
      target: { least: share, of: 'ratio' },
    },
    {
      name: `${name}, against the obvious design`,
      unit: 'orders/s',
      value: hub.perSecond,
      baseline: `obvious design at ${Math.round(obvious.perSecond)}/s`,
      ratio: hub.perSecond / obvious.perSecond,
      target: { least: times, of: 'ratio' },
    },
    ...costs(name, hub),
    ...costs(`obvious design on ${backend}`, obvious),
    ...(hub.again
      ? [
          {
            name: `${name}: unchanged orders read again, out of memory`,
            unit: 'orders/s',
            value: hub.again,
            target: { least: 50_000 },
          },
        ]
      : []),
  ]
}

function costs(name: string, cost: WalkCost): Figure[] {
  const thousand = cost.orders / 1000
  return [
    { name: `${name}: CPU of the process`, unit: 's per 1,000', value: cost.hubCpu / thousand },
    { name: `${name}: CPU of PostgreSQL`, unit: 's per 1,000', value: cost.databaseCpu / thousand },
    { name: `${name}: peak memory`, unit: 'MB', value: cost.peakMb },
    { name: `${name}: WAL`, unit: 'bytes an order', value: cost.walBytes / cost.orders },
    { name: `${name}: SQL statements`, unit: 'an order', value: cost.statements / cost.orders },
  ]
}

interface LoopCost {
  perSecond: number
  /** Of the process, seconds an order. */
  cpu: number
}

/** The same with one durable row for each order. */
async function durableLoop(orders: number): Promise<LoopCost & { databaseCpu: number }> {
  await using machines = await openMachines()
  using source = await startStandIn({ orders })
  using sink = await startStandIn()
  const before = await machines.database()
  const { seconds, cpuSeconds } = await runScript<{ seconds: number; cpuSeconds: number }>(
    path.join(WALK, 'durable-loop.ts'),
    [source.url, sink.url, machines.databaseUrl],
  )
  const { databaseCpu } = spent(before, await machines.database())
  await exactlyOnce(sink, orders)
  return { perSecond: orders / seconds, cpu: cpuSeconds / orders, databaseCpu: databaseCpu / orders }
}

export async function bareLoop(orders: number): Promise<LoopCost> {
  using source = await startStandIn({ orders })
  using sink = await startStandIn()
  const { seconds, cpuSeconds } = await runScript<{ seconds: number; cpuSeconds: number }>(
    path.join(WALK, 'bare-loop.ts'),
    [source.url, sink.url],
  )
  await exactlyOnce(sink, orders)
  return { perSecond: orders / seconds, cpu: cpuSeconds / orders }
}

async function hubWalk(backend: Backend, orders: number): Promise<WalkCost> {
  await using machines = await openMachines({ redis: backend === 'Redis' })
  using source = await startStandIn({ orders })
  using sink = await startStandIn()
  await using hub = await startHubChild(machines, { ...orderHub(source.url, sink.url), ...redisOf(machines, backend) })
  const cost = await measured(
    machines,
    orders,
    () => hub.usage(),
    async () => {
      const pulling = hub.ask({ do: 'pull', source: 'orders' })
      await sink.until(orders)
      await pulling
      await settled(machines)
    },
  )
  await exactlyOnce(sink, orders)
  const again = await hub.ask<{ seconds: number; changed: number }>({
    do: 'pull from memory',
    source: 'orders',
    orders,
  })
  if (again.changed !== 0) throw new Error(`${again.changed} unchanged orders were taken for changed`)
  return { ...cost, again: orders / again.seconds }
}

async function obviousWalk(backend: Backend, orders: number): Promise<WalkCost> {
  await using machines = await openMachines({ redis: backend === 'Redis' })
  using source = await startStandIn({ orders })
  using sink = await startStandIn()
  const before = await machines.database()
  const { seconds, ...usage } = await runScript<{ seconds: number; cpuSeconds: number; peakMb: number }>(
    path.join(WALK, 'obvious.ts'),
    [source.url, sink.url, String(orders), machines.databaseUrl, redisOf(machines, backend).redisUrl ?? ''],
  )
  const after = await machines.database()
  await exactlyOnce(sink, orders)
  return {
    orders,
    perSecond: orders / seconds,
    hubCpu: usage.cpuSeconds,
    peakMb: usage.peakMb,
    ...spent(before, after),
  }
}

const redisOf = ({ redisUrl }: Machines, backend: Backend) => (backend === 'Redis' && redisUrl ? { redisUrl } : {})

type DatabaseUse = Awaited<ReturnType<Machines['database']>>
const spent = (before: DatabaseUse, after: DatabaseUse) => ({
  databaseCpu: after.cpuSeconds - before.cpuSeconds,
  walBytes: after.walBytes - before.walBytes,
  statements: after.statements - before.statements,
})

/** What some work on so many orders costs the hub and its database. */
export async function measured(
  machines: Machines,
  orders: number,
  usage: () => Promise<{ cpuSeconds: number; peakMb: number }>,
  work: () => Promise<void>,
): Promise<WalkCost> {
  const [before, hubBefore] = [await machines.database(), await usage()]
  const began = performance.now()
  await work()
  const seconds = (performance.now() - began) / 1000
  const [after, hubAfter] = [await machines.database(), await usage()]
  return {
    orders,
    perSecond: orders / seconds,
    hubCpu: hubAfter.cpuSeconds - hubBefore.cpuSeconds,
    peakMb: hubAfter.peakMb,
    ...spent(before, after),
  }
}
