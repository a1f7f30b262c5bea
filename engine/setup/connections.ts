// What the configuration says about each connection: its client with its rate limit, and when it is pulled.
import { milliseconds, openConnection } from '#connector'
import { noteExchange } from '../delivery/exchanges.ts'
import type { ConnectionClient } from '../hub.ts'
import { LANES, type Schedule } from '../platform/queue/queues.ts'
import { type RateGate, type Reserve, rateGate } from '../platform/rate-limit.ts'
import type { LoadedHub } from './load.ts'

/** Opens every connection; nothing is sent until it is used. `slots`: where the rate limit of a connection is shared out. */
export function openClients(loaded: LoadedHub, slots?: (connection: string) => Reserve): Map<string, ConnectionClient> {
  const clients = new Map<string, ConnectionClient>()
  for (const [name, connection] of Object.entries(loaded.config.connections)) {
    const { connector } = loaded.connectors.get(connection.connector)!
    let gate: RateGate | undefined
    const client = openConnection({
      name,
      connector,
      settings: connection.settings ?? {},
      gate: () => gate?.(),
      onExchange: noteExchange,
    })
    const limit = connection.limit ?? client.limit
    if (limit) gate = rateGate(limit.requests, milliseconds(limit.per), slots?.(name))
    clients.set(name, client)
  }
  return clients
}

/** The pulls on schedule, by connection. */
export function schedulesOf(loaded: LoadedHub): Map<string, Schedule[]> {
  const schedules = new Map<string, Schedule[]>()
  for (const [name, source] of Object.entries(loaded.config.sources)) {
    if (!source.every && !source.cron) continue
    const connection = source.pull.split('.')[0]!
    const schedule: Schedule = {
      id: `pull-${name}`,
      ...(source.every ? { every: milliseconds(source.every) } : { cron: source.cron!, zone: source.zone ?? 'UTC' }),
      job: { name: 'pull', data: { source: name }, lane: LANES[source.lane ?? 'normal'] },
    }
    schedules.set(connection, [...(schedules.get(connection) ?? []), schedule])
  }
  return schedules
}
