import type { Command } from 'commander'
import { instant, milliseconds, moment } from '#connector'
import type { Planned } from '../plan/outgoing.ts'
import { before, reconcile, waysBetween } from '../reconcile/reconcile.ts'
import type { Gap, GapKind, Reconciled } from '../reconcile/report.ts'
import { assemble } from '../setup/assemble.ts'
import { openClients } from '../setup/connections.ts'
import { configured } from './configured.ts'
import { CommandError, EXIT } from './exit.ts'
import { type Common, out, withStore } from './open.ts'
import { changeLines, type Printer, tone, wrapped } from './print.ts'
import { whenAsked } from './signals.ts'

interface Options extends Common {
  between: string
  since: string
  limit: string
  redrive?: boolean
}

/** Fields shown of one record; `--json` has them all. */
const FIELDS = 12

export function reconcileCommand(program: Command): void {
  program
    .command('reconcile <record>')
    .description('compare what two systems hold of one kind of record: missing, extra, different; exit code 1 on a gap')
    .requiredOption('--between <a,b>', 'two connections: what the first one holds should be at the second one')
    .option('--since <when>', 'what changed since then: 7d, 12h, 2026-03-01', '7d')
    .option('--limit <number>', 'show so many of each kind', '10')
    .option('--redrive', 'send what is missing or different through again, in the bulk lane')
    .option(
      '--config <folder>',
      'the configuration folder (default: config, or the running demo where nothing is configured)',
      'config',
    )
    .option('--json', 'print JSON')
    .action(async (record: string, options: Options) => {
      const print = out(options)
      const { loaded, environment } = await configured(options.config, print)
      const between = connectionsOf(options.between, Object.keys(loaded.config.connections))
      const limit = Number(options.limit)
      if (!(limit >= 0)) throw usage('HUB_RECONCILE_LIMIT', `--limit is a number from 0 on, not "${options.limit}".`)
      const ago = /^\d+(\.\d+)?(ms|s|m|h|d)$/.test(options.since) ? milliseconds(options.since) : undefined
      const at = instant(options.since)
      if (ago === undefined && at === undefined)
        throw usage('HUB_RECONCILE_SINCE', `"${options.since}" is no moment; write 7d, or 2026-03-01T09:15:00Z.`)
      const stopping = new AbortController()
      void whenAsked().then(() => stopping.abort())
      // A rate limit of its own: the shared one is written to the database.
      const clients = openClients(loaded)
      const { config, mappings, facts, condition } = loaded
      const assembly = assemble({ config, mappings, clients, condition })
      const done = await withStore(environment, async (store) => {
        const hub: Planned = { store, assembly, facts, clients, signal: stopping.signal }
        const ways = waysBetween(hub, { record, between })
        if ('refused' in ways) throw usage('HUB_RECONCILE_CANNOT', ways.refused)
        const since = ago === undefined ? moment(at!) : await before(hub, ago)
        return reconcile(hub, { record, between, since }, { limit, redrive: options.redrive === true })
      }).finally(() => Promise.all([...clients.values()].map((client) => client.close())))
      if (print.json) print.line(JSON.stringify(done, null, 2))
      else show(print, done!)
      if (done!.gaps > 0) throw new CommandError(EXIT.wrong, '')
    })
}

const usage = (code: string, message: string) => new CommandError(EXIT.usage, `${code} ${message}`)

function connectionsOf(text: string, known: string[]): [string, string] {
  const [a, b, ...more] = text.split(',').map((each) => each.trim())
  if (!a || !b || a === b || more.length > 0)
    throw usage('HUB_RECONCILE_BETWEEN', `--between names two connections, as shop,warehouse; not "${text}".`)
  const strange = [a, b].find((each) => !known.includes(each))
  if (strange) throw usage('HUB_RECONCILE_BETWEEN', `There is no connection "${strange}". Known: ${known.join(', ')}.`)
  return [a, b]
}

const WORDS: Record<GapKind, (a: string, b: string) => string> = {
  missing: (a, b) => `in ${a}, not in ${b}`,
  extra: (a, b) => `in ${b}, not in ${a}`,
  different: (a, b) => `what ${b} says → what ${a} says`,
  doubled: () => 'twice in one of them',
  unmapped: (a) => `in ${a}, and does not map`,
}

function show(print: Printer, done: Reconciled): void {
  const [a, b] = done.between
  const kinds = (Object.keys(WORDS) as GapKind[]).filter((kind) => done[kind] > 0)
  const head = `${done.record} between ${a} and ${b}, changed since ${done.since}`
  print.line(`${tone(print, 'strong', head)}, ${done.how}`)
  const counts: [number, string][] = [
    [done.same, 'the same'],
    [done.missing, 'missing'],
    ...(done.how === 'listed' ? ([[done.extra, 'extra']] as [number, string][]) : []),
    [done.different, 'different'],
    ...(
      [
        [done.doubled, 'doubled'],
        [done.unmapped, 'not mapped'],
        [done.onItsWay, 'on their way'],
        [done.aside, 'not wanted there'],
        [done.unread, 'there but not readable'],
        [done.unasked, 'could not be asked for'],
      ] as [number, string][]
    ).filter(([count]) => count > 0),
  ]
  print.line(`  ${counts.map(([count, what]) => `${count} ${what}`).join(', ')}`)
  if (done.how !== 'listed')
    print.line(tone(print, 'dim', `  ${b} cannot be listed, so what is extra there is not seen.`))
  for (const kind of kinds) {
    print.line()
    print.line(tone(print, 'bad', `${done[kind]} ${kind}`) + tone(print, 'dim', `  ${WORDS[kind](a, b)}`))
    const samples = done.samples.filter((gap) => gap.what === kind)
    for (const gap of samples) showGap(print, gap)
    if (done[kind] > samples.length)
      print.line(tone(print, 'dim', `  and ${done[kind] - samples.length} more: --limit`))
  }
  print.line()
  if (done.gaps === 0) return print.line(tone(print, 'good', 'No gap.'))
  if (done.redriven !== undefined)
    print.line(`${done.redriven} sent through again; a running hub takes them up within seconds.`)
  else if (done.missing + done.different + done.unmapped > 0)
    for (const line of wrapped(
      `Nothing was written. To send what is missing or different through again: handoff reconcile ${done.record} --between ${a},${b} --since ${done.since} --redrive`,
      '',
    ))
      print.line(line)
  if (done.extra + done.doubled > 0)
    print.line('What is extra or doubled is for a person: the hub deletes nothing by itself.')
}

function showGap(print: Printer, { record, ids, why, changes }: Gap): void {
  const places = Object.entries(ids).map(([place, each]) => `${place} ${each.join(' and ')}`)
  print.line(`  ${record}  ${tone(print, 'dim', places.join(', '))}`)
  if (why) for (const line of wrapped(why, '      ')) print.line(line)
  for (const line of changeLines(changes.slice(0, FIELDS), '      ')) print.line(line)
  if (changes.length > FIELDS) print.line(`      and ${changes.length - FIELDS} more fields`)
}
