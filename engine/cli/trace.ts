import type { Command } from 'commander'
import { type Trace, type TracedHandoff, trace } from '../insight/trace.ts'
import { type Conflict, listConflicts } from '../intake/conflicts.ts'
import { loadHub } from '../setup/load.ts'
import { overruledLines } from './conflicts.ts'
import { CommandError, EXIT } from './exit.ts'
import { hubOf, out, withStore } from './open.ts'
import { changeLines, moment, type Printer, span, tone, wrapped } from './print.ts'
import { parentFields } from './record-facts.ts'

export function traceCommand(program: Command): void {
  program
    .command('trace <order>')
    .description('where an order is: by its number, its key (shop:1001) or an id of any system')
    .option(
      '--config <folder>',
      'the configuration folder (default: config, or the last demo where nothing is configured)',
    )
    .option('--json', 'print JSON')
    .action(async (word: string, options: { config?: string; json?: boolean }) => {
      const print = out(options)
      const hub = hubOf(options)
      // What cannot be read says nothing about owners; the order is shown all the same.
      const { config } = await loadHub({ configDir: hub.config, variable: hub.environment.variable, offline: true })
      const found = await withStore(hub.environment, async (store) => {
        const traced = await trace(store, word, parentFields())
        const records = traced.records.map((record) => record.id)
        const { conflicts } = await listConflicts(store, config.owners, { records }, records.length)
        return { ...traced, conflicts }
      })
      if (found.records.length === 0 && found.items.length === 0)
        throw new CommandError(
          EXIT.notFound,
          `HUB_TRACE_NOTHING The hub has nothing with the number, key or id "${word}". It may not have been pulled yet: handoff status.`,
        )
      if (print.json) return print.line(JSON.stringify(found, null, 2))
      show(print, found)
    })
}

function show(print: Printer, { records, items, events, conflicts }: Trace & { conflicts: Conflict[] }): void {
  for (const record of records) {
    const status = record.data.status ? `, ${record.data.status}` : ''
    print.line(`${tone(print, 'strong', `${record.type} ${record.key}`)}  version ${record.version}${status}`)
    for (const { connection, resource, externalId } of record.links)
      print.line(tone(print, 'dim', `  is ${connection}.${resource} ${externalId}`))
    for (const handoff of record.handoffs) showHandoff(print, handoff)
    const overruled = conflicts.find((each) => each.recordId === record.id)?.overruled ?? []
    if (overruled.length > 0) print.line(tone(print, 'doubtful', '  overruled by `owners:`'))
    for (const line of overruledLines(overruled, '    ')) print.line(line)
    print.line()
  }
  for (const item of items) {
    print.line(
      `${tone(print, 'strong', `${item.source} ${item.externalId}`)}  ${tone(print, item.status === 'parked' ? 'bad' : 'doubtful', item.status)} since ${moment(item.receivedAt)}`,
    )
    for (const problem of item.problems ?? []) {
      for (const line of wrapped(`${problem.at ? `${problem.at}: ` : ''}${problem.message} [${problem.code}]`, '    '))
        print.line(line)
      if (problem.cure) for (const line of wrapped(`to do: ${problem.cure}`, '    ')) print.line(line)
    }
    print.line()
  }
  if (events.length > 0) print.line('Timeline (UTC)')
  for (const event of events) {
    print.line(
      `  ${moment(event.at)}  ${event.type.padEnd(18)} ${event.record}${event.version === null ? '' : ` v${event.version}`}${event.route ? ` → ${event.route}` : ''}${event.by ? `, ${event.by}` : ''}`,
    )
    for (const line of changeLines(event.changes ?? [], '    ')) print.line(line)
  }
}

function showHandoff(print: Printer, handoff: TracedHandoff): void {
  const state = handoff.state === 'resting' ? (handoff.outcome ?? 'resting') : handoff.state
  const kind = ['parked', 'failed', 'held'].includes(handoff.state)
    ? 'bad'
    : handoff.state === 'resting'
      ? 'good'
      : 'doubtful'
  const version = handoff.delivered === null ? '' : ` v${handoff.delivered}`
  const when =
    handoff.state === 'owed' && handoff.dueAt.getTime() > Date.now()
      ? `, again in ${span(handoff.dueAt.getTime() - Date.now())}`
      : ''
  const tries = handoff.attempts > 0 ? `, ${handoff.attempts} attempt${handoff.attempts === 1 ? '' : 's'}` : ''
  print.line(
    `  → ${handoff.route.padEnd(20)} ${handoff.destination.padEnd(12)} ${tone(print, kind, `${state}${version}`)}${tries}${when}  ${tone(print, 'dim', moment(handoff.updatedAt))}`,
  )
  if (handoff.state === 'resting') return
  for (const problem of handoff.problems ?? []) {
    for (const line of wrapped(`${problem.at ? `${problem.at}: ` : ''}${problem.message} [${problem.code}]`, '      '))
      print.line(line)
    if (problem.cure)
      for (const line of wrapped(`to do: ${problem.cure.replaceAll(' ID', ` ${handoff.id}`)}`, '      '))
        print.line(line)
  }
}
