import { readFileSync } from 'node:fs'
import type { Command } from 'commander'
import { instant, moment } from '#connector'
import { startHub } from '../hub-process.ts'
import { type BackfillReport, type BackfillWish, openBackfills } from '../intake/backfill.ts'
import { openLog } from '../platform/log.ts'
import type { Store } from '../platform/store/store.ts'
import { configured } from './configured.ts'
import { CommandError, EXIT } from './exit.ts'
import { environment as base, type Common, out } from './open.ts'
import { type Printer, wrapped } from './print.ts'
import { settled } from './settled.ts'
import { whenAsked } from './signals.ts'

interface Options extends Common {
  from?: string
  to?: string
  ids?: string
}
const TELL_EVERY_MS = 2_000

export function backfillCommand(program: Command): void {
  program
    .command('backfill <source>')
    .description("read a part of a source again, in the bulk lane; the source's own position stays where it is")
    .option('--from <moment>', 'what changed last since this moment: 2026-01-01, 2026-01-01T09:00:00Z')
    .option('--to <moment>', 'and not after this one (default: now)')
    .option('--ids <ids>', 'these ids of the source, separated by commas; @file reads one a line')
    .option(
      '--config <folder>',
      'the configuration folder (default: config, or the running demo where nothing is configured)',
      'config',
    )
    .option('--json', 'print JSON')
    .action(async (source: string, options: Options) => {
      const print = out(options)
      const asked = whenAsked()
      const { loaded, environment, config } = await configured(options.config, print)
      if (!loaded.config.sources[source])
        throw new CommandError(
          EXIT.notFound,
          `HUB_SOURCE_UNKNOWN There is no source "${source}". Known: ${Object.keys(loaded.config.sources).join(', ')}.`,
        )
      const said = wishOf(options)
      const log = openLog(base.logLevel)
      const hub = await startHub(loaded, { environment, configDir: config, log, serve: false, schedule: false })
      const stopping = new AbortController()
      void asked.then(() => stopping.abort())
      try {
        const wish = said ?? (await unfinished(hub.store, source))
        const [connection, resource] = loaded.config.sources[source].pull.split('.') as [string, string]
        if ('ids' in wish && !hub.clients.get(connection)!.resources[resource]!.fetch)
          throw new CommandError(
            EXIT.usage,
            `HUB_BACKFILL_NO_IDS ${connection}.${resource} cannot be asked for single ids: use --from and --to.`,
          )
        const report = await hub.pipeline.backfill(source, wish, stopping.signal, teller(print, source))
        if (!report)
          throw new CommandError(
            EXIT.wrong,
            `HUB_BACKFILL_RUNS Another process runs this backfill of ${source} already.`,
          )
        if (stopping.signal.aborted) print.line(`Stopped. It goes on with: handoff backfill ${source}`)
        else await Promise.race([asked, settled(hub.store)])
        if (print.json) print.line(JSON.stringify({ source, ...report }))
        else if (!stopping.signal.aborted) show(print, source, report)
      } finally {
        await hub.stop()
      }
    })
}

/** What the options ask for; undefined: to go on with what has not ended. */
function wishOf({ from, to, ids }: Options): BackfillWish | undefined {
  if (ids !== undefined && (from !== undefined || to !== undefined))
    throw new CommandError(EXIT.usage, 'HUB_BACKFILL_WHICH Either --ids, or --from and --to.')
  if (ids !== undefined) {
    const text = ids.startsWith('@') ? readFileSync(ids.slice(1), 'utf8') : ids
    const all = [...new Set(text.split(/[\s,]+/).filter(Boolean))]
    if (all.length > 0) return { ids: all }
    throw new CommandError(EXIT.usage, 'HUB_BACKFILL_WHICH --ids names no id.')
  }
  if (from === undefined && to === undefined) return undefined
  if (from === undefined) throw new CommandError(EXIT.usage, 'HUB_BACKFILL_WHICH --to needs --from.')
  const [start, end] = [from, to].map((text) => {
    const at = instant(text)
    if (text === undefined || at !== undefined) return at
    throw new CommandError(EXIT.usage, `HUB_BACKFILL_MOMENT "${text}" is no moment; write 2026-01-01T09:00:00Z.`)
  })
  if (end !== undefined && end < start!)
    throw new CommandError(EXIT.usage, 'HUB_BACKFILL_MOMENT --to is before --from.')
  return { from: moment(start!), ...(end === undefined ? {} : { to: moment(end) }) }
}

async function unfinished(store: Store, source: string): Promise<BackfillWish> {
  const [first] = await openBackfills(store, source)
  if (first) return first
  throw new CommandError(
    EXIT.usage,
    `HUB_BACKFILL_WHICH Say what to read again: handoff backfill ${source} --from 2026-01-01 --to 2026-02-01, or --ids 1001,1002. None is unfinished.`,
  )
}

function teller(print: Printer, source: string): (report: BackfillReport) => void {
  let last = 0
  return ({ items, changed, behind }) => {
    if (print.json || Date.now() - last < TELL_EVERY_MS) return
    last = Date.now()
    const waits = behind ? `; waiting until less is to do (${behind.undecided} undecided, ${behind.owed} owed)` : ''
    print.line(`${source}: ${items} read again, ${changed} new or changed${waits}`)
  }
}

function show(print: Printer, source: string, { items, changed, missing, resumed }: BackfillReport): void {
  print.line(
    `${source}: ${items} read again${resumed ? ', the earlier part included' : ''}, ${changed} new or changed.`,
  )
  if (missing.length > 0)
    for (const line of wrapped(
      `Not at the source (any more): ${missing.slice(0, 50).join(', ')}${missing.length > 50 ? ` and ${missing.length - 50} more` : ''}`,
      '  ',
    ))
      print.line(line)
  if (changed > 0) print.line('What became of them: handoff status, handoff failures list.')
}
