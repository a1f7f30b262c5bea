import type { Command } from 'commander'
import { instant, milliseconds } from '#connector'
import type { Json } from '../hub.ts'
import { recordsNamed } from '../insight/search.ts'
import { compileCondition } from '../mapping/index.ts'
import { type Choice, type Replayed, replay } from '../outcome/replay.ts'
import { parseYaml } from '../platform/config/yaml.ts'
import type { Store } from '../platform/store/store.ts'
import { loadHub } from '../setup/load.ts'
import { CommandError, EXIT } from './exit.ts'
import { hubOf, out, withStore } from './open.ts'
import { type Printer, table, tone } from './print.ts'
import { parentFields, recordFacts } from './record-facts.ts'

interface Options {
  from?: string
  route: string[]
  source: string[]
  connection: string[]
  record: string[]
  order?: string
  state: string[]
  since?: string
  until?: string
  cause?: string
  where: string[]
  all?: boolean
  dryRun?: boolean
  config?: string
  json?: boolean
}

const STATES = {
  start: ['done', 'skipped', 'parked', 'waiting', 'failed', 'held'],
  delivery: ['failed', 'parked', 'held', 'delivered', 'unchanged', 'skipped', 'owed'],
}

export function replayCommand(program: Command): void {
  const gather = (value: string, before: string[]) => [...before, ...value.split(',')]
  const one = (value: string, before: string[]) => [...before, value]
  program
    .command('replay')
    .description("send many through again on today's mapping, in the bulk lane")
    .option(
      '--from <where>',
      '`start`: decide on the stored raw items again; `delivery`: send the latest version again',
    )
    .option('--route <names>', 'only along these routes', gather, [])
    .option('--source <names>', 'only what came from these sources', gather, [])
    .option('--connection <names>', 'only at these connections', gather, [])
    .option('--record <types>', 'only records of these types', gather, [])
    .option('--order <number>', 'only this order and what belongs to it, by number, key or id of any system')
    .option('--state <states>', 'failed, parked, held, delivered, skipped …', gather, [])
    .option('--since <moment>', 'changed since: 2026-03-01, 2026-03-01T09:15:00Z, or 2h ago as 2h')
    .option('--until <moment>', 'changed before')
    .option('--cause <text>', 'only with this in the cause, as `failures list` shows it')
    .option(
      '--where <condition>',
      'a condition on the record as in `when:`: "status: open", "total: { above: 100 }"',
      one,
      [],
    )
    .option('--all', 'everything')
    .option('--dry-run', 'write nothing; show how many, and five of them')
    .option(
      '--config <folder>',
      'the configuration folder (default: config, or the last demo where nothing is configured)',
    )
    .option('--json', 'print JSON')
    .action(async (options: Options) => {
      const print = out(options)
      const from = startOf(options)
      const done = await withStore(hubOf(options).environment, async (store) => {
        const choice = { ...(await choiceOf(store, from, options)), ...part('matches', await conditionsOf(options)) }
        return replay(store, from, choice, options.dryRun === true)
      })
      if (print.json) return print.line(JSON.stringify({ from, dryRun: options.dryRun === true, ...done }, null, 2))
      show(print, from, done, options.dryRun === true)
    })
}

function startOf({ from }: Options): 'start' | 'delivery' {
  if (from === 'start' || from === 'delivery') return from
  throw new CommandError(
    EXIT.usage,
    'HUB_REPLAY_FROM Say where to begin: --from start decides on the stored items again, --from delivery sends the latest versions again.',
  )
}

async function choiceOf(store: Store, from: 'start' | 'delivery', options: Options): Promise<Choice> {
  const named = (names: string[]) => (names.length > 0 ? names : undefined)
  const strange = options.state.find((state) => !STATES[from].includes(state))
  if (strange)
    throw new CommandError(EXIT.usage, `HUB_REPLAY_STATE "${strange}" is not one of ${STATES[from].join(', ')}.`)
  const records = options.order === undefined ? undefined : await recordsNamed(store, options.order, parentFields())
  if (records?.length === 0)
    throw new CommandError(EXIT.notFound, `HUB_TRACE_NOTHING The hub has nothing named "${options.order}".`)
  const now = (await store.query<{ now: Date }>('select hub_now() as now'))[0]!.now
  const choice: Choice = {
    ...part('routes', named(options.route)),
    ...part('sources', named(options.source)),
    ...part('connections', named(options.connection)),
    ...part('types', named(options.record)),
    ...part('records', records),
    ...part('states', named(options.state)),
    ...part('since', momentOf(options.since, now)),
    ...part('until', momentOf(options.until, now)),
    ...part('cause', options.cause),
    ...part('where', conditionOf(options.where, options.record)),
  }
  if (Object.keys(choice).length > 0 || options.all) return choice
  throw new CommandError(
    EXIT.usage,
    'HUB_REPLAY_WHICH Say which: --route, --source, --state failed, --order 1001, --where "status: open" …, or --all.',
  )
}

