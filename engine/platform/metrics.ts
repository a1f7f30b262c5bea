// The only home of prom-client. Figures come from the ledger when somebody asks, so that they are true for all processes.
import { Gauge, Registry } from 'prom-client'
import type { Store } from './store/store.ts'

/** Answers the metrics page in Prometheus' text format. */
export function openMetrics(store: Store): () => Promise<{ type: string; text: string }> {
  const registry = new Registry()
  const gauge = (name: string, help: string, labelNames: string[], sql: string) =>
    new Gauge({
      name,
      help,
      labelNames,
      registers: [registry],
      async collect() {
        this.reset()
        for (const { value, ...labels } of await store.query<Record<string, string | number>>(sql))
          this.set(labels as Record<string, string>, Number(value))
      },
    })
  gauge(
    'handoff_handoffs',
    'Handoffs in the ledger',
    ['connection', 'state'],
    "select connection, state, count(*) as value from handoff where state <> 'resting' group by 1, 2",
  )
  gauge(
    'handoff_items',
    'Items that are not decided, wait or are parked',
    ['source', 'status'],
    "select source, status, count(*) as value from item where status in ('new', 'waiting', 'parked') group by 1, 2",
  )
  gauge(
    'handoff_oldest_owed_seconds',
    'Age of the oldest owed handoff',
    ['connection'],
    "select connection, extract(epoch from hub_now() - min(owed_at)) as value from handoff where state in ('owed', 'sending') group by 1",
  )
  gauge(
    'handoff_source_failures',
    'Runs of a source that failed in a row',
    ['source'],
    'select source, failures as value from source_state',
  )
  gauge(
    'handoff_connection_stopped',
    '1 while a connection is limited or paused',
    ['connection', 'state'],
    "select connection, state, 1 as value from connection_state where state <> 'ok'",
  )
  gauge(
    'handoff_reconcile_gaps',
    'Gaps that the last comparison on schedule found',
    ['name'],
    'select distinct on (name) name, gaps as value from reconcile_run where gaps is not null order by name, id desc',
  )
  return async () => ({ type: registry.contentType, text: await registry.metrics() })
}
