import type { Command } from 'commander'
import { status } from '../insight/status.ts'
import { type Common, hubOf, loadRight, out, withStore } from './open.ts'
import { span, table, tone } from './print.ts'

export function statusCommand(program: Command): void {
  program
    .command('status')
    .description('connections, sources, what is owed and what is stuck')
    .option(
      '--config <folder>',
      'the configuration folder (default: config, or the last demo where nothing is configured)',
    )
    .option('--json', 'print JSON')
    .action(async (options: Partial<Common>) => {
      const print = out(options)
      const hub = hubOf(options)
      const { config } = await loadRight(hub.config, print, { offline: true })
      const now = await withStore(hub.environment, (store) =>
        status(
          store,
          Object.keys(config.connections),
          Object.keys(config.sources),
          Object.keys(config.reconcile ?? {}),
        ),
      )
      if (print.json) return print.line(JSON.stringify(now, null, 2))
      const ago = (at: Date | null) => (at ? `${span(Date.now() - at.getTime())} ago` : 'never')
      for (const line of table(
        ['CONNECTION', 'STATE', 'OWED', 'STUCK', 'OLDEST', 'REASON'],
        now.connections.map((each) => [
          each.connection,
          each.state,
          each.owed,
          each.stuck,
          each.oldestOwedSeconds === null ? '-' : span(each.oldestOwedSeconds * 1000),
          each.reason ?? '',
        ]),
      ))
        print.line(line)
      print.line()
      for (const line of table(
        ['SOURCE', 'LAST RUN', 'LAST NEWS', 'FAILED', 'TO DO', 'WAITING', 'PARKED'],
        now.sources.map((each) => [
          each.source,
          ago(each.lastRunAt),
          ago(each.lastChangeAt),
          each.failures,
          each.undecided,
          each.waiting,
          each.parked,
        ]),
      ))
        print.line(line)
      print.line()
      print.line(
        `records   ${now.records.map((each) => `${each.about ? 'about ' : ''}${each.count} ${each.type}`).join(', ') || 'none'}`,
      )
      print.line(
        `handoffs  ${
          Object.entries(now.handoffs)
            .map(([state, count]) => `${count} ${state}`)
            .join(', ') || 'none'
        }`,
      )
      for (const { source, items, changed, runs } of now.backfills)
        print.line(
          `backfill  ${source}: ${items} read again, ${changed} new or changed; ${runs ? 'runs' : `stopped, goes on with handoff backfill ${source}`}`,
        )
      for (const { name, comparedAt, gaps, found, running, message } of now.comparisons) {
        const result = comparedAt ? `${gaps === 0 ? 'no gap' : found}, ${ago(comparedAt)}` : 'not compared yet'
        const more = `${running ? ', is being compared' : ''}${message ? `; since then: ${message}` : ''}`
        const line = `reconcile ${name}: ${result}${more}`
        print.line(gaps || message ? tone(print, 'doubtful', line) : line)
      }
      const stuck =
        now.connections.reduce((sum, each) => sum + each.stuck, 0) +
        now.sources.reduce((sum, each) => sum + each.parked, 0)
      if (now.drift.length > 0) {
        const places = [...new Set(now.drift.map((each) => `${each.connection}.${each.resource}`))].join(', ')
        print.line(
          tone(
            print,
            'doubtful',
            `\n${now.drift.length} field${now.drift.length === 1 ? '' : 's'} of ${places} changed: handoff drift list`,
          ),
        )
      }
      if (stuck > 0)
        print.line(tone(print, 'doubtful', `\n${stuck} need${stuck === 1 ? 's' : ''} a person: handoff failures list`))
    })
}
