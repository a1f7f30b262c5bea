// Comparisons on schedule (`reconcile:`): each is begun when it is due, by one process for all. What it found is kept, for status,
// metrics and alerts. One that could not be carried through is begun again when its turn is over.
import { milliseconds } from '#connector'
import type { Planned } from '../plan/outgoing.ts'
import type { HubConfig, ReconcileConfig } from '../platform/config/hub-config.ts'
import type { Log } from '../platform/log.ts'
import { nextRun } from '../platform/queue/cron.ts'
import { doChore } from '../platform/store/chores.ts'
import { before, reconcile, waysBetween } from './reconcile.ts'

interface ScheduleFacts {
  comparisons: NonNullable<HubConfig['reconcile']>
  /** The hub with today's mappings. */
  hub: () => Planned
  /** Those of the connections that may work now. */
  working: (connections: string[]) => Promise<string[]>
  /** Whether a source is read on a schedule; one that only hears webhooks may never be read whole. */
  pulled: (source: string) => boolean
  worker: number
  log: Log
}

const DEFAULT_SINCE = '7d'
/** So many gaps of each kind are kept whole. */
const KEPT_GAPS = 10
/** After so long another process may look whether the one that began still lives. */
const TURN_MS = 600_000

export function openComparisons({ comparisons, hub, working, pulled, worker, log }: ScheduleFacts) {
  const running = new Map<string, Promise<unknown>>()

  /** Before a side was ever read everything would be missing, and a system that is down has been told of already. */
  async function isReady({ record, between }: ReconcileConfig): Promise<boolean> {
    if ((await working(between)).length < between.length) return false
    const ways = waysBetween(hub(), { record, between })
    if ('refused' in ways) return false
    const sources = [ways.first, ways.second].flatMap((side) => side?.source.name ?? []).filter(pulled)
    const read = await hub().store.query(
      'select from source_state where source = any($1::text[]) and last_success_at is not null',
      [sources],
    )
    return read.length === sources.length
  }

  async function compare(name: string, { record, between, since, redrive = false }: ReconcileConfig): Promise<void> {
    const planned = hub()
    const from = await before(planned, milliseconds(since ?? DEFAULT_SINCE))
    const options = { limit: KEPT_GAPS, redrive, scheduled: { name, worker } }
    const found = await reconcile(planned, { record, between, since: from }, options)
    if (!found) return
    const { same, gaps, onItsWay, redriven } = found
    log[gaps > 0 ? 'warn' : 'info']({ reconcile: name, same, gaps, onItsWay, redriven }, 'compared')
  }
  async function begin(name: string, comparison: ReconcileConfig): Promise<void> {
    if (!(await isReady(comparison))) return
    const { every, cron, zone = 'UTC' } = comparison
    const untilNext = () => (every ? milliseconds(every) : (nextRun(Date.now(), cron!, zone) ?? NEVER) - Date.now())
    await doChore(hub().store, {
      // With its schedule: another one begins anew.
      name: `reconcile ${name} ${every ?? `${cron} ${zone}`}`,
      everyMs: untilNext,
      firstMs: every ? 0 : untilNext(),
      turnMs: TURN_MS,
      work: async () => {
        await compare(name, comparison)
        return undefined
      },
    })
  }

  return {
    /** Begins what is due. Answers at once: a comparison may take an hour. */
    tick(): void {
      for (const [name, comparison] of Object.entries(comparisons)) {
        if (running.has(name)) continue
        const done = begin(name, comparison)
          .catch((error: Error) => {
            if (!hub().signal.aborted) log.warn({ reconcile: name }, error.message)
          })
          .finally(() => running.delete(name))
        running.set(name, done)
      }
    },
    /** Resolves when none is under way. */
    async idle(): Promise<void> {
      await Promise.all(running.values())
    },
  }
}
const NEVER = Date.UTC(9999, 0)
