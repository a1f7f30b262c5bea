import type { Command } from 'commander'
import { recordsNamed } from '../insight/search.ts'
import { type Conflict, listConflicts, type Overruled } from '../intake/conflicts.ts'
import { CommandError, EXIT } from './exit.ts'
import { type Common, hubOf, loadRight, out, withStore } from './open.ts'
import { type Printer, tone, valueText, wrapped } from './print.ts'
import { parentFields } from './record-facts.ts'

interface Options extends Partial<Common> {
  record?: string
  order?: string
  limit: string
}

export function conflictsCommand(program: Command): void {
  program
    .command('conflicts')
    .description('where two systems disagree and `owners:` decides: what is believed, and what is overruled')
    .option('--record <type>', 'only records of this type')
    .option('--order <number>', 'only this order and what belongs to it: its number, its key or an id of any system')
    .option('--limit <number>', 'show so many records', '20')
    .option(
      '--config <folder>',
      'the configuration folder (default: config, or the last demo where nothing is configured)',
    )
    .option('--json', 'print JSON')
    .action(async (options: Options) => {
      const print = out(options)
      const hub = hubOf(options)
      const { config } = await loadRight(hub.config, print, { offline: true })
      const limit = Number(options.limit)
      if (!(limit >= 1))
        throw new CommandError(EXIT.usage, `HUB_CONFLICTS_LIMIT --limit is a number from 1 on, not "${options.limit}".`)
      const found = await withStore(hub.environment, async (store) => {
        const records = options.order && (await recordsNamed(store, options.order, parentFields()))
        if (records?.length === 0)
          throw new CommandError(EXIT.notFound, `HUB_TRACE_NOTHING The hub has nothing named "${options.order}".`)
        const choice = { ...(options.record ? { types: [options.record] } : {}), ...(records ? { records } : {}) }
        return listConflicts(store, config.owners, choice, limit)
      })
      if (print.json) return print.line(JSON.stringify(found, null, 2))
      if (Object.keys(config.owners).length === 0)
        return print.line('Nobody owns anything: without `owners:` the latest word counts, and nothing is overruled.')
      if (found.records === 0) return print.line(tone(print, 'good', 'Nothing is overruled.'))
      const count = (number: number, what: string) => `${number} ${what}${number === 1 ? '' : 's'}`
      print.line(
        tone(print, 'strong', `${count(found.values, 'value')} of ${count(found.records, 'record')} overruled.`),
      )
      for (const conflict of found.conflicts) show(print, conflict)
      if (found.records > found.conflicts.length)
        print.line(tone(print, 'dim', `  and ${found.records - found.conflicts.length} more: --limit`))
      for (const line of wrapped(
        'The record says what the owner says. When the owner is wrong: correct it there, or name another owner in `owners:`.',
        '',
      ))
        print.line(line)
    })
}

function show(print: Printer, { record, overruled }: Conflict): void {
  print.line(tone(print, 'strong', record))
  for (const line of overruledLines(overruled, '  ')) print.line(line)
}

/** `status: shop says "open", counts; warehouse says "cancelled"`, one line for each value. */
export function overruledLines(overruled: Overruled[], indent: string): string[] {
  return overruled.map(
    ({ field, connection, value, owner, ownerValue }) =>
      `${indent}${field}: ${owner} owns it and says ${valueText(ownerValue)}; ${connection} says ${valueText(value)}`,
  )
}
