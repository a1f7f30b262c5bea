// What is wrong now, set-based: a few statements over partial indexes, whatever the number of rows concerned.
import type { Problem } from '../../hub.ts'
import type { Transaction } from '../../platform/store/store.ts'
import { type Trouble, WEBHOOKS } from './trouble.ts'

/** What the configuration says about time. */
export interface Limits {
  sources: { name: string; connection: string; missedMs: number | null; quietMs: number | null }[]
  routes: { name: string; connection: string; withinMs: number }[]
  /** `command`: shows what such a comparison finds now. */
  comparisons: { name: string; between: [string, string]; command: string }[]
  /** The connections of today's configuration: what another one left behind is no trouble of today. */
  connections: string[]
  /** hub_now() when this process began: nothing was silent before it listened. */
  startedAt: Date
  /** The fewest attempts in a row that any policy wants to hear of. */
  attempts: number
}

const SAMPLE = 5
/** Owed and due for so long, on a connection that works, with nothing in flight: nobody takes it. */
const NO_WORKER = '1 minute'

type Row = Omit<Trouble, 'sample' | 'attempts'> & {
  attempts?: number
  /** Kept out of what is remembered: it only tells "no cause" from an empty one. */
  cause_or_null?: string | null
  rows: { id: string; subject: string; problems: Problem[] | null }[] | null
}

/** What is told within seconds: read from small indexes. */
export async function detectNow(
  tx: Transaction,
  { connections, sources, comparisons, attempts }: Limits,
): Promise<Trouble[]> {
  const compared = [
    comparisons.map((one) => one.name),
    comparisons.map((one) => one.between[0]),
    comparisons.map((one) => one.between[1]),
    comparisons.map((one) => one.command),
  ]
  return [
    ...(comparisons.length > 0 ? await tx.query<Row>(GAPS, compared) : []),
    ...(comparisons.length > 0 ? await tx.query<Row>(COMPARED, [...compared, attempts]) : []),
    ...(await tx.query<Row>(STUCK, [connections])),
    ...(await tx.query<Row>(PARKED, [connections])),
    ...(await tx.query<Row>(TRYING, [connections, attempts])),
    ...(await tx.query<Row>(DOWN, [connections])),
    ...(await tx.query<Row>(DRIFT, [connections])),
    ...(await tx.query<Row>(UNSUBSCRIBED, [sources.map((one) => one.name), attempts])),
    ...(await tx.query<Row>(RUNS, [sources.map((one) => one.name), sources.map((one) => one.connection), attempts])),
  ].map(troubleOf)
}

/** What only time makes wrong: reads everything that is on its way. */
export async function detectSlow(
  tx: Transaction,
  { connections, sources, routes, startedAt }: Limits,
): Promise<Trouble[]> {
  const found = await tx.query<Row>(IDLE, [connections])
  if (sources.length > 0)
    found.push(
      ...(await tx.query<Row>(SILENT, [
        sources.map((one) => one.name),
        sources.map((one) => one.connection),
        sources.map((one) => one.missedMs),
        sources.map((one) => one.quietMs),
        startedAt,
      ])),
    )
  if (routes.length > 0)
    found.push(
      ...(await tx.query<Row>(OVERDUE, [
        routes.map((one) => one.name),
        routes.map((one) => one.connection),
        routes.map((one) => one.withinMs),
      ])),
    )
  return found.map(troubleOf)
}

function troubleOf({ rows, attempts, cause_or_null: _, ...trouble }: Row): Trouble {
  return {
    ...trouble,
    attempts: attempts ?? 0,
    sample: (rows ?? []).map(({ id, subject, problems }) => {
      const [problem] = problems ?? []
      return {
        id,
        subject,
        ...(problem ? { message: problem.message } : {}),
        ...(problem?.cure ? { cure: problem.cure } : {}),
      }
    }),
  }
}

const WORKS = `not exists (select from connection_state s where s.connection = h.connection
  and (s.state in ('paused', 'open', 'half-open') or (s.state = 'limited' and s.until > hub_now())))`

// Not "is not distinct from", which no index serves.
const SAME_CAUSE = '(h.cause = g.cause_or_null or (h.cause is null and g.cause_or_null is null))'

/** Handoffs that fit, with what a person calls them. */
const sample = (condition: string, order: string) => `(
  select jsonb_agg(jsonb_build_object('id', one.id::text, 'subject', r.type || ' ' || r.key, 'problems', one.reason))
  from (select h.id, h.record_id, h.reason from handoff h where ${condition} order by ${order} limit ${SAMPLE}) one
  join record r on r.id = one.record_id) as rows`

