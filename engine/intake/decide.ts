// Transaction 2: from drafts to records, links, what is now owed, and one outcome for every item. Set-based: the number of
// statements does not depend on the number of items. Records are locked in the order of their keys and merged from the
// locked rows, so that parallel batches neither deadlock nor overwrite each other.
import { createHash } from 'node:crypto'
import type { Json, Problem, RecordRow, Source } from '../hub.ts'
import { LANES } from '../platform/queue/queues.ts'
import type { Store, Transaction } from '../platform/store/store.ts'
import type { ClaimedItem } from './claim.ts'
import { writeDecisions, writeEvents } from './decisions.ts'
import { type Decision, type Drafted, linkWait } from './draft.ts'
import { externalId, identify, type Target } from './identify.ts'
import { type Contribution, merge, type Owners, PERSON } from './merge.ts'

/** A record that has a new version. */
export interface Change extends RecordRow {
  created: boolean
  /** The lane in which what changed it came. */
  lane: number
  event: 'record.created' | 'record.changed' | 'record.deleted' | 'record.restored'
}
export interface Decider {
  owners: Owners
  /** What names a record of this type: the fields of its key, in order. */
  keyFields: (type: string) => string[][]
  /** What is wrong with a record, by its schema. */
  faults: (type: string, data: Json) => Problem[]
  /** Writes what is now owed; runs inside the transaction. */
  owe: (tx: Transaction, changes: Change[]) => Promise<void>
  /** Wakes what waited for these records and links; runs inside the transaction. */
  release: (tx: Transaction, arrived: string[]) => Promise<void>
  /** The push routes that create records of this type at this resource. */
  routesTo: (connection: string, resource: string, type: string) => string[]
  /** Asks a person about records whose copy was deleted at this resource; runs inside the transaction. */
  hold: (tx: Transaction, routes: string[], recordIds: number[], problem: Problem) => Promise<void>
}

/** Decides on a batch of drafts and writes everything that follows, in one transaction. */
export async function decide(
  store: Store,
  decider: Decider,
  source: Source,
  drafted: Drafted,
  all: ClaimedItem[],
  worker: number,
): Promise<void> {
  await store.transaction(async (tx) => {
    // What changed since it was claimed is somebody else's to decide, from what it says now.
    const held = await lockItems(tx, source, all, worker)
    const decisions = new Map([...drafted.decisions].filter(([item]) => held.has(item.externalId)))
    const drafts = drafted.drafts.filter(({ item }) => held.has(item.externalId))
    const targets = await identify(tx, decider, source, drafts, decisions)
    const rows = await lockRecords(tx, targets)
    const { changes, linked } = await apply(tx, decider, source, targets, rows, decisions)
    for (const item of all)
      if (held.has(item.externalId) && !decisions.has(item)) decisions.set(item, { status: 'done' })
    await writeDecisions(tx, source, decisions, drafted.reread)
    if (changes.length > 0) {
      await writeEvents(tx, source, changes)
      await decider.owe(tx, changes)
    }
    const arrived = [
      ...changes.filter((change) => change.created).map((change) => `record:${change.type}:${change.key}`),
      ...linked,
    ]
    if (arrived.length > 0) await decider.release(tx, arrived)
  })
}

/** The claimed items that nobody changed or claimed since. Intake locks items before records, everywhere. */
async function lockItems(tx: Transaction, source: Source, all: ClaimedItem[], worker: number): Promise<Set<string>> {
  const rows = await tx.query<{ external_id: string }>(
    `select item.external_id from unnest($3::text[], $4::text[]) as x(id, hash)
     join item on item.connection = $1 and item.resource = $2 and item.external_id = x.id and item.hash = x.hash
     where item.status = 'new' and item.claimed_by = $5 order by item.external_id for no key update of item`,
    [source.connection, source.resource, all.map((item) => item.externalId), all.map((item) => item.hash), worker],
  )
  return new Set(rows.map((row) => row.external_id))
}

interface LockedRecord extends RecordRow {
  hash: string
  contributions: (Contribution & { resource: string; externalId: string })[]
  created: boolean
  lane: number
}

