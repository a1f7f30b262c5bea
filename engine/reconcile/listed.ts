// Both systems can be read: each is streamed, page by page, into a table of its own run, and the two are compared there. What only
// one of them has changed in the window is read at the other one before anything is said about it.
import { ConnectorError } from '#connector'
import type { Json } from '../hub.ts'
import { readsOnly } from '../plan/look.ts'
import type { Planned } from '../plan/outgoing.ts'
import { differences } from '../platform/edits.ts'
import { fingerprint } from '../platform/fingerprint.ts'
import { comparedPart, spokenByBoth } from './fields.ts'
import { isWanted, routesTo, standings } from './flight.ts'
import type { GapKind, OpenGap, Reconciled } from './report.ts'
import { type Held, mapHeld, readSide, type Side, type Unmapped } from './side.ts'

interface Listing {
  hub: Planned
  run: number
  sides: [Side, Side]
  since: string
  startedAt: Date
  report: Reconciled
  /** Called with the gaps of one batch. */
  found: (gaps: OpenGap[]) => Promise<void>
}
interface Row extends Record<string, unknown> {
  key: string
  name: string
  ids: string[]
  record_id: number | null
  fresh: boolean
  hash: string | null
  data: Json
  item: Json
  /** Of the other side. */
  other_ids: string[] | null
  other_hash: string | null
  other_data: Json
  other_fresh: boolean | null
  record: Json
}

const BATCH = 500
/** PostgreSQL's jsonb takes neither NUL nor half a surrogate pair: such a thing is there, and is compared no further. */
const UNSTORABLE = /\\u0000|\\ud[89a-f]/
/** Single things asked for at once. */
const AT_ONCE = 4

export async function compareListed(work: Listing): Promise<void> {
  const { hub, sides, report } = work
  const keys = hub.facts.keyFields(sides[0].output.type).map((path) => path.join('.'))
  const compared = spokenByBoth(
    sides.map((side) => side.output.mapper),
    keys,
  )
  const keep = (side: 0 | 1, held: Held[], unmapped: Unmapped[]) => store(work, side, held, unmapped, compared)
  for (const side of [0, 1] as const)
    for await (const page of readSide(hub, sides[side], work.since)) {
      const { held, unmapped } = await mapHeld(hub, hub.store, sides[side], connectionsOf(work), page)
      await keep(side, held, unmapped)
      if (side === 0) await strange(work, unmapped)
      else report.unread += unmapped.filter((each) => each.key === null).length
    }
  for (const side of [0, 1] as const) await readRest(work, side, keep)
  await each(work, DOUBLED, async (rows) =>
    work.found(rows.map((row) => ({ ...gapOf(work, 0, row), what: 'doubled' }))),
  )
  await each(work, ONLY(0), (rows) => judge(work, rows, 0, 'missing'))
  await each(work, ONLY(1), (rows) => judge(work, rows, 1, 'extra'))
  await each(work, BOTH, (rows) => judge(work, rows, 0, 'different'))
  const [same] = await hub.store.query<{ count: number }>(SAME, [work.run])
  report.same = same!.count
}

const connectionsOf = ({ sides }: Listing) => sides.map((side) => side.connection)

/** What the first side holds and nobody can map. One that the hub knows is compared no further either. */
async function strange({ sides, report, found }: Listing, unmapped: Unmapped[]): Promise<void> {
  report.onItsWay += unmapped.filter((one) => one.waits).length
  const gaps = unmapped
    .filter((one) => !one.waits)
    .map(
      ({ item, name, why, recordId }): OpenGap => ({
        what: 'unmapped',
        record: `${sides[0].output.type} ${name ?? item.id}`,
        ids: { [placeOf(sides[0])]: [item.id] },
        why,
        changes: [],
        item,
        ...(recordId === null ? {} : { recordId }),
      }),
    )
  await found(gaps)
}

async function store(
  { hub, run }: Listing,
  side: 0 | 1,
  held: Held[],
  unmapped: Unmapped[],
  compared: (field: string) => boolean,
): Promise<void> {
  const rows = new Map<
    string,
    { name: string; ids: Set<string>; recordId: number | null; fresh: boolean; part: Json; item: Json }
  >()
  const put = (key: string, name: string, recordId: number | null, fresh: boolean, part: Json, item: Json) => {
    const ids = rows.get(key)?.ids ?? new Set()
    rows.set(key, { name, ids: ids.add(item.id), recordId, fresh, part, item })
  }
  for (const { key, name, recordId, fresh, data, item } of held) {
    const part = comparedPart(data, compared) ?? {}
    put(key, name, recordId, fresh, UNSTORABLE.test(JSON.stringify(part)) ? null : part, item)
  }
  for (const { key, name, recordId, item } of unmapped)
    if (key !== null) put(key, name ?? key, recordId, false, null, item)
  const all = [...rows].sort(([a], [b]) => (a < b ? -1 : 1))
  if (all.length === 0) return
  await hub.store.query(
    `insert into reconcile_item as known (run, side, key, name, ids, record_id, fresh, hash, data, item)
     select $1, $2, x.key, x.name, array(select jsonb_array_elements_text(x.ids)), x.record, x.fresh, x.hash, x.data, x.item
     from jsonb_to_recordset($3::jsonb) as x(key text, name text, ids jsonb, record bigint, fresh boolean, hash text, data jsonb, item jsonb)
     on conflict (run, side, key) do update set ids = array(select distinct id from unnest(known.ids || excluded.ids) as id order by 1),
       fresh = excluded.fresh, hash = excluded.hash, data = excluded.data, item = excluded.item`,
    [
      run,
      side,
      JSON.stringify(
        all.map(([key, { name, ids, recordId, fresh, part, item }]) => ({
          key,
          name,
          ids: [...ids],
          record: recordId,
          fresh,
          hash: part === null ? null : fingerprint(part),
          data: part,
          item: side === 0 && !UNSTORABLE.test(JSON.stringify(item)) ? item : null,
        })),
      ),
    ],
  )
}

