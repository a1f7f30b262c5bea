// `measure.ts JSON`: runs Handoff, Node-RED and n8n one after another on the same work, and prints what they did as JSON. Started by
// peers.ts in a network of its own, where there is nothing but this machine: some of them call out.

import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { Agent, request } from 'undici'
import { runLoad, type StandIn, startHubChild, startStandIn } from '../rig/children.ts'
import { settled } from '../rig/ledger-state.ts'
import { openMachines } from '../rig/machines.ts'
import { cpuOf, familyOf, memoryOf, pidsIn } from '../rig/processes.ts'
import { orderHub, SECRET } from '../rig/shop.ts'
import { prepareN8n } from './n8n.ts'
import { startNodeRed } from './node-red.ts'
import type { Peer, PeerFigures, PeerRun } from './peer.ts'

export interface PeerWork {
  n8n: string
  nodeRed: string
  /** Orders of the batch. */
  batch: number
  /** Orders one by one. */
  single: { handoff: number; nodeRed: number; n8n: number; n8nBest: number }
}

const CONNECTIONS = 16
/** n8n sends nothing of a batch until all of it is mapped: minutes, as installed. */
const PATIENCE_MS = 15 * 60_000
const work = JSON.parse(process.argv[2]!) as PeerWork
const folder = mkdtempSync(path.join(tmpdir(), 'handoff-bench-'))
const figures: PeerFigures = {}

const load = (url: string, amount: number, from: number) =>
  runLoad({ url, secret: SECRET, topic: 'order', from, amount, connections: CONNECTIONS, seconds: 3_600 })

/** Lets something happen and looks at what it cost until so many orders have arrived, from the beginning to the last one. */
async function watched(
  sink: StandIn,
  pids: () => number[],
  orders: number,
  begin: () => Promise<number>,
): Promise<PeerRun> {
  const before = (await sink.count()).distinct
  const cpu = cpuOf(pids())
  let memoryMb = 0
  const timer = setInterval(() => (memoryMb = Math.max(memoryMb, memoryOf(pids()))), 250)
  const began = performance.timeOrigin + performance.now()
  try {
    const failures = await begin()
    await sink.until(before + orders - failures, PATIENCE_MS)
    const last = Math.max(...(await sink.arrivals()).map(([, , at]) => at))
    return {
      orders,
      perSecond: (orders - failures) / ((last - began) / 1000),
      cpuMs: ((cpuOf(pids()) - cpu) / orders) * 1000,
      memoryMb,
      failures,
    }
  } finally {
    clearInterval(timer)
  }
}

async function peer(name: string, sink: StandIn, start: () => Promise<Peer>, single: number): Promise<void> {
  await sink.forget()
  await using running = await start()
  const pids = () => familyOf(running.pid)
  console.error(`  ${name} …`)
  const warm = Math.ceil(single / 10)
  await watched(sink, pids, warm, async () => (await load(running.single, warm, 10_000_000)).failures)
  const one = await watched(sink, pids, single, async () => (await load(running.single, single, 20_000_000)).failures)
  const whole = await watched(sink, pids, work.batch, async () => {
    // A connection of its own: an idle one may be closed at the other end just now.
    const dispatcher = new Agent({ pipelining: 0 })
    const answer = await request(running.batch, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: '{}',
      dispatcher,
    })
    await answer.body.dump()
    return 0
  })
  figures[name] = { single: one, batch: whole }
}

async function handoff(source: StandIn): Promise<void> {
  await using machines = await openMachines()
  using sink = await startStandIn()
  await using hub = await startHubChild(machines, { ...orderHub(source.url, sink.url), serve: true })
  const [{ data_directory: data }] = await machines.sql('show data_directory')
  const pids = () => [hub.pid, ...pidsIn(data)]
  console.error('  Handoff …')
  const url = `${hub.url}/webhooks/shop`
  const warm = Math.ceil(work.single.handoff / 10)
  await watched(sink, pids, warm, async () => (await load(url, warm, 10_000_000)).failures)
  await settled(machines)
  const one = await watched(
    sink,
    pids,
    work.single.handoff,
    async () => (await load(url, work.single.handoff, 20_000_000)).failures,
  )
  await settled(machines)
  const whole = await watched(sink, pids, work.batch, async () => {
    await hub.ask({ do: 'pull', source: 'orders' })
    return 0
  })
  figures['Handoff'] = { single: one, batch: whole }
}

using source = await startStandIn({ orders: work.batch })
try {
  await handoff(source)
  const orders = { url: source.url, amount: work.batch }
  using sink = await startStandIn()
  await peer('Node-RED', sink, () => startNodeRed(work.nodeRed, folder, orders, sink.url), work.single.nodeRed)
  const startN8n = prepareN8n(work.n8n, folder, orders, sink.url)
  await peer('n8n at its best setting', sink, () => startN8n(true), work.single.n8nBest)
  await peer('n8n as installed', sink, () => startN8n(false), work.single.n8n)
} finally {
  rmSync(folder, { recursive: true, force: true })
}
console.log(JSON.stringify(figures))
