// From `alerts:` in the configuration to what the ticker looks for, and to the routes by which messages leave.
import { type ConnectionClient, milliseconds } from '#connector'
import type { Json, Mapper, Route } from '../hub.ts'
import type { Limits } from '../outcome/alerts/detect.ts'
import { messageOf } from '../outcome/alerts/message.ts'
import { type AlertRecord, type Policy, routeName } from '../outcome/alerts/trouble.ts'
import { ALERT_KINDS, type HubConfig } from '../platform/config/hub-config.ts'
import { longestPause } from '../platform/queue/cron.ts'
import { LANES } from '../platform/queue/queues.ts'

const DEFAULTS = { group: '5m', remind: '4h', attempts: 5 } as const
/** A source is silent when so many of its runs should have succeeded and none did. */
const MISSED_RUNS = 3
const MISSED_AT_LEAST_MS = 60_000
/** A run on a cron line may take so long, or come so late. */
const CRON_LATE_MS = 3_600_000

export function alertPolicies(config: HubConfig): Policy[] {
  return Object.entries(config.alerts).map(([name, alert]) => ({
    name,
    on: alert.on ?? [...ALERT_KINDS],
    to: alert.to,
    ...(alert.about ? { about: alert.about } : {}),
    groupMs: milliseconds(alert.group ?? DEFAULTS.group),
    remindMs: milliseconds(alert.remind ?? DEFAULTS.remind),
    attempts: alert.attempts ?? DEFAULTS.attempts,
  }))
}

/** `pulling`: whether this process reads sources on schedule; otherwise their silence says nothing. */
export function alertLimits(config: HubConfig, pulling: boolean): Omit<Limits, 'startedAt'> {
  const connectionOf = (target: string) => target.slice(0, target.indexOf('.'))
  return {
    connections: Object.keys(config.connections),
    attempts: Math.min(DEFAULTS.attempts, ...alertPolicies(config).map((policy) => policy.attempts)),
    sources: pulling
      ? Object.entries(config.sources).map(([name, { pull, every, cron, zone, silent }]) => ({
          name,
          connection: connectionOf(pull),
          missedMs: every
            ? Math.max(MISSED_AT_LEAST_MS, MISSED_RUNS * milliseconds(every))
            : cron
              ? longestPause(cron, zone ?? 'UTC') + CRON_LATE_MS
              : null,
          quietMs: silent ? milliseconds(silent) : null,
        }))
      : [],
    comparisons: Object.entries(config.reconcile ?? {}).map(([name, { record, between, since }]) => ({
      name,
      between,
      command: `handoff reconcile ${record} --between ${between.join(',')}${since ? ` --since ${since}` : ''}`,
    })),
    routes: Object.entries(config.routes).flatMap(([name, { push, call, within }]) =>
      within ? [{ name, connection: connectionOf(push ?? call!), withinMs: milliseconds(within) }] : [],
    ),
  }
}

/** Two routes for each policy and connection: what is wrong, and that it is over. Nothing but the ticker owes along them. */
export function alertRoutes(config: HubConfig, clients: Map<string, ConnectionClient>): Route[] {
  return Object.entries(config.alerts).flatMap(([policy, { to }]) =>
    to.flatMap((connection) =>
      [false, true].map(
        (over): Route => ({
          name: routeName(policy, connection, over),
          record: 'alert',
          connection,
          kind: 'call',
          target: 'send',
          lane: LANES.urgent,
          with: [],
          matches: () => true,
          mapper: mapperFor(over),
          call: clients.get(connection)!.action('send'),
        }),
      ),
    ),
  )
}

const mapperFor = (over: boolean): Mapper => ({
  name: 'alert',
  revision: 'alert',
  partial: false,
  links: () => [],
  run: (data: Json, { key }) => {
    const alert = data as AlertRecord
    // The record is as it is now, not as it was when the message was owed: nobody is told what is no longer true.
    if (!over && alert.state === 'recovered') return { skipped: 'It was over before it could be told.' }
    return { record: messageOf(key!, alert) }
  },
})
