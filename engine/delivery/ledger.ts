// What a delivery reads and writes before it sends: each is one statement for the whole chunk. A seam, so that the very code that
// decides what is sent also runs over a ledger in memory, where thousands of faults pass in seconds (test/simulation).
import type { Claimed, LinkNeed, Route } from '../hub.ts'
import type { Store } from '../platform/store/store.ts'
import { claim, mapped } from './claim.ts'
import { loadLinks, loadOwnLinks, loadRelated, type Parents, type Related } from './context.ts'

/** A call whose request is about to be frozen. */
export interface Freezing {
  handoff: Claimed
  request: unknown
  idempotencyKey: string
}
export interface Ledger {
  /** Those of the handoffs that are owed and due, from now on held under a fence and a lease of so many milliseconds. */
  claim(ids: number[], leaseMs: number): Promise<Claimed[]>
  related(claimed: Claimed[]): Promise<Related>
  links(needs: LinkNeed[]): Promise<(need: LinkNeed) => string | undefined>
  /** Each handoff's own record at its destination. */
  ownLinks(claimed: Claimed[]): Promise<Map<Claimed, string>>
  /** Commits requests and keys of calls; answers those that may be sent: one that was claimed by another in the meantime may not. */
  freeze(calls: Freezing[]): Promise<Set<number>>
  /** A suspect has survived its mapping. */
  mapped(claimed: Claimed[]): Promise<void>
}
interface LedgerFacts {
  store: Store
  worker: number
  connection: string
  routes: Map<string, Route>
  parents: Parents
  /** The chunk is one handoff that processes died with. */
  alone: boolean
}

export function openLedger({ store, worker, connection, routes, parents, alone }: LedgerFacts): Ledger {
  return {
    claim: (ids, leaseMs) => claim(store, ids, worker, [...routes.keys()], leaseMs, alone),
    related: (claimed) => loadRelated(store, routes, parents, claimed),
    links: (needs) => loadLinks(store, connection, needs),
    ownLinks: (claimed) => loadOwnLinks(store, connection, routes, claimed),
    freeze: (calls) => freeze(store, calls),
    mapped: (claimed) => mapped(store, claimed),
  }
}

async function freeze(store: Store, calls: Freezing[]): Promise<Set<number>> {
  if (calls.length === 0) return new Set()
  const rows = await store.query<{ id: number }>(
    `update handoff set request = coalesce(handoff.request, x.request::jsonb), idempotency_key = coalesce(handoff.idempotency_key, x.key)
     from unnest($1::bigint[], $2::bigint[], $3::text[], $4::text[]) as x(id, fence, request, key)
     where handoff.id = x.id and handoff.fence = x.fence returning handoff.id`,
    [
      calls.map(({ handoff }) => handoff.id),
      calls.map(({ handoff }) => handoff.fence),
      calls.map(({ request }) => JSON.stringify(request)),
      calls.map(({ idempotencyKey }) => idempotencyKey),
    ],
  )
  return new Set(rows.map((row) => row.id))
}
