// What a new version of a record owes, and to whom: rows of the ledger, written in the transaction of the change itself.
import type { Claimed, Json, Problem, Route } from '../hub.ts'
import { valueAt } from '../platform/config/path.ts'
import { LANES } from '../platform/queue/queues.ts'
import type { Transaction } from '../platform/store/store.ts'

interface Owing {
  id: number
  type: string
  key: string
  version: number
  data: Json
  deleted: boolean
  /** It was not there before: nothing is owed for it yet. */
  created?: boolean
  /** Of what changed it. */
  lane: number
}

/** What may be sent by the process that owes it, without a way through the queue. */
export interface Straight {
  worker: number
  leaseMs: number
  /** How many handoffs each connection takes at once; a connection that may not work now is not here. */
  room: Map<string, number>
  /** The connection whose word it is: elsewhere, nothing is linked yet to a record that was not there before. */
  from: string
}
const BY_QUEUE: Straight = { worker: 0, leaseMs: 0, room: new Map(), from: '' }
/** What was claimed while it was written, and how many others are due now. */
export interface Owed {
  claimed: Claimed[]
  left: number
}

/**
 * Owes each route that matches the record: a push its latest version, a call once per occurrence. A newer version clears
 * parked, failed and backoff, never what is uncertain, in flight or held for a person. What is new or was at rest is claimed
 * in the same statement, as far as there is room for it.
 */
export async function owe(tx: Transaction, routes: Route[], changes: Owing[], straight = BY_QUEUE): Promise<Owed> {
  // Handoffs are always locked in this order, here and when outcomes are written: no deadlocks.
  const owed = changes.flatMap((change) =>
    routes
      .filter((route) => route.record === change.type && !change.deleted && route.matches(change.data))
      .map((route) => ({ route, change })),
  )
  owed.sort((a, b) => a.change.id - b.change.id || (a.route.name < b.route.name ? -1 : 1))
  const room = new Map(straight.room)
  const rows = owed.map(({ route, change }) => {
    const lane = laneOf(route.lane, change.lane)
    const free = lane === LANES.bulk ? 0 : (room.get(route.connection) ?? 0)
    if (free > 0) room.set(route.connection, free - 1)
    return { route, change, lane, straight: free > 0 }
  })
  const byRecord = new Map(changes.map((change) => [change.id, change]))
  const result: Owed = { claimed: [], left: 0 }
  const writeDown = async (kind: Route['kind'], created: boolean) => {
    const mine = rows.filter(({ route, change }) => route.kind === kind && (change.created ?? false) === created)
    if (mine.length === 0) return
    const sql = created ? OWE_NEW[kind] : OWE[kind]
    const written = await tx.query<Written>(sql, [...columns(mine), straight.worker, straight.leaseMs])
    for (const { recordId, connection, straight: sent, ...handoff } of written) {
      const { type, key, version, data, deleted } = byRecord.get(recordId)!
      const unlinked = created && connection !== straight.from
      if (sent)
        result.claimed.push({ ...handoff, kind, recordId, type, key, version, data, deleted, deaths: 0, unlinked })
      else result.left++
    }
  }
  await Promise.all([
    writeDown('push', true),
    writeDown('call', true),
    writeDown('push', false),
    writeDown('call', false),
  ])
  return result
}

type Written = Pick<
  Claimed,
  | 'id'
  | 'route'
  | 'occurrence'
  | 'fence'
  | 'wanted'
  | 'attempts'
  | 'image'
  | 'request'
  | 'idempotencyKey'
  | 'recordId'
  | 'lostMs'
  | 'lostVersion'
> & { connection: string; straight: boolean; uncertainMs: null }

function columns(owed: { route: Route; change: Owing; lane: number; straight: boolean }[]): unknown[] {
  return [
    owed.map(({ route }) => route.name),
    owed.map(({ change }) => change.id),
    owed.map(({ route, change }) => (route.once ? String(valueAt(change.data, route.once.split('.')) ?? '') : '')),
    owed.map(({ route }) => route.connection),
    owed.map(({ lane }) => lane),
    owed.map(({ change }) => change.version),
    owed.map(({ straight }) => straight),
  ]
}

/** The faster of the two; what was read again in bulk, or goes where there is no hurry, stays in the bulk lane. */
function laneOf(route: number, change: number): number {
  return Math.max(route, change) === LANES.bulk ? LANES.bulk : Math.min(route, change)
}

const INSERT = (kind: Route['kind']) => `
insert into handoff (route, record_id, kind, occurrence, connection, lane, wanted, state, fence, sending, worker, lease_until, due_at, owed_at, updated_at)
select x.route, x.record_id, '${kind}', x.occurrence, x.connection, x.lane, x.wanted, case when x.straight then 'sending' else 'owed' end,
  x.straight::int, case when x.straight then x.wanted end, case when x.straight then $8::int end,
  case when x.straight then now.at + $9::float8 * interval '1 ms' end, now.at, now.at, now.at
from unnest($1::text[], $2::bigint[], $3::text[], $4::text[], $5::smallint[], $6::int[], $7::boolean[])
    as x(route, record_id, occurrence, connection, lane, wanted, straight),
  (select hub_now() as at) as now`
const OR_RENEW = `
on conflict (record_id, route, occurrence) do update set`

