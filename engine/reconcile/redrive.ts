// Sends through again what is missing or different: what the first system says now is taken in, and its records are owed anew, all
// in the bulk lane. Nothing is sent from here; a hub that runs takes it up within seconds.
import { owe } from '../handoff/owe.ts'
import type { Json, Route } from '../hub.ts'
import { collect, collectionOf } from '../intake/collect.ts'
import { replay } from '../outcome/replay.ts'
import type { Planned } from '../plan/outgoing.ts'
import { LANES } from '../platform/queue/queues.ts'
import type { OpenGap } from './report.ts'
import type { Side } from './side.ts'

/** Answers how many were sent through again. What is extra or doubled is left to a person. */
export async function redrive(hub: Planned, from: Side, routes: Route[], gaps: OpenGap[]): Promise<number> {
  const again = gaps.filter((gap) => ['missing', 'different', 'unmapped'].includes(gap.what))
  if (again.length === 0) return 0
  const items = again.flatMap((gap) => (gap.item ? [gap.item] : []))
  const records = again.flatMap((gap) => (gap.recordId === undefined ? [] : [gap.recordId]))
  const names = routes.map((route) => route.name)
  await hub.store.transaction(async (tx) => {
    await collect(tx, { ...collectionOf(from.source, 'pull'), lane: LANES.bulk }, items)
    const rows = await tx.query<{
      id: number
      type: string
      key: string
      version: number
      data: Json
      deleted: boolean
      known: string[]
    }>(
      `select r.id, r.type, r.key, r.version, r.data, r.deleted, array(select route from handoff h where h.record_id = r.id and h.route = any($2::text[])) as known
       from record r where r.id = any($1::bigint[])`,
      [records, names],
    )
    for (const route of routes) {
      const never = rows.filter((row) => !row.known.includes(route.name))
      await owe(
        tx,
        [route],
        never.map((row) => ({ ...row, lane: LANES.bulk })),
      )
    }
  })
  if (records.length > 0 && names.length > 0) {
    const matches = (name: string, data: Json) => routes.some((route) => route.name === name && route.matches(data))
    await replay(hub.store, 'delivery', { routes: names, records, matches }, false)
  }
  return again.length
}
