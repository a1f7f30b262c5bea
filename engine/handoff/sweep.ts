// What the sweeper looks at besides what is due: waits whose cause has gone, and what was parked under another mapping.
import type { Route, Source } from '../hub.ts'
import type { Store } from '../platform/store/store.ts'

const BATCH = 2000

/** Ends waits for what has arrived in the meantime; answers whether any item is to be decided again. */
export async function sweepWaits(store: Store): Promise<boolean> {
  await store.query(
    `update handoff set state = 'owed', due_at = hub_now(), queued_at = null, waiting_for = null, reason = null, cause = null where id in
       (select id from handoff where state = 'waiting' and waiting_for is not null and has_arrived(waiting_for) limit ${BATCH} for update skip locked)`,
  )
  const items = await store.query(
    `update item set status = 'new', waiting_for = null, claimed_by = null, deaths = 0 where ctid = any(array(
       select ctid from item where status = 'waiting' and waiting_for is not null and has_arrived(waiting_for) limit ${BATCH} for update skip locked)) returning 1`,
  )
  return items.length > 0
}

/** Tries again what was parked under another revision of its mapping or tables; what is still wrong parks again. */
export async function releaseParked(store: Store, sources: Source[], routes: Route[]): Promise<number> {
  const items = await store.query(
    `update item set status = 'new', claimed_by = null, deaths = 0, lane = 9 from unnest($1::text[], $2::text[]) as today(source, revision)
     where item.status in ('parked', 'waiting') and item.source = today.source and item.revision is distinct from today.revision returning 1`,
    [sources.map((source) => source.name), sources.map((source) => source.revision)],
  )
  const handoffs = await store.query(
    `update handoff set state = 'owed', due_at = hub_now(), queued_at = null, lane = 9,
       idempotency_key = case when request is not null and was_refused(id, uncertain_since) then idempotency_key || '~' || fence else idempotency_key end,
       request = case when was_refused(id, uncertain_since) then null else request end
     from unnest($1::text[], $2::text[]) as today(route, revision)
     where handoff.id in (select id from handoff where state = 'parked' union all select id from handoff where state = 'waiting' and waiting_for is not null)
       and handoff.state in ('parked', 'waiting') and handoff.route = today.route and handoff.revision is distinct from today.revision returning 1`,
    [routes.map((route) => route.name), routes.map((route) => route.mapper.revision)],
  )
  return items.length + handoffs.length
}

/** Sources that have undecided items which no other process works on. */
export async function undecided(store: Store, worker: number): Promise<string[]> {
  const rows = await store.query<{ source: string }>(
    "select distinct source from item where status = 'new' and (claimed_by is null or claimed_by = $1 or claimed_by <> all(array(select living_workers())))",
    [worker],
  )
  return rows.map((row) => row.source)
}
