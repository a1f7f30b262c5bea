// One of the two systems: what it holds of a kind of record, through the hub's own mapping of the source that reads it there.
import { type ConnectionClient, instant, itemJson, type SourceItem } from '#connector'
import type { Json, Mapper, Source } from '../hub.ts'
import { linkedKeys } from '../intake/draft.ts'
import { PERSON } from '../intake/merge.ts'
import { readsOnly } from '../plan/look.ts'
import type { Planned } from '../plan/outgoing.ts'
import { valueAt } from '../platform/config/path.ts'
import { applyEdits, type Edit } from '../platform/edits.ts'
import type { Queries } from '../platform/store/store.ts'

export interface Side {
  connection: string
  client: ConnectionClient
  source: Source
  output: { type: string; resource: string; mapper: Mapper }
}
/** One thing that a side holds. */
export interface Held {
  item: SourceItem
  /** What names it on both sides: the record's key, without the names of the two connections in it. */
  key: string
  /** The key that the hub gives it. */
  name: string
  recordId: number | null
  data: Json
  /** What the record says of it for the conditions of routes. */
  record: Json
  /** Changed after the hub read the source last, or stored and not decided on yet. */
  fresh: boolean
}
export interface Unmapped {
  item: SourceItem
  why: string
  /** It waits for another record. */
  waits: boolean
  key: string | null
  name: string | null
  recordId: number | null
}
export interface Mapped {
  held: Held[]
  unmapped: Unmapped[]
}

/** The side of a connection; undefined where no source of it reads such records whole. */
export function sideOf(
  hub: Pick<Planned, 'assembly' | 'clients'>,
  connection: string,
  record: string,
): Side | undefined {
  const client = hub.clients.get(connection)
  const sides = [...hub.assembly.sources.values()].flatMap((source) => {
    const output = source.outputs.find((one) => one.type === record && !one.mapper.partial)
    const can = source.connection === connection && client?.resources[source.resource]?.pull !== undefined
    return client && output && can ? [{ connection, client, source, output }] : []
  })
  // What comes also out of other items (the customers of orders) says less than a source of its own.
  return sides.find(({ source, output }) => output.resource === source.resource) ?? sides[0]
}

/** Everything that changed there since a moment, page by page. Reads only. */
export async function* readSide(hub: Planned, side: Side, since: string): AsyncGenerator<SourceItem[]> {
  const start = instant(since)!
  const pages = side.client.pull(side.source.resource, undefined, { gate: readsOnly, signal: hub.signal, since })
  for await (const page of pages) {
    // Some sources can only be read whole.
    yield page.items.filter((item) => !item.deleted && (instant(item.stamp) ?? start) >= start)
    if (page.last || hub.signal.aborted) return
  }
}

/** Maps items in and finds the records that they are, with a few statements for the whole batch. */
export async function mapHeld(
  hub: Pick<Planned, 'facts'>,
  tx: Queries,
  side: Side,
  connections: string[],
  items: SourceItem[],
): Promise<Mapped> {
  const { output, source, connection } = side
  const stored = await storedOf(tx, side, items)
  const context = { connection }
  const values = items.map((item) => read(item, stored.get(item.id)?.edits))
  const link = await linkedKeys(
    tx,
    connection,
    values.flatMap((value) => ('json' in value ? output.mapper.links(value.json, context) : [])),
  )
  const made: { item: SourceItem; data?: Json; why?: string; waits?: boolean }[] = []
  for (const [index, item] of items.entries()) {
    const value = values[index]!
    if (!('json' in value)) {
      made.push({ item, why: value.why })
      continue
    }
    const result = await output.mapper.run(value.json, { ...context, link })
    if ('skipped' in result) continue
    if ('record' in result) made.push({ item, data: result.record })
    else made.push({ item, why: result.problems.map(({ message }) => message).join(' '), waits: !!result.waitFor })
  }
  const fields = hub.facts.keyFields(output.type)
  const nameOf = (data: Json) => keyText(data, fields, [])
  // What comes also out of other items is linked by its key.
  const own = output.resource === source.resource
  const records = await recordsOf(
    tx,
    side,
    made.map(({ item, data }) => [own ? item.id : (nameOf(data) ?? item.id), nameOf(data) ?? '']),
  )
  const read_ = await readUntil(tx, source.name)
  const mapped: Mapped = { held: [], unmapped: [] }
  for (const [index, { item, data, why, waits }] of made.entries()) {
    const known = records[index]
    const key = keyText(known?.data ?? data, fields, connections) ?? null
    const name = known?.key ?? nameOf(data) ?? null
    const recordId = known?.id ?? null
    const undecided = stored.get(item.id)?.undecided === true
    if (data === undefined || key === null || name === null)
      mapped.unmapped.push({ item, why: why ?? 'it has no key', waits: waits || undecided, key, name, recordId })
    else
      mapped.held.push({
        item,
        key,
        name,
        recordId,
        data: applyEdits(data, known?.edits),
        record: known?.data ?? data,
        fresh: undecided || (read_ !== undefined && (instant(item.stamp) ?? 0) > read_),
      })
  }
  return mapped
}

