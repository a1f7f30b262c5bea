// Reads a part of a source again, in the bulk lane and beside the source's own runs, whose position stays where it is. How far it
// is stands in the ledger, in the transaction of each page: one that was killed goes on. It waits while too much is undecided or owed.
import { setTimeout as sleep } from 'node:timers/promises'
import { type ConnectionClient, ConnectorError, instant, type Json, type SourceItem } from '#connector'
import type { Source } from '../hub.ts'
import { LANES } from '../platform/queue/queues.ts'
import { patiently } from '../platform/store/pool.ts'
import type { Store } from '../platform/store/store.ts'
import { collect, collectionOf } from './collect.ts'

/** A window over the moment of the last change (RFC 3339 UTC), or ids at the source. */
export type BackfillWish = { from: string; to?: string } | { ids: string[] }
export interface BackfillReport {
  asked: BackfillWish
  /** Whether an earlier one that did not end was continued. */
  resumed: boolean
  pages: number
  items: number
  changed: number
  missing: string[]
  /** What it waits for now. */
  behind?: { undecided: number; owed: number }
}
export interface BackfillOptions {
  signal: AbortSignal
  onPage: () => void
  progress: (report: BackfillReport) => void
  /** It waits while more items than this are undecided, or more handoffs are owed in the bulk lane. */
  most?: { undecided: number; owed: number }
}
interface Run {
  store: Store
  client: ConnectionClient
  source: Source
  worker: number
  id: number
  position: Json
  report: BackfillReport
  options: BackfillOptions
}

const MOST = { undecided: 2_000, owed: 10_000 }
const IDS_A_PAGE = 20
const AT_ONCE = 4
const FAILURES = 8

/** Runs to the end, or until it is stopped. Undefined when another process runs the same one. */
export async function backfill(
  store: Store,
  client: ConnectionClient,
  source: Source,
  worker: number,
  asked: BackfillWish,
  options: BackfillOptions,
): Promise<BackfillReport | undefined> {
  const [row] = await store.query<Omit<BackfillReport, 'resumed'> & { id: number; position: Json; running_by: number }>(
    `insert into backfill as known (source, asked, running_by, started_at, updated_at) values ($1, $2, $3, hub_now(), hub_now())
     on conflict (source, md5(asked::text)) where ended_at is null do update set running_by = excluded.running_by
     where known.running_by is null or known.running_by = excluded.running_by or known.running_by <> all(array(select living_workers()))
     returning id, position, pages, items, changed, missing`,
    [source.name, JSON.stringify(asked), worker],
  )
  if (!row) return undefined
  const { id, position, pages, items, changed, missing } = row
  const report = { asked, resumed: pages > 0, pages, items, changed, missing }
  const run: Run = { store, client, source, worker, id, position, report, options }
  let ended = false
  try {
    ended = await despiteFaults(run, () => ('ids' in asked ? readIds(run, asked.ids) : readWindow(run, asked)))
  } finally {
    await patiently(
      () =>
        store.query(
          'update backfill set running_by = null, ended_at = case when $3 then hub_now() end where id = $1 and running_by = $2',
          [id, worker, ended],
        ),
      options.signal,
    )
  }
  return report
}

/** The backfills of a source that have not ended. */
export async function openBackfills(store: Store, source: string): Promise<BackfillWish[]> {
  const rows = await store.query<{ asked: BackfillWish }>(
    'select asked from backfill where source = $1 and ended_at is null order by id',
    [source],
  )
  return rows.map((row) => row.asked)
}

/** A source that is busy or away for a while does not end it. */
async function despiteFaults(run: Run, read: () => Promise<boolean>): Promise<boolean> {
  for (let failures = 0, pages = run.report.pages; ; ) {
    try {
      return await read()
    } catch (error) {
      if (run.options.signal.aborted) return false
      if (!(error instanceof ConnectorError) || !['retryable', 'rate_limited'].includes(error.kind)) throw error
      failures = run.report.pages > pages ? 1 : failures + 1
      pages = run.report.pages
      if (failures >= FAILURES) throw error
      await sleep(error.detail.retryAfterMs ?? 500 * 2 ** failures, undefined, { signal: run.options.signal }).catch(
        () => {},
      )
    }
  }
}