const STUCK = `
select g.*, ${sample(`h.state in ('held', 'parked', 'failed') and h.state = g.kind and h.connection = g.connection and h.route = g.place and ${SAME_CAUSE}`, 'h.owed_at')}
from (
  select h.state as kind, 'handoff' as what, h.route as place, h.connection, coalesce(h.cause, '') as cause, h.cause as cause_or_null,
    count(*)::int as count, min(h.updated_at) as since
  from handoff h where h.state in ('failed', 'parked', 'held') and h.connection = any($1::text[]) group by h.state, h.route, h.connection, h.cause) g`

const PARKED = `
select g.*, (
  select jsonb_agg(jsonb_build_object('id', one.source || '/' || one.external_id, 'subject', coalesce(one.origin, one.resource || ' ' || one.external_id), 'problems', one.errors))
  from (select source, external_id, origin, resource, errors from item
    where status = 'parked' and source = g.place and cause is not distinct from g.cause_or_null order by received_at limit ${SAMPLE}) one) as rows
from (
  select 'parked' as kind, 'item' as what, source as place, connection, coalesce(cause, '') as cause, cause as cause_or_null,
    count(*)::int as count, min(coalesce(decided_at, received_at)) as since
  from item where status = 'parked' and connection = any($1::text[]) group by source, connection, cause) g`

// Of a connection that is down it is said once that it is down.
const TRYING = `
select g.*, ${sample(`h.state = 'owed' and h.attempts >= 3 and h.attempts >= $2 and h.connection = g.connection and h.route = g.place and ${SAME_CAUSE}`, 'h.attempts desc')}
from (
  select 'failing' as kind, 'handoff' as what, h.route as place, h.connection, coalesce(h.cause, '') as cause, h.cause as cause_or_null,
    count(*)::int as count, min(h.owed_at) as since, max(h.attempts)::int as attempts
  from handoff h where h.state = 'owed' and h.attempts >= 3 and h.attempts >= $2 and h.connection = any($1::text[]) and ${WORKS}
  group by h.route, h.connection, h.cause) g`

const DOWN = `
select 'connection-down' as kind, 'connection' as what, s.connection as place, s.connection,
  case s.state when 'paused' then 'refused' else 'down' end as cause, 1 as count, s.since,
  jsonb_build_array(jsonb_build_object('id', s.connection, 'subject', s.connection, 'problems', jsonb_build_array(jsonb_build_object('message', s.reason)))) as rows
from connection_state s where s.state in ('paused', 'open', 'half-open') and s.connection = any($1::text[])`

// Counted only where nothing is in flight: a long backlog that is being worked off costs nothing here.
const IDLE = `
with idle as materialized (
  select h.connection from unnest($1::text[]) as h(connection)
  where ${WORKS} and not exists (select from handoff busy where busy.state = 'sending' and busy.connection = h.connection))
select g.*, ${sample("h.state = 'owed' and h.connection = g.connection", 'h.due_at')}
from (
  select 'no-worker' as kind, 'handoff' as what, h.connection as place, h.connection, '' as cause, count(*)::int as count, min(h.due_at) as since
  from handoff h join idle on idle.connection = h.connection
  where h.state = 'owed' and h.due_at < hub_now() - interval '${NO_WORKER}' group by h.connection) g`

// What changes within an hour is one release of the vendor, and one trouble.
const DRIFT = `
select 'drift' as kind, 'source' as what, connection || '.' || resource as place, connection, hour as cause, count(*)::int as count, min(at) as since,
  to_jsonb((array_agg(jsonb_build_object('id', path, 'problems', problems, 'subject', path || case change
    when 'new' then ' is new: ' || new_type when 'vanished' then ' is gone, was ' || old_type else ' is ' || new_type || ', was ' || old_type end)
    order by at, path))[1:${SAMPLE}]) as rows
from (select *, to_char(at at time zone 'UTC', 'YYYY-MM-DD HH24') as hour, case when mappings = '{}' then null
    else jsonb_build_array(jsonb_build_object('message', 'It touches ' || array_to_string(mappings, ', ') || '.')) end as problems
  from drift where connection = any($1::text[])) d
group by connection, resource, hour`

const RUNS = `
select 'failing' as kind, 'source' as what, s.source as place, one.connection, '' as cause, 1 as count, coalesce(s.last_success_at, s.last_run_at) as since,
  s.failures as attempts, jsonb_build_array(jsonb_build_object('id', s.source, 'subject', s.source, 'problems', jsonb_build_array(jsonb_build_object('message', s.message)))) as rows
from unnest($1::text[], $2::text[]) as one(source, connection) join source_state s on s.source = one.source
where s.failures >= $3 and not exists (select from connection_state c where c.connection = one.connection and c.state in ('paused', 'open', 'half-open'))`

// Not tried so many times in a row, but nothing less: it does not come back by itself.
const UNSUBSCRIBED = `
select 'failing' as kind, 'source' as what, source as place, connection, '${WEBHOOKS}' as cause, 1 as count, min(problem_since) as since, $2::int as attempts,
  jsonb_agg(jsonb_build_object('id', connection || ' ' || topic, 'subject', topic, 'problems', jsonb_build_array(jsonb_build_object('message', problem)))) as rows
from subscription where problem is not null and source = any($1::text[]) group by source, connection`

