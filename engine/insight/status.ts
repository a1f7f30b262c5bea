// How the hub is, at a glance: connections, sources, what is owed, what is stuck.
import type { Store } from '../platform/store/store.ts'
import { type Drift, listDrift } from './drift.ts'

export interface Status {
  connections: {
    connection: string
    state: string
    reason: string | null
    until: Date | null
    owed: number
    stuck: number
    oldestOwedSeconds: number | null
  }[]
  sources: {
    source: string
    lastRunAt: Date | null
    lastSuccessAt: Date | null
    lastChangeAt: Date | null
    failures: number
    message: string | null
    undecided: number
    waiting: number
    parked: number
  }[]
  /** `about`: there are so many that they were estimated, not counted. */
  records: { type: string; count: number; about?: true }[]
  /** By state; what rests is estimated where there is much of it. */
  handoffs: Record<string, number>
  /** What is read again on request and has not ended. */
  backfills: { source: string; items: number; changed: number; runs: boolean; updatedAt: Date }[]
  /** What is compared on schedule: when that was done last, and what was found; null of one that never was. */
  comparisons: {
    name: string
    comparedAt: Date | null
    gaps: number | null
    found: string | null
    running: boolean
    /** Since then it could not be carried through, and why. */
    message: string | null
  }[]
  /** Fields of sources that changed and that nobody has accepted yet. */
  drift: Drift[]
}

// In the words of the partial indexes: what rests is not looked at.
const STUCK = "state in ('held', 'parked', 'failed')"
const MOVING = ["state = 'owed'", "state = 'sending'", "state = 'waiting' and waiting_for is not null"]
  .map((condition) => `select connection, state, owed_at from handoff where ${condition}`)
  .join(' union all ')
const BUSY = `select state, count(*) as count from (${MOVING} union all select connection, state, owed_at from handoff where ${STUCK}) h group by state`

export async function status(
  store: Store,
  connections: string[],
  sources: string[],
  comparisons: string[] = [],
): Promise<Status> {
  const states = await store.query<Status['connections'][number]>(
    `select name as connection, coalesce(s.state, 'ok') as state, s.reason, s.until, coalesce(moving.count, 0) as owed, coalesce(stuck.count, 0) as stuck,
       extract(epoch from hub_now() - moving.oldest)::int as "oldestOwedSeconds"
     from unnest($1::text[]) with ordinality as c(name, place) left join connection_state s on s.connection = name
       left join (select connection, count(*) as count, min(owed_at) as oldest from (${MOVING}) h group by connection) moving on moving.connection = name
       left join (select connection, count(*) as count from handoff where ${STUCK} group by connection) stuck on stuck.connection = name
     order by place`,
    [connections],
  )
  const read = await store.query<Status['sources'][number]>(
    `select name as source, s.last_run_at as "lastRunAt", s.last_success_at as "lastSuccessAt", s.last_change_at as "lastChangeAt", coalesce(s.failures, 0) as failures, s.message,
       (select count(*) from item i where i.source = name and i.status = 'new') as undecided,
       (select count(*) from item i where i.source = name and i.status = 'waiting') as waiting,
       (select count(*) from item i where i.source = name and i.status = 'parked') as parked
     from unnest($1::text[]) with ordinality as c(name, place) left join source_state s on s.source = name order by place`,
    [sources],
  )
  const records = await recordCounts(store)
  const handoffs = await handoffCounts(store)
  const backfills = await store.query<Status['backfills'][number]>(
    `select source, items, changed, coalesce(running_by = any(array(select living_workers())), false) as runs, updated_at as "updatedAt" from backfill where ended_at is null order by id`,
  )
  const compared = await store.query<Status['comparisons'][number]>(COMPARISONS, [comparisons])
  return {
    backfills,
    comparisons: compared,
    connections: states,
    sources: read,
    records,
    handoffs: Object.fromEntries(handoffs.map((row) => [row.state, row.count])),
    drift: await listDrift(store),
  }
}

const COMPARISONS = `
select one.name, last.ended_at as "comparedAt", last.gaps,
  (select string_agg((last.report->>what) || ' ' || what, ', ') from unnest(array['missing', 'extra', 'different', 'doubled', 'unmapped']) as what where (last.report->>what)::int > 0) as found,
  exists (select from reconcile_run where name = one.name and ended_at is null and worker = any(array(select living_workers()))) as running,
  (select message from reconcile_run where name = one.name and message is not null and id > coalesce(last.id, 0) order by id desc limit 1) as message
from unnest($1::text[]) with ordinality as one(name, place)
  left join lateral (select * from reconcile_run where name = one.name and gaps is not null order by id desc limit 1) as last on true
order by one.place`

/** Beyond this a total is told from what the last analysis of the table found: to count it would read it all. */
const COUNTED = 100_000

async function isLarge(store: Store, table: string): Promise<boolean> {
  const [one] = await store.query<{ rows: number }>(
    'select reltuples::float8 as rows from pg_class where oid = $1::regclass',
    [table],
  )
  return one!.rows > COUNTED
}

async function recordCounts(store: Store): Promise<Status['records']> {
  if (await isLarge(store, 'record')) return store.query(ABOUT_RECORDS)
  return store.query('select type, count(*) as count from record where not deleted group by type order by type')
}

const ABOUT_RECORDS = `
select known.type, round(c.reltuples * known.share)::float8 as count, true as about
from pg_class c join pg_stats s on s.schemaname = current_schema() and s.tablename = 'record' and s.attname = 'type',
  unnest(s.most_common_vals::text::text[], s.most_common_freqs) as known(type, share)
where c.oid = 'record'::regclass order by known.type`

async function handoffCounts(store: Store): Promise<{ state: string; count: number }[]> {
  const busy = await store.query<{ state: string; count: number }>(BUSY)
  const sum = busy.reduce((all, { count }) => all + count, 0)
  const [resting] = await store.query<{ count: number }>(
    (await isLarge(store, 'handoff'))
      ? `select greatest(0, reltuples - ${sum})::float8 as count from pg_class where oid = 'handoff'::regclass`
      : `select count(*) as count from handoff where state = 'resting'`,
  )
  return [...(resting!.count > 0 ? [{ state: 'resting', count: resting!.count }] : []), ...busy]
}
