// A ledger that has been filled for years, made by the database itself: orders with their items, links, handoffs, attempts and
// events. A seeded order takes 0.4 KB instead of 2, so that ten million fit on a disk; there are as many rows as in real life.
import type { Machines } from '../rig/machines.ts'

export interface Seed {
  /** Numbers from … to …, both in it. */
  from: number
  to: number
  /** `delivered`: all is done, but for a few that wait for a person. `owed`: to be delivered now. */
  state: 'delivered' | 'owed'
  schema?: string
}

/** One in so many is parked before it was a record, and one in so many after. */
const STUCK_EVERY = 1000
const BATCH = 250_000

/** Seeds and makes the statistics right; the schema must be there already. */
export async function seed(
  { sql }: Pick<Machines, 'sql'>,
  { from, to, state, schema = 'handoff' }: Seed,
): Promise<void> {
  const table = (name: string) => `${schema}.${name}`
  const all = ['record', 'item', 'link', 'handoff', 'attempt', 'event']
  const whatWasDelivered = (last: number, added: string) => [
    sql(`
      insert into ${table('link')} (connection, resource, external_id, record_id, created_at, updated_at)
      select 'warehouse', 'orders', 'w' || (data->>'number'), id, created_at, updated_at from ${added}`),
    sql(`
      insert into ${table('attempt')} (handoff_id, at, ms, version, step, exchanges)
      select handoff.id, handoff.updated_at, 12, 1, 'create', '[{"ms": 12, "url": "http://127.0.0.1/orders", "method": "POST", "status": 201}]'
      from ${table('handoff')} where record_id > ${last}`),
    sql(`
      insert into ${table('event')} (at, type, record_id, handoff_id, connection, detail)
      select updated_at, 'handoff.delivered', record_id, id, connection, '{"route": "to-warehouse", "version": 1}'
      from ${table('handoff')} where record_id > ${last}`),
  ]
  // What the server tidies up of its own accord after so many rows would be counted as work of what is measured next.
  for (const name of all) await sql(`alter table ${table(name)} set (autovacuum_enabled = off)`)
  for (let start = from; start <= to; start += BATCH) {
    const end = Math.min(to, start + BATCH - 1)
    const [last] = await sql<{ id: number }>(`select coalesce(max(id), 0) as id from ${table('record')}`)
    const added = `${table('record')} where id > ${last!.id}`
    // Two at a time, as the machine has two cores.
    await Promise.all([
      sql(`
        insert into ${table('record')} (type, key, data, hash, created_at, updated_at)
        select 'order', 'shop:' || n, ${ORDER}, md5(n::text), ${at('n')}, ${at('n')} from generate_series(${start}, ${end}) as n`),
      sql(`
        insert into ${table('item')} (connection, resource, external_id, source, via, body, hash, status, revision, errors, cause, received_at, decided_at)
        select 'shop', 'orders', n::text, 'orders', 'pull', convert_to((${ORDER})::text, 'UTF8'), md5(n::text),
          case when n % ${STUCK_EVERY} = 1 then 'parked' else 'done' end, 'seed',
          case when n % ${STUCK_EVERY} = 1 then ${PROBLEMS} end, case when n % ${STUCK_EVERY} = 1 then 'cause ' || n % 7 end, ${at('n')}, ${at('n')}
        from generate_series(${start}, ${end}) as n`),
    ])
    const parked = `(data->>'number')::bigint % ${STUCK_EVERY} = 2`
    const outcome = {
      owed: `null, 'owed', null, null, null, null`,
      delivered: `1, case when ${parked} then 'parked' else 'resting' end, 'delivered', hash,
          case when ${parked} then ${PROBLEMS} end, case when ${parked} then 'cause ' || id % 5 end`,
    }[state]
    await Promise.all([
      sql(`
        insert into ${table('link')} (connection, resource, external_id, record_id, contribution, created_at, updated_at)
        select 'shop', 'orders', data->>'number', id, data, created_at, updated_at from ${added}`),
      sql(`
        insert into ${table('handoff')} (route, record_id, kind, connection, wanted, due_at, owed_at, updated_at, delivered, state, outcome, image, reason, cause)
        select 'to-warehouse', id, 'push', 'warehouse', 1, created_at, created_at, updated_at, ${outcome} from ${added}`),
    ])
    await Promise.all([
      sql(`
        insert into ${table('event')} (at, type, record_id, connection, detail)
        select created_at, 'record.created', id, 'shop', '{"version": 1}' from ${added}`),
      ...(state === 'delivered' ? whatWasDelivered(last!.id, added) : []),
    ])
  }
  for (const name of all) {
    await sql(`vacuum (analyze) ${table(name)}`)
    await sql(`alter table ${table(name)} reset (autovacuum_enabled)`)
  }
  await sql('checkpoint')
}

const at = (n: string) => `now() - (${n} % 1000) * interval '1 hour'`
const PROBLEMS = `'[{"code": "HUB_MAP_REQUIRED", "message": "The warehouse knows items by SKU only.", "at": "lines[0].sku"}]'::jsonb`
const ORDER = `jsonb_build_object('channel', 'shop', 'number', n::text, 'status', 'open', 'placedAt', '2026-01-01T10:00:00Z', 'currency', 'EUR',
  'total', jsonb_build_object('amount', '31.15', 'currency', 'EUR'), 'customer', jsonb_build_object('number', 'ann.' || n % 5000 || '@example.com'),
  'shipTo', jsonb_build_object('name', 'Ann Example', 'city', 'Hamburg', 'country', 'DE'),
  'lines', jsonb_build_array(jsonb_build_object('sku', 'MUG-01', 'name', 'Mug', 'quantity', 2)))`
