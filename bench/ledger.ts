// The ledger grows for years: does a record cost more when ten thousand, a million, ten million handoffs are in it? And do a
// person's questions stay quick?
import path from 'node:path'
import { countFailures, listFailures } from '../engine/insight/failures.ts'
import { status } from '../engine/insight/status.ts'
import { trace } from '../engine/insight/trace.ts'
import { loadSchemas } from '../engine/platform/config/schema.ts'
import { openStore } from '../engine/platform/store/store.ts'
import { factsOf } from '../engine/setup/facts.ts'
import { type BenchOptions, type Figure, percentile, type Section } from './figures.ts'
import { seed } from './ledger/seed.ts'
import { startHubChild, startStandIn } from './rig/children.ts'
import { settled } from './rig/ledger-state.ts'
import { type Machines, openMachines } from './rig/machines.ts'
import { orderHub } from './rig/shop.ts'
import { measured, type WalkCost } from './walk.ts'

const MILLION = 1_000_000
const AIM_MS = 40

export async function run({ quick, whole }: BenchOptions): Promise<Section> {
  const [smallest, ...sizes] = quick ? [1_000, 20_000] : [10_000, MILLION, ...(whole ? [10 * MILLION] : [])]
  const most = Math.min(MILLION, sizes.at(-1)!)
  const orders = quick ? 500 : 20_000
  await using machines = await openLedger()
  const figures: Figure[] = []
  const asked: Figure[] = []
  let seeded = 0
  for (const size of sizes) {
    await seed(machines, { from: FIRST + seeded, to: FIRST + size - 1, state: 'delivered' })
    seeded = size
    const small: WalkCost[] = []
    const large: WalkCost[] = []
    for (let round = 0; round < ROUNDS; round++) {
      small.push(await walkOfSmall(smallest!, orders))
      large.push(await walkOn(machines, size * 10 + round * 2 * orders, orders))
    }
    figures.push(...compared({ size: smallest!, cost: total(small) }, { size, cost: total(large) }))
    if (size === most) asked.push(...(await questions(machines, size, quick)))
  }
  return {
    title: 'Ledger',
    what: `A walk of ${number(orders)} orders through a ledger that holds so many handoffs already, each with its order, item, links, attempt and events. Search and inbox are asked of the ledger with ${number(most)} orders, ${number(Math.floor(most / 500))} of them stuck.`,
    figures: [...figures, ...asked],
    caveats: [
      `Each size is walked ${ROUNDS} times, in turn with a new ledger of ${number(smallest!)}, so that what else the machine does meets both.`,
      'What is seeded is small (0.4 KB an order instead of 2), so that it fits on the disk; numbers of rows are real.',
      ...(whole ? [] : [`${number(10 * MILLION)} handoffs: with \`--whole\` (about 25 GB of disk).`]),
    ],
  }
}

/** Seeded numbers begin here, above those of all walks. */
const FIRST = 1_000_000_000
const ROUNDS = 3
const number = (value: number) => value.toLocaleString('en')

interface OfSize {
  size: number
  cost: WalkCost
}

function compared(small: OfSize, large: OfSize): Figure[] {
  const cpu = ({ cost }: OfSize) => ((cost.hubCpu + cost.databaseCpu) / cost.orders) * 1000
  const shown = (of: OfSize): Figure => ({
    name: `${number(of.size)} handoffs: CPU of hub and PostgreSQL`,
    unit: 'ms an order',
    value: cpu(of),
    note: `hub ${((of.cost.hubCpu / of.cost.orders) * 1000).toFixed(2)}, PostgreSQL ${((of.cost.databaseCpu / of.cost.orders) * 1000).toFixed(2)}`,
  })
  return [
    { ...shown(small), name: `in turn with ${number(large.size)}, ${shown(small).name}` },
    {
      ...shown(large),
      baseline: `of ${number(small.size)}`,
      ratio: cpu(large) / cpu(small),
      target: { most: 1.3, of: 'ratio' },
    },
    {
      name: `${number(large.size)} handoffs: throughput`,
      unit: 'orders/s',
      value: large.cost.perSecond,
      baseline: `of ${number(small.size)}`,
      ratio: large.cost.perSecond / small.cost.perSecond,
    },
    {
      name: `${number(large.size)} handoffs: SQL statements`,
      unit: 'an order',
      value: large.cost.statements / large.cost.orders,
    },
  ]
}

