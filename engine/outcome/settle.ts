// All outcomes of a chunk in one transaction: the handoffs (only under the current fence), the links of what was created
// (always: a late external id is never thrown away), answers of calls, attempts and events.
import type { Settlement } from '../hub.ts'
import type { Store, Transaction } from '../platform/store/store.ts'
import { learn, stop } from './connections.ts'
import { writeLinks } from './links.ts'
import { type Move, moveFor } from './move.ts'

export interface KeptAnswer {
  route: string
  recordId: number
  externalId: string
  answer: unknown
}
export interface SettleFacts {
  store: Store
  connection: string
  /** Stores the answers of calls for the intake stage; runs inside the transaction. */
  keepAnswers: (tx: Transaction, answers: KeptAnswer[]) => Promise<void>
  release: (tx: Transaction, arrived: string[]) => Promise<unknown>
  /** Whether nothing is known against the connection: then a success says nothing new. */
  healthy: boolean
}

type Moved = Settlement & { move: Move }

/** Answers whether any of them is owed again at once. */
export async function settle(facts: SettleFacts, settlements: Settlement[]): Promise<boolean> {
  const moved: Moved[] = settlements.map((each) => ({ ...each, move: moveFor(each.result, each.handoff.attempts) }))
  const again = await facts.store.transaction(async (tx) => {
    writeAttempts(tx, moved)
    const [fenced] = await Promise.all([
      writeHandoffs(tx, moved),
      writeLinks(tx, facts.connection, moved, facts.release),
    ])
    const current = moved.filter((each) => fenced.has(each.handoff.id))
    const answers = moved.flatMap(({ handoff, result }) =>
      result.result === 'sent' && handoff.kind === 'call'
        ? [{ route: handoff.route, recordId: handoff.recordId, externalId: result.externalId, answer: result.answer }]
        : [],
    )
    if (answers.length > 0) await facts.keepAnswers(tx, answers)
    writeEvents(tx, facts.connection, current)
    const waiting = current.filter((each) => each.move.to === 'waiting').map((each) => each.handoff.id)
    // What it waits for may have arrived while the wait was being written.
    if (waiting.length > 0)
      tx.send(
        "update handoff set state = 'owed', waiting_for = null, due_at = hub_now() where id = any($1::bigint[]) and state = 'waiting' and has_arrived(waiting_for)",
        [waiting],
      )
    return [...fenced.values()].some((owed) => owed) || waiting.length > 0
  })
  await writeConnection(facts, moved)
  return again
}

/** The handoffs whose fence was still theirs, each with whether it is due again. */
async function writeHandoffs(tx: Transaction, moved: Moved[]): Promise<Map<number, boolean>> {
  // Locked in the order in which intake locks them, so that neither waits for the other in a circle. A statement of its own:
  // an UPDATE that locks in a subquery silently leaves out rows that another transaction changed in the meantime.
  if (moved.length > 1)
    tx.send(
      'select from handoff where id = any($1::bigint[]) order by record_id, route, occurrence for no key update',
      [moved.map((each) => each.handoff.id)],
    )
  const rows = await tx.query<{ id: number; due: boolean }>(WRITE, [
    moved.map((each) => each.handoff.id),
    moved.map((each) => each.handoff.fence),
    moved.map((each) => each.move.to),
    moved.map((each) => each.move.outcome ?? null),
    moved.map((each) => each.move.delayMs ?? 0),
    moved.map((each) => each.move.attempt),
    moved.map((each) => each.move.uncertain),
    moved.map((each) => (each.move.problems ? JSON.stringify(each.move.problems) : null)),
    moved.map((each) => causeOf(each.move)),
    moved.map((each) => each.move.waitingFor ?? null),
    moved.map((each) => each.route.mapper.revision),
    moved.map((each) => (each.result.result === 'sent' ? each.result.image : null)),
    moved.map((each) => each.handoff.version),
  ])
  return new Map(rows.map((row) => [row.id, row.due]))
}

function causeOf(move: Pick<Move, 'problems'>): string | null {
  const problem = move.problems?.[0]
  return problem ? `${problem.code} ${problem.at ?? ''}`.trim() : null
}

