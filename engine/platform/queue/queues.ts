// The queue: BullMQ on the hub's own PostgreSQL, or on Redis. It is transport and nothing else: jobs carry ids, have one
// attempt and vanish when they end; what is owed, due and tried lives in the ledger, from which a wiped queue is rebuilt.
import { isDeepStrictEqual } from 'node:util'
import { createPostgresBackend, type JobSchedulerJson, Queue, runMigrations, Worker } from 'bullmq'
import { Redis } from 'ioredis'
import type { Store } from '../store/store.ts'
import { nextRun } from './cron.ts'

/** BullMQ priorities: the smaller number goes first. */
export const LANES = { urgent: 1, normal: 5, bulk: 9 } as const
export type Lane = keyof typeof LANES

export interface QueueJob {
  name: string
  data: unknown
  /** A number of LANES. */
  lane: number
}
export interface Schedule {
  id: string
  /** Either an interval in milliseconds, or a cron line with its time zone. */
  every?: number
  cron?: string
  zone?: string
  job: QueueJob
}

export interface Queues {
  backend: 'postgres' | 'redis'
  /** Starts a worker on a queue. One queue per connection, so that one slow system delays no other. */
  work(queue: string, concurrency: number, run: (job: { name: string; data: never }) => Promise<void>): Promise<void>
  /** Enqueues many jobs at once. Rejects quickly when the backend is away: the sweeper repeats it later. */
  add(queue: string, jobs: QueueJob[]): Promise<void>
  /** Makes the queue's schedules exactly these. */
  schedule(queue: string, schedules: Schedule[]): Promise<void>
  /** Puts back those of the schedules that a wiped queue has lost. */
  reschedule(queue: string, schedules: Schedule[]): Promise<void>
  /** Waiting jobs by queue. */
  depth(queue: string): Promise<number>
  /** Stops taking jobs and waits for those that run. */
  drain(): Promise<void>
  close(): Promise<void>
}

export interface QueueOptions {
  store: Store
  redisUrl?: string | undefined
  /** How many workers will be opened: each keeps one database connection for its wake-ups. */
  workers: number
  onError: (error: Error) => void
}

// A job whose worker died is taken up again after about lockDuration; a second death must not fail it for good.
const WORKER = {
  autorun: false,
  lockDuration: 15_000,
  stalledInterval: 5_000,
  maxStalledCount: 1000,
  drainDelay: 30,
  runRetryDelay: 1_000,
} as const
const CRON = {
  settings: {
    repeatStrategy: (now: number, { pattern, tz }: { pattern?: string; tz?: string }) =>
      nextRun(now, pattern!, tz ?? 'UTC'),
  },
}
// On PostgreSQL any other value deletes foreign rows in every completion, and parallel completions deadlock.
const KEEP_NOTHING = { removeOnComplete: true, removeOnFail: true, attempts: 1 } as const

export async function openQueues(options: QueueOptions): Promise<Queues> {
  const { store, redisUrl, onError } = options
  const prefix = store.schema
  const connect = redisUrl
    ? redisConnections(redisUrl, prefix, onError)
    : await postgresConnections(store, options.workers)
  const queues = new Map<string, Queue>()
  const workers: Worker[] = []

  async function queueNamed(name: string): Promise<Queue> {
    const known = queues.get(name)
    if (known) return known
    const queue = connect.queue(name)
    queue.on('error', onError)
    queues.set(name, queue)
    await queue.waitUntilReady()
    return queue
  }

  return {
    backend: redisUrl ? 'redis' : 'postgres',
    async work(name, concurrency, run) {
      const worker = connect.worker(name, concurrency, async (job) => run({ name: job.name, data: job.data as never }))
      worker.on('error', onError)
      workers.push(worker)
      // With a missing schema an autorun worker spins without a pause; so first ready, then run.
      await worker.waitUntilReady()
      worker.run().catch(onError)
    },
    async add(name, jobs) {
      const queue = await queueNamed(name)
      const made = jobs.map(({ name, data, lane }) => ({ name, data, opts: { ...KEEP_NOTHING, priority: lane } }))
      const [only] = made
      // On PostgreSQL many at once go through temporary tables, which take longer to make than one job (measured: 10 ms for 1).
      await withDeadline<unknown>(
        made.length === 1 ? queue.add(only!.name, only!.data, only!.opts) : queue.addBulk(made),
      )
    },
    async schedule(name, schedules) {
      const queue = await queueNamed(name)
      const wanted = new Set(schedules.map((schedule) => schedule.id))
      const there = new Map((await queue.getJobSchedulers(0, -1)).map((known) => [known.key, known]))
      for (const key of there.keys()) if (!wanted.has(key)) await queue.removeJobScheduler(key)
      for (const schedule of schedules) {
        const known = there.get(schedule.id)
        if (known && isSame(known, schedule)) {
          // Its next run is left alone: it may be due this very moment, or have become due while no hub ran. One that is long
          // past has lost its job.
          if ((known.next ?? 0) > Date.now() - LOST_AFTER_MS) continue
          if (schedule.cron) await queue.add(schedule.job.name, schedule.job.data, optionsOf(schedule.job))
        }
        await upsert(queue, schedule)
      }
    },
    async reschedule(name, schedules) {
      const queue = await queueNamed(name)
      const there = new Set((await withDeadline(queue.getJobSchedulers(0, -1))).map(({ key }) => key))
      for (const schedule of schedules) if (!there.has(schedule.id)) await upsert(queue, schedule)
    },
    async depth(name) {
      const queue = await queueNamed(name)
      return queue.getJobCountByTypes('waiting', 'prioritized', 'active')
    },
    async drain() {
      await Promise.all(workers.map((worker) => worker.close()))
    },
    async close() {
      await Promise.all(workers.map((worker) => worker.close()))
      await Promise.all([...queues.values()].map((queue) => queue.close()))
      await connect.close()
    },
  }
}

