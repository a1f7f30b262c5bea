// What a benchmark runs on: a PostgreSQL of its own with the durability of the hub's embedded one, and a Redis where one is
// installed; and what they cost.
import { spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { chmodSync, mkdtempSync, rmSync } from 'node:fs'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import pg from 'pg'
import { startEmbedded } from '../../engine/platform/store/embedded/server.ts'
import { cpuOf, pidsIn } from './processes.ts'

pg.types.setTypeParser(pg.types.builtins.INT8, Number)

export interface Machines extends AsyncDisposable {
  folder: string
  databaseUrl: string
  redisUrl: string | undefined
  sql: <Row = any>(text: string, values?: unknown[]) => Promise<Row[]>
  /** What the database has done so far. */
  database: () => Promise<DatabaseUse>
}
export interface DatabaseUse {
  cpuSeconds: number
  walBytes: number
  statements: number
}

// Statements are counted by the server itself, those of the queue among them; it costs a few µs each.
const COUNTING = { shared_preload_libraries: 'pg_stat_statements', 'pg_stat_statements.save': 'off' }

export const redisIsThere = (): boolean => !spawnSync('redis-server', ['--version']).error

export async function openMachines({
  redis = false,
  settings = {},
}: {
  redis?: boolean
  settings?: Record<string, string>
} = {}): Promise<Machines> {
  const folder = mkdtempSync(path.join(tmpdir(), 'handoff-bench-'))
  // Where this runs as root, PostgreSQL runs as another user, who must be able to enter.
  chmodSync(folder, 0o755)
  const server = await startEmbedded({ stateDir: folder, settings: { ...COUNTING, ...settings } })
  // The server has a session of its own and would outlive this process.
  const interrupted = () => void server.stop().finally(() => process.exit(130))
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, interrupted)
  const { user, database, host } = server.connection
  const databaseUrl = `postgresql://${user}@localhost/${database}?host=${encodeURIComponent(host)}`
  const pool = new pg.Pool({ connectionString: databaseUrl, max: 2 })
  pool.on('error', () => {})
  await pool.query('create extension if not exists pg_stat_statements')
  const sql: Machines['sql'] = async (text, values) => (await pool.query(text, values)).rows as never
  const queue = redis && redisIsThere() ? await startRedis(folder) : undefined
  return {
    folder,
    databaseUrl,
    redisUrl: queue?.url,
    sql,
    database: async () => {
      const [row] = await sql<{ wal: number; calls: number }>(
        `select pg_wal_lsn_diff(pg_current_wal_lsn(), '0/0')::float8 as wal, (select coalesce(sum(calls), 0)::float8 from pg_stat_statements) as calls`,
      )
      return { cpuSeconds: cpuOf(pidsIn(server.data)), walBytes: row!.wal, statements: row!.calls }
    },
    [Symbol.asyncDispose]: async () => {
      for (const signal of ['SIGINT', 'SIGTERM'] as const) process.removeListener(signal, interrupted)
      await pool.end()
      queue?.stop()
      await server.stop()
      // Its files may lie elsewhere (under /var/lib when this runs as root).
      rmSync(path.dirname(server.data), { recursive: true, force: true })
      rmSync(folder, { recursive: true, force: true })
    },
  }
}

async function startRedis(folder: string): Promise<{ url: string; stop: () => void }> {
  const port = await freePort()
  const args = ['--port', String(port), '--bind', '127.0.0.1', '--save', '', '--appendonly', 'no', '--dir', folder]
  const child = spawn('redis-server', args, { stdio: ['ignore', 'pipe', 'ignore'] })
  for (let said = ''; !said.includes('Ready to accept connections'); ) {
    const [chunk] = await Promise.race([once(child.stdout, 'data'), sleep(5_000).then(() => [undefined])])
    if (chunk === undefined) throw new Error('redis-server did not start')
    said += chunk
  }
  child.stdout.resume()
  return { url: `redis://127.0.0.1:${port}`, stop: () => child.kill('SIGTERM') }
}

function freePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const probe = createServer().on('error', reject)
    probe.listen(0, '127.0.0.1', () => {
      const address = probe.address()
      probe.close(() => resolve(typeof address === 'object' && address ? address.port : 0))
    })
  })
}
