import path from 'node:path'
import type { Command } from 'commander'
import { renderDiagnostics } from '../platform/config/diagnostic.ts'
import { loadHub } from '../setup/load.ts'
import { CommandError, EXIT } from './exit.ts'
import { type Common, environment, out, readSource } from './open.ts'
import { tone } from './print.ts'

export function validateCommand(program: Command): void {
  program
    .command('validate')
    .description('check configuration and mappings; touches no system and no database')
    .option('--config <folder>', 'the configuration folder', 'config')
    .option('--environment', 'also demand that environment variables and secret files are there')
    .option('--json', 'print JSON')
    .action(async (options: Common & { environment?: boolean }) => {
      const print = out(options)
      const loaded = await loadHub({
        configDir: options.config,
        variable: environment.variable,
        offline: !options.environment,
      })
      const errors = loaded.diagnostics.filter((each) => each.severity === 'error')
      const warnings = loaded.diagnostics.length - errors.length
      if (print.json)
        print.line(JSON.stringify({ errors: errors.length, warnings, diagnostics: loaded.diagnostics }, null, 2))
      else {
        if (loaded.diagnostics.length > 0)
          print.line(`${renderDiagnostics(loaded.diagnostics, { color: print.color, readSource })}\n`)
        const where = path.relative('.', path.resolve(options.config)) || '.'
        if (!loaded.found) print.line(`There is no configuration in ${where}/; the mappings were checked.`)
        const verdict = `${errors.length} error${errors.length === 1 ? '' : 's'}, ${warnings} warning${warnings === 1 ? '' : 's'}`
        print.line(
          `${tone(print, errors.length > 0 ? 'bad' : 'good', verdict)} in ${where}/ and ${loaded.mappings.names().length} mappings`,
        )
      }
      if (errors.length > 0) throw new CommandError(EXIT.usage, '')
    })
}
