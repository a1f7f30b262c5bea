import type { Command } from 'commander'
import { instant, moment } from '#connector'
import type { Step } from '../plan/outgoing.ts'
import { planRoute, type RoutePlan } from '../plan/route.ts'
import { planSource } from '../plan/source.ts'
import { nearest } from '../platform/config/diagnostic.ts'
import { assemble } from '../setup/assemble.ts'
import { openClients } from '../setup/connections.ts'
import type { LoadedHub } from '../setup/load.ts'
import { configured } from './configured.ts'
import { CommandError, EXIT } from './exit.ts'
import { type Common, out, withStore } from './open.ts'
import { changeLines, type Printer, tone, wrapped } from './print.ts'
import { whenAsked } from './signals.ts'

interface Options extends Common {
  limit: string
  since?: string
}

/** Fields shown of one record; `--json` has them all. */
const FIELDS = 12

export function planCommand(program: Command): void {
  program
    .command('plan <source-or-route>')
    .description('what a run would do: reads at the source and at the destinations, and writes nothing anywhere')
    .option('--limit <number>', 'so many items of a source, or records of a route', '10')
    .option('--since <moment>', 'of a source: from this moment on, instead of from where its next run begins')
    .option(
      '--config <folder>',
      'the configuration folder (default: config, or the running demo where nothing is configured)',
      'config',
    )
    .option('--json', 'print JSON')
    .action(async (named: string, options: Options) => {
      const print = out(options)
      const { loaded, environment } = await configured(options.config, print)
      const kind = kindOf(loaded, named)
      const limit = Number(options.limit)
      if (!(limit >= 1 && limit <= 1000))
        throw new CommandError(EXIT.usage, `HUB_PLAN_LIMIT --limit is a number from 1 to 1000, not "${options.limit}".`)
      const since = instant(options.since)
      if (options.since !== undefined && since === undefined)
        throw new CommandError(
          EXIT.usage,
          `HUB_PLAN_SINCE "${options.since}" is no moment; write 2026-03-01T09:15:00Z.`,
        )
      const stopping = new AbortController()
      void whenAsked().then(() => stopping.abort())
      // A rate limit of its own: the shared one is written to the database.
      const clients = openClients(loaded)
      const { config, mappings, facts, condition } = loaded
      const assembly = assemble({ config, mappings, clients, condition })
      const result = await withStore(environment, async (store) => {
        const hub = { store, assembly, facts, clients, signal: stopping.signal }
        if (kind === 'source') return planSource(hub, named, limit, since === undefined ? undefined : moment(since))
        return planRoute(hub, assembly.routes.get(named)!, config.routes[named]!.since, limit)
      }).finally(() => Promise.all([...clients.values()].map((client) => client.close())))
      if (print.json) return print.line(JSON.stringify(result, null, 2))
      if ('in' in result) {
        showSteps(print, `From ${named}`, result.in)
        showSteps(print, 'Then', result.out)
        print.line(tone(print, 'strong', `${named}: ${counts(result.in)}. Then: ${counts(result.out)}.`))
      } else showRoute(print, named, result, config.routes[named]!.since)
      print.line('Nothing was written.')
    })
}

function kindOf({ config }: LoadedHub, named: string): 'source' | 'route' {
  if (config.sources[named]) return 'source'
  if (config.routes[named]) return 'route'
  const known = [...Object.keys(config.sources), ...Object.keys(config.routes)]
  const hint = nearest(named, known)
  throw new CommandError(
    EXIT.notFound,
    `HUB_PLAN_UNKNOWN There is no source or route "${named}".${hint ? ` Did you mean ${hint}?` : ''} Known: ${known.join(', ')}.`,
  )
}

function showSteps(print: Printer, title: string, steps: Step[]): void {
  if (steps.length === 0) return
  print.line(tone(print, 'dim', `${title}:`))
  const skipped = Map.groupBy(
    steps.filter((step) => step.does === 'skip'),
    ({ where, why }) => `${where}\n${why}`,
  )
  for (const group of skipped.values()) {
    const [{ where, why, subject }] = group as [Step, ...Step[]]
    const about = group.length === 1 ? subject : `${group.length} of them, ${subject} and others`
    print.line(`${tone(print, 'doubtful', 'skip   ')} ${about}  ${tone(print, 'dim', where)}`)
    for (const line of wrapped(why, '          ')) print.line(line)
  }
  for (const { does, subject, where, why, changes } of steps.filter((step) => step.does !== 'skip')) {
    const kind = ['park', 'hold', 'unknown'].includes(does) ? 'bad' : does === 'wait' ? 'doubtful' : 'good'
    print.line(`${tone(print, kind, does.padEnd(7))} ${subject}  ${tone(print, 'dim', where)}`)
    if (why) for (const line of wrapped(why, '          ')) print.line(line)
    for (const line of changeLines(changes.slice(0, FIELDS), '          ')) print.line(line)
    if (changes.length > FIELDS) print.line(`          and ${changes.length - FIELDS} more fields`)
  }
  print.line()
}

function counts(steps: Step[]): string {
  const groups = [...Map.groupBy(steps, (step) => step.does)].map(([does, group]) => `${group.length} ${does}`)
  return groups.join(', ') || 'nothing'
}

function showRoute(print: Printer, name: string, plan: RoutePlan, since: string | undefined): void {
  showSteps(print, `The newest, sent along ${name} today`, plan.out)
  const states = plan.states.map(({ state, count }) => `${count} ${state}`).join(', ') || 'none'
  print.line(tone(print, 'strong', `${name}: ${plan.matching} of ${plan.records} records match its \`when:\`.`))
  print.line(`  owed along it until now: ${states}`)
  if (plan.never === 0) return
  const past =
    since === undefined
      ? `${plan.never} were there before this route and are not owed along it: it has no \`since:\`.`
      : `${plan.past} of ${plan.never} that were there before this route changed since ${since}; the next start of the hub owes them along it.`
  for (const line of wrapped(past, '  ')) print.line(line)
}
