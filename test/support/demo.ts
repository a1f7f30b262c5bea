// Runs the demo as a person does, in processes of its own, on the test run's database and queue.
import { type ChildProcess, spawn } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { type Systems, startSystems } from '../../engine/cli/demo/systems.ts'
import { openStore, type Store } from '../../engine/platform/store/store.ts'

const CLI = path.resolve(import.meta.dirname, '..', '..', 'engine', 'cli', 'main.ts')

export interface DemoRun {
  child: ChildProcess
  /** Exit code and everything it printed. */
  done: Promise<{ code: number | null; output: string }>
}
export interface DemoPlace extends AsyncDisposable {
  systems: Systems
  store: Store
  run: (...args: string[]) => DemoRun
  /** Another command about the demo's hub. */
  handoff: (...args: string[]) => Promise<{ code: number | null; output: string }>
  /** Requests that changed something, over all systems or for one. */
  writes: (system?: string) => Promise<number>
  pass: (interval: string) => Promise<void>
}

/** `demo`, or `demo-csv` for a run with --orders. */
export async function demoPlace(backend: 'postgres' | 'redis', name: 'demo' | 'demo-csv' = 'demo'): Promise<DemoPlace> {
  const folder = mkdtempSync(path.join(tmpdir(), 'handoff-demo-'))
  const schema = `t_${randomBytes(6).toString('hex')}`
  const database = process.env['HANDOFF_TEST_DATABASE']!
  const systems = await startSystems(path.join(folder, name, 'systems'))
  const own = `${schema}_${name.replaceAll('-', '_')}`
  const store = await openStore({ databaseUrl: database, stateDir: folder, schema: own })
  const env = {
    ...process.env,
    DATABASE_URL: database,
    HANDOFF_STATE: folder,
    HANDOFF_SCHEMA: schema,
    HANDOFF_LOG: 'error',
    NO_COLOR: '1',
    ...(backend === 'redis' ? { REDIS_URL: process.env['HANDOFF_TEST_REDIS'] } : { REDIS_URL: '' }),
  }
  const running = new Set<ChildProcess>()
  const start = (args: string[]): DemoRun => {
    const child = spawn(process.execPath, [CLI, ...args], { env, stdio: ['ignore', 'pipe', 'pipe'] })
    running.add(child)
    let output = ''
    child.stdout!.on('data', (chunk) => (output += chunk))
    child.stderr!.on('data', (chunk) => (output += chunk))
    const done = new Promise<{ code: number | null; output: string }>((resolve) =>
      child.on('close', (code) => resolve({ code, output })),
    )
    void done.then(() => running.delete(child))
    return { child, done }
  }
  return {
    systems,
    store,
    run: (...args) => start(['demo', '--once', ...args]),
    handoff: (...args) => start(args).done,
    writes: async (system) => {
      if (system) return (await systems.get(`requests/${system}?writes=1&count=1`)).count
      const counts = (await systems.get('requests?writes=1')) as Record<string, number>
      return Object.values(counts).reduce((sum, count) => sum + count, 0)
    },
    pass: async (interval) => void (await store.query('update clock set shift = shift + $1::interval', [interval])),
    [Symbol.asyncDispose]: async () => {
      for (const child of running) child.kill('SIGKILL')
      await sleep(100)
      systems.stop()
      await store.query(`drop schema if exists "${own}" cascade`)
      await store.close()
      rmSync(folder, { recursive: true, force: true })
    },
  }
}
