// Transaction 2: from drafts to records, links, what is now owed, and one outcome for every item. Set-based: the number of
// statements does not depend on the number of items. Records are locked in the order of their keys and merged from the
// locked rows, so that parallel batches neither deadlock nor overwrite each other.
import { createHash } from 'node:crypto'
import type { Json, Problem, RecordRow, Source } from '../hub.ts'
import { valueAt } from '../platform/config/path.ts'
import type { Store, Transaction } from '../platform/store/store.ts'
import type { ClaimedItem } from './claim.ts'
import { type Decision, type Draft, type Drafted, linkWait } from './draft.ts'
import { type Contribution, merge, type Owners } from './merge.ts'

/** A record that has a new version. */
export interface Change extends RecordRow {
  created: boolean
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
}

interface Target {
  draft: Draft
  recordId?: number
  key?: string
}

/** Decides on a batch of drafts and writes everything that follows, in one transaction. */
export async function decide(store: Store, decider: Decider, source: Source, drafted: Drafted, all: ClaimedItem[]): Promise<void> {
  await store.transaction(async (tx) => {
    const decisions = new Map(drafted.decisions)
    const { drafts } = drafted
    const targets = await identify(tx, decider, source, drafts, decisions)
    const rows = await lockRecords(tx, targets)
    const { changes, linked } = await apply(tx, decider, source, targets, rows, decisions)
    for (const item of all) if (!decisions.has(item)) decisions.set(item, { status: 'done' })
    await writeDecisions(tx, source, decisions)
    if (changes.length > 0) {
      await writeEvents(tx, source, changes)
      await decider.owe(tx, changes)
    }
    const arrived = [...changes.filter((change) => change.created).map((change) => `record:${change.type}:${change.key}`), ...linked]
    if (arrived.length > 0) await decider.release(tx, arrived)
  })
}

/** Finds each draft's record by link, else by key. What has neither waits, is skipped or parked. */
async function identify(tx: Transaction, decider: Decider, source: Source, drafts: Draft[], decisions: Map<ClaimedItem, Decision>): Promise<Target[]> {
  const links = await tx.query<{ resource: string; external_id: string; record_id: number }>(
    `select link.resource, link.external_id, link.record_id from unnest($2::text[], $3::text[]) as want(resource, id)
     join link on link.connection = $1 and link.resource = want.resource and link.external_id = want.id`,
    [source.connection, drafts.map((each) => each.resource), drafts.map((each) => externalId(each, decider))],
  )
  const known = new Map(links.map((row) => [`${row.resource}\n${row.external_id}`, row.record_id]))
  const targets: Target[] = []
  for (const each of drafts) {
    const recordId = each.item.recordId ?? known.get(`${each.resource}\n${externalId(each, decider)}`)
    const key = each.data && keyOf(decider, each)
    if (recordId !== undefined && recordId !== null) targets.push({ draft: each, recordId, ...(key ? { key } : {}) })
    else if (key && !each.partial) targets.push({ draft: each, key })
    else if (each.item.deleted) decisions.set(each.item, { status: 'skipped', problems: [{ code: 'HUB_INTAKE_DELETED_UNKNOWN', message: 'It was deleted before the hub had seen it.' }] })
    else if (each.partial) {
      const problem = { code: 'HUB_INTAKE_UNLINKED', message: `No ${each.type} of the hub is linked to it yet.` }
      decisions.set(each.item, { status: 'waiting', problems: [problem], waitingFor: linkWait(source.connection, { resource: each.resource, value: each.item.externalId }) })
    } else {
      const fields = decider.keyFields(each.type).map((path) => path.join('.')).join(', ')
      decisions.set(each.item, { status: 'parked', problems: [{ code: 'HUB_RECORD_NO_KEY', message: `A ${each.type} is named by ${fields}, and one of them is empty.`, cure: 'Map these fields, or correct them at the source.' }] })
    }
  }
  const stopped = new Set([...decisions.keys()])
  return targets.filter((target) => !stopped.has(target.draft.item))
}