async function upsert(queue: Queue, { id, every, cron, zone, job }: Schedule): Promise<void> {
  const repeat = every ? { every } : { pattern: cron!, ...(zone ? { tz: zone } : {}) }
  await queue.upsertJobScheduler(id, repeat, { name: job.name, data: job.data, opts: optionsOf(job) })
}

const optionsOf = (job: QueueJob) => ({ removeOnComplete: true, removeOnFail: true, priority: job.lane })

/** A run that is due for so long, although there are workers, has lost its job. */
const LOST_AFTER_MS = 60_000

function isSame(known: JobSchedulerJson, { every, cron, zone, job }: Schedule): boolean {
  const now = { every, pattern: cron, tz: cron ? zone : undefined, data: job.data, lane: job.lane }
  const { template } = known
  const then = {
    every: known.every,
    pattern: known.pattern,
    tz: known.tz,
    data: template?.data,
    lane: template?.opts?.priority,
  }
  return isDeepStrictEqual({ ...now, every: Number(now.every ?? 0) }, { ...then, every: Number(then.every ?? 0) })
}

interface Connections {
  queue(name: string): Queue
  worker(name: string, concurrency: number, run: (job: { name: string; data: unknown }) => Promise<void>): Worker
  close(): Promise<void>
}

async function postgresConnections(store: Store, workers: number): Promise<Connections> {
  // One shared pool: BullMQ's own pools would take three connections a queue. Each worker holds one for LISTEN.
  const pool = store.queuePool(workers * 2 + 8)
  const client = await pool.connect()
  try {
    await runMigrations(client, 'bullmq')
  } finally {
    client.release()
  }
  const name = (queue: string) => `${store.schema}.${queue}`
  return {
    queue: (queue) => new Queue(name(queue), { ...CRON, connection: pool }, createPostgresBackend) as unknown as Queue,
    worker: (queue, concurrency, run) =>
      new Worker(
        name(queue),
        run,
        { ...WORKER, ...CRON, connection: pool, concurrency },
        createPostgresBackend,
      ) as unknown as Worker,
    close: async () => {},
  }
}

function redisConnections(url: string, prefix: string, onError: (error: Error) => void): Connections {
  // Without this, add() waits for ever in the client's own queue while Redis is away.
  const producer = new Redis(url, { maxRetriesPerRequest: null, enableOfflineQueue: false, lazyConnect: false })
  const consumer = new Redis(url, { maxRetriesPerRequest: null })
  producer.on('error', onError)
  consumer.on('error', onError)
  return {
    queue: (queue) => new Queue(queue, { ...CRON, connection: producer, prefix }),
    worker: (queue, concurrency, run) =>
      new Worker(queue, run, { ...WORKER, ...CRON, connection: consumer, concurrency, prefix }),
    close: async () => {
      producer.disconnect()
      consumer.disconnect()
    },
  }
}

async function withDeadline<T>(work: Promise<T>): Promise<T> {
  let timer: NodeJS.Timeout | undefined
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error('the queue did not answer within 5 seconds')), 5_000)
  })
  try {
    return await Promise.race([work, late])
  } finally {
    clearTimeout(timer)
  }
}
