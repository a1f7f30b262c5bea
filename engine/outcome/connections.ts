// Whether a connection may work. A rate limit stops it until a moment; a refused key until a check succeeds; and one that fails
// everything opens its circuit: nothing more is tried, and no attempt is spent, until a check succeeds. Then it is half-open: a few
// handoffs try it, and the first success closes the circuit. One event says that it went down, one that it is up again.
import type { ConnectorError } from '#connector'
import type { ConnectionClient } from '../hub.ts'
import type { Store } from '../platform/store/store.ts'

/** Failures in a row, over the whole connection, that open the circuit. */
const OPENS_AFTER = 5
/** A handoff counts with its first failures only: one bad record does not open the circuit, however often it fails. */
const COUNTS_FIRST = 3
const PROBE_MS = 5_000
const PROBE_MOST_MS = 60_000
/** What is known about connections is asked for again after so long, and at once after a failure of this process. */
const FRESH_MS = 100
/** A probe that is under way is not begun by another process as well. */
const PROBING_MS = 30_000

/** What a chunk of deliveries learned. */
export interface Lessons {
  succeeded: boolean
  /** Failures `retryable` and `uncertain`, each with the attempts that its handoff had before. */
  failed: { attempts: number; reason: string }[]
}

export function openConnectionStates(store: Store, clients: Map<string, ConnectionClient>) {
  let known: { at: number; troubles: Promise<Map<string, string>> } | undefined
  /** The connections that something is known against, as of a moment ago. */
  function troubles(): Promise<Map<string, string>> {
    if (!known || performance.now() - known.at > FRESH_MS) known = { at: performance.now(), troubles: look() }
    return known.troubles
  }
  async function look(): Promise<Map<string, string>> {
    const rows = await store.query<{ connection: string; state: string }>(
      `select connection, case when state = 'limited' and until <= hub_now() then 'ok' else state end as state from connection_state
       where state <> 'ok' or failures > 0`,
      [],
    )
    return new Map(rows.map((row) => [row.connection, row.state]))
  }

  return {
    /** What is known by now is asked anew. */
    forget: () => (known = undefined),
    healthy: async (name: string) => !(await troubles()).has(name),
    /** Those of the connections that may work now, and those of them that are on trial. */
    async open(names: string[]): Promise<{ connections: string[]; trial: string[] }> {
      const states = new Map([...(await troubles())].filter(([, state]) => state !== 'ok'))
      return {
        connections: names.filter((name) => !states.has(name)),
        trial: names.filter((name) => states.get(name) === 'half-open'),
      }
    },

    /** What an error of a pull says about the connection; `failures` are those of its source in a row. */
    async note(connection: string, error: ConnectorError, failures: number): Promise<void> {
      if (error.kind === 'auth') await stop(store, connection, 'paused', PROBE_MS, error.message)
      if (error.kind === 'rate_limited') {
        await stop(store, connection, 'limited', error.detail.retryAfterMs ?? 5_000, error.message)
      }
      if (error.kind === 'retryable' && failures >= OPENS_AFTER) {
        await stop(store, connection, 'open', PROBE_MS, error.message)
      }
    },

    /** Asks stopped connections whether they work again; one process at a time asks. */
    async probe(): Promise<void> {
      const rows = await store.query<{ connection: string; state: 'paused' | 'open' }>(CLAIM_PROBES, [PROBING_MS])
      await Promise.all(
        rows.map(async ({ connection, state }) => {
          const client = clients.get(connection)
          const works = await (client?.check() ?? Promise.resolve()).then(
            () => true,
            () => false,
          )
          if (!works) await store.query(NOT_YET, [connection, state, PROBE_MS, PROBE_MOST_MS])
          else if (state === 'paused') await goOn(store, connection, ['paused'])
          else
            await store.query(
              "update connection_state set state = 'half-open' where connection = $1 and state = 'open'",
              [connection],
            )
        }),
      )
      // Nothing is left to try it with.
      const idle = await store.query<{ connection: string }>(
        "select connection from connection_state c where state = 'half-open' and not exists (select from handoff h where h.connection = c.connection and h.state in ('owed', 'sending'))",
      )
      for (const { connection } of idle) await goOn(store, connection, ['half-open'])
    },
  }
}

