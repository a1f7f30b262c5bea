// For lists that know nothing but an offset. Rows shift while we read, so pages overlap by some rows that must be seen
// again; where they are not, the pass begins anew. What is saved moves only after a whole pass.
import type { Pull, PullContext, ReadRequest } from '../contract.ts'
import { instant, milliseconds, moment } from '../duration.ts'
import { type Place, readItems } from './items.ts'

export interface OffsetFacts extends Place {
  request: (from: { since?: string; offset: number; limit: number }) => ReadRequest
  /** Rows a page. Default 100. */
  limit?: number
  /** Rows shown twice, at the end of one page and the beginning of the next. Default 10. */
  again?: number
  /** How far the next pass looks back behind the beginning of this one. Default 2m. */
  overlap?: string
}

const RESTARTS = 3

/** Paging by offset, one whole pass a run. */
export function byOffset(facts: OffsetFacts): Pull {
  const { limit = 100, again = 10 } = facts
  const overlap = milliseconds(facts.overlap ?? '2m')

  return async function* pull(context: PullContext) {
    const since: string | undefined = context.position['since'] ?? context.since
    const start = since ? { since } : {}
    const known = new Set<string>()
    let offset = 0
    let until: string | undefined
    let restarts = 0

    for (;;) {
      const { answer, items } = await readItems(context, facts.request({ ...start, offset, limit }), facts)
      until ??= moment(Math.max((answer.clock ?? Date.now()) - overlap, instant(since) ?? 0))
      const shifted = offset > 0 && !items.slice(0, again).some((item) => known.has(item.id))
      if (shifted && restarts++ < RESTARTS) {
        offset = 0
        continue
      }
      const fresh = items.filter((item) => !known.has(item.id))
      for (const item of fresh) known.add(item.id)
      const last = items.length < limit || fresh.length === 0
      yield { items: fresh, position: last ? { since: until } : start, last }
      if (last) return
      offset += items.length - again
    }
  }
}