// `delivered` is the version that was sent; a version that arrived meanwhile is owed again in this very statement. The
// destination's image is known only after a success; any attempt that may have written clears it.
const WRITE = `
update handoff set
  state = case when x.next = 'rest' then case when handoff.wanted > x.version then 'owed' else 'resting' end
               when x.next in ('parked', 'failed', 'waiting') and handoff.wanted > x.version then 'owed' else x.next end,
  outcome = coalesce(x.outcome, handoff.outcome),
  delivered = case when x.outcome in ('delivered', 'unchanged') then x.version else handoff.delivered end,
  due_at = now.at + x.delay * interval '1 ms', queued_at = null,
  attempts = case when x.next = 'rest' then 0 when x.attempt then handoff.attempts + 1 else handoff.attempts end,
  deaths = 0,
  uncertain_since = case x.uncertain when 'mark' then now.at when 'clear' then null else handoff.uncertain_since end,
  image = case when x.image is not null then x.image when x.uncertain = 'mark' or x.attempt then null else handoff.image end,
  reason = x.reason::jsonb, cause = x.cause, waiting_for = x.waiting_for, revision = x.revision,
  lost_version = case when x.uncertain <> 'mark' then handoff.lost_version
    when handoff.lost_version <> x.version and handoff.lost_at > now.at - interval '1 hour' then 0 else x.version end,
  lost_at = case x.uncertain when 'mark' then now.at else handoff.lost_at end,
  sending = null, worker = null, lease_until = null, updated_at = now.at,
  owed_at = case when x.next = 'rest' and handoff.wanted > x.version then now.at else handoff.owed_at end
from unnest($1::bigint[], $2::bigint[], $3::text[], $4::text[], $5::float8[], $6::boolean[], $7::text[], $8::text[], $9::text[], $10::text[], $11::text[], $12::text[], $13::int[])
  as x(id, fence, next, outcome, delay, attempt, uncertain, reason, cause, waiting_for, revision, image, version),
  (select hub_now() as at) as now
where handoff.id = x.id and handoff.fence = x.fence
returning handoff.id, handoff.state = 'owed' and handoff.due_at <= now.at as due`

function writeAttempts(tx: Transaction, moved: Moved[]): void {
  const made = moved.filter((each) => each.attempt)
  if (made.length === 0) return
  tx.send(
    `insert into attempt (handoff_id, at, ms, version, step, kind, code, message, exchanges)
     select x.id, now.at, x.ms, x.version, x.step, x.kind, x.code, x.message, x.exchanges
     from rows from (unnest($1::bigint[]), unnest($2::int[]), unnest($3::int[]), unnest($4::text[]), unnest($5::text[]), unnest($6::text[]), unnest($7::text[]), json_array_elements($8::json))
       as x(id, ms, version, step, kind, code, message, exchanges), (select hub_now() as at) as now`,
    [
      made.map((each) => each.handoff.id),
      made.map((each) => each.attempt!.ms),
      made.map((each) => each.handoff.version),
      made.map((each) => each.attempt!.step),
      made.map((each) => (each.result.result === 'error' ? each.result.error.kind : null)),
      made.map((each) => (each.result.result === 'error' ? each.result.error.code : null)),
      made.map((each) => (each.result.result === 'error' ? clean(each.result.error.message) : null)),
      clean(JSON.stringify(made.map((each) => each.attempt!.exchanges))),
    ],
  )
}

/** jsonb and text take no NUL; a vendor's error page may hold one. */
function clean(text: string): string {
  return text
    .replaceAll('\u0000', '')
    .replace(/\\u0000|\\ud[89a-f][0-9a-f]{2}/gi, '')
    .toWellFormed()
}

function writeEvents(tx: Transaction, connection: string, moved: Moved[]): void {
  const events = moved.flatMap(({ handoff, move }) => {
    const type = move.outcome ?? (move.to === 'owed' ? undefined : move.to)
    return type && type !== 'unchanged' ? [{ handoff, type: `handoff.${type}` }] : []
  })
  if (events.length === 0) return
  tx.send(
    `insert into event (at, type, record_id, handoff_id, connection, detail)
     select now.at, x.type, x.record_id, x.handoff_id, $1, jsonb_build_object('version', x.version, 'route', x.route)
     from unnest($2::text[], $3::bigint[], $4::bigint[], $5::int[], $6::text[]) as x(type, record_id, handoff_id, version, route), (select hub_now() as at) as now`,
    [
      connection,
      events.map((each) => each.type),
      events.map((each) => each.handoff.recordId),
      events.map((each) => each.handoff.id),
      events.map((each) => each.handoff.version),
      events.map((each) => each.handoff.route),
    ],
  )
}

/** A limit, a refused key, an outage concern the whole connection; it is written once for the chunk. */
async function writeConnection({ store, connection, healthy }: SettleFacts, moved: Moved[]): Promise<void> {
  const signals = moved.flatMap(({ handoff, move }) =>
    move.connection ? [{ attempts: handoff.attempts, ...move.connection }] : [],
  )
  const stopped =
    signals.find((signal) => signal.state === 'paused') ?? signals.find((signal) => signal.state === 'limited')
  if (stopped?.state === 'paused' || stopped?.state === 'limited') {
    await stop(store, connection, stopped.state, stopped.forMs ?? PAUSE_MS, stopped.reason)
  } else if (signals.length > 0) {
    const failed = signals.flatMap((signal) =>
      signal.state === 'failing' ? [{ attempts: signal.attempts, reason: signal.reason }] : [],
    )
    if (healthy && failed.length === 0) return
    await learn(store, connection, { succeeded: signals.some((signal) => signal.state === 'ok'), failed })
  }
}

/** Until a paused connection is checked for the first time. */
const PAUSE_MS = 5_000