function keyOf(decider: Decider, each: Draft): string | undefined {
  const values = decider.keyFields(each.type).map((path) => valueAt(each.data, path))
  return values.every((value) => value !== undefined && value !== null && value !== '') ? values.join(':') : undefined
}

/** A record that comes `also` out of an item (the customer of an order) is linked by its key: the item's id is the order's. */
function externalId(each: Draft, decider: Decider): string {
  return each.resource.includes('.') ? (keyOf(decider, each) ?? each.item.externalId) : each.item.externalId
}

interface LockedRecord extends RecordRow {
  hash: string
  contributions: (Contribution & { resource: string; externalId: string })[]
  created: boolean
}

async function lockRecords(tx: Transaction, targets: Target[]): Promise<LockedRecord[]> {
  const fresh = targets.filter((target) => target.recordId === undefined)
  const ids = targets.flatMap((target) => (target.recordId === undefined ? [] : [target.recordId]))
  const wanted = [...new Map(fresh.map((target) => [`${target.draft.type}\n${target.key}`, target])).values()].sort((a, b) => (a.draft.type + a.key! < b.draft.type + b.key! ? -1 : 1))
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
  const contributions = await tx.query<{ record_id: number; connection: string; resource: string; external_id: string; contribution: Json }>(
    'select record_id, connection, resource, external_id, contribution from link where record_id = any($1::bigint[]) and contribution is not null order by updated_at, connection, resource',
    [rows.filter((row) => !isNew.has(row.id)).map((row) => row.id)],
  )
  const byId = new Map(rows.map((row) => [row.id, { ...row, contributions: [], created: isNew.has(row.id) } as LockedRecord]))
  for (const row of contributions) {
    byId.get(row.record_id)!.contributions.push({ connection: row.connection, resource: row.resource, externalId: row.external_id, data: row.contribution })
  }
  return [...byId.values()]
}

async function apply(tx: Transaction, decider: Decider, source: Source, targets: Target[], rows: LockedRecord[], decisions: Map<ClaimedItem, Decision>): Promise<{ changes: Change[]; linked: string[] }> {
  const byId = new Map(rows.map((row) => [row.id, row]))
  const byKey = new Map(rows.map((row) => [`${row.type}\n${row.key}`, row]))
  const next = new Map<LockedRecord, { data: Json; deleted: boolean }>()
  const links: { resource: string; externalId: string; recordId: number; contribution: Json }[] = []
  for (const target of targets) {
    const each = target.draft
    const row = target.recordId === undefined ? byKey.get(`${each.type}\n${target.key}`) : byId.get(target.recordId)
    if (!row) continue
    const id = externalId(each, decider)
    if (each.item.deleted) {
      next.set(row, { data: row.data, deleted: isOwner(decider.owners, row, source.connection) || row.deleted })
      continue
    }
    const mine = { connection: source.connection, resource: each.resource, externalId: id, data: each.data }
    const others = row.contributions.filter((other) => !(other.connection === mine.connection && other.resource === mine.resource && other.externalId === id))
    const merged = merge(row.type, [...others, mine], decider.owners)
    const problems = decider.faults(row.type, merged)
    if (problems.length > 0) {
      decisions.set(each.item, { status: 'parked', problems })
      continue
    }
    row.contributions = [...others, mine]
    next.set(row, { data: merged, deleted: false })
    links.push({ resource: each.resource, externalId: id, recordId: row.id, contribution: each.data })
  }
  const emptied = rows.filter((row) => row.created && !next.has(row)).map((row) => row.id)
  if (emptied.length > 0) await tx.query('delete from record where id = any($1::bigint[])', [emptied])
  return { changes: await writeRecords(tx, next), linked: await writeLinks(tx, source, links) }
}

/** Only the system that owns a record's existence may declare it deleted: its owner, or its one source. */
function isOwner(owners: Owners, row: LockedRecord, connection: string): boolean {
  const owner = owners[row.type]
  return owner ? owner === connection : row.contributions.every((each) => each.connection === connection)
}

