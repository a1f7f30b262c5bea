// The alerts that are open, or were: what is wrong, since when, and whether everybody has been told.
import type { Json } from '../hub.ts'
import type { Store } from '../platform/store/store.ts'

export interface AlertRow {
  key: string
  /** See engine/outcome/alerts/trouble.ts. */
  data: Json
  /** The messages of it: to whom, and what became of them. */
  messages: { connection: string; state: string; outcome: string | null; problem: string | null }[]
}

/** Newest first; `all` also shows those that are over. */
export async function listAlerts(store: Store, all = false): Promise<AlertRow[]> {
  return store.query<AlertRow & Record<string, unknown>>(
    `select r.key, r.data, coalesce((
       select jsonb_agg(jsonb_build_object('connection', h.connection, 'state', h.state, 'outcome', h.outcome, 'problem', h.reason->0->>'message') order by h.id)
       from handoff h where h.record_id = r.id), '[]') as messages
     from record r where r.type = 'alert' ${all ? '' : "and r.data->>'state' = 'open'"} order by r.id desc limit 200`,
  )
}
