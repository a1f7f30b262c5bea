// The records that a batch speaks of: locked in the order of their keys and merged from the locked rows, so that parallel batches
// neither deadlock nor overwrite each other; then written, with the links of those who spoke.
import type { Json, RecordRow, Source } from '../hub.ts'
import { fingerprint } from '../platform/fingerprint.ts'
import { LANES } from '../platform/queue/queues.ts'
import { Overtaken, type Transaction } from '../platform/store/store.ts'
import { linkWait } from './draft.ts'
import { type Known, nameOf, type Target } from './identify.ts'
import { type Contribution, PERSON } from './merge.ts'

/** A record that has a new version. */
export interface Change extends RecordRow {
  created: boolean
  /** The lane in which what changed it came. */
  lane: number
  event: 'record.created' | 'record.changed' | 'record.deleted' | 'record.restored'
}
/** A record as it is held while a batch is decided; one that is not there yet has version 0. */
export interface HeldRecord extends RecordRow {
  hash: string
  contributions: LinkedContribution[]
  created: boolean
  lane: number
}
interface LinkedContribution extends Contribution {
  resource: string
  externalId: string
  /** It alone says what the record is, and the link does not repeat it. */
  whole: boolean
}
/** What a record is to become. */
export interface Next {
  data: Json
  deleted: boolean
}
/** A source's word on a record. */
export interface NewLink {
  resource: string
  externalId: string
  row: HeldRecord
  contribution: Json
}

const NEW = { version: 0, data: {}, hash: '', deleted: false, created: true, lane: LANES.bulk }

/** Locks the records of the targets; those that do not exist yet are handed out as well, once for each key. */
export async function holdRecords(tx: Transaction, targets: Target[], known: Known): Promise<HeldRecord[]> {
  const named = targets.filter((target) => target.recordId === undefined)
  const ids = targets.flatMap((target) => (target.recordId === undefined ? [] : [target.recordId]))
  const wanted = [
    ...new Map(named.map(({ draft, key }) => [nameOf(draft.type, key!), { type: draft.type, key: key! }])).values(),
  ]
  ids.push(...wanted.flatMap(({ type, key }) => known.byKey.get(nameOf(type, key)) ?? []))
  const held = ids.length === 0 ? [] : await holdKnown(tx, ids)
  const there = new Set(held.map((row) => nameOf(row.type, row.key)))
  for (const { type, key } of wanted) {
    if (there.has(nameOf(type, key))) continue
    const id = known.newIds.get(nameOf(type, key))
    if (id === undefined) throw new Overtaken('a record was not there when it was to be locked')
    held.push({ ...NEW, id, type, key, contributions: [] })
  }
  return held
}

async function holdKnown(tx: Transaction, ids: number[]): Promise<HeldRecord[]> {
  const [rows, contributions] = await Promise.all([
    // By plain ids: a statement that looks rows up in a subquery and locks them leaves out, silently, those that another
    // transaction changed meanwhile.
    tx.query<Omit<HeldRecord, 'contributions' | 'created' | 'lane'>>(
      'select id, type, key, version, data, hash, deleted from record where id = any($1::bigint[]) order by type, key for no key update',
      [ids],
    ),
    tx.query<{
      record_id: number
      connection: string
      resource: string
      external_id: string
      contribution: Json
      whole: boolean
    }>(
      `select record_id, connection, resource, external_id, contribution, whole from link
     where record_id = any($1::bigint[]) and (whole or contribution is not null) order by updated_at, connection, resource`,
      [ids],
    ),
  ])
  const held = rows.map((row): HeldRecord => ({ ...row, contributions: [], created: false, lane: LANES.bulk }))
  const byId = new Map(held.map((row) => [row.id, row]))
  for (const { record_id, connection, resource, external_id, contribution, whole } of contributions) {
    const row = byId.get(record_id)!
    row.contributions.push({
      connection,
      resource,
      externalId: external_id,
      data: whole ? row.data : contribution,
      whole,
    })
  }
  return held
}

/** Writes what differs from what is there. A record that another batch has made meanwhile makes the transaction run again. */
export function writeRecords(tx: Transaction, next: Map<HeldRecord, Next>): Change[] {
  const changed: (Next & { row: HeldRecord; hash: string })[] = []
  for (const [row, { data, deleted }] of next) {
    const hash = fingerprint(data)
    if (hash !== row.hash || deleted !== row.deleted) changed.push({ row, data, hash, deleted })
  }
  const fresh = changed.filter(({ row }) => row.created)
  const known = changed.filter(({ row }) => !row.created)
  if (fresh.length > 0) {
    fresh.sort((a, b) => (a.row.type + a.row.key < b.row.type + b.row.key ? -1 : 1))
    tx.send(INSERT, [
      fresh.map(({ row }) => row.id),
      fresh.map(({ row }) => row.type),
      fresh.map(({ row }) => row.key),
      fresh.map(({ hash }) => hash),
      jsonList(fresh.map(({ data }) => data)),
    ])
  }
  if (known.length > 0)
    tx.send(UPDATE, [
      known.map(({ row }) => row.id),
      known.map(({ hash }) => hash),
      known.map(({ deleted }) => deleted),
      jsonList(known.map(({ data }) => data)),
    ])
  return changed.map(({ row, data, deleted }) => ({
    id: row.id,
    type: row.type,
    key: row.key,
    version: row.version + 1,
    data,
    deleted,
    created: row.created,
    lane: row.lane,
    event: eventOf(row, deleted),
  }))
}

