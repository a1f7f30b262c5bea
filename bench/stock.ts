// Stock: a sale changes the level on one channel; three others are told.
import { type BenchOptions, latencies, type Section } from './figures.ts'
import { runLoad, startHubChild, startStandIn } from './rig/children.ts'
import { settled } from './rig/ledger-state.ts'
import type { LoadSpec } from './rig/load.ts'
import { openMachines } from './rig/machines.ts'
import { SECRET, stockHub } from './rig/shop.ts'

const CHANNELS = ['marketplace', 'store', 'outlet']
const RATE = 20
const SKUS = 200

export async function run({ quick }: BenchOptions): Promise<Section> {
  const seconds = quick ? 4 : 30
  await using machines = await openMachines()
  using sink = await startStandIn()
  await using hub = await startHubChild(machines, { ...stockHub(sink.url, sink.url, CHANNELS), serve: true })
  const spec: LoadSpec = {
    url: `${hub.url}/webhooks/shop`,
    secret: SECRET,
    topic: 'stock',
    skus: SKUS,
    from: 1,
    seconds: SKUS / 100,
    rate: 100,
  }
  const load = (more: Partial<LoadSpec>) => runLoad({ ...spec, ...more })

  // Every SKU once: what is measured are changes of levels that the channels know.
  const { sent } = await load({})
  await sink.until(sent * CHANNELS.length)
  await settled(machines)
  const sales = await load({ from: sent + 1, rate: RATE, seconds })
  await settled(machines)

  const due = new Map(sales.due)
  const delays = new Map<string, number[]>()
  for (const [, mark, at] of await sink.arrivals()) {
    const dueAt = due.get(mark)
    if (dueAt !== undefined) delays.set(mark, [...(delays.get(mark) ?? []), at - dueAt])
  }
  const each = [...delays.values()].flat()
  const last = [...delays.values()].map((some) => Math.max(...some))
  return {
    title: 'Stock',
    what: `A level changes on one channel (a webhook), ${RATE} times a second for ${seconds} s, over ${SKUS} SKUs; ${CHANNELS.length} other channels are told, each a connection of its own, in the urgent lane.`,
    figures: [
      ...latencies('sale → one other channel', each),
      ...latencies('sale → the last of the three', last, { p99: 150 }),
      {
        name: 'updates that did not arrive',
        unit: '',
        value: sales.sent * CHANNELS.length - each.length,
        target: { most: 0 },
      },
    ],
    caveats: [],
  }
}
