// One run of a source: page after page is stored, and the position moves only with what was stored. One run of a source at a
// time, in all processes; a run that a dead process left is taken over.
import type { ConnectionClient, Position } from '#connector'
import type { Source } from '../hub.ts'
import type { Store } from '../platform/store/store.ts'
import { collect } from './collect.ts'

export interface RunReport {
  pages: number
  items: number
  changed: number
}

/** Pulls a source to its end; `onPage` is called after each page that brought something. Undefined when it runs already. */
export async function pull(store: Store, client: ConnectionClient, source: Source, worker: number, options: { since?: string; signal: AbortSignal; onPage: () => void }): Promise<RunReport | undefined> {
  const started = await store.query<{ position: Position | null }>(
    `insert into source_state as known (source, running_by, last_run_at) values ($1, $2, hub_now())
     on conflict (source) do update set running_by = excluded.running_by, last_run_at = excluded.last_run_at
     where known.running_by is null or not worker_lives(known.running_by) returning known.position`,
    [source.name, worker],
  )
  if (!started[0]) return undefined
  const [run] = await store.query<{ id: number }>('insert into run (source, started_at) values ($1, hub_now()) returning id', [source.name])
  const report: RunReport = { pages: 0, items: 0, changed: 0 }
  let message: string | null = null
  try {
    const pages = client.pull(source.resource, started[0].position ?? undefined, { signal: options.signal, ...(options.since ? { since: options.since } : {}) })
    for await (const page of pages) {
      const changed = await store.transaction(async (tx) => {
        const stored = await collect(tx, { source: source.name, connection: source.connection, resource: source.resource, via: 'pull', lane: source.lane, revision: source.revision }, page.items)
        await tx.query('update source_state set position = $2, last_change_at = case when $3 then hub_now() else last_change_at end where source = $1', [source.name, JSON.stringify(page.position), stored.length > 0])
        return stored.length
      })
      report.pages++
      report.items += page.items.length
      report.changed += changed
      if (changed > 0) options.onPage()
      if (options.signal.aborted) break
    }
  } catch (error) {
    message = (error as Error).message
    throw error
  } finally {
    await store.query(
      `update source_state set running_by = null, failures = case when $2::text is null then 0 else failures + 1 end, message = $2,
         last_success_at = case when $2::text is null then hub_now() else last_success_at end where source = $1`,
      [source.name, message],
    )
    await store.query('update run set ended_at = hub_now(), pages = $2, items = $3, changed = $4, message = $5 where id = $1', [run!.id, report.pages, report.items, report.changed, message])
  }
  return report
}
