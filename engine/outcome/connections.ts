// Whether a connection may work: a rate limit stops it until a moment, a refused key until a check succeeds.
import { ConnectorError } from '#connector'
import type { ConnectionClient } from '../hub.ts'
import type { Store } from '../platform/store/store.ts'

export function openConnectionStates(store: Store, clients: Map<string, ConnectionClient>) {
  return {
    /** Those of the connections that may work now. */
    async open(names: string[]): Promise<string[]> {
      const stopped = await store.query<{ connection: string }>("select connection from connection_state where state = 'paused' or (state = 'limited' and until > hub_now())")
      const closed = new Set(stopped.map((row) => row.connection))
      return names.filter((name) => !closed.has(name))
    },

    /** What an error outside a delivery (a pull, a check) says about the connection. */
    async note(connection: string, error: ConnectorError): Promise<void> {
      if (error.kind === 'auth') await stop(store, connection, 'paused', 60_000, error.message)
      if (error.kind === 'rate_limited') await stop(store, connection, 'limited', error.detail.retryAfterMs ?? 5_000, error.message)
    },

    /** Asks paused connections whether they are let in again; those that are go on. */
    async probe(): Promise<void> {
      const paused = await store.query<{ connection: string }>("select connection from connection_state where state = 'paused'")
      for (const { connection } of paused) {
        const works = await clients.get(connection)?.check().then(
          () => true,
          () => false,
        )
        if (works) await store.query("update connection_state set state = 'ok', until = null, reason = null, since = hub_now() where connection = $1 and state = 'paused'", [connection])
      }
    },
  }
}

/** Stops a connection: `limited` until the pause is over, `paused` until a check succeeds. */
export async function stop(store: Store, connection: string, state: 'limited' | 'paused', forMs: number, reason: string): Promise<void> {
  await store.query(
    `insert into connection_state (connection, state, until, reason, since)
     select $1, $2, hub_now() + $3 * interval '1 ms', $4, hub_now()
     on conflict (connection) do update set state = excluded.state, until = excluded.until, reason = excluded.reason,
       since = case when connection_state.state = excluded.state then connection_state.since else excluded.since end`,
    [connection, state, forMs, reason],
  )
}
