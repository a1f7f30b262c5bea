import type { Command } from 'commander'
import { countFailures, type Failure, listFailures, showFailure, splitItemId } from '../insight/failures.ts'
import { type Chosen, resolve, retry } from '../outcome/retry.ts'
import type { Store } from '../platform/store/store.ts'
import { CommandError, EXIT } from './exit.ts'
import { editCommand } from './failures-edit.ts'
import { hubOf, out, withStore } from './open.ts'
import { moment, table, tone, wrapped } from './print.ts'

export function failuresCommand(program: Command): void {
  const failures = program.command('failures').description('what is stuck and needs a person: parked, failed and held')

  failures
    .command('list')
    .description('everything that is stuck, grouped by cause')
    .option(
      '--config <folder>',
      'the configuration folder (default: config, or the last demo where nothing is configured)',
    )
    .option('--json', 'print JSON')
    .action(async (options: { config?: string; json?: boolean }) => {
      const print = out(options)
      const { causes, all } = await withStore(hubOf(options).environment, async (store) => ({
        causes: await countFailures(store),
        all: await listFailures(store),
      }))
      if (print.json) return print.line(JSON.stringify(all, null, 2))
      if (all.length === 0) return print.line(tone(print, 'good', 'Nothing is stuck.'))
      for (const { cause, where, state, count } of causes) {
        print.line(tone(print, 'strong', `${count} ${state} at ${where}`) + tone(print, 'dim', `  ${cause}`))
        const members = all.filter((each) => each.cause === cause && each.where === where && each.state === state)
        const problem = members[0]?.problems[0]
        if (problem) for (const line of wrapped(problem.message, '  ')) print.line(line)
        if (problem?.cure)
          for (const line of wrapped(`to do: ${problem.cure.replaceAll(' ID', ` ${members[0]!.id}`)}`, '  '))
            print.line(line)
        for (const line of table(
          ['  ID', 'ABOUT', 'SINCE'],
          members.slice(0, 10).map((each) => [`  ${each.id}`, each.subject, moment(each.since)]),
        ))
          print.line(line)
        if (count > 10) print.line(tone(print, 'dim', `  and ${count - 10} more`))
        print.line()
      }
      print.line('handoff failures show ID | edit ID | retry ID | retry --all | resolve ID')
    })

  failures
    .command('show <id>')
    .description('one of them, whole: why, what was sent, what came back')
    .option(
      '--config <folder>',
      'the configuration folder (default: config, or the last demo where nothing is configured)',
    )
    .option('--json', 'print JSON')
    .action(async (id: string, options: { config?: string; json?: boolean }) => {
      const print = out(options)
      const found = await withStore(hubOf(options).environment, (store) => showFailure(store, id))
      if (!found)
        throw new CommandError(
          EXIT.notFound,
          `HUB_FAILURE_UNKNOWN Nothing stuck has the id "${id}": handoff failures list.`,
        )
      if (print.json) return print.line(JSON.stringify(found, null, 2))
      print.line(
        `${tone(print, 'strong', `${found.subject} → ${found.where}`)}  ${tone(print, 'bad', found.state)} since ${moment(found.since)}`,
      )
      for (const problem of found.problems) {
        for (const line of wrapped(`${problem.at ? `${problem.at}: ` : ''}${problem.message} [${problem.code}]`, '  '))
          print.line(line)
        if (problem.value !== undefined) print.line(`  value: ${JSON.stringify(problem.value)}`)
        if (problem.rule) print.line(`  rule: ${problem.rule}`)
        if (problem.cure)
          for (const line of wrapped(`to do: ${problem.cure.replaceAll(' ID', ` ${found.id}`)}`, '  ')) print.line(line)
      }
      for (const attempt of found.tries) {
        print.line(
          `\n${moment(attempt.at)}  ${attempt.step}, ${attempt.ms} ms${attempt.kind ? `, ${attempt.kind}: ${attempt.message}` : ', succeeded'}`,
        )
        for (const each of attempt.exchanges ?? [])
          print.line(`  ${each.method} ${each.url} → ${each.status ?? each.error ?? 'no answer'} (${each.ms} ms)`)
      }
      print.line(`\n${found.what === 'item' ? 'As it came' : 'The record'}:`)
      print.line(JSON.stringify(found.data, null, 2))
    })

  editCommand(failures)

  for (const [verb, does, act] of [
    ['retry', "send them through again, on today's mapping", (store: Store, chosen: Chosen) => retry(store, chosen)],
    [
      'resolve',
      'lay them aside: they were dealt with outside the hub',
      (store: Store, chosen: Chosen) => resolve(store, chosen, 'resolved by a person'),
    ],
  ] as const) {
    failures
      .command(`${verb} [ids...]`)
      .description(does)
      .option('--all', 'everything that is stuck')
      .option('--cause <cause>', 'everything with this cause, as `list` shows it')
      .option(
        '--config <folder>',
        'the configuration folder (default: config, or the last demo where nothing is configured)',
      )
      .option('--json', 'print JSON')
      .action(async (ids: string[], options: { all?: boolean; cause?: string; config?: string; json?: boolean }) => {
        const print = out(options)
        if (ids.length === 0 && !options.all && !options.cause)
          throw new CommandError(
            EXIT.usage,
            `HUB_FAILURES_WHICH Name ids, a --cause, or --all: handoff failures ${verb} --all`,
          )
        const done = await withStore(hubOf(options).environment, async (store) => {
          const all = await listFailures(store, 100_000)
          const picked = all.filter((each) => options.all || each.cause === options.cause || ids.includes(each.id))
          const strangers = ids.filter((id) => !picked.some((each) => each.id === id))
          if (strangers.length > 0)
            throw new CommandError(
              EXIT.notFound,
              `HUB_FAILURE_UNKNOWN Nothing stuck has the id ${strangers.join(', ')}: handoff failures list.`,
            )
          return act(store, chosen(picked))
        })
        print.line(
          print.json
            ? JSON.stringify({ [verb]: done })
            : `${done} ${verb === 'retry' ? 'sent through again; a running hub takes them up within seconds' : 'laid aside'}.`,
        )
      })
  }
}

function chosen(failures: Failure[]): Chosen {
  const items = failures.filter((each) => each.what === 'item').map((each) => splitItemId(each.id))
  return {
    items: items.map(([source, externalId]) => ({ source, externalId })),
    handoffs: failures.filter((each) => each.what === 'handoff').map((each) => Number(each.id)),
  }
}
