// From the ledger to the queue: chunks of ids of what is owed and due. Whatever is lost on the way is found again, because
// `queued_at` says when it was woken last, and what was woken long ago and is still owed is woken again.
import type { QueueJob, Queues } from '../platform/queue/queues.ts'
import type { Store } from '../platform/store/store.ts'

const BATCH = 4000
/** One death is no suspicion: processes are killed for other reasons, and hundreds of handoffs were in flight. */
const SUSPECT = 2
/** How many handoffs try a connection that seems to be back. */
const TRIAL = 3
/** Woken and not claimed for this long, with a queue that is nearly empty: the job was lost. */
const LOST_AFTER = '15 seconds'
const NEARLY_EMPTY = 8
/** The same with a queue that is full: it may only wait there. */
const GIVEN_UP_AFTER = '10 minutes'

export interface Awake {
  /** The connections that may work now, and those that are tried after an outage. */
  connections: string[]
  trial: string[]
  /** Those of today's configuration: what is owed along another route stays owed until it comes back. */
  routes: string[]
  /** How many handoffs make a chunk of the connection. */
  chunk: (connection: string) => number
}
interface Woken extends Record<string, unknown> {
  id: number
  connection: string
  lane: number
  deaths: number
}

/** Wakes what is owed, due and was not woken yet; answers how many. */
export async function wake(
  store: Store,
  queues: Queues,
  { connections, trial, routes, chunk }: Awake,
): Promise<number> {
  const rows = await store.query<Woken>(WAKE, [connections, BATCH, routes])
  const tried = await Promise.all(
    trial.map((name) => store.query<Woken>(WAKE_TRIAL, [name, TRIAL, routes, LOST_AFTER])),
  )
  await enqueue(queues, [...rows, ...tried.flat()], chunk)
  return rows.length
}

/** Wakes again what was woken and never arrived: the queue was wiped, or was away. */
export async function wakeLost(store: Store, queues: Queues, { connections, routes, chunk }: Awake): Promise<number> {
  const missing = await store.query<{ connection: string }>(MISSING, [connections, LOST_AFTER])
  let woken = 0
  for (const { connection } of missing) {
    const after = (await queues.depth(connection)) < NEARLY_EMPTY ? LOST_AFTER : GIVEN_UP_AFTER
    const rows = await store.query<Woken>(WAKE_LOST, [connection, BATCH, routes, after])
    await enqueue(queues, rows, chunk)
    woken += rows.length
  }
  return woken
}

async function enqueue(queues: Queues, rows: Woken[], chunk: Awake['chunk']): Promise<void> {
  const jobs = new Map<string, QueueJob[]>()
  for (const group of Map.groupBy(
    rows,
    ({ connection, lane, deaths }) => `${lane} ${deaths >= SUSPECT} ${connection}`,
  ).values()) {
    const { connection, lane, deaths } = group[0]!
    // What two processes died with runs alone, so that it is known which one it was.
    const alone = deaths >= SUSPECT
    const size = alone ? 1 : chunk(connection)
    const list = jobs.get(connection) ?? []
    jobs.set(connection, list)
    for (let start = 0; start < group.length; start += size) {
      list.push({ name: 'deliver', data: { ids: group.slice(start, start + size).map((row) => row.id), alone }, lane })
    }
  }
  await Promise.all([...jobs].map(([connection, list]) => queues.add(connection, list)))
}

const DUE = "from handoff, (select hub_now() as at) as now where state = 'owed' and due_at <= now.at"
const take = (which: string) => `
update handoff set queued_at = hub_now()
from (select id ${DUE} and route = any($3::text[]) and ${which} order by lane, due_at limit $2 for update of handoff skip locked) as due
where handoff.id = due.id
returning handoff.id, handoff.connection, handoff.lane, handoff.deaths`

const WAKE = take('connection = any($1::text[]) and queued_at is null')
const WAKE_LOST = take('connection = $1 and queued_at < now.at - $4::interval')
// While a connection is on trial, no more than a few are on their way at once.
const WAKE_TRIAL = take(`connection = $1 and (queued_at is null or queued_at < now.at - $4::interval)
  and not exists (select from handoff busy where busy.connection = $1 and (busy.state = 'sending' or (busy.state = 'owed' and busy.queued_at >= now.at - $4::interval)))`)
const MISSING = `select distinct connection ${DUE} and connection = any($1::text[]) and queued_at < now.at - $2::interval`

/**
 * Takes back what a dead or stopped process held: its lease ran out, or the process is gone. A push or call in flight may
 * have happened, so it is uncertain from now on; the fence is raised, so that a late answer of the old process is not an outcome.
 */
export async function reclaim(store: Store): Promise<number> {
  const rows = await store.query(
    `update handoff set state = 'owed', due_at = hub_now(), queued_at = null, uncertain_since = hub_now(), image = null,
       lost_version = case when lost_version <> sending and lost_at > hub_now() - interval '1 hour' then 0 else sending end, lost_at = hub_now(), sending = null,
       fence = fence + 1, deaths = deaths + 1, worker = null, lease_until = null
     where id in (select id from handoff where state = 'sending' and (lease_until < hub_now() or worker <> all(array(select living_workers()))) for update skip locked) returning id`,
  )
  return rows.length
}
