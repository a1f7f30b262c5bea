// What a new version of a record owes, and to whom: rows of the ledger, written in the transaction of the change itself.
import type { Problem, Route } from '../hub.ts'
import { valueAt } from '../platform/config/path.ts'
import { LANES } from '../platform/queue/queues.ts'
import type { Transaction } from '../platform/store/store.ts'

interface Owing {
  id: number
  type: string
  version: number
  data: unknown
  deleted: boolean
  /** Of what changed it. */
  lane: number
}

/**
 * Owes each route that matches the record: a push its latest version, a call once per occurrence. A newer version clears
 * parked, failed and backoff, never what is uncertain, in flight or held for a person.
 */
export async function owe(tx: Transaction, routes: Route[], changes: Owing[]): Promise<void> {
  // Handoffs are always locked in this order, here and when outcomes are written: no deadlocks.
  const owed = changes.flatMap((change) =>
    routes
      .filter((route) => route.record === change.type && !change.deleted && route.matches(change.data))
      .map((route) => ({ route, change })),
  )
  owed.sort((a, b) => a.change.id - b.change.id || (a.route.name < b.route.name ? -1 : 1))
  const pushes = owed.filter(({ route }) => route.kind === 'push')
  const calls = owed.filter(({ route }) => route.kind === 'call')
  if (pushes.length > 0) await tx.query(OWE_PUSH, columns(pushes))
  if (calls.length > 0) await tx.query(OWE_CALL, columns(calls))
}

function columns(owed: { route: Route; change: Owing }[]): unknown[] {
  return [
    owed.map(({ route }) => route.name),
    owed.map(({ change }) => change.id),
    owed.map(({ route, change }) => (route.once ? String(valueAt(change.data, route.once.split('.')) ?? '') : '')),
    owed.map(({ route }) => route.connection),
    owed.map(({ route, change }) => laneOf(route.lane, change.lane)),
    owed.map(({ change }) => change.version),
  ]
}

/** The faster of the two; what was read again in bulk, or goes where there is no hurry, stays in the bulk lane. */
function laneOf(route: number, change: number): number {
  return Math.max(route, change) === LANES.bulk ? LANES.bulk : Math.min(route, change)
}

const INSERT = (kind: 'push' | 'call') => `
insert into handoff (route, record_id, kind, occurrence, connection, lane, wanted, state, due_at, owed_at, updated_at)
select x.route, x.record_id, '${kind}', x.occurrence, x.connection, x.lane, x.wanted, 'owed', now.at, now.at, now.at
from unnest($1::text[], $2::bigint[], $3::text[], $4::text[], $5::smallint[], $6::int[]) as x(route, record_id, occurrence, connection, lane, wanted),
  (select hub_now() as at) as now
on conflict (route, record_id, occurrence) do update set`

const OWE_PUSH = `${INSERT('push')}
  wanted = greatest(handoff.wanted, excluded.wanted), 
  lane = case when handoff.state = 'resting' then excluded.lane else least(handoff.lane, excluded.lane) end, updated_at = excluded.updated_at,
  owed_at = case when handoff.state = 'resting' then excluded.owed_at else handoff.owed_at end,
  state = case when handoff.state in ('sending', 'held') then handoff.state else 'owed' end,
  due_at = case when handoff.state in ('sending', 'held') or handoff.uncertain_since is not null then handoff.due_at else excluded.due_at end,
  attempts = case when handoff.state in ('sending', 'held') or handoff.uncertain_since is not null then handoff.attempts else 0 end,
  queued_at = null, waiting_for = null,
  reason = case when handoff.state in ('sending', 'held') then handoff.reason end,
  cause = case when handoff.state in ('sending', 'held') then handoff.cause end
where handoff.wanted < excluded.wanted`

// A call that was sent is never owed again; one that could not be made yet, or that was refused, gets another chance with the new
// version. What was refused for certain is asked for anew, under a key of its own.
const OWE_CALL = `${INSERT('call')}
  request = null, idempotency_key = case when handoff.request is null then handoff.idempotency_key else handoff.idempotency_key || '~' || handoff.fence end,
  wanted = excluded.wanted, state = 'owed', due_at = excluded.due_at, attempts = 0, queued_at = null, waiting_for = null, reason = null, cause = null, updated_at = excluded.updated_at
where handoff.state in ('parked', 'waiting', 'failed') and (handoff.request is null or was_refused(handoff.id, handoff.uncertain_since))`

/** Makes due what waited for these records or links to arrive, also where the wait was parked because it took too long. */
export async function release(tx: Transaction, arrived: string[]): Promise<void> {
  const waiting = await tx.query<{ id: number }>(
    "select id from handoff where state in ('waiting', 'parked') and waiting_for = any($1::text[]) order by record_id, route, occurrence for no key update",
    [arrived],
  )
  if (waiting.length > 0) {
    await tx.query(
      `update handoff set state = 'owed', due_at = hub_now(), queued_at = null, waiting_for = null, reason = null, cause = null, updated_at = hub_now()
       where id = any($1::bigint[]) and state in ('waiting', 'parked')`,
      [waiting.map((row) => row.id)],
    )
  }
  await tx.query(
    `update item set status = 'new', waiting_for = null, errors = null, cause = null, claimed_by = null, deaths = 0
     where status in ('waiting', 'parked') and waiting_for = any($1::text[])`,
    [arrived],
  )
}

/** Asks a person about pushes whose copy at the destination was deleted there. What is in flight brings its own outcome. */
export async function hold(tx: Transaction, routes: string[], recordIds: number[], problem: Problem): Promise<void> {
  await tx.query(
    `update handoff set state = 'held', image = null, queued_at = null, waiting_for = null, reason = $3::jsonb, cause = $4, updated_at = hub_now()
     where route = any($1::text[]) and record_id = any($2::bigint[]) and state <> 'sending'`,
    [routes, recordIds, JSON.stringify([problem]), problem.code],
  )
}
