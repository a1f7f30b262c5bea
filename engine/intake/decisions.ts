// What is written about a batch besides its records: one outcome for every item, and the events.
import type { Source } from '../hub.ts'
import type { Transaction } from '../platform/store/store.ts'
import type { ClaimedItem } from './claim.ts'
import type { Change } from './decide.ts'
import type { Decision, Reread } from './draft.ts'

/** Each item's one outcome. An item that was read afresh is from now on what was read. */
export async function writeDecisions(
  tx: Transaction,
  source: Source,
  decisions: Map<ClaimedItem, Decision>,
  reread: Map<ClaimedItem, Reread>,
): Promise<void> {
  const rows = [...decisions]
  const cause = (decision: Decision) =>
    'problems' in decision && decision.problems[0]
      ? `${decision.problems[0].code} ${decision.problems[0].at ?? ''}`.trim()
      : null
  await tx.query(
    `update item set status = x.status, errors = x.errors::jsonb, cause = x.cause, revision = $3, stale = x.stale,
       waiting_for = case when x.waiting_for like 'moment:+%' then 'moment:' || (hub_now() + substr(x.waiting_for, 9)::float8 * interval '1 ms')::text else x.waiting_for end,
       deaths = 0, claimed_by = null, lane = 5, decided_at = hub_now()
     from unnest($4::text[], $5::text[], $6::text[], $7::text[], $8::text[], $9::text[], $10::boolean[]) as x(id, hash, status, errors, cause, waiting_for, stale)
     where connection = $1 and resource = $2 and external_id = x.id and item.hash = x.hash`,
    [
      source.connection,
      source.resource,
      source.revision,
      rows.map(([item]) => item.externalId),
      rows.map(([item]) => item.hash),
      rows.map(([, decision]) => decision.status),
      rows.map(([, decision]) => ('problems' in decision ? JSON.stringify(decision.problems) : null)),
      rows.map(([, decision]) => cause(decision)),
      rows.map(([, decision]) => (decision.status === 'waiting' ? decision.waitingFor : null)),
      rows.map(([item, decision]) => decision.status === 'waiting' && item.stale && !reread.has(item)),
    ],
  )
  const fresh = rows.flatMap(([item]) => (reread.has(item) ? [{ id: item.externalId, ...reread.get(item)! }] : []))
  if (fresh.length > 0) {
    await tx.query(
      `update item set body = x.body, hash = x.hash, stamp = x.stamp, deleted = x.deleted
       from unnest($3::text[], $4::bytea[], $5::text[], $6::timestamptz[], $7::boolean[]) as x(id, body, hash, stamp, deleted)
       where connection = $1 and resource = $2 and external_id = x.id`,
      [
        source.connection,
        source.resource,
        fresh.map((each) => each.id),
        fresh.map((each) => Buffer.from(each.text)),
        fresh.map((each) => each.hash),
        fresh.map((each) => each.stamp),
        fresh.map((each) => each.deleted),
      ],
    )
  }
}

export async function writeEvents(tx: Transaction, source: Source, changes: Change[]): Promise<void> {
  await tx.query(
    `insert into event (at, type, record_id, connection, detail)
     select hub_now(), x.type, x.record_id, $1, jsonb_build_object('version', x.version, 'source', $5::text)
     from unnest($2::text[], $3::bigint[], $4::int[]) as x(type, record_id, version)`,
    [
      source.connection,
      changes.map((change) => change.event),
      changes.map((change) => change.id),
      changes.map((change) => change.version),
      source.name,
    ],
  )
}