async function lockRecords(tx: Transaction, targets: Target[]): Promise<LockedRecord[]> {
  const fresh = targets.filter((target) => target.recordId === undefined)
  const ids = targets.flatMap((target) => (target.recordId === undefined ? [] : [target.recordId]))
  const wanted = [...new Map(fresh.map((target) => [`${target.draft.type}\n${target.key}`, target])).values()].sort(
    (a, b) => (a.draft.type + a.key! < b.draft.type + b.key! ? -1 : 1),
  )
  const created = await tx.query<{ id: number }>(
    `insert into record (type, key, version, data, hash, created_at, updated_at)
     select x.type, x.key, 0, '{}', '', hub_now(), hub_now() from unnest($1::text[], $2::text[]) as x(type, key)
     on conflict (type, key) do nothing returning id`,
    [wanted.map((target) => target.draft.type), wanted.map((target) => target.key)],
  )
  const rows = await tx.query<LockedRecord & Record<string, unknown>>(
    `select id, type, key, version, data, hash, deleted from record
     where id = any($1::bigint[]) or (type, key) in (select * from unnest($2::text[], $3::text[]))
     order by type, key for no key update`,
    [ids, wanted.map((target) => target.draft.type), wanted.map((target) => target.key)],
  )
  const isNew = new Set(created.map((row) => row.id))
  const contributions = await tx.query<{
    record_id: number
    connection: string
    resource: string
    external_id: string
    contribution: Json
  }>(
    'select record_id, connection, resource, external_id, contribution from link where record_id = any($1::bigint[]) and contribution is not null order by updated_at, connection, resource',
    [rows.filter((row) => !isNew.has(row.id)).map((row) => row.id)],
  )
  const byId = new Map(
    rows.map((row) => [
      row.id,
      { ...row, contributions: [], created: isNew.has(row.id), lane: LANES.bulk } as LockedRecord,
    ]),
  )
  for (const row of contributions) {
    byId.get(row.record_id)!.contributions.push({
      connection: row.connection,
      resource: row.resource,
      externalId: row.external_id,
      data: row.contribution,
    })
  }
  return [...byId.values()]
}

async function apply(
  tx: Transaction,
  decider: Decider,
  source: Source,
  targets: Target[],
  rows: LockedRecord[],
  decisions: Map<ClaimedItem, Decision>,
): Promise<{ changes: Change[]; linked: string[] }> {
  const byId = new Map(rows.map((row) => [row.id, row]))
  const byKey = new Map(rows.map((row) => [`${row.type}\n${row.key}`, row]))
  const next = new Map<LockedRecord, { data: Json; deleted: boolean }>()
  const links: { resource: string; externalId: string; recordId: number; contribution: Json }[] = []
  const copies: DeletedCopy[] = []
  for (const target of targets) {
    const each = target.draft
    const row = target.recordId === undefined ? byKey.get(`${each.type}\n${target.key}`) : byId.get(target.recordId)
    if (!row) continue
    row.lane = Math.min(row.lane, each.item.lane)
    const id = externalId(each, decider)
    const owner = isOwner(decider.owners, row, source.connection)
    if (each.data === undefined) {
      if (owner) next.set(row, { data: row.data, deleted: true })
      else copies.push({ item: each.item, resource: each.resource, externalId: id, row })
      continue
    }
    const mine = { connection: source.connection, resource: each.resource, externalId: id, data: each.data }
    const others = row.contributions.filter(
      (other) => !(other.connection === mine.connection && other.resource === mine.resource && other.externalId === id),
    )
    const merged = merge(row.type, [...others, mine], decider.owners)
    const problems = decider.faults(row.type, merged)
    if (problems.length > 0) {
      decisions.set(each.item, { status: 'parked', problems })
      continue
    }
    row.contributions = [...others, mine]
    // Only a fresh word of the owner brings back what the owner deleted.
    next.set(row, { data: merged, deleted: row.deleted && !owner })
    links.push({ resource: each.resource, externalId: id, recordId: row.id, contribution: each.data })
  }
  for (const copy of copies) decisions.set(copy.item, await breakLink(tx, decider, source, copy, next))
  const emptied = rows.filter((row) => row.created && !next.has(row)).map((row) => row.id)
  if (emptied.length > 0) await tx.query('delete from record where id = any($1::bigint[])', [emptied])
  return { changes: await writeRecords(tx, next), linked: await writeLinks(tx, source, links) }
}

interface DeletedCopy {
  item: ClaimedItem
  resource: string
  externalId: string
  row: LockedRecord
}

