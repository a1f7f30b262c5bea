// Alerts in the store: a record for each trouble, and its messages as calls that are owed, tried again and never lost.
import { randomBytes } from 'node:crypto'
import { LANES } from '../../platform/queue/queues.ts'
import type { Transaction } from '../../platform/store/store.ts'
import { type AlertRecord, type Policy, routeName, type Trouble } from './trouble.ts'

export interface Alert {
  id: number
  key: string
  data: AlertRecord
}

export const openAlerts = (tx: Transaction): Promise<Alert[]> =>
  tx.query<Alert & Record<string, unknown>>(
    "select id, key, data from record where type = 'alert' and data->>'state' = 'open' for update",
  )

export async function insertAlert(tx: Transaction, policy: Policy, trouble: Trouble, now: Date): Promise<Alert> {
  const key = `${policy.name}-${trouble.kind}-${trouble.place}-${now.getTime().toString(36)}${randomBytes(2).toString('hex')}`
  const data: AlertRecord = {
    state: 'open',
    policy: policy.name,
    trouble: { ...trouble, since: trouble.since.toISOString() },
    most: trouble.count,
    openedAt: now.toISOString(),
    told: 1,
    toldAt: now.toISOString(),
    toldCount: trouble.count,
    to: hearers(policy, trouble),
  }
  const [row] = await tx.query<{ id: number }>(
    "insert into record (type, key, version, data, hash, created_at, updated_at) values ('alert', $1, 1, $2::json, '', $3, $3) returning id",
    [key, JSON.stringify(data), now],
  )
  const alert = { id: row!.id, key, data }
  await note(tx, alert, 'alert.opened')
  await tell(tx, alert)
  return alert
}

/** An alert about a connection is told to the others. */
export const hearers = (policy: Policy, trouble: Pick<Trouble, 'connection'>) =>
  policy.to.filter((one) => one !== trouble.connection)

export async function saveAlert(tx: Transaction, { id, data }: Alert): Promise<void> {
  await tx.query('update record set data = $2::json, version = version + 1, updated_at = hub_now() where id = $1', [
    id,
    JSON.stringify(data),
  ])
}

/** Owes the next message to each that listens; the words are made when it is sent. */
export async function tell(tx: Transaction, { id, key, data }: Alert): Promise<void> {
  await owe(
    tx,
    id,
    data.to.map((connection) => ({
      route: routeName(data.policy, connection),
      connection,
      key: `${key}-${data.told}-${connection}`,
    })),
    data.told,
  )
}

/**
 * Owes the message that it is over to those who heard that it began. What was not sent yet is no longer true: it is skipped
 * when its turn comes. False while a message is on its way, so that the two cannot overtake each other.
 */
export async function tellEnd(tx: Transaction, alert: Alert): Promise<boolean> {
  const messages = await tx.query<{ connection: string; state: string; heard: boolean }>(
    "select connection, state, outcome = 'delivered' or uncertain_since is not null as heard from handoff where record_id = $1 for update",
    [alert.id],
  )
  if (messages.some((one) => one.state === 'sending')) return false
  await tx.query(
    `update handoff set request = null, due_at = case when state = 'owed' then hub_now() else due_at end, queued_at = null
     where record_id = $1 and state in ('owed', 'waiting', 'failed', 'parked', 'held')`,
    [alert.id],
  )
  const heard = [...new Set(messages.filter((one) => one.heard).map((one) => one.connection))]
  const { policy } = alert.data
  await owe(
    tx,
    alert.id,
    heard.map((connection) => ({
      route: routeName(policy, connection, true),
      connection,
      key: `${alert.key}-over-${connection}`,
    })),
    0,
  )
  await note(tx, alert, 'alert.recovered')
  return true
}

async function owe(
  tx: Transaction,
  record: number,
  calls: { route: string; connection: string; key: string }[],
  occurrence: number,
): Promise<void> {
  if (calls.length === 0) return
  await tx.query(
    `insert into handoff (route, record_id, kind, occurrence, connection, lane, wanted, state, idempotency_key, due_at, owed_at, updated_at)
     select x.route, $1, 'call', $2, x.connection, $3, 1, 'owed', x.key, now.at, now.at, now.at
     from unnest($4::text[], $5::text[], $6::text[]) as x(route, connection, key), (select hub_now() as at) as now
     on conflict (route, record_id, occurrence) do nothing`,
    [
      record,
      String(occurrence),
      LANES.urgent,
      calls.map((one) => one.route),
      calls.map((one) => one.connection),
      calls.map((one) => one.key),
    ],
  )
}

async function note(tx: Transaction, { id, data }: Alert, type: string): Promise<void> {
  const { kind, place, connection, cause } = data.trouble
  await tx.query(
    'insert into event (at, type, record_id, connection, detail) values (hub_now(), $1, $2, $3, $4::jsonb)',
    [type, id, connection, JSON.stringify({ kind, place, cause, count: data.most, policy: data.policy })],
  )
}

/** Messages of alerts that are due on connections that work: they are sent without the queue, which may be what is wrong. */
export const dueMessages = (tx: Transaction): Promise<{ id: number; connection: string }[]> =>
  tx.query(
    `select h.id, h.connection from handoff h
     where h.state = 'owed' and h.route like 'alert.%' and h.due_at <= hub_now()
       and not exists (select from connection_state s where s.connection = h.connection and (s.state in ('paused', 'open', 'half-open') or (s.state = 'limited' and s.until > hub_now())))
     order by h.due_at limit 100`,
  )
