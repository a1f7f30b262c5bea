import type { Command } from 'commander'
import { forecast, prune } from '../outcome/retention.ts'
import { retentionOf } from '../setup/retention.ts'
import { type Common, hubOf, loadRight, out, withStore } from './open.ts'
import { moment, table } from './print.ts'

const WORDS = {
  payloads: 'what sources sent',
  attempts: 'attempts',
  events: 'events',
  webhooks: 'webhooks',
  runs: 'runs and backfills',
} as const

interface Options extends Partial<Common> {
  dryRun?: boolean
}

export function pruneCommand(program: Command): void {
  program
    .command('prune')
    .description('forget now what is older than `retention:` says; a running hub does so by itself every hour')
    .option('--dry-run', 'only show what would go and what stays')
    .option(
      '--config <folder>',
      'the configuration folder (default: config, or the last demo where nothing is configured)',
    )
    .option('--json', 'print JSON')
    .action(async (options: Options) => {
      const print = out(options)
      const { config, environment } = hubOf(options)
      const loaded = await loadRight(config, print, { offline: true })
      const retention = retentionOf(loaded.config.retention ?? {})
      await withStore(environment, async (store) => {
        const rows = await forecast(store, retention)
        const removed: Record<string, number> = {}
        if (!options.dryRun) await prune(store, retention, undefined, { removed })
        if (print.json) return print.line(JSON.stringify(options.dryRun ? rows : { removed }, null, 2))
        for (const line of table(
          ['WHAT', 'OLDER THAN', options.dryRun ? 'WOULD GO' : 'WENT', 'OLD, NOT AT REST', 'YOUNGER'],
          rows.map((row) => [
            WORDS[row.kept],
            moment(row.before),
            options.dryRun ? row.goes : (removed[row.kept] ?? 0),
            row.stays,
            row.young,
          ]),
        ))
          print.line(line)
        print.line(
          options.dryRun
            ? '\nNothing was changed. What is not at rest (stuck, held, parked, waiting, under way) stays until it is.'
            : '\nWhat is not at rest (stuck, held, parked, waiting, under way) stays until it is.',
        )
      })
    })
}