function eventOf(row: HeldRecord, deleted: boolean): Change['event'] {
  if (deleted !== row.deleted) return deleted ? 'record.deleted' : 'record.restored'
  return row.created ? 'record.created' : 'record.changed'
}

/** One parameter for many JSON values: parsed once by the server, and not escaped element by element by the driver. */
const jsonList = (values: Json[]): string => JSON.stringify(values)

const INSERT = `
insert into record (id, type, key, version, data, hash, created_at, updated_at) overriding system value
select x.id, x.type, x.key, 1, x.data, x.hash, now.at, now.at
from rows from (unnest($1::bigint[]), unnest($2::text[]), unnest($3::text[]), unnest($4::text[]), json_array_elements($5::json)) as x(id, type, key, hash, data),
  (select hub_now() as at) as now`
const UPDATE = `
update record set data = x.data, hash = x.hash, deleted = x.deleted, version = record.version + 1, updated_at = now.at
from (select hub_now() as at) as now, rows from (unnest($1::bigint[]), unnest($2::text[]), unnest($3::boolean[]), json_array_elements($4::json)) as x(id, hash, deleted, data)
where record.id = x.id`

/** Writes who said what; answers what may have waited for a link that was not known before. */
export function writeLinks(tx: Transaction, { connection }: Source, links: NewLink[], { byLink }: Known): string[] {
  if (links.length === 0) return []
  spellOut(tx, links)
  const unique = [...new Map(links.map((link) => [nameOf(link.resource, link.externalId), link])).values()].sort(
    (a, b) => (a.resource + a.externalId < b.resource + b.externalId ? -1 : 1),
  )
  const isWhole = ({ row }: NewLink) => connection !== PERSON && row.contributions.length === 1
  const write = (sql: string, some: NewLink[]) => {
    if (some.length === 0) return
    tx.send(sql, [
      connection,
      some.map((link) => link.resource),
      some.map((link) => link.externalId),
      some.map((link) => link.row.id),
      some.map(isWhole),
      jsonList(some.map((link) => (isWhole(link) ? null : link.contribution))),
    ])
  }
  // Two statements lock in two orders; a batch that has both is rare, and gives way where it meets another one.
  write(
    LINK,
    unique.filter(({ row }) => row.created),
  )
  write(
    LINK + OR_RENEW,
    unique.filter(({ row }) => !row.created),
  )
  return unique
    .filter((link) => !byLink.has(nameOf(link.resource, link.externalId)))
    .map((link) => linkWait(connection, { resource: link.resource, value: link.externalId }))
}

/** A record that was one source's alone has got a second one: from now on the first one's word is kept beside it. */
function spellOut(tx: Transaction, links: NewLink[]): void {
  const rows = [...new Set(links.map(({ row }) => row))]
  const first = rows.flatMap((row) =>
    row.contributions.length === 1 ? [] : row.contributions.filter((each) => each.whole),
  )
  if (first.length === 0) return
  tx.send(
    `update link set contribution = x.contribution, whole = false
     from rows from (unnest($1::text[]), unnest($2::text[]), unnest($3::text[]), jsonb_array_elements($4::jsonb)) as x(connection, resource, id, contribution)
     where link.connection = x.connection and link.resource = x.resource and link.external_id = x.id`,
    [
      first.map((each) => each.connection),
      first.map((each) => each.resource),
      first.map((each) => each.externalId),
      jsonList(first.map((each) => each.data)),
    ],
  )
}

const LINK = `
insert into link as known (connection, resource, external_id, record_id, contribution, whole, created_at, updated_at)
select $1, x.resource, x.id, x.record_id, nullif(x.contribution, 'null'), x.whole, now.at, now.at
from rows from (unnest($2::text[]), unnest($3::text[]), unnest($4::bigint[]), unnest($5::boolean[]), jsonb_array_elements($6::jsonb)) as x(resource, id, record_id, whole, contribution),
  (select hub_now() as at) as now`
const OR_RENEW = `
on conflict (connection, resource, external_id) do update set contribution = excluded.contribution, whole = excluded.whole, updated_at = excluded.updated_at
where not (known.whole and excluded.whole)`