/** Reads single things at a side that has not changed them in the window, where the hub knows what they are called there. */
async function readRest(
  work: Listing,
  side: 0 | 1,
  keep: (side: 0 | 1, held: Held[], unmapped: Unmapped[]) => Promise<void>,
): Promise<void> {
  const { hub, sides } = work
  const { connection, client, source, output } = sides[side]
  const fetchable = output.resource === source.resource && client.resources[source.resource]?.fetch !== undefined
  await each(work, ONLY(side === 0 ? 1 : 0), async (rows) => {
    const links = await hub.store.query<{ record_id: number; external_id: string }>(
      'select record_id, external_id from link where record_id = any($1::bigint[]) and connection = $2 and resource = $3',
      [rows.flatMap((row) => row.record_id ?? []), connection, output.resource],
    )
    const next = links.values()
    const reader = async () => {
      for (const { record_id, external_id } of next) {
        if (hub.signal.aborted) return
        const row = rows.find((one) => one.record_id === record_id)!
        const there = await readOne(external_id)
        if (there === undefined) continue
        const blind = {
          item: { id: external_id, text: '' },
          why: '',
          waits: false,
          key: row.key,
          name: row.name,
          recordId: record_id,
        }
        const mapped =
          there === 'unread' ? undefined : await mapHeld(hub, hub.store, sides[side], connectionsOf(work), [there])
        await keep(side, mapped?.held ?? [], mapped?.held.length ? [] : [blind])
      }
    }
    await Promise.all(Array.from({ length: AT_ONCE }, reader))
  })
  async function readOne(id: string) {
    if (!fetchable) return 'unread'
    try {
      const item = await client.fetch(source.resource, id, { gate: readsOnly, signal: hub.signal })
      return item?.deleted ? undefined : item
    } catch (error) {
      if (error instanceof ConnectorError && ['permanent', 'invalid'].includes(error.kind)) return 'unread'
      throw error
    }
  }
}

/** What of the rows is a gap, and not on its way, unreadable, or wanted by nobody. */
async function judge(work: Listing, rows: Row[], side: 0 | 1, what: GapKind): Promise<void> {
  const { hub, sides, report } = work
  const ids = rows.flatMap((row) => row.record_id ?? [])
  const standing = await standings(hub.store, connectionsOf(work), ids, work.startedAt)
  const to = routesTo(hub, sides[side === 0 ? 1 : 0].connection, sides[0].output.type)
  const gaps: OpenGap[] = []
  for (const row of rows) {
    const stands = row.record_id === null ? undefined : standing.get(row.record_id)
    if (row.hash === null || (row.other_ids !== null && row.other_hash === null)) report.unread++
    else if (row.fresh || row.other_fresh || stands?.onItsWay) report.onItsWay++
    else if (row.record !== null && !isWanted(to, row.record)) report.aside++
    else
      gaps.push({
        ...gapOf(work, side, row),
        what,
        ...(stands?.why ? { why: stands.why } : {}),
        changes: what === 'different' ? differences(row.other_data, row.data) : [],
      })
  }
  await work.found(gaps)
}

const placeOf = ({ connection, source }: Side) => `${connection}.${source.resource}`

function gapOf({ sides }: Listing, side: 0 | 1, row: Row): Omit<OpenGap, 'what'> {
  const other = sides[side === 0 ? 1 : 0]
  return {
    record: `${sides[0].output.type} ${row.name}`,
    ids: { [placeOf(sides[side])]: row.ids, ...(row.other_ids ? { [placeOf(other)]: row.other_ids } : {}) },
    changes: [],
    ...(row.record_id === null ? {} : { recordId: row.record_id }),
    ...(side === 0 && row.item ? { item: row.item } : {}),
  }
}

/** All rows of a query, in batches by key. */
async function each({ hub, run }: Listing, sql: string, act: (rows: Row[]) => Promise<void>): Promise<void> {
  for (let after = ''; !hub.signal.aborted; ) {
    const rows = await hub.store.query<Row>(sql, [run, after, BATCH])
    if (rows.length === 0) return
    after = rows.at(-1)!.key
    await act(rows)
  }
}

const OTHER = 'o.ids as other_ids, o.hash as other_hash, o.data as other_data, o.fresh as other_fresh'
const NOTHING = 'null::text[] as other_ids, null as other_hash, null::jsonb as other_data, null::boolean as other_fresh'
const select = (what: string, side: 0 | 1, more: string) => `
select i.*, ${what}, r.data as record from reconcile_item i ${more} left join record r on r.id = i.record_id
where i.run = $1 and i.side = ${side} and i.key > $2`
const PAIR = 'join reconcile_item o on o.run = $1 and o.side = 1 and o.key = i.key'
const ONLY = (side: 0 | 1) => `${select(NOTHING, side, '')}
  and not exists (select from reconcile_item o where o.run = $1 and o.side = ${1 - side} and o.key = i.key) order by i.key limit $3`
const BOTH = `${select(OTHER, 0, PAIR)} and i.hash is distinct from o.hash order by i.key limit $3`
const DOUBLED = `${select(OTHER, 0, PAIR)} and (cardinality(i.ids) > 1 or cardinality(o.ids) > 1) order by i.key limit $3`
const SAME =
  'select count(*) as count from reconcile_item i join reconcile_item o on o.run = $1 and o.side = 1 and o.key = i.key where i.run = $1 and i.side = 0 and i.hash = o.hash'
