import type { Command } from 'commander'
import { startHub } from '../hub-process.ts'
import { openLog } from '../platform/log.ts'
import { type Common, environment, loadRight, out } from './open.ts'
import { whenAsked } from './signals.ts'

export function startCommand(program: Command): void {
  program
    .command('start')
    .description('run the hub')
    .option('--config <folder>', 'the configuration folder', 'config')
    .action(async (options: Common) => {
      const print = out(options)
      // Before anything is opened, so that a signal in the middle of the start closes what is open by then.
      const asked = whenAsked()
      const loaded = await loadRight(options.config, print)
      const hub = await startHub(loaded, {
        environment,
        configDir: options.config,
        log: openLog(environment.logLevel),
        serve: true,
        schedule: true,
      })
      const { connections, sources, routes } = loaded.config
      print.line(
        `Handoff is running: ${count(connections, 'connection')}, ${count(sources, 'source')}, ${count(routes, 'route')}.`,
      )
      print.line(`  webhooks   ${hub.url}/webhooks/<connection>`)
      print.line(`  health     ${hub.url}/health  /ready  /metrics`)
      print.line(
        `  database   ${hub.store.embedded ? `embedded, in ${environment.stateDir}` : 'DATABASE_URL'}; queue on ${hub.queues.backend}`,
      )
      print.line('  next       handoff status | handoff trace ORDER | handoff failures list')
      await asked
      print.line('Stopping: what is in flight is finished first.')
      await hub.stop()
    })
}

function count(of: object, noun: string): string {
  const number = Object.keys(of).length
  return `${number} ${noun}${number === 1 ? '' : 's'}`
}
