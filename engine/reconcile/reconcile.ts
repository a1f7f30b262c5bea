// Compares what two systems hold of one kind of record, by key and by content, through the hub's own mappings. Reads only; what is
// missing or different is sent through again where that is asked for.
import { moment } from '#connector'
import type { Route } from '../hub.ts'
import type { Planned } from '../plan/outgoing.ts'
import { routesTo } from './flight.ts'
import { compareListed } from './listed.ts'
import { lookUpAll } from './looked-up.ts'
import { redrive } from './redrive.ts'
import { type Comparison, type OpenGap, openReport, type Reconciled } from './report.ts'
import { type Side, sideOf } from './side.ts'

export interface ReconcileOptions {
  /** So many gaps of each kind are told whole. */
  limit: number
  redrive: boolean
  /** Its name in `reconcile:`, and the process that runs it: its result is kept, and it runs once at a time. */
  scheduled?: { name: string; worker: number }
}

/** How two connections can be compared; an answer in words where they cannot. */
export function waysBetween(
  hub: Pick<Planned, 'assembly' | 'clients'>,
  { record, between: [a, b] }: Omit<Comparison, 'since'>,
): { refused: string } | { first: Side; second: Side | undefined; routes: Route[] } {
  const [first, second] = [sideOf(hub, a, record), sideOf(hub, b, record)]
  const routes = routesTo(hub, b, record)
  if (!first)
    return {
      refused: `No source reads ${record}s whole at ${a}.${second ? ` One does at ${b}: --between ${b},${a}.` : ''}`,
    }
  if (!second && routes.length === 0)
    return { refused: `At ${b} no source reads ${record}s whole, and no route pushes them there.` }
  return { first, second, routes }
}

/** Undefined when another process runs it. Throws a ConnectorError where a system cannot be asked. */
export async function reconcile(
  hub: Planned,
  comparison: Comparison,
  options: ReconcileOptions,
): Promise<Reconciled | undefined> {
  const ways = waysBetween(hub, comparison)
  if ('refused' in ways) throw new Error(`HUB_RECONCILE_CANNOT ${ways.refused}`)
  const { first, second, routes } = ways
  const { store } = hub
  const started = await begin(hub, comparison, options)
  if (!started) return undefined
  const { report, add } = openReport(comparison, second ? 'listed' : 'looked up', options.limit)
  const found = async (gaps: OpenGap[]) => {
    gaps.forEach(add)
    if (options.redrive) report.redriven = (report.redriven ?? 0) + (await redrive(hub, first, routes, gaps))
  }
  const work = { hub, since: comparison.since, startedAt: started.at, report, found }
  let message: string | null = null
  try {
    if (second) await compareListed({ ...work, run: started.id, sides: [first, second] })
    else await lookUpAll({ ...work, a: first, b: comparison.between[1], routes })
    // What was not compared to the end says nothing.
    if (hub.signal.aborted) throw new Error('HUB_RECONCILE_STOPPED It was stopped before it had compared everything.')
    return report
  } catch (error) {
    message = (error as Error).message
    throw error
  } finally {
    await store.query('delete from reconcile_item where run = $1', [started.id])
    await end(hub, started.id, options, message === null ? report : null, message)
  }
}

async function begin({ store }: Planned, { record, between, since }: Comparison, { scheduled }: ReconcileOptions) {
  // What a run left behind whose process died.
  await store.query(
    'delete from reconcile_run where name = $1 and ended_at is null and worker <> all(array(select living_workers()))',
    [scheduled?.name ?? null],
  )
  await store.query(
    `delete from reconcile_item where run in (select id from reconcile_run where ended_at is null and started_at < hub_now() - interval '1 day')`,
    [],
  )
  const [started] = await store.query<{ id: number; at: Date }>(
    `insert into reconcile_run (name, record, side_a, side_b, since, worker, started_at)
     select $1, $2, $3, $4, $5, $6, hub_now() where $1::text is null or not exists (
       select from reconcile_run where name = $1 and ended_at is null and worker = any(array(select living_workers())))
     returning id, started_at as at`,
    [scheduled?.name ?? null, record, ...between, since, scheduled?.worker ?? 0],
  )
  return started
}

/** So many results of each name are kept. */
const KEPT = 30

async function end(
  { store, signal }: Planned,
  id: number,
  { scheduled }: ReconcileOptions,
  report: Reconciled | null,
  message: string | null,
): Promise<void> {
  if (!scheduled || signal.aborted) return void (await store.query('delete from reconcile_run where id = $1', [id]))
  await store.query(
    'update reconcile_run set ended_at = hub_now(), gaps = $2, report = $3, message = $4 where id = $1',
    [id, report?.gaps ?? null, report && JSON.stringify(report, storable), message],
  )
  // The last one that was carried through stays, however many have failed since.
  await store.query(
    `delete from reconcile_run where name = $1 and id < (select min(id) from (select id from reconcile_run where name = $1 order by id desc limit $2) kept)
       and id <> (select coalesce(max(id), 0) from reconcile_run where name = $1 and gaps is not null)`,
    [scheduled.name, KEPT],
  )
}

/** PostgreSQL's jsonb takes neither NUL nor half a surrogate pair. */
const storable = (_: string, value: unknown) =>
  typeof value === 'string' ? value.toWellFormed().replaceAll('\u0000', '') : value

/** The moment so long before now, by the database's clock. */
export async function before({ store }: Pick<Planned, 'store'>, ms: number): Promise<string> {
  const [row] = await store.query<{ now: Date }>('select hub_now() as now')
  return moment(row!.now.getTime() - ms)
}
