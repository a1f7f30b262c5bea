// The second system only takes what the hub brings it: each thing that the first one holds is taken in and mapped out in a
// rehearsal, and looked up there. What the second one has beyond that cannot be seen.
import type { SourceItem } from '#connector'
import { owe } from '../handoff/owe.ts'
import type { Json, Route } from '../hub.ts'
import { type Look, look, type Sending } from '../plan/look.ts'
import { goesOut, type Planned, type Step } from '../plan/outgoing.ts'
import { rehearse } from '../plan/rehearse.ts'
import { bringIn } from '../plan/source.ts'
import { LANES } from '../platform/queue/queues.ts'
import type { Store } from '../platform/store/store.ts'
import { isWanted, type Standing, standings } from './flight.ts'
import type { OpenGap, Reconciled } from './report.ts'
import { type Held, mapHeld, readSide, type Side } from './side.ts'

interface LookUp {
  hub: Planned
  a: Side
  b: string
  routes: Route[]
  since: string
  startedAt: Date
  report: Reconciled
  /** Called with the gaps of one page. */
  found: (gaps: OpenGap[]) => Promise<void>
}

/** Look-ups at once. */
const AT_ONCE = 4
/** Things taken in and mapped out in one transaction that is undone. */
const BATCH = 100

export async function lookUpAll(work: LookUp): Promise<void> {
  for await (const page of readSide(work.hub, work.a, work.since))
    for (let at = 0; at < page.length && !work.hub.signal.aborted; at += BATCH)
      await lookUp(work, page.slice(at, at + BATCH))
}

async function lookUp(work: LookUp, items: SourceItem[]): Promise<void> {
  const { hub, a, b, report } = work
  const connections = [a.connection, b]
  // What the ledger says before the rehearsal touches it.
  const before = await mapHeld(hub, hub.store, a, connections, items)
  const ids = [...before.held, ...before.unmapped].flatMap(({ recordId }) => (recordId === null ? [] : [recordId]))
  const standing = await standings(hub.store, connections, ids, work.startedAt)
  const gaps: OpenGap[] = []
  for (const { item, why, waits, name, recordId } of before.unmapped) {
    if (waits) report.onItsWay++
    else gaps.push({ ...gapOf(a, item, name ?? item.id, recordId), what: 'unmapped', why })
  }
  const moving = before.held.filter((each) => each.fresh || (each.recordId && standing.get(each.recordId)?.onItsWay))
  report.onItsWay += moving.length
  const still = before.held.filter((each) => !moving.includes(each))
  const { stopped, sendings, held } = await rehearse(hub.store, (inside) => sentNow(work, inside, still))
  // A record that only the rehearsal has made has no id outside of it.
  const outside = new Map(still.map((each) => [each.item.id, each]))
  const byRecord = new Map(held.map((each) => [each.recordId!, outside.get(each.item.id)!]))
  const byName = new Map(held.map((each) => [`${a.output.type} ${each.name}`, outside.get(each.item.id)!]))
  report.aside += still.filter((each) => !held.some((one) => one.item.id === each.item.id)).length
  for (const step of stopped) {
    const each = byName.get(step.subject)
    if (step.does === 'wait') report.onItsWay++
    else if (step.does === 'skip' || !each) report.aside++
    else gaps.push({ ...gapOf(a, each.item, each.name, each.recordId), what: 'unmapped', why: step.why })
  }
  const next = sendings.values()
  const looker = async () => {
    for (const sending of next) {
      if (hub.signal.aborted) return
      const each = byRecord.get(sending.handoff.recordId)
      if (!each) continue
      const seen = await look(sending, hub.clients.get(b)!)
      const gap = judged(work, sending, each, seen, each.recordId === null ? undefined : standing.get(each.recordId))
      if (gap) gaps.push(gap)
    }
  }
  await Promise.all(Array.from({ length: AT_ONCE }, looker))
  await work.found(gaps)
}

/** As if each of them were owed now, whatever became of it. */
async function sentNow(
  { hub, a, b, routes }: LookUp,
  inside: Store,
  still: Held[],
): Promise<{ stopped: Step[]; sendings: Sending[]; held: Held[] }> {
  await bringIn(
    hub,
    inside,
    a.source,
    still.map((each) => each.item),
  )
  const items = still.map((each) => each.item)
  const now = await mapHeld(hub, inside, a, [a.connection, b], items)
  const ids = now.held.flatMap(({ recordId }) => (recordId === null ? [] : [recordId]))
  const rows = await inside.query<{
    id: number
    type: string
    key: string
    version: number
    data: Json
    deleted: boolean
  }>('select id, type, key, version, data, deleted from record where id = any($1::bigint[])', [ids])
  const wanted = rows.filter((row) => !row.deleted && isWanted(routes, row.data))
  await inside.transaction((tx) =>
    owe(
      tx,
      routes,
      wanted.map((row) => ({ ...row, lane: LANES.bulk })),
    ),
  )
  const chosen = wanted.map((row) => row.id)
  await inside.query(
    `update handoff set state = 'owed', due_at = hub_now(), image = null, attempts = 0, deaths = 0, uncertain_since = null, waiting_for = null
     where record_id = any($1::bigint[]) and route = any($2::text[]) and state <> 'sending'`,
    [chosen, routes.map((route) => route.name)],
  )
  const sent = await goesOut(hub, inside, routes, chosen)
  return { ...sent, held: now.held.filter((each) => each.recordId !== null && chosen.includes(each.recordId)) }
}

function judged(
  { a, b, report }: LookUp,
  { route, link }: Sending,
  each: Held,
  seen: Look,
  standing: Standing | undefined,
): OpenGap | undefined {
  const gap = gapOf(a, each.item, each.name, each.recordId)
  if (link !== undefined) gap.ids[`${b}.${route.target}`] = [link]
  const why = [standing?.why, seen.why].filter(Boolean).join('; ')
  if (seen.does === 'unknown') report.unasked++
  else if (['create', 'hold', 'park'].includes(seen.does)) return { ...gap, what: 'missing', why }
  else if (seen.unread) report.unread++
  else if (seen.changes.length > 0) return { ...gap, what: 'different', why, changes: seen.changes }
  else report.same++
  return undefined
}

function gapOf(side: Side, item: SourceItem, name: string, recordId: number | null): Omit<OpenGap, 'what'> {
  return {
    record: `${side.output.type} ${name}`,
    ids: { [`${side.connection}.${side.source.resource}`]: [item.id] },
    changes: [],
    item,
    ...(recordId === null ? {} : { recordId }),
  }
}
