// Webhooks: how fast they are answered (after they are stored), how many are taken, and how long it takes until what they brought
// has been mapped and pushed to another system.
import { availableParallelism } from 'node:os'
import path from 'node:path'
import { type BenchOptions, latencies, percentile, type Section } from './figures.ts'
import { runLoad, startHubChild, startServer, startStandIn } from './rig/children.ts'
import { settled } from './rig/ledger-state.ts'
import type { LoadReport, LoadSpec } from './rig/load.ts'
import { type Machines, openMachines } from './rig/machines.ts'
import { orderHub, SECRET } from './rig/shop.ts'

const INTAKE_RATE = 100
const PUSHED_RATE = 50
const CONNECTIONS = 64

export async function run({ quick }: BenchOptions): Promise<Section> {
  const seconds = quick ? 3 : 20
  await using machines = await openMachines()
  using sink = await startStandIn()
  await using hub = await startHubChild(machines, { ...orderHub(sink.url, sink.url), serve: true })
  const url = `${hub.url}/webhooks/shop`
  let from = 1
  const post = (where: string, more: Pick<LoadSpec, 'seconds'> & Partial<LoadSpec>): Promise<LoadReport> =>
    runLoad({ url: where, secret: SECRET, topic: 'order', from, ...more })
  const load = async (more: Pick<LoadSpec, 'seconds'> & Partial<LoadSpec>): Promise<LoadReport> => {
    const report = await post(url, more)
    from += report.sent
    await sink.until(from - 1)
    await settled(machines)
    return report
  }
  // Code that ran a few hundred times is not compiled yet; the bare intake beside it is warm as well.
  const warm = quick ? 500 : 5_000
  await load({ seconds: 60, connections: 16, amount: warm })

  const bare = await bareIntake(machines, (where) => post(where, { rate: INTAKE_RATE, seconds }))
  const intake = await load({ rate: INTAKE_RATE, seconds })
  const cpu = async () => (await machines.database()).cpuSeconds + (await hub.usage()).cpuSeconds
  const [before, cpuBefore] = [await machines.database(), await cpu()]
  const pushed = await load({ rate: PUSHED_RATE, seconds })
  const [after, cpuAfter] = [await machines.database(), await cpu()]
  const arrived = new Map((await sink.arrivals()).map(([, mark, at]) => [mark, at]))
  const endToEnd = pushed.due.map(([mark, at]) => arrived.get(mark)! - at)
  const saturated = await load({ seconds: quick ? 3 : 10, connections: CONNECTIONS })
  const cpuAtMost = ((await cpu()) - cpuAfter) / saturated.sent
  const failures = intake.failures + pushed.failures + saturated.failures
  return {
    title: 'Webhooks',
    what: `Signed webhooks, an order of about 2 KB each, from another process; each is answered after it is stored durably, and all are mapped and pushed on meanwhile, in a process that has taken ${warm.toLocaleString('en')} before. The open loops ran ${seconds} s, their latency counts from the moment when a webhook was due.`,
    figures: [
      ...latencies(`answered, at ${INTAKE_RATE}/s`, intake.latencies, { p95: 5 }),
      ...latencies(`bare intake (the signature, one durable insert), at ${INTAKE_RATE}/s`, bare.latencies),
      ...latencies(`webhook → pushed, at ${PUSHED_RATE}/s`, endToEnd, { p99: 60 }),
      {
        name: `CPU of hub and PostgreSQL, at ${PUSHED_RATE}/s`,
        unit: 'ms a webhook',
        value: ((cpuAfter - cpuBefore) / pushed.sent) * 1000,
      },
      {
        name: `SQL statements, at ${PUSHED_RATE}/s`,
        unit: 'a webhook',
        value: (after.statements - before.statements) / pushed.sent,
      },
      {
        name: `taken at most, ${CONNECTIONS} connections`,
        unit: 'webhooks/s',
        value: (saturated.sent - saturated.failures) / saturated.seconds,
        target: { least: 1500 },
        note: `${saturated.failures} of ${saturated.sent} failed; answered within ${Math.round(percentile(saturated.latencies, 0.99))} ms, p99`,
      },
      {
        name: 'CPU of hub and PostgreSQL, at most',
        unit: 'ms a webhook',
        value: cpuAtMost * 1000,
        note: `${availableParallelism()} cores have ${((availableParallelism() / saturated.sent) * saturated.seconds * 1000).toFixed(2)}, for the generator and the destination as well`,
      },
      { name: 'failures', unit: '', value: failures, target: { most: 0 } },
    ],
    caveats: [
      'The generator of load, the hub, PostgreSQL and the destination share the cores; a webhook that the generator sends late for that reason counts as slow.',
      'What a webhook costs, and whom, stands under Profile (one by one). Beside the bare intake the answer waits for the cores that map and push what came before it.',
    ],
  }
}

/** What any webhook costs on this machine that is answered after it is kept. */
async function bareIntake({ databaseUrl }: Machines, load: (url: string) => Promise<LoadReport>): Promise<LoadReport> {
  using bare = await startServer(path.join(import.meta.dirname, 'webhooks', 'bare-intake.ts'), [databaseUrl, SECRET])
  await load(bare.url)
  return load(bare.url)
}
