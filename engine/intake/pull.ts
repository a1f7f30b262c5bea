// One run of a source: page after page is stored, and the position moves only with what was stored. One run of a source at a
// time, in all processes; a run that a dead process left is taken over.
import type { ConnectionClient, Position, PulledPage } from '#connector'
import type { Source } from '../hub.ts'
import { patiently, serverIsGone } from '../platform/store/pool.ts'
import type { Store, Transaction } from '../platform/store/store.ts'
import type { ClaimedItem } from './claim.ts'
import { type Collection, collectionOf, type Sifted, sift, storeItems } from './collect.ts'

export interface RunReport {
  pages: number
  items: number
  changed: number
}

export interface PullOptions {
  since?: string
  signal: AbortSignal
  /**
   * Decides on a page of which something is new together with storing it, in one transaction that begins with `first`; answers what
   * else was stored and claimed. It may throw: then the page is stored first, and decided item by item if need be.
   */
  decideAtOnce: (into: Collection, page: Sifted, first: FirstOf) => Promise<ClaimedItem[]>
  /** Called with what was stored, claimed by this worker. */
  taken: (items: ClaimedItem[]) => void
}
/** What the transaction of a page does before anything else. */
type FirstOf = (tx: Transaction) => Promise<void>

/** Pulls a source to its end. Undefined when it runs already. */
export async function pull(
  store: Store,
  client: ConnectionClient,
  source: Source,
  worker: number,
  options: PullOptions,
): Promise<RunReport | undefined> {
  // A caller runs a source once at a time, so what is still noted as running here was left by a run that lost the database.
  const [started] = await store.query<{ position: Position | null; at: Date; left: boolean | null }>(
    `insert into source_state as known (source, running_by, last_run_at) values ($1, $2, hub_now())
     on conflict (source) do update set running_by = excluded.running_by, last_run_at = excluded.last_run_at
     where known.running_by is null or known.running_by = excluded.running_by or known.running_by <> all(array(select living_workers()))
     returning known.position, hub_now() as at, (select running_by is not null from source_state where source = $1) as left`,
    [source.name, worker],
  )
  if (!started) return undefined
  const [run] = await store.query<{ id: number }>(
    'insert into run (source, started_at) values ($1, hub_now()) returning id',
    [source.name],
  )
  const report: RunReport = { pages: 0, items: 0, changed: 0 }
  let message: string | null = null
  // A page is asked for while the one before it is kept, so what it cannot know is what came after the page before that.
  const unsaved: Unsaved = { at: performance.now() }
  let asOf = started.at
  let latest = started.at
  try {
    const pages = client.pull(source.resource, started.position ?? undefined, {
      signal: options.signal,
      ...(options.since ? { since: options.since } : {}),
    })
    for await (const page of ahead(pages)) {
      // After a run that died, what is read is stored before anything can fail on it: an item that kills is then known.
      const kept = await keep(
        store,
        source,
        worker,
        page,
        asOf,
        unsaved,
        started.left ? undefined : options.decideAtOnce,
      )
      asOf = latest
      latest = kept.at
      report.pages++
      report.items += page.items.length
      report.changed += kept.changed
      if (kept.items.length > 0) options.taken(kept.items)
      if (options.signal.aborted) break
    }
  } catch (error) {
    message = (error as Error).message
    throw error
  } finally {
    await patiently(() => finish(store, source, worker, run!.id, report, message, unsaved), options.signal)
  }
  return report
}

/** Asks for the next page while this one is being kept. */
async function* ahead<Page>(pages: AsyncGenerator<Page>): AsyncGenerator<Page> {
  let next = pages.next()
  try {
    for (let page = await next; !page.done; page = await next) {
      next = pages.next()
      // It may fail while nobody listens yet.
      next.catch(() => {})
      yield page.value
    }
  } finally {
    await pages.return(undefined)
  }
}

/** The position after pages that brought nothing: it is saved with the next that brings something, or once a second. */
interface Unsaved {
  position?: Position
  at: number
}
const SAVE_EVERY_MS = 1_000

/** Stores a page and moves the position, in one transaction. */
async function keep(
  store: Store,
  source: Source,
  worker: number,
  page: PulledPage,
  asOf: Date,
  unsaved: Unsaved,
  decideAtOnce: PullOptions['decideAtOnce'] | undefined,
): Promise<{ changed: number; items: ClaimedItem[]; at: Date }> {
  const into = { ...collectionOf(source, 'pull', worker), asOf }
  const sifted = await sift(store, into, page.items)
  const changed = sifted.fresh.length + sifted.changed.length
  if (changed === 0 && performance.now() - unsaved.at < SAVE_EVERY_MS) {
    unsaved.position = page.position
    return { changed, items: [], at: sifted.at }
  }
  delete unsaved.position
  unsaved.at = performance.now()
  const move = async (tx: Transaction): Promise<void> => {
    const moved = await tx.query(
      `update source_state set position = $2, last_change_at = case when $3 then hub_now() else last_change_at end
       where source = $1 and running_by = $4 returning 1`,
      [source.name, JSON.stringify(page.position), changed > 0, worker],
    )
    if (moved.length === 0) throw new Error(`HUB_PULL_TAKEN_OVER ${source.name} is pulled by another process now.`)
  }
  if (decideAtOnce && sifted.fresh.length > 0) {
    try {
      return { changed, items: await decideAtOnce(into, sifted, move), at: sifted.at }
    } catch (error) {
      if (serverIsGone(error)) throw error
    }
  }
  return store.transaction(async (tx) => {
    const items = await storeItems(tx, into, [...sifted.fresh, ...sifted.changed])
    await move(tx)
    return { changed, items, at: sifted.at }
  })
}

async function finish(
  store: Store,
  source: Source,
  worker: number,
  run: number,
  report: RunReport,
  message: string | null,
  { position }: Unsaved,
): Promise<void> {
  await store.query(
    `update source_state set running_by = null, failures = case when $2::text is null then 0 else failures + 1 end, message = $2,
       last_success_at = case when $2::text is null then hub_now() else last_success_at end, position = coalesce($4::jsonb, position) where source = $1 and running_by = $3`,
    [source.name, message, worker, position ? JSON.stringify(position) : null],
  )
  await store.query(
    'update run set ended_at = hub_now(), pages = $2, items = $3, changed = $4, message = $5 where id = $1',
    [run, report.pages, report.items, report.changed, message],
  )
}
