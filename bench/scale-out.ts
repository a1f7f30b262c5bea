// More processes on the same database: a destination that takes 50 ms a call, so that it is waiting that is shared out, not cores.

import { openStore } from '../engine/platform/store/store.ts'
import type { BenchOptions, Figure, Section } from './figures.ts'
import { seed } from './ledger/seed.ts'
import { startHubChild, startStandIn } from './rig/children.ts'
import { settled } from './rig/ledger-state.ts'
import { openMachines, redisIsThere } from './rig/machines.ts'
import { orderHub } from './rig/shop.ts'

const CALL_MS = 50
/** Requests in flight of a process; its chunks share them. */
const IN_FLIGHT = 8
const WORKERS = [1, 2, 4]
const AIM = 3.5

export async function run({ quick }: BenchOptions): Promise<Section> {
  const seconds = quick ? 3 : 8
  const figures: Figure[] = []
  for (const backend of redisIsThere() ? ['PostgreSQL', 'Redis'] : ['PostgreSQL']) {
    let one = 0
    for (const workers of WORKERS) {
      const perSecond = await throughput(
        backend === 'Redis',
        workers,
        Math.round((seconds * 1000) / CALL_MS) * IN_FLIGHT * workers,
      )
      if (workers === 1) one = perSecond
      figures.push({
        name: `queue on ${backend}, ${workers} worker${workers === 1 ? '' : 's'}`,
        unit: 'pushes/s',
        value: perSecond,
        ...(workers > 1
          ? { baseline: 'of one', ratio: perSecond / one }
          : { note: `at most ${(1000 / CALL_MS) * IN_FLIGHT}` }),
        ...(workers === 4 ? { target: { least: AIM, of: 'ratio' as const } } : {}),
      })
    }
  }
  return {
    title: 'Scale-out',
    what: `Hub processes on one database, a destination that takes ${CALL_MS} ms a call, ${IN_FLIGHT} calls in flight a process; the rate of the middle 80 % of about ${seconds} s.`,
    figures,
    caveats: redisIsThere() ? [] : ['redis-server is not installed: the half on Redis was left out.'],
  }
}

async function throughput(redis: boolean, workers: number, orders: number): Promise<number> {
  await using machines = await openMachines({ redis })
  using sink = await startStandIn({ delayMs: CALL_MS })
  await (await openStore({ databaseUrl: machines.databaseUrl, stateDir: '' })).close()
  await seed(machines, { from: 1, to: orders, state: 'owed' })
  const config = {
    ...orderHub(sink.url, sink.url, IN_FLIGHT),
    ...(redis && machines.redisUrl ? { redisUrl: machines.redisUrl } : {}),
  }
  await using hubs = new AsyncDisposableStack()
  await Promise.all(Array.from({ length: workers }, async () => hubs.use(await startHubChild(machines, config))))
  await sink.until(orders)
  await settled(machines)
  const moments = (await sink.arrivals()).map(([, , at]) => at).sort((a, b) => a - b)
  const [from, to] = [Math.floor(orders * 0.1), Math.floor(orders * 0.9)]
  return ((to - from) * 1000) / (moments[to]! - moments[from]!)
}
