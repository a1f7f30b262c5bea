// What PostgreSQL executes, by what a statement is about: the first table that it writes, or that it only looks something up.
import type { Machines } from '../rig/machines.ts'

const TABLES: Record<string, string> = {
  webhook: 'webhooks with their items',
  item: 'items',
  record: 'records',
  link: 'links',
  handoff: 'handoffs',
  attempt: 'attempts',
  event: 'events',
}
export const GROUPS = [...Object.values(TABLES), 'look-ups', 'queue', 'other']

export interface Statements {
  ms: number
  calls: number
}

export const countAnew = ({ sql }: Machines) => sql('select pg_stat_statements_reset()')

/** Since `countAnew`, without what the benchmark itself asks. */
export async function statementsByGroup({ sql }: Machines): Promise<Map<string, Statements>> {
  const rows = await sql<{ query: string; ms: number; calls: number }>(
    `select query, total_exec_time as ms, calls from pg_stat_statements where query !~ 'pg_stat_statements|pg_wal_lsn_diff|from handoff\\.'`,
  )
  const groups = new Map<string, Statements>(GROUPS.map((group) => [group, { ms: 0, calls: 0 }]))
  for (const { query, ms, calls } of rows) {
    const group = groups.get(groupOf(query))!
    group.ms += ms
    group.calls += calls
  }
  return groups
}

function groupOf(query: string): string {
  // BullMQ writes its statements in capitals, the hub in small letters.
  if (/^\s*(SELECT|INSERT|UPDATE|DELETE|WITH|CALL)\b/.test(query)) return 'queue'
  const written = /\b(?:insert into|update|delete from)\s+(\w+)/.exec(query.replace(/for (no key )?update/g, ''))?.[1]
  if (written) return TABLES[written] ?? 'other'
  return /^\s*(select|with)\b/.test(query) ? 'look-ups' : 'other'
}