/** What the outcomes of a chunk say about the connection. */
export async function learn(store: Store, connection: string, { succeeded, failed }: Lessons): Promise<void> {
  if (succeeded) {
    const [row] = await store.query<{ state: string; failures: number }>(
      'select state, failures from connection_state where connection = $1',
      [connection],
    )
    if (!row || (row.state === 'ok' && row.failures === 0)) return
    await goOn(store, connection, ['half-open', 'limited'])
    await store.query(
      "update connection_state set failures = 0 where connection = $1 and failures > 0 and state in ('ok', 'limited')",
      [connection],
    )
    return
  }
  const counted = failed.filter((each) => each.attempts < COUNTS_FIRST)
  if (failed.length === 0) return
  const [row] = await store.query<{ state: string; failures: number }>(
    `insert into connection_state as known (connection, failures, since) values ($1, $2, hub_now())
     on conflict (connection) do update set failures = known.failures + excluded.failures returning state, failures`,
    [connection, counted.length],
  )
  const opens =
    row!.state === 'half-open' || (row!.state !== 'paused' && row!.state !== 'open' && row!.failures >= OPENS_AFTER)
  if (opens) await stop(store, connection, 'open', PROBE_MS, failed[0]!.reason)
}

/** Stops a connection: `limited` until the pause is over, `paused` and `open` until a check succeeds. Going down is one event. */
export async function stop(
  store: Store,
  connection: string,
  state: 'limited' | 'paused' | 'open',
  forMs: number,
  reason: string,
): Promise<void> {
  await store.transaction(async (tx) => {
    // The row is there before it is locked, so that two chunks that fail at once are not two events.
    await tx.query('insert into connection_state (connection, since) values ($1, hub_now()) on conflict do nothing', [
      connection,
    ])
    const [before] = await tx.query<{ state: string }>(
      'select state from connection_state where connection = $1 for update',
      [connection],
    )
    const was = before!.state
    // A pause and an open circuit end by a check alone.
    if (was === 'paused' || (was === 'open' && state === 'limited')) return
    await tx.query(
      `update connection_state set state = $2, until = hub_now() + $3 * interval '1 ms', reason = $4,
         since = case when state in ($2, 'half-open') then since else hub_now() end where connection = $1`,
      [connection, state, forMs, reason],
    )
    if (state === 'limited' || was === 'open' || was === 'half-open') return
    await tx.query(
      `insert into event (at, type, connection, detail) select hub_now(), 'connection.down', $1, jsonb_build_object('state', $2::text, 'reason', $3::text)`,
      [connection, state, reason],
    )
  })
}

/** It works again: what was put off by its failures is due at once. */
async function goOn(store: Store, connection: string, from: string[]): Promise<void> {
  await store.transaction(async (tx) => {
    const [before] = await tx.query<{ state: string; since: Date }>(
      `select state, since from connection_state where connection = $1 and state = any($2::text[]) and (state <> 'limited' or until <= hub_now()) for update`,
      [connection, from],
    )
    if (!before) return
    await tx.query(
      "update connection_state set state = 'ok', until = null, reason = null, failures = 0, since = hub_now() where connection = $1",
      [connection],
    )
    if (before.state === 'limited') return
    await tx.query(
      `insert into event (at, type, connection, detail) select hub_now(), 'connection.up', $1, jsonb_build_object('since', $2::timestamptz)`,
      [connection, before.since],
    )
    await tx.query(
      "update handoff set due_at = hub_now(), queued_at = null where id in (select id from handoff where connection = $1 and state = 'owed' and due_at > hub_now() for update skip locked)",
      [connection],
    )
  })
}

const CLAIM_PROBES = `
update connection_state set until = hub_now() + $1 * interval '1 ms'
where connection in (select connection from connection_state where state in ('paused', 'open') and (until is null or until <= hub_now()) for update skip locked)
returning connection, state`

// The pauses between checks double: 5 s, 10 s, 20 s, 40 s, then every minute.
const NOT_YET = `
update connection_state set failures = failures + 1,
  until = hub_now() + least($4::float8, $3 * 2 ^ least(10, greatest(0, failures + 1 - ${OPENS_AFTER}))) * interval '1 ms'
where connection = $1 and state = $2`
