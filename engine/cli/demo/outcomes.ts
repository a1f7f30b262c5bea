// What should become of each order that came, and why some of them were stopped: the reasons are the hub's own.
import type { Json, Problem } from '../../hub.ts'
import type { Store } from '../../platform/store/store.ts'
import type { ExpectedOrder } from './audit.ts'

interface Row {
  external_id: string
  status: string
  problems: Problem[] | null
  key: string | null
  record: Json
  handoff: string | null
  reasons: Problem[] | null
}

/** Every item of the orders' source with what became of it; `route` is the one to the warehouse. */
export async function orderOutcomes(
  store: Store,
  source: string,
  connection: string,
  resource: string,
  route: string,
): Promise<ExpectedOrder[]> {
  const rows = await store.query<Row & Record<string, unknown>>(
    `select i.external_id, i.status, i.errors as problems, r.key, r.data as record, h.state as handoff, h.reason as reasons
     from item i
     left join link l on l.connection = i.connection and l.resource = $3 and l.external_id = i.external_id
     left join record r on r.id = l.record_id
     left join handoff h on h.record_id = r.id and h.route = $4
     where i.source = $1 and i.connection = $2`,
    [source, connection, resource, route],
  )
  return rows.map((row) => {
    const customer = row.record?.customer?.number ?? undefined
    const stopped = reasonOf(row)
    return { key: row.key ?? `${connection}:${row.external_id}`, customer, ...(stopped ? { stopped } : {}) }
  })
}

function reasonOf(row: Row): ExpectedOrder['stopped'] {
  const named = (outcome: string, problems: Problem[] | null) => {
    const [problem] = problems ?? []
    return {
      outcome: problem ? `${outcome}: ${problem.message}` : outcome,
      ...(problem?.cure ? { cure: problem.cure } : {}),
    }
  }
  if (row.status !== 'done') return named(row.status, row.problems)
  if (row.handoff === null) return { outcome: `not sent to the warehouse: ${row.record?.status ?? 'unknown'}` }
  if (['parked', 'failed', 'held'].includes(row.handoff)) return named(row.handoff, row.reasons)
  return undefined
}
