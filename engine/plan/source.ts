// `handoff plan SOURCE`: what the source's next run would bring, and what that would change where. Reads at the source and at the
// destinations; writes nothing, neither there nor in the ledger.
import type { CallOptions, SourceItem } from '#connector'
import { hold, owe, release } from '../handoff/owe.ts'
import type { Json, Problem, Source } from '../hub.ts'
import { collect, collectionOf } from '../intake/collect.ts'
import { decide } from '../intake/decide.ts'
import { draft } from '../intake/draft.ts'
import { claimedItems } from '../intake/items.ts'
import type { Change } from '../intake/records.ts'
import { differences } from '../platform/edits.ts'
import type { Store, Transaction } from '../platform/store/store.ts'
import { readsOnly, type Sending } from './look.ts'
import { goesOut, lookAll, NOBODY, type Plan, type Planned, type Step, sentence } from './outgoing.ts'
import { rehearse } from './rehearse.ts'

/** Reads up to `limit` items as the source's next run would, or from the moment `since` on. */
export async function planSource(hub: Planned, name: string, limit: number, since?: string): Promise<Plan> {
  const source = hub.assembly.sources.get(name)!
  const items = await read(hub, source, limit, since)
  const found = await rehearse(hub.store, (inside) => comesIn(hub, inside, source, items))
  return { in: found.steps, out: [...found.stopped, ...(await lookAll(hub, found.sendings))] }
}

async function read(hub: Planned, source: Source, limit: number, since: string | undefined): Promise<SourceItem[]> {
  const [state] = await hub.store.query<{ position: Json }>('select position from source_state where source = $1', [
    source.name,
  ])
  const first = since ?? hub.facts.since(source.name)
  const position = since === undefined ? (state?.position ?? undefined) : undefined
  const options: CallOptions & { since?: string } = {
    gate: readsOnly,
    signal: hub.signal,
    ...(first ? { since: first } : {}),
  }
  const items: SourceItem[] = []
  for await (const page of hub.clients.get(source.connection)!.pull(source.resource, position, options)) {
    items.push(...page.items)
    if (items.length >= limit || page.last || hub.signal.aborted) break
  }
  return items.slice(0, limit)
}

interface Found {
  steps: Step[]
  stopped: Step[]
  sendings: Sending[]
}

/** Stores and decides on items in a rehearsal; answers the records that have a new version by it. */
export async function bringIn(
  hub: Planned,
  inside: Store,
  configured: Source,
  items: SourceItem[],
): Promise<{ changes: Change[]; stored: string[] }> {
  // Nothing is read again from in here: a transaction is no place to wait for another system.
  const { fetch: _, ...source } = configured
  const changes: Change[] = []
  const claimed = await inside.transaction((tx) => collect(tx, collectionOf(source, 'pull', NOBODY), items))
  const routes = [...hub.assembly.routes.values()]
  const rules = {
    ...hub.facts,
    release,
    hold,
    owe: async (tx: Transaction, made: Change[]) => {
      changes.push(...made)
      await owe(tx, routes, made)
    },
    routesTo: (connection: string, resource: string, type: string) =>
      routes
        .filter((route) => route.kind === 'push' && route.record === type)
        .filter((route) => route.connection === connection && route.target === resource)
        .map((route) => route.name),
  }
  await decide(inside, rules, source, await draft(inside, source, claimed), claimedItems(source, claimed, NOBODY))
  return { changes, stored: claimed.map((item) => item.externalId) }
}

async function comesIn(hub: Planned, inside: Store, source: Source, items: SourceItem[]): Promise<Found> {
  const { changes, stored } = await bringIn(hub, inside, source, items)
  const steps = [
    ...(await itemSteps(inside, source, items, stored, changes)),
    ...(await recordSteps(hub, source.name, changes)),
  ]
  const sent = await goesOut(
    hub,
    inside,
    [...hub.assembly.routes.values()],
    changes.map((change) => change.id),
  )
  return { steps, ...sent }
}

/** Items from which no new version of a record comes, and why. */
async function itemSteps(
  inside: Store,
  source: Source,
  items: SourceItem[],
  stored: string[],
  changes: Change[],
): Promise<Step[]> {
  const rows = await inside.query<{
    id: string
    status: string
    errors: Problem[] | null
    record: number | null
    subject: string | null
  }>(
    `select i.external_id as id, i.status, i.errors, r.id as record, r.type || ' ' || r.key as subject from item i
     left join link l on l.connection = i.connection and l.resource = i.resource and l.external_id = i.external_id
     left join record r on r.id = l.record_id
     where i.connection = $1 and i.resource = $2 and i.external_id = any($3::text[])`,
    [source.connection, source.resource, items.map((item) => item.id)],
  )
  const changed = new Set(changes.map((change) => change.id))
  const fresh = new Set(stored)
  return rows.flatMap(({ id, status, errors, record, subject }): Step[] => {
    const about = { subject: subject ?? `${source.resource} ${id}`, where: source.name, changes: [] }
    const why = sentence(errors ?? [])
    if (status === 'parked') return [{ ...about, does: 'park', why }]
    if (status === 'waiting') return [{ ...about, does: 'wait', why }]
    if (status === 'skipped') return [{ ...about, does: 'skip', why }]
    if (record !== null && changed.has(record)) return []
    if (status === 'new') return [{ ...about, does: 'wait', why: 'it came already, and is about to be decided on' }]
    return [
      {
        ...about,
        does: 'skip',
        why: fresh.has(id) ? 'the record says all of this already' : 'unchanged since it was read last',
      },
    ]
  })
}

async function recordSteps(hub: Planned, where: string, changes: Change[]): Promise<Step[]> {
  const rows = await hub.store.query<{ id: number; data: Json }>(
    'select id, data from record where id = any($1::bigint[])',
    [changes.map((change) => change.id)],
  )
  const before = new Map(rows.map((row) => [row.id, row.data]))
  return changes.map((change) => ({
    subject: `${change.type} ${change.key}`,
    where,
    does: change.deleted ? 'delete' : change.created ? 'create' : 'update',
    why: change.created ? 'the hub does not know it yet' : `version ${change.version}`,
    changes: change.deleted ? [] : differences(before.get(change.id) ?? {}, change.data),
  }))
}
