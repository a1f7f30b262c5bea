// Sends many through again on today's mapping: from the start (the stored raw items are decided on anew) or from the delivery (the
// latest version is owed again, also where nothing changed). One statement a batch, in the bulk lane, so that it delays nothing else.
import type { Json } from '../hub.ts'
import { LANES } from '../platform/queue/queues.ts'
import type { Store, Transaction } from '../platform/store/store.ts'

/** What is replayed; what is left out does not narrow it. */
export interface Choice {
  routes?: string[]
  sources?: string[]
  connections?: string[]
  /** Record types. */
  types?: string[]
  records?: number[]
  states?: string[]
  /** Of handoffs their last change, of items when they came. */
  since?: Date
  until?: Date
  /** Part of a cause, as `handoff failures list` shows it. */
  cause?: string
  where?: (record: Json) => boolean
  /** Whether a record goes along a route today; what rests and does not is left alone. */
  matches?: (route: string, record: Json) => boolean
}
export interface Replayed {
  count: number
  groups: { where: string; state: string; cause: string; count: number }[]
  /** Up to five of them. */
  sample: { id: string; subject: string; where: string; state: string }[]
  /** Chosen, and left alone: calls that were made, records that match their route no more (from delivery), pruned items (from start). */
  left: number
}
interface Row extends Record<string, unknown> {
  at: string[]
  id: string
  subject: string
  where: string
  state: string
  cause: string
  data: Json
  left: boolean
  rests: boolean
}

const BATCH = 1000
const SAMPLE = 5

/** `dry`: only counts. Runs until all that was there when it began is done; may be repeated at any point. */
export async function replay(
  store: Store,
  from: 'start' | 'delivery',
  choice: Choice,
  dry: boolean,
  progress: (count: number) => void = () => {},
): Promise<Replayed> {
  const { select, write, first } = from === 'start' ? ITEMS : HANDOFFS
  const groups = new Map<string, Replayed['groups'][number]>()
  const all: Replayed = { count: 0, groups: [], sample: [], left: 0 }
  let after = first
  for (;;) {
    const rows = await store.query<Row>(select, [...values(choice), ...after, BATCH])
    if (rows.length === 0) break
    after = rows.at(-1)!.at
    const chosen = rows.filter((row) => !choice.where || (row.data !== null && choice.where(row.data)))
    const again = chosen.filter((row) => !row.left && (!row.rests || goes(choice, row)))
    all.left += chosen.length - again.length
    for (const { id, subject, where, state, cause } of again) {
      const name = `${where}\n${state}\n${cause}`
      const group = groups.get(name) ?? { where, state, cause, count: 0 }
      groups.set(name, group)
      group.count++
      if (all.sample.length < SAMPLE) all.sample.push({ id, subject, where, state })
    }
    const done = dry || again.length === 0 ? again.length : await store.transaction((tx) => write(tx, again))
    all.count += done
    if (!dry) progress(all.count)
  }
  all.groups = [...groups.values()].sort((a, b) => b.count - a.count)
  return all
}

const goes = ({ matches }: Choice, row: Row) => !matches || matches(row.where, row.data)

const values = (choice: Choice) => [
  choice.routes ?? null,
  choice.sources ?? null,
  choice.connections ?? null,
  choice.types ?? null,
  choice.records ?? null,
  choice.states ?? null,
  choice.since ?? null,
  choice.until ?? null,
  choice.cause ?? null,
  choice.where !== undefined || choice.matches !== undefined,
]

