import type { Command } from 'commander'
import { type AlertMessage, openConnection } from '#connector'
import { listAlerts } from '../insight/alerts.ts'
import { titleOf } from '../outcome/alerts/message.ts'
import type { LoadedHub } from '../setup/load.ts'
import { CommandError, EXIT } from './exit.ts'
import { type Common, hubOf, loadRight, out, withStore } from './open.ts'
import { moment, tone, wrapped } from './print.ts'

const CONFIG = 'the configuration folder (default: config, or the last demo where nothing is configured)'

export function alertsCommand(program: Command): void {
  const alerts = program
    .command('alerts')
    .description('what the hub has raised an alarm about, and whether alarms arrive')

  alerts
    .command('list')
    .description('the open alerts: what is wrong, since when, who was told')
    .option('--all', 'also those that are over')
    .option('--config <folder>', CONFIG)
    .option('--json', 'print JSON')
    .action(async (options: Partial<Common> & { all?: boolean }) => {
      const print = out(options)
      const rows = await withStore(hubOf(options).environment, (store) => listAlerts(store, options.all))
      if (print.json) return print.line(JSON.stringify(rows, null, 2))
      if (rows.length === 0)
        return print.line(tone(print, 'good', options.all ? 'There was no alert yet.' : 'No alert is open.'))
      for (const { key, data, messages } of rows) {
        const state = data.state === 'open' ? tone(print, 'bad', 'open') : tone(print, 'good', 'over')
        for (const line of wrapped(titleOf(data.trouble), '')) print.line(tone(print, 'strong', line))
        print.line(
          `  ${state} since ${moment(new Date(data.trouble.since))}${data.recoveredAt ? ` until ${moment(new Date(data.recoveredAt))}` : ''}  ${tone(print, 'dim', key)}`,
        )
        const reason = data.trouble.sample[0]?.message
        if (reason) for (const line of wrapped(reason, '  ')) print.line(line)
        for (const { connection, state: at, outcome, problem } of messages) {
          const told =
            outcome === 'delivered' ? 'told' : at === 'resting' ? 'not told any more' : `not told yet (${at})`
          for (const line of wrapped(`${connection}: ${told}${problem ? `: ${problem}` : ''}`, '  ')) print.line(line)
        }
        if (messages.length === 0) print.line(tone(print, 'bad', '  nobody was told: no other connection is left'))
        print.line()
      }
    })

  alerts
    .command('test [connection]')
    .description('send a test message now, and say whether it arrived')
    .option('--config <folder>', CONFIG)
    .option('--json', 'print JSON')
    .action(async (connection: string | undefined, options: Partial<Common>) => {
      const print = out(options)
      const loaded = await loadRight(hubOf(options).config, print)
      const results = await Promise.all(channels(loaded, connection).map((name) => tryOut(loaded, name)))
      if (print.json) print.line(JSON.stringify(results, null, 2))
      else
        for (const { connection: name, ms, error } of results)
          for (const line of wrapped(
            error ? `${name}: ${error}` : `${name}: the message was taken, after ${ms} ms`,
            '',
          ))
            print.line(tone(print, error ? 'bad' : 'good', line))
      if (results.some((one) => one.error)) throw new CommandError(EXIT.wrong, '')
    })
}

function channels({ config, connectors }: LoadedHub, wanted: string | undefined): string[] {
  const able = Object.keys(config.connections).filter(
    (name) => connectors.get(config.connections[name]!.connector)!.capabilities.kind === 'alert',
  )
  if (wanted && !able.includes(wanted))
    throw new CommandError(
      EXIT.notFound,
      `HUB_ALERT_NO_CONNECTION There is no connection "${wanted}" that sends alerts. ${able.length > 0 ? `There are: ${able.join(', ')}.` : 'There is none; see connectors/smtp/README.md.'}`,
    )
  const told = wanted ? [wanted] : [...new Set(Object.values(config.alerts).flatMap((alert) => alert.to))]
  if (told.length === 0)
    throw new CommandError(
      EXIT.usage,
      'HUB_ALERT_NONE No alerts are configured: add `alerts:`, see config/examples/with-alerts.yaml.',
    )
  return told
}

async function tryOut(
  { config, connectors }: LoadedHub,
  name: string,
): Promise<{ connection: string; ms: number; error?: string }> {
  const { connector: kind, settings } = config.connections[name]!
  const client = openConnection({ name, connector: connectors.get(kind)!.connector, settings: settings ?? {} })
  const key = `test-${Date.now().toString(36)}`
  const message: AlertMessage = {
    key,
    state: 'test',
    severity: 'info',
    title: 'A test message of Handoff',
    text: `Somebody tries out whether alerts arrive: handoff alerts test ${name}\n\nNothing is wrong, and nothing is to be done.`,
    since: new Date().toISOString(),
  }
  const started = performance.now()
  const error = await client
    .action('send')
    .call(message, { idempotencyKey: key })
    .then(
      () => undefined,
      (failure: Error & { code?: string }) => `${failure.message}${failure.code ? ` [${failure.code}]` : ''}`,
    )
  await client.close()
  return { connection: name, ms: Math.round(performance.now() - started), ...(error ? { error } : {}) }
}