// What was in flight before carries an older version than the one that is wanted now.
const RETURNING = `
returning id, route, occurrence, connection, fence, wanted, attempts, image, request, idempotency_key as "idempotencyKey", record_id as "recordId",
  state = 'sending' and sending = wanted as straight, null as "uncertainMs",
  case when lost_at is not null then (extract(epoch from hub_now() - lost_at) * 1000)::float8 end as "lostMs", lost_version as "lostVersion"`

const CLAIMS = "(excluded.state = 'sending' and handoff.state = 'resting' and handoff.uncertain_since is null)"
const OWE_PUSH = `${INSERT('push')}${OR_RENEW}
  wanted = greatest(handoff.wanted, excluded.wanted), 
  lane = case when handoff.state = 'resting' then excluded.lane else least(handoff.lane, excluded.lane) end, updated_at = excluded.updated_at,
  owed_at = case when handoff.state = 'resting' then excluded.owed_at else handoff.owed_at end,
  state = case when handoff.state in ('sending', 'held') then handoff.state when ${CLAIMS} then 'sending' else 'owed' end,
  fence = case when ${CLAIMS} then handoff.fence + 1 else handoff.fence end,
  sending = case when ${CLAIMS} then excluded.wanted else handoff.sending end,
  worker = case when ${CLAIMS} then excluded.worker else handoff.worker end,
  lease_until = case when ${CLAIMS} then excluded.lease_until else handoff.lease_until end,
  due_at = case when handoff.state in ('sending', 'held') or handoff.uncertain_since is not null then handoff.due_at else excluded.due_at end,
  attempts = case when handoff.state in ('sending', 'held') or handoff.uncertain_since is not null then handoff.attempts else 0 end,
  queued_at = null, waiting_for = null,
  reason = case when handoff.state in ('sending', 'held') then handoff.reason end,
  cause = case when handoff.state in ('sending', 'held') then handoff.cause end
where handoff.wanted < excluded.wanted${RETURNING}`

// A call that was sent is never owed again; one that could not be made yet, or that was refused, gets another chance with the new
// version. What was refused for certain is asked for anew, under a key of its own.
const OWE_CALL = `${INSERT('call')}${OR_RENEW}
  request = null, idempotency_key = case when handoff.request is null then handoff.idempotency_key else handoff.idempotency_key || '~' || handoff.fence end,
  wanted = excluded.wanted, state = 'owed', due_at = excluded.due_at, attempts = 0, queued_at = null, waiting_for = null, reason = null, cause = null, updated_at = excluded.updated_at
where handoff.state in ('parked', 'waiting', 'failed') and (handoff.request is null or was_refused(handoff.id, handoff.uncertain_since))${RETURNING}`

const OWE: Record<Route['kind'], string> = { push: OWE_PUSH, call: OWE_CALL }
/** Of a record that was not there before, nothing can be owed yet. */
const OWE_NEW: typeof OWE = { push: INSERT('push') + RETURNING, call: INSERT('call') + RETURNING }

/** What has been waiting and goes on: whether handoffs are due now, and which sources have items to decide. */
export interface Released {
  handoffs: boolean
  sources: string[]
}

/** Makes due what waited for these records or links to arrive, also where the wait was parked because it took too long. */
export async function release(tx: Transaction, arrived: string[]): Promise<Released> {
  const [waits] = await tx.query<{ handoffs: boolean; items: boolean }>(
    `select exists (select from handoff where state in ('waiting', 'parked') and waiting_for = any($1::text[])) as handoffs,
       exists (select from item where status in ('waiting', 'parked') and waiting_for = any($1::text[])) as items`,
    [arrived],
  )
  const handoffs = waits!.handoffs && (await releaseHandoffs(tx, arrived))
  if (!waits!.items) return { handoffs, sources: [] }
  const items = await tx.query<{ source: string }>(
    `update item set status = 'new', waiting_for = null, errors = null, cause = null, claimed_by = null, deaths = 0
     where status in ('waiting', 'parked') and waiting_for = any($1::text[]) returning source`,
    [arrived],
  )
  return { handoffs, sources: [...new Set(items.map((item) => item.source))] }
}

async function releaseHandoffs(tx: Transaction, arrived: string[]): Promise<boolean> {
  const waiting = await tx.query<{ id: number }>(
    "select id from handoff where state in ('waiting', 'parked') and waiting_for = any($1::text[]) order by record_id, route, occurrence for no key update",
    [arrived],
  )
  if (waiting.length === 0) return false
  await tx.query(
    `update handoff set state = 'owed', due_at = hub_now(), queued_at = null, waiting_for = null, reason = null, cause = null, updated_at = hub_now()
     where id = any($1::bigint[]) and state in ('waiting', 'parked')`,
    [waiting.map((row) => row.id)],
  )
  return true
}

/** Asks a person about pushes whose copy at the destination was deleted there. What is in flight brings its own outcome. */
export async function hold(tx: Transaction, routes: string[], recordIds: number[], problem: Problem): Promise<void> {
  await tx.query(
    `update handoff set state = 'held', image = null, queued_at = null, waiting_for = null, reason = $3::jsonb, cause = $4, updated_at = hub_now()
     where route = any($1::text[]) and record_id = any($2::bigint[]) and state <> 'sending'`,
    [routes, recordIds, JSON.stringify([problem]), problem.code],
  )
}
