// The items of a batch in the store, and the one outcome of each: of those that were stored before, and of those that are stored
// together with what they became.
import type { Source } from '../hub.ts'
import type { Transaction } from '../platform/store/store.ts'
import type { ClaimedItem } from './claim.ts'
import { type Collection, columnsOf, type HashedItem, SANE_STAMP } from './collect.ts'
import type { Items } from './decide.ts'
import type { Decision, Reread } from './draft.ts'

/** Items that are stored and claimed by this worker. */
export function claimedItems(source: Source, all: ClaimedItem[], worker: number): Items {
  const { connection, resource } = source
  return {
    hold: async (tx) => {
      const rows = await tx.query<{ external_id: string; hash: string; stale: boolean }>(
        `select external_id, hash, stale from item
         where ctid = any(array(select item.ctid from unnest($3::text[], $4::text[]) as x(id, hash),
           lateral (select ctid from item where connection = $1 and resource = $2 and external_id = x.id and hash = x.hash offset 0) as item))
           and status = 'new' and claimed_by = $5 order by external_id for no key update`,
        [connection, resource, all.map((item) => item.externalId), all.map((item) => item.hash), worker],
      )
      const now = new Map(rows.map((row) => [row.external_id, row]))
      return new Set(
        all.filter((item) => {
          const row = now.get(item.externalId)
          return row !== undefined && row.hash === item.hash && row.stale === item.stale
        }),
      )
    },
    write: async (tx, decisions, reread) => {
      const rows = [...decisions]
      const hashes = rows.map(([item]) => item.hash)
      tx.send(UPDATE, [connection, resource, source.revision, ...outcomes(rows, reread), hashes])
      if (reread.size > 0) replace(tx, source, decisions, reread)
    },
  }
}

/**
 * Items that were never heard of: one statement stores them with their outcome. `first` runs before anything else of the
 * transaction. Where somebody else has stored one of them meanwhile, nothing of the batch happens.
 */
export function freshItems(
  to: Collection,
  items: HashedItem[],
  all: ClaimedItem[],
  first: (tx: Transaction) => Promise<void>,
): Items {
  return {
    hold: async (tx) => {
      await first(tx)
      return new Set(all)
    },
    write: async (tx, decisions, reread) => {
      const byId = new Map(items.map((item) => [item.id, item]))
      const rows = [...decisions].sort(([a], [b]) => (a.externalId < b.externalId ? -1 : 1))
      const stored = await tx.query(INSERT, [
        to.connection,
        to.resource,
        to.revision,
        ...outcomes(rows, reread),
        to.source,
        to.via,
        ...columnsOf(rows.map(([item]) => byId.get(item.externalId)!)).slice(1),
      ])
      if (stored.length < rows.length) throw new Error('an item was stored by somebody else')
    },
  }
}

/** `id, status, errors, cause, waiting_for, stale` of each item. */
function outcomes(rows: [ClaimedItem, Decision][], reread: Map<ClaimedItem, Reread>): unknown[] {
  return [
    rows.map(([item]) => item.externalId),
    rows.map(([, decision]) => decision.status),
    rows.map(([, decision]) => ('problems' in decision ? JSON.stringify(decision.problems) : null)),
    rows.map(([, decision]) => causeOf(decision)),
    rows.map(([, decision]) => (decision.status === 'waiting' ? decision.waitingFor : null)),
    rows.map(([item, decision]) => decision.status === 'waiting' && item.stale && !reread.has(item)),
  ]
}

function causeOf(decision: Decision): string | null {
  const problem = 'problems' in decision ? decision.problems[0] : undefined
  return problem ? `${problem.code} ${problem.at ?? ''}`.trim() : null
}

function replace(
  tx: Transaction,
  { connection, resource }: Source,
  decisions: Map<ClaimedItem, Decision>,
  reread: Map<ClaimedItem, Reread>,
): void {
  const fresh = [...reread].filter(([item]) => decisions.has(item))
  tx.send(
    `update item set body = x.body, hash = x.hash, stamp = x.stamp, deleted = x.deleted
     from unnest($3::text[], $4::bytea[], $5::text[], $6::timestamptz[], $7::boolean[]) as x(id, body, hash, stamp, deleted)
     where connection = $1 and resource = $2 and external_id = x.id`,
    [
      connection,
      resource,
      fresh.map(([item]) => item.externalId),
      fresh.map(([, read]) => Buffer.from(read.text)),
      fresh.map(([, read]) => read.hash),
      fresh.map(([, read]) => read.stamp),
      fresh.map(([, read]) => read.deleted),
    ],
  )
}

const WAITING_FOR = `case when x.waiting_for like 'moment:+%' then 'moment:' || (now.at + substr(x.waiting_for, 9)::float8 * interval '1 ms')::text else x.waiting_for end`

const UPDATE = `
update item set status = x.status, errors = x.errors::jsonb, cause = x.cause, revision = $3, stale = x.stale, waiting_for = ${WAITING_FOR},
  deaths = 0, claimed_by = null, lane = 5, decided_at = now.at
from (select hub_now() as at) as now,
  unnest($4::text[], $5::text[], $6::text[], $7::text[], $8::text[], $9::boolean[], $10::text[]) as x(id, status, errors, cause, waiting_for, stale, hash),
  lateral (select ctid from item where connection = $1 and resource = $2 and external_id = x.id and hash = x.hash offset 0) as held
where item.ctid = held.ctid`

const INSERT = `
insert into item (connection, resource, external_id, source, via, body, hash, stamp, deleted, stale, origin, broken, status, revision, errors, cause, waiting_for, received_at, decided_at)
select $1, $2, x.id, $10, $11, substring($19::bytea from x.begins for x.size), x.hash, ${SANE_STAMP}, x.deleted, x.stale, x.origin, x.broken::jsonb,
  x.status, $3, x.errors::jsonb, x.cause, ${WAITING_FOR}, now.at, now.at
from unnest($4::text[], $5::text[], $6::text[], $7::text[], $8::text[], $9::boolean[], $12::int[], $13::int[], $14::text[], $15::timestamptz[], $16::boolean[], $17::text[], $18::text[])
  as x(id, status, errors, cause, waiting_for, stale, begins, size, hash, stamp, deleted, origin, broken), (select hub_now() as at) as now
on conflict do nothing returning 1`
