// Where the limit is, of the walk and of what comes one by one: what the hub's process computes for an order, and what PostgreSQL executes for it.
import { mkdirSync, readdirSync } from 'node:fs'
import path from 'node:path'
import type { BenchOptions, Figure, Section } from './figures.ts'
import { secondsByRoom } from './profile/rooms.ts'
import { countAnew, type Statements, statementsByGroup } from './profile/statements.ts'
import { type HubChild, runLoad, startHubChild, startStandIn } from './rig/children.ts'
import { exactlyOnce, settled } from './rig/ledger-state.ts'
import { openMachines } from './rig/machines.ts'
import { orderHub, SECRET } from './rig/shop.ts'
import { bareLoop, measured, type WalkCost } from './walk.ts'

/** As many as the peers are given. */
const CONNECTIONS = 16

export async function run({ orders: wanted, quick }: BenchOptions): Promise<Section> {
  const orders = wanted ?? (quick ? 2_000 : 20_000)
  const bare = await bareLoop(orders)
  const walk = await profiled(orders, (hub) => hub.ask({ do: 'pull', source: 'orders' }))
  const alone = await profiled(orders, (hub) => send(hub, orders))
  const share = { baseline: 'bare loop', ratio: walk.cost.hubCpu / orders / bare.cpu }
  return {
    title: 'Profile',
    what: `${orders.toLocaleString('en')} orders with the queue on PostgreSQL, once read in pages (the walk) and once by webhook, one by one over ${CONNECTIONS} connections, with a profiler in the hub: what an order costs, and whom.`,
    figures: [
      { name: 'bare loop: CPU', unit: 's per 1,000', value: bare.cpu * 1000 },
      ...figuresOf('walk', walk, share),
      ...figuresOf('one by one', alone),
    ],
    caveats: [
      'A sample of the profile counts for the nearest function on its stack that belongs to a room, so that a write to a socket counts for the driver or the HTTP client that asked for it. What other threads of the process do (most of the garbage collection) is in its CPU, not in the main thread.',
      'A statement counts for the first table that it writes. Execution is elapsed time, more than CPU where cores are busy, and without parsing, planning, and the wait for the disk at the commit.',
    ],
  }
}

interface Profiled {
  cost: WalkCost
  rooms: Map<string, number>
  statements: Map<string, Statements>
}

function figuresOf(name: string, { cost, rooms, statements }: Profiled, share: Partial<Figure> = {}): Figure[] {
  const thousands = cost.orders / 1000
  const sampled = [...rooms.values()].reduce((sum, one) => sum + one, 0)
  const executed = [...statements.values()].reduce((sum, { ms }) => sum + ms, 0) / 1000
  const bySize = <Of>(map: Map<string, Of>, size: (of: Of) => number) =>
    [...map].sort(([, a], [, b]) => size(b) - size(a))
  return [
    {
      name: `${name}, hub: CPU`,
      unit: 's per 1,000',
      value: cost.hubCpu / thousands,
      ...share,
      note: `${Math.round(cost.perSecond)} orders/s under the profiler`,
    },
    { name: `${name}, hub: main thread`, unit: 's per 1,000', value: sampled / thousands },
    ...bySize(rooms, (seconds) => seconds).map(([room, seconds]) => ({
      name: `${name}, hub: ${room}`,
      unit: '% of the main thread',
      value: (seconds / sampled) * 100,
      note: `${(seconds / thousands).toFixed(3)} s per 1,000`,
    })),
    { name: `${name}, PostgreSQL: CPU`, unit: 's per 1,000', value: cost.databaseCpu / thousands },
    { name: `${name}, PostgreSQL: execution of statements`, unit: 's per 1,000', value: executed / thousands },
    ...bySize(statements, ({ ms }) => ms).map(([group, { ms, calls }]) => ({
      name: `${name}, PostgreSQL: ${group}`,
      unit: 's per 1,000',
      value: ms / 1000 / thousands,
      note: `${Math.round(ms / executed / 10)} %, ${(calls / thousands).toFixed(1)} statements`,
    })),
  ]
}

const send = ({ url }: HubChild, amount: number) =>
  runLoad({
    url: `${url}/webhooks/shop`,
    secret: SECRET,
    topic: 'order',
    from: 1,
    amount,
    connections: CONNECTIONS,
    seconds: 3_600,
  })

/** What the hub and its database do while so many orders come in and are delivered. */
async function profiled(orders: number, arrive: (hub: HubChild) => Promise<unknown>): Promise<Profiled> {
  await using machines = await openMachines()
  using source = await startStandIn({ orders })
  using sink = await startStandIn()
  const folder = path.join(machines.folder, 'profile')
  mkdirSync(folder)
  const work = async () => {
    await using hub = await startHubChild(machines, { ...orderHub(source.url, sink.url), serve: true }, [
      '--cpu-prof',
      `--cpu-prof-dir=${folder}`,
    ])
    await countAnew(machines)
    const from = microseconds()
    const carry = async () => {
      const arriving = arrive(hub)
      await sink.until(orders)
      await arriving
      await settled(machines)
    }
    const cost = await measured(machines, orders, () => hub.usage(), carry)
    return { cost, from, to: microseconds(), statements: await statementsByGroup(machines) }
  }
  const { cost, statements, from, to } = await work()
  await exactlyOnce(sink, orders)
  // It is written when the hub has ended.
  const [file] = readdirSync(folder)
  return { cost, statements, rooms: secondsByRoom(path.join(folder, file!), from, to) }
}

/** Of the machine's own clock, as profiles have it. */
const microseconds = () => Number(process.hrtime.bigint() / 1000n)