async function readWindow(run: Run, { from, to }: { from: string; to?: string }): Promise<boolean> {
  const { client, source, options } = run
  const [start, end] = [instant(from)!, instant(to) ?? Number.POSITIVE_INFINITY]
  const inside = ({ stamp }: SourceItem) => {
    const at = instant(stamp)
    return at === undefined || (at >= start && at <= end)
  }
  await room(run)
  let asOf = await now(run.store)
  const pages = client.pull(source.resource, run.position ?? undefined, { signal: options.signal, since: from })
  for await (const page of pages) {
    asOf = await keep(run, page.items.filter(inside), page.items.length, page.position, asOf)
    if (page.last || (page.through !== undefined && instant(page.through)! > end)) return true
    if (!(await room(run))) return false
  }
  return !options.signal.aborted
}

async function readIds(run: Run, ids: string[]): Promise<boolean> {
  for (let at: number = run.position?.at ?? 0; at < ids.length; at += IDS_A_PAGE) {
    if (!(await room(run))) return false
    const asOf = await now(run.store)
    const wanted = ids.slice(at, at + IDS_A_PAGE)
    const found = new Map<string, SourceItem | undefined>()
    const next = wanted.values()
    const reader = async () => {
      for (const id of next)
        found.set(id, await run.client.fetch(run.source.resource, id, { signal: run.options.signal }))
    }
    await Promise.all(Array.from({ length: AT_ONCE }, reader))
    const items = [...found.values()].filter((item) => item !== undefined)
    run.report.missing.push(...wanted.filter((id) => found.get(id) === undefined))
    await keep(run, items, wanted.length, { at: at + wanted.length }, asOf)
  }
  return true
}

/** Stores what was read and how far it is, in one transaction. Answers a moment before the next page is asked for. */
async function keep(run: Run, items: SourceItem[], read: number, position: Json, asOf: Date): Promise<Date> {
  const { store, source, id, worker, report, options } = run
  const kept = await store.transaction(async (tx) => {
    const into = { ...collectionOf(source, 'pull'), lane: LANES.bulk, asOf }
    const stored = await collect(tx, into, items)
    const [moved] = await tx.query<{ at: Date }>(
      `update backfill set position = $3, pages = pages + 1, items = items + $4, changed = changed + $5, missing = $6, updated_at = hub_now()
       where id = $1 and running_by = $2 returning updated_at as at`,
      [id, worker, JSON.stringify(position), read, stored.length, report.missing],
    )
    if (!moved) throw new Error(`HUB_PULL_TAKEN_OVER This backfill of ${source.name} is run by another process now.`)
    return { changed: stored.length, at: moved.at }
  })
  run.position = position
  report.pages++
  report.items += read
  report.changed += kept.changed
  options.progress(report)
  if (kept.changed > 0) options.onPage()
  return kept.at
}

/** Waits until what was read is worked off far enough; false when it is stopped meanwhile. */
async function room({ store, source, report, options }: Run): Promise<boolean> {
  const most = options.most ?? MOST
  while (!options.signal.aborted) {
    const [behind] = await store.query<{ undecided: number; owed: number }>(
      `select (select count(*) from (select from item where connection = $1 and resource = $2 and status = 'new' limit $3::int + 1) i) as undecided,
         (select count(*) from (select from handoff where state = 'owed' and lane = ${LANES.bulk} limit $4::int + 1) h) as owed`,
      [source.connection, source.resource, most.undecided, most.owed],
    )
    if (behind!.undecided <= most.undecided && behind!.owed <= most.owed) {
      delete report.behind
      return true
    }
    report.behind = behind!
    options.progress(report)
    options.onPage()
    await sleep(250, undefined, { signal: options.signal }).catch(() => {})
  }
  return false
}

async function now(store: Store): Promise<Date> {
  return (await store.query<{ now: Date }>('select hub_now() as now'))[0]!.now
}
