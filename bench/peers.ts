// Other systems at the same work: orders that arrive one by one by webhook, are mapped and delivered over HTTP; and a batch that is
// read over HTTP, mapped and delivered. `npm run bench:peers` installs them from the npm registry into a temporary folder.
import { spawnSync } from 'node:child_process'
import path from 'node:path'
import type { BenchOptions, Figure, Section } from './figures.ts'
import { installed } from './peers/install.ts'
import type { PeerWork } from './peers/measure.ts'
import { N8N } from './peers/n8n.ts'
import { NODE_RED } from './peers/node-red.ts'
import type { PeerFigures, PeerRun } from './peers/peer.ts'
import { runProgram } from './rig/children.ts'

const MEASURE = path.join(import.meta.dirname, 'peers', 'measure.ts')
const AIMS: Record<string, { single?: number; batch?: number }> = {
  'n8n at its best setting': { single: 15, batch: 6 },
  'n8n as installed': { single: 60, batch: 40 },
  'Node-RED': { single: 1.2 },
}

export async function run({ quick }: BenchOptions): Promise<Section> {
  const work: PeerWork = {
    n8n: installed('n8n', N8N, ['sqlite3']),
    nodeRed: installed('node-red', NODE_RED),
    batch: quick ? 300 : 10_000,
    single: quick
      ? { handoff: 300, nodeRed: 300, n8n: 40, n8nBest: 60 }
      : { handoff: 10_000, nodeRed: 10_000, n8n: 400, n8nBest: 2_000 },
  }
  const alone = spawnSync('unshare', ['-n', 'true']).status === 0
  const program = [process.execPath, MEASURE, JSON.stringify(work)]
  const [command, ...args] = alone
    ? ['unshare', '-n', 'sh', '-c', 'ip link set lo up && exec "$@"', 'sh', ...program]
    : program
  const found = await runProgram<PeerFigures>(command!, args)
  const { Handoff: ours, ...others } = found
  return {
    title: 'Peers',
    what: `The same orders (5 lines, about 2 KB), the same fields, the same stand-ins, all on this machine. One by one: 16 connections, from the first order sent to the last one delivered. A batch: ${work.batch.toLocaleString('en')} orders read over HTTP.`,
    figures: [
      ...rows('Handoff', ours!),
      ...Object.entries(others).flatMap(([name, theirs]): Figure[] => [
        ...rows(name, theirs),
        ahead(`Handoff against ${name}, one by one`, ours!.single, theirs.single, AIMS[name]?.single),
        ahead(`Handoff against ${name}, a batch`, ours!.batch, theirs.batch, AIMS[name]?.batch),
      ]),
    ],
    caveats: [
      `n8n ${N8N} on SQLite. Its best setting: expressions in the process itself (N8N_EXPRESSION_ENGINE=legacy), nothing of an execution saved. As installed it saves executions; it repeats nothing after a crash.`,
      `Node-RED ${NODE_RED} keeps nothing: an order in flight when it stops is lost, and a failed delivery is not repeated. Handoff commits every order durably before it answers, and again before and after each push.`,
      `Counts one by one: ${Object.entries({
        Handoff: work.single.handoff,
        'Node-RED': work.single.nodeRed,
        'n8n at its best': work.single.n8nBest,
        'n8n as installed': work.single.n8n,
      })
        .map(([name, count]) => `${name} ${count.toLocaleString('en')}`)
        .join(', ')}; a tenth of that before, to warm up.`,
      'What limits Handoff is CPU: with 16 connections both cores are busy. What an order costs there, and whom, stands under Profile (one by one, and the walk for the batch): its durable commits are what Node-RED and n8n at its best do without.',
      alone
        ? 'All ran in a network namespace that has only this machine.'
        : 'The peers could reach the internet while they ran: there was no network namespace to be had.',
    ],
  }
}

const rows = (name: string, { single, batch }: { single: PeerRun; batch: PeerRun }): Figure[] =>
  [
    { name: `${name}, one by one`, run: single },
    { name: `${name}, a batch`, run: batch },
  ].map((each) => ({
    name: each.name,
    unit: 'orders/s',
    value: each.run.perSecond,
    note: `${each.run.cpuMs.toFixed(2)} ms CPU an order, ${Math.round(each.run.memoryMb)} MB${each.run.failures > 0 ? `, ${each.run.failures} failed` : ''}`,
  }))

const ahead = (name: string, ours: PeerRun, theirs: PeerRun, least: number | undefined): Figure => ({
  name,
  unit: 'times',
  value: ours.perSecond / theirs.perSecond,
  ...(least === undefined ? {} : { target: { least } }),
})
