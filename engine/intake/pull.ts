// One run of a source: page after page is stored, and the position moves only with what was stored. One run of a source at a
// time, in all processes; a run that a dead process left is taken over.
import type { ConnectionClient, Position, PulledPage } from '#connector'
import type { Source } from '../hub.ts'
import { patiently } from '../platform/store/pool.ts'
import type { Store } from '../platform/store/store.ts'
import { collect, collectionOf } from './collect.ts'

export interface RunReport {
  pages: number
  items: number
  changed: number
}

export interface PullOptions {
  since?: string
  signal: AbortSignal
  onPage: () => void
}

/** Pulls a source to its end; `onPage` is called after each page that brought something. Undefined when it runs already. */
export async function pull(
  store: Store,
  client: ConnectionClient,
  source: Source,
  worker: number,
  options: PullOptions,
): Promise<RunReport | undefined> {
  // A caller runs a source once at a time, so what is still noted as running here was left by a run that lost the database.
  const [started] = await store.query<{ position: Position | null; at: Date }>(
    `insert into source_state as known (source, running_by, last_run_at) values ($1, $2, hub_now())
     on conflict (source) do update set running_by = excluded.running_by, last_run_at = excluded.last_run_at
     where known.running_by is null or known.running_by = excluded.running_by or not worker_lives(known.running_by)
     returning known.position, hub_now() as at`,
    [source.name, worker],
  )
  if (!started) return undefined
  const [run] = await store.query<{ id: number }>(
    'insert into run (source, started_at) values ($1, hub_now()) returning id',
    [source.name],
  )
  const report: RunReport = { pages: 0, items: 0, changed: 0 }
  let message: string | null = null
  let asOf = started.at
  try {
    const pages = client.pull(source.resource, started.position ?? undefined, {
      signal: options.signal,
      ...(options.since ? { since: options.since } : {}),
    })
    for await (const page of pages) {
      const kept = await keep(store, source, worker, page, asOf)
      asOf = kept.at
      report.pages++
      report.items += page.items.length
      report.changed += kept.changed
      if (kept.changed > 0) options.onPage()
      if (options.signal.aborted) break
    }
  } catch (error) {
    message = (error as Error).message
    throw error
  } finally {
    await patiently(() => finish(store, source, worker, run!.id, report, message), options.signal)
  }
  return report
}

/** Stores a page and moves the position, in one transaction. */
async function keep(
  store: Store,
  source: Source,
  worker: number,
  page: PulledPage,
  asOf: Date,
): Promise<{ changed: number; at: Date }> {
  return store.transaction(async (tx) => {
    const into = { ...collectionOf(source, 'pull'), asOf }
    const stored = await collect(tx, into, page.items)
    const [moved] = await tx.query<{ at: Date }>(
      `update source_state set position = $2, last_change_at = case when $3 then hub_now() else last_change_at end
       where source = $1 and running_by = $4 returning hub_now() as at`,
      [source.name, JSON.stringify(page.position), stored.length > 0, worker],
    )
    if (!moved) throw new Error(`HUB_PULL_TAKEN_OVER ${source.name} is pulled by another process now.`)
    return { changed: stored.length, at: moved.at }
  })
}

async function finish(
  store: Store,
  source: Source,
  worker: number,
  run: number,
  report: RunReport,
  message: string | null,
): Promise<void> {
  await store.query(
    `update source_state set running_by = null, failures = case when $2::text is null then 0 else failures + 1 end, message = $2,
       last_success_at = case when $2::text is null then hub_now() else last_success_at end where source = $1 and running_by = $3`,
    [source.name, message, worker],
  )
  await store.query(
    'update run set ended_at = hub_now(), pages = $2, items = $3, changed = $4, message = $5 where id = $1',
    [run, report.pages, report.items, report.changed, message],
  )
}
