import type { Command } from 'commander'
import { acceptDrift, type Drift, listDrift } from '../insight/drift.ts'
import { CommandError, EXIT } from './exit.ts'
import { hubOf, out, withStore } from './open.ts'
import { moment, table, wrapped } from './print.ts'

const CONFIG = [
  '--config <folder>',
  'the configuration folder (default: config, or the last demo where nothing is configured)',
] as const

export function driftCommand(program: Command): void {
  const drift = program.command('drift').description('fields of sources that are new, gone or of another type')

  drift
    .command('list')
    .description('what changed since it was last accepted, and the mappings that it touches')
    .option(...CONFIG)
    .option('--json', 'print JSON')
    .action(async (options: { config?: string; json?: boolean }) => {
      const print = out(options)
      const found = await withStore(hubOf(options).environment, listDrift)
      if (print.json) return print.line(JSON.stringify(found, null, 2))
      if (found.length === 0) return print.line('Every source sends what it used to send.')
      for (const line of table(
        ['SOURCE', 'FIELD', 'CHANGE', 'SINCE'],
        found.map((each) => [`${each.connection}.${each.resource}`, each.field, changeOf(each), moment(each.at)]),
      ))
        print.line(line)
      for (const [name, own] of Map.groupBy(
        found.flatMap((each) => each.mappings.map((mapping) => ({ mapping, ...each }))),
        ({ mapping }) => mapping,
      )) {
        print.line()
        const fields = (change: Drift['change'][]) =>
          own.filter((one) => change.includes(one.change)).map((one) => one.field)
        const [reads, strange] = [fields(['vanished', 'retyped']), fields(['new'])]
        if (reads.length) for (const line of wrapped(`${name} reads ${reads.join(', ')}.`, '')) print.line(line)
        if (strange.length)
          for (const line of wrapped(`${name} neither maps nor ignores ${strange.join(', ')}.`, '')) print.line(line)
      }
      print.line('\nWhen the mappings are right: handoff drift accept [connection.resource]')
    })

  drift
    .command('accept [source]')
    .description('take what changed at a connection.resource, or everywhere, for the usual from now on')
    .option(...CONFIG)
    .option('--json', 'print JSON')
    .action(async (source: string | undefined, options: { config?: string; json?: boolean }) => {
      const print = out(options)
      const accepted = await withStore(hubOf(options).environment, async (store) => {
        const places = [...new Set((await listDrift(store)).map((each) => `${each.connection}.${each.resource}`))]
        if (source !== undefined && !places.includes(source))
          throw new CommandError(
            EXIT.notFound,
            `HUB_DRIFT_UNKNOWN Nothing has changed at "${source}". Changed: ${places.join(', ') || 'nothing'}.`,
          )
        return acceptDrift(store, source)
      })
      print.line(print.json ? JSON.stringify({ accepted }) : `${accepted} change${accepted === 1 ? '' : 's'} accepted.`)
    })
}

function changeOf({ change, old, new: now }: Drift): string {
  if (change === 'new') return `new: ${now}`
  return change === 'vanished' ? `gone, was ${old}` : `${old} is now ${now}`
}
