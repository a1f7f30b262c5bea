// The store: PostgreSQL, embedded or yours, with the hub's schema in it.
import { hostname } from 'node:os'
import { setTimeout as sleep } from 'node:timers/promises'
import pg from 'pg'
import { type EmbeddedServer, startEmbedded } from './embedded/server.ts'
import { migrate } from './migrate.ts'
import { GuardedPool, serverIsGone } from './pool.ts'
import { prepared, type Queries, type Query, repeated, type Transaction, transaction } from './transaction.ts'

export { Overtaken, type Queries, type Query, type Transaction } from './transaction.ts'

// Counts and ids come as bigint text from the driver; ours stay far below 2^53.
pg.types.setTypeParser(pg.types.builtins.INT8, Number)

export interface StoreOptions {
  /** `postgres://…`; without it the embedded server runs in `stateDir`. */
  databaseUrl?: string | undefined
  stateDir: string
  /** The PostgreSQL schema of the hub's tables. Default `handoff`. */
  schema?: string
  /** Server settings of the embedded server. */
  embeddedSettings?: Record<string, string>
  onError?: (error: Error) => void
}

export interface Store extends Queries {
  schema: string
  /** For the queue: a pool of its own, whose commits need not be durable, because the ledger is. */
  queuePool(size: number): GuardedPool
  /** Runs the work in one transaction; the work may run more than once and must not keep state of its own. */
  transaction<T>(work: (tx: Transaction) => Promise<T>): Promise<T>
  /** Registers this process; resolves to its worker id and holds the lock that says it lives. `again`: under the id it had. */
  register(onLost: () => void, again?: number): Promise<{ worker: number; release: () => Promise<void> }>
  /** Waits until the server answers, starting the embedded one again if it died. */
  ready(deadlineMs?: number): Promise<void>
  embedded: boolean
  close(): Promise<void>
}

export async function openStore(options: StoreOptions): Promise<Store> {
  const schema = options.schema ?? 'handoff'
  const server = options.databaseUrl
    ? undefined
    : await startEmbedded({
        stateDir: options.stateDir,
        ...(options.embeddedSettings ? { settings: options.embeddedSettings } : {}),
      })
  const base: pg.PoolConfig = server ? { ...server.connection } : { connectionString: options.databaseUrl! }
  const onError = options.onError ?? (() => {})
  const pools: GuardedPool[] = []
  const makePool = (config: pg.PoolConfig) => {
    const pool = new GuardedPool({ ...base, keepAlive: true, connectionTimeoutMillis: 10_000, ...config })
    pool.on('error', onError)
    // The pool listens to idle clients only: one that is lost in the middle of a transaction would end the process.
    pool.on('connect', (lost) => lost.on('error', onError))
    pool.setMaxListeners(0)
    pools.push(pool)
    return pool
  }
  // Statements of the walk go by index, whatever the statistics say: a table that has grown a thousandfold since they were gathered
  // would be read whole for every batch, and a prepared plan would go on doing so.
  const byIndex =
    '-c plan_cache_mode=force_generic_plan -c enable_seqscan=off -c enable_hashjoin=off -c enable_mergejoin=off'
  const pool = makePool({
    max: 12,
    pipeline: true,
    application_name: 'handoff',
    options: `-c search_path=${schema} -c jit=off ${byIndex}`,
  })
  const client = await connectPatiently(pool)
  try {
    await migrate(client, schema)
  } finally {
    client.release()
  }
  const query: Query = (text, values) => repeated(async () => (await pool.query(prepared(text, values))).rows)

  return {
    schema,
    embedded: server !== undefined,
    query,
    queuePool: (size) =>
      makePool({
        max: size,
        application_name: 'handoff-queue',
        options: '-c search_path=bullmq -c synchronous_commit=off -c jit=off',
      }),
    transaction: (work) => transaction(pool, work),
    register: (onLost, again) => register(base, schema, onLost, again),
    ready: async (deadlineMs = 60_000) => {
      for (const start = Date.now(); ; await sleep(100)) {
        try {
          await server?.ensure()
          await pool.query('select 1')
          return
        } catch (error) {
          if (Date.now() - start > deadlineMs) throw error
        }
      }
    },
    close: async () => {
      await Promise.all(pools.map((each) => each.end()))
      if (server && (await isLast(server))) await server.stop()
    },
  }
}

async function connectPatiently(pool: GuardedPool): Promise<pg.PoolClient> {
  for (let attempt = 0; ; attempt++) {
    try {
      return await pool.connect()
    } catch (error) {
      if (!serverIsGone(error) || attempt === 8) throw error
    }
  }
}

async function register(base: pg.PoolConfig, schema: string, onLost: () => void, again: number | undefined) {
  const client = new pg.Client({
    ...base,
    application_name: 'handoff-worker',
    keepAlive: true,
    options: `-c search_path=${schema}`,
  })
  let released = false
  let registered = false
  const lost = () => {
    if (registered && !released) onLost()
    released = true
  }
  client.on('error', lost)
  client.on('end', lost)
  const takeLock = async (): Promise<number> => {
    await client.connect()
    const worker: number =
      again ??
      (
        await client.query('insert into worker (host, pid, started_at) values ($1, $2, hub_now()) returning id', [
          hostname(),
          process.pid,
        ])
      ).rows[0].id
    await client.query('select pg_advisory_lock(hashtext(current_schema()), $1)', [worker])
    return worker
  }
  const worker = await takeLock().catch((error) => {
    client.end().catch(() => {})
    throw error
  })
  registered = true
  return {
    worker,
    release: async () => {
      released = true
      await client.end()
    },
  }
}

/** Whether no other hub is connected to the embedded server. */
async function isLast(server: EmbeddedServer): Promise<boolean> {
  const client = new pg.Client(server.connection)
  client.on('error', () => {})
  try {
    await client.connect()
    // Our own connections end a moment after we closed them.
    for (let turn = 0; turn < 40; turn++) {
      const { rows } = await client.query(
        "select count(*)::int as others from pg_stat_activity where application_name like 'handoff%' and pid <> pg_backend_pid()",
      )
      if (rows[0].others === 0) return true
      await sleep(25)
    }
    return false
  } catch {
    return false
  } finally {
    await client.end().catch(() => {})
  }
}