/** Several walks as one. */
function total(walks: WalkCost[]): WalkCost {
  const sum = (of: (walk: WalkCost) => number) => walks.reduce((all, walk) => all + of(walk), 0)
  const orders = sum((walk) => walk.orders)
  return {
    orders,
    perSecond: orders / sum((walk) => walk.orders / walk.perSecond),
    hubCpu: sum((walk) => walk.hubCpu),
    databaseCpu: sum((walk) => walk.databaseCpu),
    peakMb: Math.max(...walks.map((walk) => walk.peakMb)),
    walBytes: sum((walk) => walk.walBytes),
    statements: sum((walk) => walk.statements),
  }
}

async function openLedger(): Promise<Machines> {
  const machines = await openMachines({ settings: { max_wal_size: '4GB' } })
  await (await openStore({ databaseUrl: machines.databaseUrl, stateDir: '' })).close()
  return machines
}

async function walkOfSmall(size: number, orders: number): Promise<WalkCost> {
  await using machines = await openLedger()
  await seed(machines, { from: FIRST, to: FIRST + size - 1, state: 'delivered' })
  return await walkOn(machines, size * 10, orders)
}

/** A process that is warm walks orders that nobody knows yet, with numbers from `from` on. */
async function walkOn(machines: Machines, from: number, orders: number): Promise<WalkCost> {
  const warm = Math.ceil(orders / 5)
  using first = await startStandIn({ orders: warm, first: from })
  using source = await startStandIn({ orders, first: from + warm })
  using sink = await startStandIn({ first: from })
  const config = orderHub(source.url, sink.url)
  await using hub = await startHubChild(machines, {
    ...config,
    connections: { ...config.connections, earlier: { connector: 'plain', settings: { url: first.url } } },
    sources: { ...config.sources, warm: { pull: 'earlier.orders', into: 'order' } },
  })
  const walk = async (name: string, until: number) => {
    await hub.ask({ do: 'pull', source: name })
    await sink.until(until)
    await settled(machines)
  }
  await walk('warm', warm)
  return await measured(
    machines,
    orders,
    () => hub.usage(),
    () => walk('orders', warm + orders),
  )
}

async function questions({ databaseUrl }: Machines, size: number, quick: boolean): Promise<Figure[]> {
  const store = await openStore({ databaseUrl, stateDir: '' })
  try {
    const fields = orderFields()
    const some = () => String(FIRST + Math.floor(Math.random() * size))
    return [
      await asked('order search (`handoff trace NUMBER`), p95', quick, () => trace(store, some(), fields), AIM_MS),
      await asked(
        'inbox page (`handoff failures list`), p95',
        quick,
        () => Promise.all([countFailures(store), listFailures(store, 100)]),
        AIM_MS,
      ),
      await asked('status page (`handoff status`), p95', quick, () => status(store, ['shop', 'warehouse'], ['orders'])),
    ]
  } finally {
    await store.close()
  }
}

const MOST_SECONDS = 5

async function asked(name: string, quick: boolean, ask: () => Promise<unknown>, most?: number): Promise<Figure> {
  const times: number[] = []
  const began = performance.now()
  for (let turn = 0; turn < (quick ? 20 : 200) && performance.now() - began < MOST_SECONDS * 1000; turn++) {
    const from = performance.now()
    await ask()
    times.push(performance.now() - from)
  }
  const shown = `${times.length} times; p50 ${percentile(times, 0.5).toFixed(1)}`
  return { name, unit: 'ms', value: percentile(times, 0.95), note: shown, ...(most ? { target: { most } } : {}) }
}

/** Where each record type keeps the key of its order. */
function orderFields(): { type: string; path: string[] }[] {
  const schemas = loadSchemas(path.resolve(import.meta.dirname, '..', 'schemas'))
  const nothing = { connections: {}, sources: {}, routes: {}, owners: {}, alerts: {}, server: { host: '', port: 0 } }
  const facts = factsOf(nothing, schemas)
  const types = schemas.names().flatMap((name) => /^records\/([a-z-]+)$/.exec(name)?.[1] ?? [])
  return types.flatMap((type) => (facts.parents(type)['order'] ? [{ type, path: facts.parents(type)['order']! }] : []))
}
