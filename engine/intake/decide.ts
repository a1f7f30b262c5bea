// Transaction 2: from drafts to records, links, what is now owed, and one outcome for every item. Set-based: the number of
// statements does not depend on the number of items.
import type { Json, Problem, Source } from '../hub.ts'
import { Overtaken, type Store, type Transaction } from '../platform/store/store.ts'
import type { ClaimedItem } from './claim.ts'
import type { Decision, Drafted, Reread } from './draft.ts'
import { externalId, identify, type Known, lookUp, type Target } from './identify.ts'
import { merge, type Owners, PERSON } from './merge.ts'
import {
  type Change,
  type HeldRecord,
  holdRecords,
  type NewLink,
  type Next,
  writeLinks,
  writeRecords,
} from './records.ts'

export interface Decider {
  owners: Owners
  /** What names a record of this type: the fields of its key, in order. */
  keyFields: (type: string) => string[][]
  /** What is wrong with a record, by its schema. */
  faults: (type: string, data: Json) => Problem[]
  /** Writes what is now owed; runs inside the transaction. */
  owe: (tx: Transaction, changes: Change[]) => Promise<void>
  /** Wakes what waited for these records and links; runs inside the transaction. */
  release: (tx: Transaction, arrived: string[]) => Promise<unknown>
  /** The push routes that create records of this type at this resource. */
  routesTo: (connection: string, resource: string, type: string) => string[]
  /** Asks a person about records whose copy was deleted at this resource; runs inside the transaction. */
  hold: (tx: Transaction, routes: string[], recordIds: number[], problem: Problem) => Promise<void>
}

/** The items of a batch in the store: decided later than they were stored, or together with that (see items.ts). */
export interface Items {
  /**
   * Answers those that are still this batch's to decide: of several states of one item, in whatever order they came to hand, the one
   * that is stored. Intake locks items before records, everywhere.
   */
  hold: (tx: Transaction) => Promise<Set<ClaimedItem>>
  /** Writes each item's one outcome; what was read afresh is from now on the item. */
  write: (tx: Transaction, decisions: Map<ClaimedItem, Decision>, reread: Map<ClaimedItem, Reread>) => Promise<void>
}

/** Decides on a batch of drafts and writes everything that follows, in one transaction. */
export async function decide(
  store: Store,
  decider: Decider,
  source: Source,
  drafted: Drafted,
  items: Items,
): Promise<void> {
  await store.transaction(async (tx) => {
    // What changed since it was claimed is somebody else's to decide, from what it says now.
    const [held, known] = await Promise.all([items.hold(tx), lookUp(tx, decider, source, drafted.drafts)])
    const decisions = new Map([...drafted.decisions].filter(([item]) => held.has(item)))
    const drafts = drafted.drafts.filter(({ item }) => held.has(item))
    const targets = identify(decider, source, drafts, known, decisions)
    const rows = await holdRecords(tx, targets, known)
    const { changes, linked } = await apply(tx, decider, source, targets, rows, known, decisions)
    for (const item of held) if (!decisions.has(item)) decisions.set(item, { status: 'done' })
    const arrived = [
      ...changes.filter((change) => change.created).map((change) => `record:${change.type}:${change.key}`),
      ...linked,
    ]
    if (changes.length > 0) writeEvents(tx, source, changes)
    await Promise.all([
      items.write(tx, decisions, drafted.reread),
      ...(changes.length > 0 ? [decider.owe(tx, changes)] : []),
      ...(arrived.length > 0 ? [decider.release(tx, arrived)] : []),
    ])
  })
}

function writeEvents(tx: Transaction, source: Source, changes: Change[]): void {
  tx.send(
    `insert into event (at, type, record_id, connection, detail)
     select now.at, x.type, x.record_id, $1, jsonb_build_object('version', x.version, 'source', $5::text)
     from unnest($2::text[], $3::bigint[], $4::int[]) as x(type, record_id, version), (select hub_now() as at) as now`,
    [
      source.connection,
      changes.map((change) => change.event),
      changes.map((change) => change.id),
      changes.map((change) => change.version),
      source.name,
    ],
  )
}

async function apply(
  tx: Transaction,
  decider: Decider,
  source: Source,
  targets: Target[],
  rows: HeldRecord[],
  known: Known,
  decisions: Map<ClaimedItem, Decision>,
): Promise<{ changes: Change[]; linked: string[] }> {
  const byId = new Map(rows.map((row) => [row.id, row]))
  const byKey = new Map(rows.map((row) => [`${row.type}\n${row.key}`, row]))
  const next = new Map<HeldRecord, Next>()
  const links: NewLink[] = []
  const copies: DeletedCopy[] = []
  for (const target of targets) {
    const each = target.draft
    const row = target.recordId === undefined ? byKey.get(`${each.type}\n${target.key}`) : byId.get(target.recordId)
    if (!row) throw new Overtaken('a record was not there when it was to be locked')
    row.lane = Math.min(row.lane, each.item.lane)
    const id = externalId(each, decider)
    const owner = isOwner(decider.owners, row, source.connection)
    if (each.data === undefined) {
      if (owner) next.set(row, { data: row.data, deleted: true })
      else copies.push({ item: each.item, resource: each.resource, externalId: id, row })
      continue
    }
    const { connection } = source
    const mine = { connection, resource: each.resource, externalId: id, data: each.data, whole: false }
    const others = row.contributions.filter(
      (other) => !(other.connection === connection && other.resource === mine.resource && other.externalId === id),
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
    links.push({ resource: each.resource, externalId: id, row, contribution: each.data })
  }
  for (const copy of copies) decisions.set(copy.item, await breakLink(tx, decider, source, copy, next))
  return { changes: writeRecords(tx, next), linked: writeLinks(tx, source, links, known) }
}

interface DeletedCopy {
  item: ClaimedItem
  resource: string
  externalId: string
  row: HeldRecord
}

/** Somebody deleted the copy of a record that another system owns: the link breaks, and a person is asked. */
async function breakLink(
  tx: Transaction,
  decider: Decider,
  source: Source,
  copy: DeletedCopy,
  next: Map<HeldRecord, Next>,
): Promise<Decision> {
  const { row, resource, externalId: id } = copy
  const { connection } = source
  row.contributions = row.contributions.filter(
    (each) => !(each.connection === connection && each.resource === resource && each.externalId === id),
  )
  const data = merge(row.type, row.contributions, decider.owners)
  if (!next.has(row) && row.contributions.length > 0 && decider.faults(row.type, data).length === 0)
    next.set(row, { data, deleted: row.deleted })
  tx.send('delete from link where connection = $1 and resource = $2 and external_id = $3 and record_id = $4', [
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
function isOwner(owners: Owners, row: HeldRecord, connection: string): boolean {
  const owner = owners[row.type]
  if (owner) return owner === connection
  return row.contributions.every((each) => each.connection === connection || each.connection === PERSON)
}
