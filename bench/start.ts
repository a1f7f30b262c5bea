// From the command to the moment when the hub is ready: the command line itself, on a folder that has been used before.
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { chmodSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import pg from 'pg'
import { startEmbedded } from '../engine/platform/store/embedded/server.ts'
import hubFlags from '../tools/hub-flags.json' with { type: 'json' }
import { type BenchOptions, type Figure, median, type Section } from './figures.ts'
import { seed } from './ledger/seed.ts'
import { type StandIn, startStandIn } from './rig/children.ts'
import type { Machines } from './rig/machines.ts'

const CLI = path.join(import.meta.dirname, '..', 'engine', 'cli', 'main.ts')
const TIMES = 3

export async function run({ quick }: BenchOptions): Promise<Section> {
  const owed = quick ? 20_000 : 1_000_000
  const times = quick ? 2 : TIMES
  const folder = mkdtempSync(path.join(tmpdir(), 'handoff-bench-'))
  chmodSync(folder, 0o755)
  using system = await startStandIn({ delayMs: 1000 })
  try {
    writeConfiguration(folder, system)
    const first = await startAndStop(folder)
    const again: number[] = []
    for (let turn = 0; turn < times; turn++) again.push(await startAndStop(folder))
    await withDatabase(folder, (machines) => seed(machines, { from: 1, to: owed, state: 'owed' }))
    const laden: number[] = []
    for (let turn = 0; turn < times; turn++) laden.push(await startAndStop(folder))
    const shown = (values: number[]) =>
      `median of ${values.length}; ${values.map((each) => each.toFixed(2)).join(', ')}`
    return {
      title: 'Start',
      what: 'From `handoff start` to the first right answer of `/ready`, with the embedded database, a shop and a warehouse; stopped in between.',
      figures: [
        { name: 'the very first start (the database is made)', unit: 's', value: first },
        { name: 'later, with nothing to do', unit: 's', value: median(again), target: { most: 2 }, note: shown(again) },
        {
          name: `later, with ${owed.toLocaleString('en')} handoffs owed`,
          unit: 's',
          value: median(laden),
          target: { most: 2 },
          note: shown(laden),
        },
      ] satisfies Figure[],
      caveats: [
        'The files of Node and PostgreSQL are in the cache of the operating system; nothing else of an earlier start is.',
      ],
    }
  } finally {
    removeFolder(folder)
  }
}

/** The address answers everything with an error after a second: nothing is delivered, nobody is in a hurry. */
function writeConfiguration(folder: string, { url }: StandIn): void {
  mkdirSync(path.join(folder, 'config'))
  writeFileSync(
    path.join(folder, 'config', 'hub.yaml'),
    `connections:
  shop: { connector: woocommerce, settings: { url: "${url}", key: ck_bench, secret: cs_bench } }
  warehouse: { connector: shiphero, settings: { url: "${url}", token: bench } }
sources:
  shop-orders: { pull: shop.orders, into: order, also: [customer], every: 1h }
routes:
  to-warehouse: { record: order, when: { status: open }, push: warehouse.orders }
server: { port: 0 }
`,
  )
}

async function startAndStop(folder: string): Promise<number> {
  const began = performance.now()
  const child = spawn(process.execPath, [...hubFlags, CLI, 'start', '--config', path.join(folder, 'config')], {
    stdio: ['ignore', 'pipe', 'inherit'],
    cwd: folder,
    env: {
      ...process.env,
      // Compiled code is kept from one start to the next; the first has none.
      NODE_COMPILE_CACHE: path.join(folder, 'code'),
      HANDOFF_STATE: path.join(folder, 'state'),
      HANDOFF_LOG: 'silent',
      DATABASE_URL: '',
      REDIS_URL: '',
    },
  })
  const url = await addressOf(child)
  while (!(await fetch(`${url}/ready`)).ok) await sleep(5)
  const seconds = (performance.now() - began) / 1000
  child.kill('SIGTERM')
  await once(child, 'exit')
  return seconds
}

function addressOf(child: ChildProcess): Promise<string> {
  return new Promise((resolve, reject) => {
    let said = ''
    child.stdout!.on('data', (chunk) => {
      said += chunk
      const url = /health\s+(http:\/\/\S+)\/health/.exec(said)?.[1]
      if (url) resolve(url)
    })
    child.on('exit', (code) => reject(new Error(`the hub did not start (${code})\n${said}`)))
  })
}

async function withDatabase(folder: string, work: (machines: Pick<Machines, 'sql'>) => Promise<void>): Promise<void> {
  const server = await startEmbedded({ stateDir: path.join(folder, 'state'), settings: { max_wal_size: '4GB' } })
  const pool = new pg.Pool({ ...server.connection, max: 1 })
  // Connections that were closed may still hear that the server stops.
  pool.on('error', () => {})
  try {
    await work({ sql: async (text, values) => (await pool.query(text, values)).rows as never })
  } finally {
    await pool.end()
    await server.stop()
  }
}

function removeFolder(folder: string): void {
  // Where the server may not enter the folder, its files lie elsewhere, and a note says where.
  const note = path.join(folder, 'state', 'postgres.path')
  if (existsSync(note)) rmSync(readFileSync(note, 'utf8').trim(), { recursive: true, force: true })
  rmSync(folder, { recursive: true, force: true })
}
