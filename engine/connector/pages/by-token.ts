// Follows what the vendor hands over for the next page: a token, a Relay cursor, a link. A run is one pass over what
// changed since the last run began; the next run starts at the vendor's clock of that beginning, minus the overlap.
import type { Answer, Pull, PullContext, ReadRequest, SourceItem } from '../contract.ts'
import { instant, milliseconds, moment } from '../duration.ts'
import { ConnectorError } from '../errors.ts'
import { type Place, readItems } from './items.ts'

export interface TokenFacts extends Place {
  /** The request for a page: changed since a moment (absent: all), continuing at a token (absent: the first page). */
  request: (from: { since?: string; token?: string }) => ReadRequest
  /** The next page's token in an answer; undefined after the last page. */
  next: (answer: Answer, items: SourceItem[]) => string | undefined
  /** How far the next run looks back behind the beginning of this one. Default 2m. */
  overlap?: string
}

/** Paging by a token of the vendor's. */
export function byToken(facts: TokenFacts): Pull {
  const overlap = milliseconds(facts.overlap ?? '2m')

  return async function* pull(context: PullContext) {
    const since: string | undefined = context.position['since'] ?? context.since
    let token: string | undefined = context.position['token']
    let until: string | undefined = token === undefined ? undefined : context.position['until']
    let resumed = token !== undefined

    for (;;) {
      const page = await readItems(
        context,
        facts.request({ ...(since ? { since } : {}), ...(token ? { token } : {}) }),
        facts,
      ).catch((error) => {
        // Tokens of an interrupted run may have expired; the pass then begins again.
        if (resumed && error instanceof ConnectorError && error.kind === 'permanent') return undefined
        throw error
      })
      resumed = false
      if (page === undefined) {
        token = until = undefined
        continue
      }
      until ??= later(since, moment((page.answer.clock ?? Date.now()) - overlap))
      const next = page.items.length === 0 ? undefined : facts.next(page.answer, page.items)
      // A vendor that repeats itself has not shown everything, so the next run starts where this one did.
      const repeats = next !== undefined && next === token
      if (next === undefined || repeats) {
        yield { items: page.items, position: repeats ? (since ? { since } : {}) : { since: until }, last: true }
        return
      }
      yield { items: page.items, position: { ...(since ? { since } : {}), until, token: next }, last: false }
      token = next
    }
  }
}

/** Paging through a GraphQL connection (`edges { node }`, `pageInfo { hasNextPage endCursor }`). */
export function byRelay(facts: Omit<TokenFacts, 'next' | 'items' | 'each'> & { connection: string }): Pull {
  const { connection, ...rest } = facts
  return byToken({
    ...rest,
    items: `${connection}.edges`,
    each: 'node',
    next: ({ json }) => {
      const info = connection.split('.').reduce((value, step) => value?.[step], json)?.pageInfo
      return info?.hasNextPage ? (info.endCursor ?? undefined) : undefined
    },
  })
}

/** Paging by the `Link: <…>; rel="next"` header. The links must stay on the connection's own host. */
export function byLink(
  facts: Omit<TokenFacts, 'next' | 'request'> & { request: (from: { since?: string }) => ReadRequest },
): Pull {
  const { request, ...rest } = facts
  return byToken({
    ...rest,
    request: ({ since, token }) => (token ? { path: token } : request(since ? { since } : {})),
    next: ({ headers }) => /<([^>]+)>\s*;[^,]*\brel="?next"?/i.exec(headers['link'] ?? '')?.[1],
  })
}

const later = (a: string | undefined, b: string) => ((instant(a) ?? Number.NEGATIVE_INFINITY) > instant(b)! ? a! : b)
