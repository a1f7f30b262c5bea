// A new route owes nothing for what is already there, unless it says `since:`. Then records that changed since that moment, match and
// were never owed along it are owed now, in the bulk lane. May be repeated, and stopped, at any point.
import type { Json, Route } from '../hub.ts'
import { LANES } from '../platform/queue/queues.ts'
import type { Store } from '../platform/store/store.ts'
import { owe } from './owe.ts'

const BATCH = 1000

/** Answers how many are owed now. */
export async function owePast(store: Store, route: Route, since: string, signal: AbortSignal): Promise<number> {
  let owed = 0
  for (let after = 0; !signal.aborted; ) {
    const rows = await store.query<{ id: number; key: string; version: number; data: Json }>(
      `select r.id, r.key, r.version, r.data from record r
       where r.type = $1 and r.id > $2::bigint and not r.deleted and r.updated_at >= $3::timestamptz
         and not exists (select from handoff h where h.record_id = r.id and h.route = $4) order by r.id limit ${BATCH}`,
      [route.record, after, since, route.name],
    )
    if (rows.length === 0) break
    after = rows.at(-1)!.id
    const changes = rows.map((row) => ({ ...row, type: route.record, deleted: false, lane: LANES.bulk }))
    await store.transaction((tx) => owe(tx, [route], changes))
    owed += changes.filter((change) => route.matches(change.data)).length
  }
  return owed
}