function read(item: SourceItem, edits: Edit[] | undefined): { json: Json } | { why: string } {
  if (item.problem) return { why: item.problem.message }
  try {
    return { json: applyEdits(item.json ?? itemJson(item), edits) }
  } catch (error) {
    return { why: `it is not JSON: ${(error as Error).message}` }
  }
}

function keyText(data: Json, fields: string[][], connections: string[]): string | undefined {
  const values = fields.map((path) => valueAt(data, path))
  if (values.some((value) => value === undefined || value === null || value === '')) return undefined
  // `order.channel` is the connection that the order came from, and each side calls its own copy its own.
  return values.map((value) => (connections.includes(value) ? '*' : value)).join(':')
}

interface Known extends Record<string, unknown> {
  id: number
  key: string
  data: Json
  edits: Edit[] | null
}

/** By link, else by key; with what people corrected in them. */
async function recordsOf(tx: Queries, side: Side, wanted: [id: string, key: string][]): Promise<(Known | null)[]> {
  const rows = await tx.query<Known & { place: number }>(
    `select want.place::int as place, r.id, r.key, r.data, (select contribution->'edits' from link where record_id = r.id and connection = '${PERSON}') as edits
     from unnest($4::text[], $5::text[]) with ordinality as want(external_id, key, place),
       lateral (select coalesce(
         (select record_id from link where connection = $1 and resource = $2 and external_id = want.external_id),
         (select id from record where type = $3 and key = want.key)) as id offset 0) as found
       join record r on r.id = found.id`,
    [side.connection, side.output.resource, side.output.type, wanted.map(([id]) => id), wanted.map(([, key]) => key)],
  )
  const found: (Known | null)[] = wanted.map(() => null)
  for (const row of rows) found[row.place - 1] = row
  return found
}

/** What the hub has of the items: what people corrected in them, and whether it has yet to decide on them. */
async function storedOf(tx: Queries, { source }: Side, items: SourceItem[]) {
  const rows = await tx.query<{ id: string; edits: Edit[] | null; undecided: boolean }>(
    `select external_id as id, edits, status in ('new', 'waiting') as undecided from item
     where connection = $1 and resource = $2 and external_id = any($3::text[]) and (edits is not null or status in ('new', 'waiting'))`,
    [source.connection, source.resource, items.map((item) => item.id)],
  )
  return new Map(rows.map((row) => [row.id, { ...row, edits: row.edits ?? undefined }]))
}

/** When the last run of the source began that was carried through: what changed later, the next one brings. */
async function readUntil(tx: Queries, source: string): Promise<number | undefined> {
  const [row] = await tx.query<{ at: Date | null }>(
    'select least(last_run_at, last_success_at) as at from source_state where source = $1',
    [source],
  )
  return row?.at?.getTime()
}
