// Where the limit of the walk is: what the hub's process computes for an order, and what PostgreSQL executes for it.
import { mkdirSync, readdirSync } from 'node:fs'
import path from 'node:path'
import type { BenchOptions, Section } from './figures.ts'
import { secondsByRoom } from './profile/rooms.ts'
import { countAnew, statementsByGroup } from './profile/statements.ts'
import { startHubChild, startStandIn } from './rig/children.ts'
import { exactlyOnce, settled } from './rig/ledger-state.ts'
import { openMachines } from './rig/machines.ts'
import { orderHub } from './rig/shop.ts'
import { bareLoop, measured } from './walk.ts'

export async function run({ orders: wanted, quick }: BenchOptions): Promise<Section> {
  const orders = wanted ?? (quick ? 2_000 : 20_000)
  const thousands = orders / 1000
  const bare = await bareLoop(orders)
  const { cost, rooms, statements } = await profiledWalk(orders)
  const sampled = [...rooms.values()].reduce((sum, one) => sum + one, 0)
  const executed = [...statements.values()].reduce((sum, { ms }) => sum + ms, 0) / 1000
  const bySize = <Of>(map: Map<string, Of>, size: (of: Of) => number) =>
    [...map].sort(([, a], [, b]) => size(b) - size(a))
  return {
    title: 'Profile',
    what: `The walk with ${orders.toLocaleString('en')} orders and the queue on PostgreSQL, with a profiler in the hub: what an order costs, and whom.`,
    figures: [
      { name: 'bare loop: CPU', unit: 's per 1,000', value: bare.cpu * 1000 },
      {
        name: 'hub: CPU',
        unit: 's per 1,000',
        value: cost.hubCpu / thousands,
        baseline: 'bare loop',
        ratio: cost.hubCpu / thousands / (bare.cpu * 1000),
        note: `${Math.round(cost.perSecond)} orders/s under the profiler`,
      },
      { name: 'hub: main thread', unit: 's per 1,000', value: sampled / thousands },
      ...bySize(rooms, (seconds) => seconds).map(([room, seconds]) => ({
        name: `hub: ${room}`,
        unit: '% of the main thread',
        value: (seconds / sampled) * 100,
        note: `${(seconds / thousands).toFixed(3)} s per 1,000`,
      })),
      { name: 'PostgreSQL: CPU', unit: 's per 1,000', value: cost.databaseCpu / thousands },
      { name: 'PostgreSQL: execution of statements', unit: 's per 1,000', value: executed / thousands },
      ...bySize(statements, ({ ms }) => ms).map(([group, { ms, calls }]) => ({
        name: `PostgreSQL: ${group}`,
        unit: 's per 1,000',
        value: ms / 1000 / thousands,
        note: `${Math.round(ms / executed / 10)} %, ${(calls / thousands).toFixed(1)} statements`,
      })),
    ],
    caveats: [
      'A sample of the profile counts for the nearest function on its stack that belongs to a room, so that a write to a socket counts for the driver or the HTTP client that asked for it. What other threads of the process do (most of the garbage collection) is in its CPU, not in the main thread.',
      'A statement counts for the first table that it writes. Execution is elapsed time, more than CPU where cores are busy, and without parsing, planning, and the wait for the disk at the commit.',
    ],
  }
}

async function profiledWalk(orders: number) {
  await using machines = await openMachines()
  using source = await startStandIn({ orders })
  using sink = await startStandIn()
  const folder = path.join(machines.folder, 'profile')
  mkdirSync(folder)
  const work = async () => {
    await using hub = await startHubChild(machines, orderHub(source.url, sink.url), [
      '--cpu-prof',
      `--cpu-prof-dir=${folder}`,
    ])
    await countAnew(machines)
    const from = microseconds()
    const walk = async () => {
      const pulling = hub.ask({ do: 'pull', source: 'orders' })
      await sink.until(orders)
      await pulling
      await settled(machines)
    }
    const cost = await measured(machines, orders, () => hub.usage(), walk)
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