/** Somebody deleted the copy of a record that another system owns: the link breaks, and a person is asked. */
async function breakLink(
  tx: Transaction,
  decider: Decider,
  source: Source,
  copy: DeletedCopy,
  next: Map<LockedRecord, { data: Json; deleted: boolean }>,
): Promise<Decision> {
  const { row, resource, externalId: id } = copy
  const { connection } = source
  row.contributions = row.contributions.filter(
    (each) => !(each.connection === connection && each.resource === resource && each.externalId === id),
  )
  const data = merge(row.type, row.contributions, decider.owners)
  if (!next.has(row) && row.contributions.length > 0 && decider.faults(row.type, data).length === 0)
    next.set(row, { data, deleted: row.deleted })
  await tx.query('delete from link where connection = $1 and resource = $2 and external_id = $3 and record_id = $4', [
    connection,
    resource,
    id,
    row.id,
  ])
  const problem = {
    code: 'HUB_INTAKE_COPY_DELETED',
    message: `The copy of the ${row.type} ${row.key} at ${connection} was deleted there; the ${row.type} itself belongs to another system.`,
    cure: '`handoff failures retry ID` makes the copy anew, `handoff failures resolve ID` leaves it away.',
  }
  await decider.hold(tx, decider.routesTo(connection, resource, row.type), [row.id], problem)
  return { status: 'skipped', problems: [problem] }
}

/** Only the system that owns a record's existence may declare it deleted: its owner, or its one source. */
function isOwner(owners: Owners, row: LockedRecord, connection: string): boolean {
  const owner = owners[row.type]
  if (owner) return owner === connection
  return row.contributions.every((each) => each.connection === connection || each.connection === PERSON)
}

async function writeRecords(
  tx: Transaction,
  next: Map<LockedRecord, { data: Json; deleted: boolean }>,
): Promise<Change[]> {
  const changed: { row: LockedRecord; data: Json; text: string; hash: string; deleted: boolean }[] = []
  for (const [row, { data, deleted }] of next) {
    const text = JSON.stringify(data)
    const hash = createHash('sha256').update(canonical(data)).digest('base64')
    if (hash !== row.hash || deleted !== row.deleted) changed.push({ row, data, text, hash, deleted })
  }
  if (changed.length === 0) return []
  const written = await tx.query<{ id: number; version: number }>(
    `update record set data = x.data::jsonb, hash = x.hash, deleted = x.deleted, version = record.version + 1, updated_at = hub_now()
     from unnest($1::bigint[], $2::text[], $3::text[], $4::boolean[]) as x(id, data, hash, deleted)
     where record.id = x.id returning record.id, record.version`,
    [
      changed.map((each) => each.row.id),
      changed.map((each) => each.text),
      changed.map((each) => each.hash),
      changed.map((each) => each.deleted),
    ],
  )
  const versions = new Map(written.map((row) => [row.id, row.version]))
  return changed.map(({ row, data, deleted }) => ({
    id: row.id,
    type: row.type,
    key: row.key,
    version: versions.get(row.id)!,
    data,
    deleted,
    created: row.created,
    lane: row.lane,
    event: eventOf(row, deleted),
  }))
}

/** The same text for the same record: what comes back from the database has its fields in another order. */
function canonical(value: Json): string {
  if (Array.isArray(value)) return `[${value.map(canonical).join()}]`
  if (typeof value !== 'object' || value === null) return JSON.stringify(value) ?? 'null'
  const fields = Object.keys(value).sort()
  return `{${fields.flatMap((field) => (value[field] === undefined ? [] : [`${JSON.stringify(field)}:${canonical(value[field])}`])).join()}}`
}

function eventOf(row: LockedRecord, deleted: boolean): Change['event'] {
  if (deleted !== row.deleted) return deleted ? 'record.deleted' : 'record.restored'
  return row.created ? 'record.created' : 'record.changed'
}

async function writeLinks(
  tx: Transaction,
  source: Source,
  links: { resource: string; externalId: string; recordId: number; contribution: Json }[],
): Promise<string[]> {
  if (links.length === 0) return []
  const unique = [...new Map(links.map((link) => [`${link.resource}\n${link.externalId}`, link])).values()].sort(
    (a, b) => (a.resource + a.externalId < b.resource + b.externalId ? -1 : 1),
  )
  const made = await tx.query<{ resource: string; external_id: string }>(
    `insert into link as known (connection, resource, external_id, record_id, contribution, created_at, updated_at)
     select $1, x.resource, x.id, x.record_id, x.contribution::jsonb, hub_now(), hub_now()
     from unnest($2::text[], $3::text[], $4::bigint[], $5::text[]) as x(resource, id, record_id, contribution)
     on conflict (connection, resource, external_id) do update set contribution = excluded.contribution, updated_at = excluded.updated_at
     returning known.resource, known.external_id`,
    [
      source.connection,
      unique.map((link) => link.resource),
      unique.map((link) => link.externalId),
      unique.map((link) => link.recordId),
      unique.map((link) => JSON.stringify(link.contribution)),
    ],
  )
  return made.map((row) => linkWait(source.connection, { resource: row.resource, value: row.external_id }))
}
