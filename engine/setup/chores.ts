// What a hub does besides the walk, every now and then: one process at a time, for all.
import { type Place, prune } from '../outcome/retention.ts'
import type { HubConfig } from '../platform/config/hub-config.ts'
import type { Log } from '../platform/log.ts'
import { doChore } from '../platform/store/chores.ts'
import type { Store } from '../platform/store/store.ts'
import { retentionOf } from './retention.ts'

interface Facts {
  store: Store
  retention: HubConfig['retention']
  signal: AbortSignal
  log: Log
}

/** A turn of forgetting is short: the next one goes on. */
const PRUNE_MS = 20_000

/** Called often; does what is due. */
export function openChores({ store, retention, signal, log }: Facts): () => Promise<void> {
  const kept = retentionOf(retention ?? {})
  const pruning = {
    name: 'prune',
    everyMs: 3_600_000,
    turnMs: PRUNE_MS + 300_000,
    work: async (from: Place | undefined) => {
      const removed: Record<string, number> = {}
      const left = await prune(store, kept, from, {
        signal,
        mostMs: PRUNE_MS,
        removed,
      })
      if (Object.keys(removed).length > 0) log.info({ removed }, 'forgot what is older than the retention says')
      return left
    },
  }
  return async () => {
    await doChore(store, pruning)
  }
}
