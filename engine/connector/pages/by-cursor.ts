// Follows a "changed at" field: asks for what changed since the last item, page after page, until nothing new comes.
// Page numbers would drift when an item changes while we read; following the cursor does not.
//
// Two rules make it safe. What is saved never passes the vendor's own clock minus `overlap`, so that late writers and
// stamps from the future lose nothing. Ids are left out of a request only while the run that saw them goes on: left out
// across runs, an item that changed again would be skipped together with its old version.
import type { Pull, PullContext, ReadRequest, SourceItem } from '../contract.ts'
import { instant, milliseconds, moment } from '../duration.ts'
import { type Place, readItems } from './items.ts'

export interface CursorFacts extends Place {
  /**
   * The request for items changed since a moment (RFC 3339 UTC; absent: all), oldest change first. `seen` are ids to leave
   * out and `offset` how many further ones to pass over: both are for many items that share one moment.
   */
  request: (from: { since?: string; seen: string[]; offset: number }) => ReadRequest
  /** How coarse the filter is: `1s` where it says "later than" in whole seconds. Default none: the filter says "from … on". */
  step?: string
  /** How far what is saved stays behind the vendor's clock. Default 2m. */
  overlap?: string
  /** How many ids a request may leave out. Default 0: offsets are used at once. */
  exclude?: number
}

const RESTARTS = 3

/** Paging by the resource's `stamp`. */
export function byCursor(facts: CursorFacts): Pull {
  const step = facts.step ? milliseconds(facts.step) : 0
  const overlap = milliseconds(facts.overlap ?? '2m')

  return async function* pull(context: PullContext) {
    let saved = instant(context.position['cursor'] ?? context.since)
    let cursor = saved
    let seen: SourceItem[] = []
    let lastClock: number | undefined
    let restarts = 0
    let requests = 0
    let ceiling = Number.POSITIVE_INFINITY
    let exclude = facts.exclude ?? 0

    for (;;) {
      requests++
      const left = seen.slice(0, exclude)
      const offset = Math.max(0, seen.length - left.length - 1)
      const since = cursor === undefined ? {} : { since: moment(cursor - step) }
      const { answer, items } = await readItems(
        context,
        facts.request({ ...since, seen: left.map((item) => item.id), offset }),
        facts,
      )
      const clock = answer.clock ?? Date.now()
      const slow = left.length > 0 && lastClock !== undefined && clock - lastClock > overlap / 2
      lastClock = clock

      const known = new Set(seen.map(identity))
      const shifted = offset > 0 && (items.length === 0 || !known.has(identity(items[0]!)))
      if (slow || (shifted && restarts++ < RESTARTS)) {
        // An id left out for so long may have changed again meanwhile; from now on nothing is left out.
        if (slow) exclude = 0
        seen = []
        continue
      }
      // Still shifting: something may have been passed over, so what is saved stays here and the next run looks again.
      if (shifted && cursor !== undefined) ceiling = Math.min(ceiling, cursor)

      // What is older than the cursor came before: a vendor that shows one page for ever must not keep us running.
      const behind = (item: SourceItem) =>
        requests > 1 && cursor !== undefined && (instant(item.stamp) ?? cursor) < cursor
      const fresh = items.filter((item) => !known.has(identity(item)) && !behind(item))
      // What was saved lies between the vendor's coarse stamps, so the first page says where the run really stands.
      const reached = requests === 1 ? Number.NEGATIVE_INFINITY : (cursor ?? Number.NEGATIVE_INFINITY)
      const newest = Math.max(reached, ...fresh.map((item) => instant(item.stamp) ?? Number.NEGATIVE_INFINITY))
      if (newest !== cursor) seen = []
      if (Number.isFinite(newest)) cursor = newest
      seen = [...seen, ...fresh.filter((item) => item.stamp === undefined || instant(item.stamp) === cursor)]

      if (cursor !== undefined)
        saved = Math.max(saved ?? Number.NEGATIVE_INFINITY, Math.min(cursor, clock - overlap, ceiling))
      const last = fresh.length === 0
      const at = saved === undefined ? undefined : moment(saved)
      yield { items: fresh, position: at ? { cursor: at } : {}, last, ...(at ? { through: at } : {}) }
      if (last) return
    }
  }
}

const identity = (item: SourceItem) => `${item.id}@${item.stamp ?? ''}`
