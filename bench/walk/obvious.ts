// The obvious design, written as well as one would: a BullMQ job per order and stage (ingest → map → push), and a durable row
// per order that says where it stands. `obvious.ts SOURCE SINK ORDERS DATABASE_URL [REDIS_URL]`.
import { createPostgresBackend, type Job, Queue, runMigrations, Worker } from 'bullmq'
import { Redis } from 'ioredis'
import pg from 'pg'
import { request } from 'undici'
import { mapOrder } from '../mapping/by-hand.ts'

const [, , source, sink, count, databaseUrl, redisUrl] = process.argv as string[]
const CONCURRENCY = 16
const WORKER = { autorun: false, concurrency: CONCURRENCY, lockDuration: 15_000, drainDelay: 30 }
const KEEP_NOTHING = { removeOnComplete: true, removeOnFail: true, attempts: 3 }

const state = new pg.Pool({ connectionString: databaseUrl!, max: 16 })
await state.query(
  'create table orders (id text primary key, stage text not null, body jsonb not null, record jsonb, updated_at timestamptz not null) with (fillfactor = 80, toast_tuple_target = 8160)',
)

const connect = redisUrl ? onRedis(redisUrl) : await onPostgres()
const stages = { ingest: connect.queue('ingest'), map: connect.queue('map'), push: connect.queue('push') }
let pushed = 0
let done = () => {}
const finished = new Promise<void>((resolve) => (done = resolve))

const workers = [
  connect.worker('ingest', async ({ data }) => {
    await state.query(
      `insert into orders (id, stage, body, updated_at) values ($1, 'stored', $2, now())
       on conflict (id) do update set stage = excluded.stage, body = excluded.body, updated_at = excluded.updated_at`,
      [data.order.id, JSON.stringify(data.order)],
    )
    await stages.map.add('map', { id: data.order.id }, KEEP_NOTHING)
  }),
  connect.worker('map', async ({ data }) => {
    const { rows } = await state.query('select body from orders where id = $1', [data.id])
    const record = mapOrder(rows[0].body, 'shop')
    await state.query("update orders set record = $2, stage = 'mapped', updated_at = now() where id = $1", [
      data.id,
      JSON.stringify(record),
    ])
    await stages.push.add('push', { id: data.id }, KEEP_NOTHING)
  }),
  connect.worker('push', async ({ data }) => {
    const { rows } = await state.query('select record from orders where id = $1', [data.id])
    const answer = await request(`${sink}/orders`, {
      method: 'POST',
      body: JSON.stringify(rows[0].record),
      headers: { 'content-type': 'application/json', 'idempotency-key': data.id },
    })
    await answer.body.json()
    await state.query("update orders set stage = 'pushed', updated_at = now() where id = $1", [data.id])
    if (++pushed === Number(count)) done()
  }),
]
for (const worker of workers) {
  worker.on('error', (error) => console.error(error.message))
  worker.on('failed', (_job, error) => console.error(error.message))
  await worker.waitUntilReady()
  void worker.run()
}

const cpu = process.cpuUsage()
const began = performance.now()
for (let token: string | null = '0'; token !== null; ) {
  const page = (await (await request(`${source}/orders?token=${token}`)).body.json()) as {
    orders: any[]
    next: string | null
  }
  await stages.ingest.addBulk(page.orders.map((order) => ({ name: 'ingest', data: { order }, opts: KEEP_NOTHING })))
  token = page.next
}
await finished
const seconds = (performance.now() - began) / 1000
const { user, system } = process.cpuUsage(cpu)
await Promise.all(workers.map((worker) => worker.close()))
await Promise.all(Object.values(stages).map((queue) => queue.close()))
await connect.close()
await state.end()
console.log(
  JSON.stringify({ seconds, cpuSeconds: (user + system) / 1e6, peakMb: process.resourceUsage().maxRSS / 1024 }),
)

type Run = (job: Job) => Promise<void>
async function onPostgres() {
  // Durable commits: these jobs are the only memory of what is owed.
  const pool = new pg.Pool({ connectionString: databaseUrl!, max: 64, options: '-c search_path=bullmq' })
  pool.setMaxListeners(0)
  const client = await pool.connect()
  await runMigrations(client, 'bullmq')
  client.release()
  return {
    queue: (name: string) => new Queue(name, { connection: pool }, createPostgresBackend) as unknown as Queue,
    worker: (name: string, run: Run) =>
      new Worker(name, run, { ...WORKER, connection: pool }, createPostgresBackend) as unknown as Worker,
    close: () => pool.end(),
  }
}

function onRedis(url: string) {
  const connection = new Redis(url, { maxRetriesPerRequest: null })
  return {
    queue: (name: string) => new Queue(name, { connection }),
    worker: (name: string, run: Run) => new Worker(name, run, { ...WORKER, connection }),
    close: async () => connection.disconnect(),
  }
}
