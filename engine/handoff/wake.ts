// From the ledger to the queue: chunks of ids of what is owed and due. Whatever is lost on the way is found again, because
// `queued_at` says when it was woken last, and what was woken and is still owed is woken again.
import type { QueueJob, Queues } from '../platform/queue/queues.ts'
import type { Store } from '../platform/store/store.ts'

/** A chunk is claimed by one statement and settled by one; it should take a second or two, not minutes. */
const CHUNK = 40
/** Woken and not claimed for this long: the job was lost. */
const LOST_AFTER = '15 seconds'
const BATCH = 4000

/** Wakes what is owed, due and not on its way; answers how many. `connections` are those that may work now. */
export async function wake(store: Store, queues: Queues, connections: string[]): Promise<number> {
  const rows = await store.query<{ id: number; connection: string; lane: number }>(WAKE, [connections, LOST_AFTER, BATCH])
  const lanes = new Map<string, number[]>()
  for (const { id, connection, lane } of rows) {
    const name = `${lane}\n${connection}`
    const ids = lanes.get(name)
    if (ids) ids.push(id)
    else lanes.set(name, [id])
  }
  const jobs = new Map<string, QueueJob[]>()
  for (const [name, ids] of lanes) {
    const [lane, connection] = name.split('\n') as [string, string]
    for (let start = 0; start < ids.length; start += CHUNK) {
      const job = { name: 'deliver', data: { ids: ids.slice(start, start + CHUNK) }, lane: Number(lane) }
      jobs.set(connection, [...(jobs.get(connection) ?? []), job])
    }
  }
  await Promise.all([...jobs].map(([connection, list]) => queues.add(connection, list)))
  return rows.length
}

const WAKE = `
update handoff set queued_at = now.at
from (select hub_now() as at) as now,
  (select id from handoff, (select hub_now() as at) as now
   where state = 'owed' and due_at <= now.at and connection = any($1::text[]) and (queued_at is null or queued_at < now.at - $2::interval)
   order by lane, due_at limit $3 for update of handoff skip locked) as due
where handoff.id = due.id
returning handoff.id, handoff.connection, handoff.lane`

/**
 * Takes back what a dead or stopped process held: its lease ran out, or the process is gone. A push or call in flight may
 * have happened, so it is uncertain from now on; the fence is raised, so that a late answer of the old process is not an outcome.
 */
export async function reclaim(store: Store): Promise<number> {
  const rows = await store.query(
    `update handoff set state = 'owed', due_at = hub_now(), queued_at = null, uncertain_since = hub_now(), image = null,
       fence = fence + 1, deaths = deaths + 1, worker = null, lease_until = null
     where id in (select id from handoff where state = 'sending' and (lease_until < hub_now() or not worker_lives(worker)) for update skip locked) returning id`,
  )
  return rows.length
}
