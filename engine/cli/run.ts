import type { Command } from 'commander'
import { startHub } from '../hub-process.ts'
import { status } from '../insight/status.ts'
import { openLog } from '../platform/log.ts'
import { CommandError, EXIT } from './exit.ts'
import { type Common, environment, loadRight, out } from './open.ts'
import { settled } from './settled.ts'
import { whenAsked } from './signals.ts'

export function runCommand(program: Command): void {
  program
    .command('run <source>')
    .description('pull one source now and carry what it brings to its destinations')
    .option('--once', 'end when everything that can move has moved (the default)')
    .option('--config <folder>', 'the configuration folder', 'config')
    .option('--json', 'print JSON')
    .action(async (source: string, options: Common) => {
      const print = out(options)
      const asked = whenAsked()
      const loaded = await loadRight(options.config, print)
      if (!loaded.config.sources[source])
        throw new CommandError(
          EXIT.notFound,
          `HUB_SOURCE_UNKNOWN There is no source "${source}". Known: ${Object.keys(loaded.config.sources).join(', ')}.`,
        )
      const hub = await startHub(loaded, {
        environment,
        configDir: options.config,
        log: openLog(environment.logLevel),
        serve: false,
        schedule: false,
      })
      try {
        const report = await hub.pipeline.pull(source)
        await Promise.race([asked, settled(hub.store)])
        const after = (await status(hub.store, [], [source])).sources[0]!
        if (print.json) print.line(JSON.stringify({ source, ...report, parked: after.parked, waiting: after.waiting }))
        else if (!report)
          print.line(`${source} is being pulled by another process; what it brings is carried on there.`)
        else
          print.line(
            `${source}: ${report.items} items in ${report.pages} pages, ${report.changed} new or changed; ${after.parked} parked, ${after.waiting} waiting.`,
          )
      } finally {
        await hub.stop()
      }
    })
}
