// "Where is this order?": everything the hub knows about a record and what hangs on it, in the order in which it happened.
import type { Json, Problem } from '../hub.ts'
import type { Edit } from '../platform/edits.ts'
import type { Store } from '../platform/store/store.ts'
import { type OrderFields, recordsNamed, type TracedItem, undecidedItems } from './search.ts'

export interface TracedRecord {
  id: number
  type: string
  key: string
  version: number
  data: Json
  links: { connection: string; resource: string; externalId: string }[]
  handoffs: TracedHandoff[]
}
export interface TracedHandoff {
  id: number
  route: string
  destination: string
  kind: string
  state: string
  outcome: string | null
  wanted: number
  delivered: number | null
  attempts: number
  dueAt: Date
  owedAt: Date
  updatedAt: Date
  uncertain: boolean
  waitingFor: string | null
  problems: Problem[] | null
}
export interface TracedEvent {
  at: Date
  type: string
  record: string
  connection: string | null
  version: number | null
  route: string | null
  /** Of a correction: who, and what. */
  by?: string | null
  changes?: { path: (string | number)[]; old?: Json; new?: Json }[] | null
}
export interface Trace {
  records: TracedRecord[]
  /** Items that name it and are not (or not yet) a record. */
  items: TracedItem[]
  events: TracedEvent[]
}

/**
 * Finds a record by its number, its whole key ("shop:1001") or an external id, with the records that name it as their parent.
 * `parentFields` are the fields in which record types keep a parent's key.
 */
export async function trace(store: Store, word: string, parentFields: OrderFields): Promise<Trace> {
  const ids = await recordsNamed(store, word, parentFields)
  const records = await store.query<TracedRecord & Record<string, unknown>>(
    'select id, type, key, version, data from record where id = any($1::bigint[]) order by created_at, id',
    [ids],
  )
  const links = await store.query<{ record_id: number; connection: string; resource: string; externalId: string }>(
    `select record_id, connection, resource, external_id as "externalId" from link
     where record_id = any($1::bigint[]) and connection not like '$%' order by created_at, connection`,
    [ids],
  )
  const handoffs = await store.query<TracedHandoff & { record_id: number }>(
    `${HANDOFF} where record_id = any($1::bigint[]) order by h.id`,
    [ids],
  )
  const events = await store.query<TracedEvent & Record<string, unknown>>(
    `select e.at, e.type, r.type || ' ' || r.key as record, e.connection, (e.detail->>'version')::int as version, e.detail->>'route' as route,
       e.detail->>'by' as by, e.detail->'changes' as changes
     from event e join record r on r.id = e.record_id where e.record_id = any($1::bigint[]) order by e.at, e.id limit 1000`,
    [ids],
  )
  return {
    records: records.map((record) => ({
      ...record,
      links: links.filter((link) => link.record_id === record.id).map(({ record_id: _, ...link }) => link),
      handoffs: handoffs
        .filter((handoff) => handoff.record_id === record.id)
        .map(({ record_id: _, ...handoff }) => handoff),
    })),
    items: await undecidedItems(store, word),
    events: [...events, ...(await corrections(store, ids))].sort((a, b) => a.at.getTime() - b.at.getTime()),
  }
}

const HANDOFF = `
select h.record_id, h.id, h.route, h.connection as destination, h.kind, h.state, h.outcome, h.wanted, h.delivered, h.attempts,
  h.due_at as "dueAt", h.owed_at as "owedAt", h.updated_at as "updatedAt", h.uncertain_since is not null as uncertain, h.waiting_for as "waitingFor", h.reason as problems
from handoff h`

/** What a person corrected in the items that these records came from. */
async function corrections(store: Store, ids: number[]): Promise<TracedEvent[]> {
  const rows = await store.query<{ record: string; connection: string; edits: Edit[] }>(
    `select r.type || ' ' || r.key as record, i.connection, i.edits from link l join record r on r.id = l.record_id
     join item i on i.connection = l.connection and i.resource = l.resource and i.external_id = l.external_id
     where l.record_id = any($1::bigint[]) and i.edits is not null`,
    [ids],
  )
  return rows.flatMap(({ record, connection, edits }) =>
    edits.map(({ at, by, path, was, now }) => ({
      at: new Date(at),
      type: 'item.corrected',
      record,
      connection,
      version: null,
      route: null,
      by,
      changes: [{ path, old: was, new: now }],
    })),
  )
}
