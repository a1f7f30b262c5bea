import { watch } from 'node:fs'
import path from 'node:path'
import type { Command } from 'commander'
import { renderTestReport, runMappingTests } from '../mapping/index.ts'
import { renderDiagnostics } from '../platform/config/diagnostic.ts'
import { loadSchemas } from '../platform/config/schema.ts'
import { loadConnectors } from '../registry.ts'
import { PROJECT } from '../setup/load.ts'
import { fixturesOf, loadMappingSet } from '../setup/mappings.ts'
import { CommandError, EXIT } from './exit.ts'
import { out, readSource } from './open.ts'
import type { Printer } from './print.ts'
import { whenAsked } from './signals.ts'

interface Options {
  update?: boolean
  watch?: boolean
  json?: boolean
}

export function testCommand(program: Command): void {
  program
    .command('test [path]')
    .description("run the mappings' own tests: all, those below a path, or those of one mapping")
    .option('--update', 'write what came out into the `expect` of failing tests')
    .option('--watch', 'run again whenever a mapping, table or test changes')
    .option('--json', 'print JSON')
    .action(async (only: string | undefined, options: Options) => {
      const print = out(options)
      const good = await runOnce(only, options, print)
      if (!options.watch) {
        if (!good) throw new CommandError(EXIT.wrong, '')
        return
      }
      let again: NodeJS.Timeout | undefined
      const watcher = watch(path.join(PROJECT, 'mappings'), { recursive: true }, () => {
        clearTimeout(again)
        again = setTimeout(() => void runOnce(only, options, print), 150)
      })
      await whenAsked()
      watcher.close()
    })
}

async function runOnce(only: string | undefined, options: Options, print: Printer): Promise<boolean> {
  const schemas = loadSchemas(path.join(PROJECT, 'schemas'))
  const connectors = await loadConnectors()
  const mappings = await loadMappingSet(PROJECT, schemas, connectors)
  const report = await runMappingTests(mappings, {
    root: PROJECT,
    schemas,
    fixtures: fixturesOf(connectors),
    ...(only ? { path: only } : {}),
    ...(options.update ? { update: true } : {}),
  })
  const broken = mappings.diagnostics.filter((each) => each.severity === 'error')
  const faults = [...broken, ...report.diagnostics]
  if (print.json) print.line(JSON.stringify({ ...report, diagnostics: faults }, null, 2))
  else {
    if (faults.length > 0) print.line(renderDiagnostics(faults, { color: print.color, readSource }))
    print.line(renderTestReport(report))
  }
  return report.failed === 0 && faults.length === 0
}
