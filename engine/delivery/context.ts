// What the out-mappings of a chunk look at beside the record: linked records (`with:`) and external ids at the destination.
// One statement for each, whatever the size of the chunk.
import type { Claimed, Json, LinkNeed, Route } from '../hub.ts'
import { valueAt } from '../platform/config/path.ts'
import type { Store } from '../platform/store/store.ts'

/** A record type's relations: where it holds the key of its parent. */
export type Parents = (type: string) => Record<string, string[]>

export type Related = Map<Claimed, { records: Record<string, Json>; missing?: string }>

/** The records that the routes name in `with:`; `missing` is what a handoff has to wait for. */
export async function loadRelated(
  store: Store,
  routes: Map<string, Route>,
  parents: Parents,
  claimed: Claimed[],
): Promise<Related> {
  const related: Related = new Map(claimed.map((each) => [each, { records: {} }]))
  const depth = Math.max(0, ...claimed.map((each) => routes.get(each.route)?.with.length ?? 0))
  for (let step = 0; step < depth; step++) {
    const wanted = claimed.flatMap((each) => {
      const relation = routes.get(each.route)?.with[step]
      const entry = related.get(each)!
      if (!relation || entry.missing) return []
      const key = parentKey(each, entry.records, relation, parents)
      if (key === undefined) return []
      return [{ each, relation, key }]
    })
    if (wanted.length === 0) continue
    const rows = await store.query<{ id: number; type: string; key: string; data: Json }>(
      `select record.id, record.type, record.key, record.data from unnest($1::text[], $2::text[]) as want(type, key),
         lateral (select * from record where type = want.type and key = want.key offset 0) as record`,
      [wanted.map((want) => want.relation), wanted.map((want) => want.key)],
    )
    const found = new Map(rows.map((row) => [`${row.type}\n${row.key}`, row]))
    for (const { each, relation, key } of wanted) {
      const row = found.get(`${relation}\n${key}`)
      const entry = related.get(each)!
      if (row) entry.records[relation] = { ...row.data, key: row.key, id: String(row.id) }
      else entry.missing = `record:${relation}:${key}`
    }
  }
  return related
}

/** The relation is named after the parent's type; it hangs on the record itself or on one that is loaded already. */
function parentKey(
  each: Claimed,
  loaded: Record<string, Json>,
  relation: string,
  parents: Parents,
): string | undefined {
  for (const [type, data] of [[each.type, each.data], ...Object.entries(loaded)] as [string, Json][]) {
    const path = parents(type)[relation]
    const key = path && valueAt(data, path)
    if (typeof key === 'string' && key !== '') return key
  }
  return undefined
}

/** External ids of records at a connection's resources, by the record's key. */
export async function loadLinks(
  store: Store,
  connection: string,
  needs: LinkNeed[],
): Promise<(need: LinkNeed) => string | undefined> {
  const ids = new Map<string, string>()
  if (needs.length > 0) {
    const rows = await store.query<{ resource: string; key: string; external_id: string }>(
      `select link.resource, record.key, link.external_id
       from unnest($2::text[], $3::text[]) as need(resource, value),
         lateral (select id, key from record where key = need.value offset 0) as record,
         lateral (select * from link where record_id = record.id and connection = $1 and resource = need.resource offset 0) as link
       order by link.created_at desc`,
      [connection, needs.map((need) => need.resource), needs.map((need) => need.value)],
    )
    for (const row of rows) ids.set(`${row.resource}\n${row.key}`, row.external_id)
  }
  return (need) => ids.get(`${need.resource}\n${need.value}`)
}

/** Each handoff's own record at its destination: the external id that an update goes to. */
export async function loadOwnLinks(
  store: Store,
  connection: string,
  routes: Map<string, Route>,
  claimed: Claimed[],
): Promise<Map<Claimed, string>> {
  const pushes = claimed.filter((each) => each.kind === 'push')
  if (pushes.length === 0) return new Map()
  const rows = await store.query<{ record_id: number; resource: string; external_id: string }>(
    `select own.record_id, link.resource, link.external_id from unnest($2::bigint[]) as own(record_id),
       lateral (select * from link where record_id = own.record_id and connection = $1 offset 0) as link order by created_at desc`,
    [connection, pushes.map((each) => each.recordId)],
  )
  const ids = new Map(rows.map((row) => [`${row.record_id}\n${row.resource}`, row.external_id]))
  return new Map(
    pushes.flatMap((each) => {
      const id = ids.get(`${each.recordId}\n${routes.get(each.route)!.target}`)
      return id === undefined ? [] : [[each, id] as const]
    }),
  )
}
