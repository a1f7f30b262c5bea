// What the hub forgets, and when: in batches of a bounded size, by ranges of ids or of pages, so that no batch reads a whole table and
// none holds a lock that the walk waits for. What is not at rest is never forgotten.
import { setTimeout as sleep } from 'node:timers/promises'
import type { Store } from '../platform/store/store.ts'

/** Milliseconds that each kind is kept. */
export type Retention = Record<Kept, number>
export type Kept = 'payloads' | 'attempts' | 'events' | 'webhooks' | 'runs'

interface Step {
  kept: Kept
  /** `$1` where the batch begins, `$2` what is older goes, `$3` the size. Answers `next` (null: the end) and `removed`. */
  batch: string
  /** `$1` what is older goes. Answers `goes`, `stays` (old, and kept because it is not at rest) and `young`. */
  count: string
}
/** Where a walk through all steps stands. */
export interface Place {
  step: number
  after: number
}

/** Pages of 8 KB: some thousand items at most, some hundred usually. */
const PAGES = 128

const RESTS = "coalesce(h.state, 'resting') = 'resting'"

/** Rows in the order of their ids, which is the order of time: the walk ends at the first page of which nothing is old. */
const byId = (table: string, at: string, keeps: string, look = ''): string => `
with page as materialized (select * from ${table} where id > $1 order by id limit $3),
  old as materialized (select page.id from page ${look} where page.${at} < $2 and ${keeps}),
  gone as (delete from ${table} where id = any(array(select id from old)) returning 1)
select case when (select min(${at}) from page) < $2 then (select max(id) from page) end as next, (select count(*)::int from gone) as removed`
const countById = (table: string, at: string, keeps: string, look = ''): string => `
select count(*) filter (where page.${at} < $1 and ${keeps})::int as goes, count(*) filter (where page.${at} < $1 and not (${keeps}))::int as stays,
  count(*) filter (where page.${at} >= $1)::int as young from ${table} as page ${look}`

const OF_HANDOFF = 'left join lateral (select state from handoff where id = page.handoff_id offset 0) as h on true'
const OF_RECORD = `left join lateral (select state from handoff where record_id = page.record_id and state <> 'resting' limit 1) as h on true`
const DECIDED = "body is not null and status in ('done', 'skipped') and connection not like '$%'"

const STEPS: Step[] = [
  {
    // The row stays, so that what has not changed is still recognised. What a person corrected ($…) is no copy of anything.
    kept: 'payloads',
    batch: `
with gone as (update item set body = null where ctid = any(array(
    select ctid from item where ctid >= ('(' || $1::bigint || ',0)')::tid and ctid < ('(' || $1::bigint + ${PAGES} || ',0)')::tid
      and ${DECIDED} and decided_at < $2 for update skip locked)) returning 1)
select case when $1::bigint + ${PAGES} < pg_relation_size('item') / current_setting('block_size')::int and $3 > 0 then $1::bigint + ${PAGES} end as next,
  (select count(*)::int from gone) as removed`,
    count: `
select count(*) filter (where ${DECIDED} and decided_at < $1)::int as goes,
  count(*) filter (where body is not null and not (${DECIDED}) and coalesce(decided_at, received_at) < $1)::int as stays,
  count(*) filter (where body is not null and coalesce(decided_at, received_at) >= $1)::int as young from item`,
  },
  {
    kept: 'attempts',
    batch: byId('attempt', 'at', RESTS, OF_HANDOFF),
    count: countById('attempt', 'at', RESTS, OF_HANDOFF),
  },
  {
    kept: 'events',
    batch: byId('event', 'at', RESTS, OF_RECORD),
    count: countById('event', 'at', RESTS, OF_RECORD),
  },
  {
    kept: 'webhooks',
    batch: byId('webhook', 'received_at', 'true'),
    count: countById('webhook', 'received_at', 'true'),
  },
  {
    kept: 'runs',
    batch: byId('run', 'started_at', 'ended_at is not null'),
    count: countById('run', 'started_at', 'ended_at is not null'),
  },
  {
    kept: 'runs',
    batch: byId('backfill', 'started_at', 'ended_at is not null'),
    count: countById('backfill', 'started_at', 'ended_at is not null'),
  },
]

interface Bounds {
  signal?: AbortSignal
  /** A turn ends after so long. */
  mostMs?: number
  /** Between two batches. */
  pauseMs?: number
  /** Rows of one statement. */
  batch?: number
  /** What was removed is added here. */
  removed?: Partial<Record<Kept, number>>
}

/** Goes on from a place until all is done (undefined) or the turn is over (the place where the next one goes on). */
export async function prune(
  store: Store,
  retention: Retention,
  from: Place = { step: 0, after: 0 },
  { signal, mostMs = Number.POSITIVE_INFINITY, pauseMs = 50, batch = 5_000, removed = {} }: Bounds = {},
): Promise<Place | undefined> {
  const began = performance.now()
  const place = { ...from }
  const limits = await bounds(store, retention)
  while (place.step < STEPS.length) {
    if (signal?.aborted || performance.now() - began > mostMs) return place
    const { kept, batch: sql } = STEPS[place.step]!
    const [done] = await store.query<{ next: number | null; removed: number }>(sql, [place.after, limits[kept], batch])
    if (done!.removed > 0) removed[kept] = (removed[kept] ?? 0) + done!.removed
    Object.assign(place, done!.next === null ? { step: place.step + 1, after: 0 } : { after: done!.next })
    if (done!.next !== null) await sleep(pauseMs, undefined, { signal }).catch(() => {})
  }
  return undefined
}

export interface Forecast {
  kept: Kept
  /** Older than this goes. */
  before: Date
  goes: number
  /** Old, and kept: it is not at rest. */
  stays: number
  young: number
}
/** What would be forgotten now. Reads every row. */
export async function forecast(store: Store, retention: Retention): Promise<Forecast[]> {
  const limits = await bounds(store, retention)
  const all = new Map<Kept, Forecast>()
  for (const { kept, count } of STEPS) {
    const [found] = await store.query<{ goes: number; stays: number; young: number }>(count, [limits[kept]])
    const sum = all.get(kept) ?? { kept, before: limits[kept], goes: 0, stays: 0, young: 0 }
    all.set(kept, sum)
    for (const part of ['goes', 'stays', 'young'] as const) sum[part] += found![part]
  }
  return [...all.values()]
}

async function bounds(store: Store, retention: Retention): Promise<Record<Kept, Date>> {
  const [{ now }] = (await store.query<{ now: Date }>('select hub_now() as now')) as [{ now: Date }]
  return Object.fromEntries(
    Object.entries(retention).map(([kept, ms]) => [kept, new Date(now.getTime() - ms)]),
  ) as Record<Kept, Date>
}