// A state as people say it: `delivered`, `unchanged` and `skipped` are outcomes of what rests. Held and in flight are for nobody
// but a person to send again: held only when it is asked for by name.
const SAID = "case when h.state = 'resting' then coalesce(h.outcome, 'resting') else h.state end"
const HANDOFFS = {
  first: ['0'],
  select: `
select array[h.id::text] as at, h.id::text as id, r.type || ' ' || r.key as subject, h.route as "where", ${SAID} as state, coalesce(h.cause, '') as cause,
  case when $10 then r.data end as data, h.kind = 'call' and h.state not in ('failed', 'parked', 'held') as left, h.state = 'resting' as rests
from handoff h join record r on r.id = h.record_id
where h.id > $11::bigint and r.type <> 'alert' and h.state in ('failed', 'parked', 'resting', 'owed', 'held')
  and ($1::text[] is null or h.route = any($1)) and ($2::text[] is null or exists (
    select from link l join item i on i.connection = l.connection and i.resource = l.resource and i.external_id = l.external_id
    where l.record_id = h.record_id and i.source = any($2)))
  and ($3::text[] is null or h.connection = any($3)) and ($4::text[] is null or r.type = any($4)) and ($5::bigint[] is null or h.record_id = any($5))
  and case when $6::text[] is null then h.state <> 'held' else ${SAID} = any($6) end
  and ($7::timestamptz is null or h.updated_at >= $7) and ($8::timestamptz is null or h.updated_at < $8) and ($9::text is null or strpos(h.cause, $9) > 0)
order by h.id limit $12`,
  write: async (tx: Transaction, rows: Row[]): Promise<number> => {
    const written = await tx.query<{ count: number }>(
      `with again as (
         update handoff set state = 'owed', due_at = hub_now(), queued_at = null, attempts = 0, deaths = 0, lane = ${LANES.bulk}, image = null,
           waiting_for = null, reason = null, cause = null, updated_at = hub_now(),
           owed_at = case when state = 'resting' then hub_now() else owed_at end,
           uncertain_since = case when state = 'held' then null else uncertain_since end,
           idempotency_key = case when state <> 'held' and request is not null and was_refused(id, uncertain_since) then idempotency_key || '~' || fence else idempotency_key end,
           request = case when state <> 'held' and was_refused(id, uncertain_since) then null else request end
         where id = any($1::bigint[]) and (state in ('failed', 'parked', 'held') or (kind = 'push' and state in ('resting', 'owed')))
         returning id, record_id, connection, route),
       told as (
         insert into event (at, type, record_id, handoff_id, connection, detail)
         select hub_now(), 'handoff.replayed', record_id, id, connection, jsonb_build_object('route', route) from again)
       select count(*) as count from again`,
      [rows.map((row) => row.id)],
    )
    return written[0]!.count
  },
}

const ITEMS = {
  first: ['', '', ''],
  select: `
select array[i.connection, i.resource, i.external_id] as at, i.source || '/' || i.external_id as id, coalesce(r.type || ' ' || r.key, i.resource || ' ' || i.external_id) as subject,
  i.source as "where", i.status as state, coalesce(i.cause, '') as cause, case when $10 then r.data end as data, i.body is null as left, false as rests
from item i left join link l on l.connection = i.connection and l.resource = i.resource and l.external_id = i.external_id
left join record r on r.id = coalesce(i.record_id, l.record_id)
where (i.connection, i.resource, i.external_id) > ($11::text, $12::text, $13::text) and i.connection not like '$%'
  and i.status in ('done', 'skipped', 'parked', 'waiting')
  and ($1::text[] is null or exists (select from handoff h where h.record_id = r.id and h.route = any($1)))
  and ($2::text[] is null or i.source = any($2)) and ($3::text[] is null or i.connection = any($3))
  and ($4::text[] is null or r.type = any($4)) and ($5::bigint[] is null or r.id = any($5))
  and ($6::text[] is null or i.status = any($6) or exists (
    select from handoff h where h.record_id = r.id and ${SAID} = any($6) and ($1::text[] is null or h.route = any($1)) and ($9::text is null or strpos(h.cause, $9) > 0)))
  and ($7::timestamptz is null or i.received_at >= $7) and ($8::timestamptz is null or i.received_at < $8)
  and ($9::text is null or strpos(i.cause, $9) > 0 or exists (select from handoff h where h.record_id = r.id and strpos(h.cause, $9) > 0))
order by i.connection, i.resource, i.external_id limit $14`,
  write: async (tx: Transaction, rows: Row[]): Promise<number> => {
    const again = await tx.query(
      `update item set status = 'new', lane = ${LANES.bulk}, claimed_by = null, deaths = 0, waiting_for = null
       from unnest($1::text[], $2::text[], $3::text[]) as x(connection, resource, id)
       where item.connection = x.connection and item.resource = x.resource and item.external_id = x.id and item.status <> 'new' and body is not null returning 1`,
      [0, 1, 2].map((part) => rows.map((row) => row.at[part])),
    )
    return again.length
  },
}