async function writeRecords(tx: Transaction, next: Map<LockedRecord, { data: Json; deleted: boolean }>): Promise<Change[]> {
  const changed: { row: LockedRecord; data: Json; text: string; hash: string; deleted: boolean }[] = []
  for (const [row, { data, deleted }] of next) {
    const text = JSON.stringify(data)
    const hash = createHash('sha256').update(text).digest('base64')
    if (hash !== row.hash || deleted !== row.deleted) changed.push({ row, data, text, hash, deleted })
  }
  if (changed.length === 0) return []
  const written = await tx.query<{ id: number; version: number }>(
    `update record set data = x.data::jsonb, hash = x.hash, deleted = x.deleted, version = record.version + 1, updated_at = hub_now()
     from unnest($1::bigint[], $2::text[], $3::text[], $4::boolean[]) as x(id, data, hash, deleted)
     where record.id = x.id returning record.id, record.version`,
    [changed.map((each) => each.row.id), changed.map((each) => each.text), changed.map((each) => each.hash), changed.map((each) => each.deleted)],
  )
  const versions = new Map(written.map((row) => [row.id, row.version]))
  return changed.map(({ row, data, deleted }) => ({ id: row.id, type: row.type, key: row.key, version: versions.get(row.id)!, data, deleted, created: row.created }))
}

async function writeLinks(tx: Transaction, source: Source, links: { resource: string; externalId: string; recordId: number; contribution: Json }[]): Promise<string[]> {
  if (links.length === 0) return []
  const unique = [...new Map(links.map((link) => [`${link.resource}\n${link.externalId}`, link])).values()].sort((a, b) => (a.resource + a.externalId < b.resource + b.externalId ? -1 : 1))
  const made = await tx.query<{ resource: string; external_id: string }>(
    `insert into link as known (connection, resource, external_id, record_id, contribution, created_at, updated_at)
     select $1, x.resource, x.id, x.record_id, x.contribution::jsonb, hub_now(), hub_now()
     from unnest($2::text[], $3::text[], $4::bigint[], $5::text[]) as x(resource, id, record_id, contribution)
     on conflict (connection, resource, external_id) do update set contribution = excluded.contribution, updated_at = excluded.updated_at
     returning known.resource, known.external_id`,
    [source.connection, unique.map((link) => link.resource), unique.map((link) => link.externalId), unique.map((link) => link.recordId), unique.map((link) => JSON.stringify(link.contribution))],
  )
  return made.map((row) => linkWait(source.connection, { resource: row.resource, value: row.external_id }))
}

async function writeDecisions(tx: Transaction, source: Source, decisions: Map<ClaimedItem, Decision>): Promise<void> {
  const rows = [...decisions]
  const cause = (decision: Decision) => ('problems' in decision && decision.problems[0] ? `${decision.problems[0].code} ${decision.problems[0].at ?? ''}`.trim() : null)
  await tx.query(
    `update item set status = x.status, errors = x.errors::jsonb, cause = x.cause, waiting_for = x.waiting_for, revision = $3,
       deaths = 0, claimed_by = null, stale = false, lane = 5, decided_at = hub_now()
     from unnest($4::text[], $5::text[], $6::text[], $7::text[], $8::text[], $9::text[]) as x(id, hash, status, errors, cause, waiting_for)
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
    ],
  )
}

async function writeEvents(tx: Transaction, source: Source, changes: Change[]): Promise<void> {
  await tx.query(
    `insert into event (at, type, record_id, connection, detail)
     select hub_now(), x.type, x.record_id, $1, jsonb_build_object('version', x.version, 'source', $5::text)
     from unnest($2::text[], $3::bigint[], $4::int[]) as x(type, record_id, version)`,
    [
      source.connection,
      changes.map((change) => (change.deleted ? 'record.deleted' : change.created ? 'record.created' : 'record.changed')),
      changes.map((change) => change.id),
      changes.map((change) => change.version),
      source.name,
    ],
  )
}