const part = <Name extends string, T>(name: Name, value: T | undefined) =>
  (value === undefined ? {} : { [name]: value }) as { [key in Name]: T }

/** What the configured routes ask of a record; undefined where there is no configuration that can be read. */
async function conditionsOf(options: Options): Promise<Choice['matches']> {
  const { config, environment } = hubOf(options)
  const loaded = await loadHub({ configDir: config, variable: environment.variable, offline: true })
  if (!loaded.found || loaded.diagnostics.some((each) => each.severity === 'error')) return undefined
  const tests = new Map(
    Object.entries(loaded.config.routes).flatMap(([name, { when, record }]) =>
      when ? [[name, loaded.condition(when, record)] as const] : [],
    ),
  )
  return (route, record) => tests.get(route)?.(record) ?? true
}

/** A moment, a day, or how long ago (`2h`). */
function momentOf(text: string | undefined, now: Date): Date | undefined {
  if (text === undefined) return undefined
  const at = /^\d+(\.\d+)?(ms|s|m|h|d)$/.test(text) ? now.getTime() - milliseconds(text) : instant(text)
  if (at !== undefined) return new Date(at)
  throw new CommandError(EXIT.usage, `HUB_REPLAY_MOMENT "${text}" is no moment; write 2026-03-01T09:15:00Z, or 2h.`)
}

/** The conditions of `--where`, all of which must hold; checked against the schema where the record's type is said. */
function conditionOf(where: string[], types: string[]): ((record: Json) => boolean) | undefined {
  if (where.length === 0) return undefined
  const { schemas } = recordFacts()
  const schema = types.length === 1 ? schemas.get(`records/${types[0]}`) : undefined
  const tests = where.map((text) => {
    const yaml = parseYaml(text, '--where')
    const condition = compileCondition(yaml.value, schema)
    const fault = [...yaml.diagnostics, ...condition.diagnostics].find((each) => each.severity === 'error')
    if (!fault) return condition.test
    const hint = fault.hint ? ` Perhaps \`${fault.hint}\`?` : ''
    throw new CommandError(EXIT.usage, `HUB_REPLAY_WHERE --where "${text}": ${fault.message}${hint}`)
  })
  return (record) => tests.every((test) => test(record))
}

function show(
  print: Printer,
  from: 'start' | 'delivery',
  { count, groups, sample, left }: Replayed,
  dry: boolean,
): void {
  const does = from === 'start' ? 'decided on again' : 'sent again'
  print.line(tone(print, 'strong', dry ? `${count} would be ${does}; nothing was written.` : `${count} are ${does}.`))
  if (groups.length > 0)
    for (const line of table(
      [from === 'start' ? 'SOURCE' : 'ROUTE', 'STATE', 'CAUSE', 'COUNT'],
      groups.map((each) => [each.where, each.state, each.cause || '-', each.count]),
    ))
      print.line(line)
  if (dry && sample.length > 0) {
    print.line('\nFor instance')
    for (const line of table(
      ['ID', 'ABOUT', from === 'start' ? 'SOURCE' : 'ROUTE', 'STATE'],
      sample.map((each) => [each.id, each.subject, each.where, each.state]),
    ))
      print.line(line)
  }
  if (left > 0)
    print.line(
      `\n${left} left alone: ${from === 'start' ? 'what came was pruned, read it again with handoff backfill' : 'calls that were made, and records that their route does not want any more'}.`,
    )
  if (!dry && count > 0)
    print.line('\nA running hub works on them in the bulk lane: handoff status, then handoff failures list.')
}