const ONE = 'unnest($1::text[], $2::text[], $3::text[], $4::text[]) as one(name, a, b, command)'
const RUNS_SINCE = (good: string) =>
  `reconcile_run r where r.name = one.name and r.id > coalesce((select max(id) from reconcile_run where name = one.name and ${good}), 0)`

const GAPS = `
select 'reconcile-gap' as kind, 'comparison' as what, one.name as place, one.b as connection, '' as cause, last.gaps as count,
  (select min(r.ended_at) from ${RUNS_SINCE('gaps = 0')} and r.gaps > 0) as since, (
  select jsonb_agg(jsonb_build_object('id', gap->>'what', 'subject', gap->>'record', 'problems', jsonb_build_array(jsonb_build_object('message', found.words, 'cure', one.command))) order by place)
  from jsonb_array_elements(last.report->'samples') with ordinality as sample(gap, place) where place <= ${SAMPLE}) as rows
from ${ONE},
  lateral (select gaps, report from reconcile_run where name = one.name and gaps is not null order by id desc limit 1) as last,
  lateral (select string_agg((last.report->>what) || ' ' || what, ', ') as words from unnest(array['missing', 'extra', 'different', 'doubled', 'unmapped']) as what
    where (last.report->>what)::int > 0) as found
where last.gaps > 0`

// It says nothing where one of the two is down, which is told already.
const COMPARED = `
select 'failing' as kind, 'comparison' as what, one.name as place, one.b as connection, '' as cause, 1 as count, failed.since, failed.attempts,
  jsonb_build_array(jsonb_build_object('id', one.name, 'subject', one.name, 'problems', jsonb_build_array(jsonb_build_object('message', failed.message, 'cure', one.command)))) as rows
from ${ONE},
  lateral (select min(r.started_at) as since, count(*)::int as attempts, (array_agg(r.message order by r.id desc))[1] as message from ${RUNS_SINCE('gaps is not null')} and r.message is not null) as failed
where failed.attempts >= $5 and not exists (select from connection_state c where c.connection in (one.a, one.b) and c.state in ('paused', 'open', 'half-open'))`

// Two kinds of silence: no run has succeeded for too long (the scheduler, or the system); runs succeed, but nothing is new. The
// second is measured from the start of the process until a run of it has shown what is new.
const SILENT = `
select 'silent' as kind, 'source' as what, x.source as place, x.connection, x.cause, 1 as count, x.since,
  jsonb_build_array(jsonb_build_object('id', x.source, 'subject', x.source, 'problems', case when x.message is null then null else jsonb_build_array(jsonb_build_object('message', x.message)) end)) as rows
from (
  select one.source, one.connection, 'no run' as cause, greatest(s.last_success_at, $5) as since, one.missed_ms as limit_ms, s.message
  from unnest($1::text[], $2::text[], $3::float8[]) as one(source, connection, missed_ms) left join source_state s on s.source = one.source
  union all
  select one.source, one.connection, 'nothing new',
    greatest(s.last_change_at, case when s.last_success_at >= $5 then s.last_change_at else $5 end, coalesce(s.last_change_at, $5),
      (select max(w.received_at) from webhook w where w.connection = one.connection and w.status = 'read' and w.received_at > hub_now() - one.quiet_ms * interval '1 ms')),
    one.quiet_ms, null
  from unnest($1::text[], $2::text[], $4::float8[]) as one(source, connection, quiet_ms) left join source_state s on s.source = one.source) x
where x.limit_ms is not null and x.since < hub_now() - x.limit_ms * interval '1 ms'
  and not exists (select from connection_state c where c.connection = x.connection and c.state in ('paused', 'open', 'half-open'))`

// By state, so that the ledger's own partial indexes serve it.
const MOVING = ["state = 'owed'", "state = 'sending'", "state = 'waiting' and waiting_for is not null"]
  .map((condition) => `select route, owed_at from handoff where ${condition}`)
  .join(' union all ')

// One moment for all rows: hub_now() moves on while they are read.
const OVERDUE = `
with one as materialized (
  select route, connection, hub_now() - ms * interval '1 ms' as before from unnest($1::text[], $2::text[], $3::float8[]) as o(route, connection, ms))
select g.*, ${sample("h.state in ('owed', 'sending', 'waiting') and h.route = g.place and h.owed_at < (select before from one where one.route = g.place)", 'h.owed_at')}
from (
  select 'overdue' as kind, 'handoff' as what, one.route as place, one.connection, '' as cause, count(*)::int as count, min(h.owed_at) as since
  from one join (${MOVING}) h on h.route = one.route and h.owed_at < one.before
  group by one.route, one.connection) g`
