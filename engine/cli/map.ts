import { readFileSync } from 'node:fs'
import path from 'node:path'
import type { Command } from 'commander'
import { parseJson } from '../connector/json.ts'
import { explanation } from '../mapping/index.ts'
import { nearest, renderDiagnostics } from '../platform/config/diagnostic.ts'
import { loadSchemas } from '../platform/config/schema.ts'
import { loadConnectors } from '../registry.ts'
import { PROJECT } from '../setup/load.ts'
import { fixturesOf, loadMappingSet } from '../setup/mappings.ts'
import { CommandError, EXIT } from './exit.ts'
import { out, readSource } from './open.ts'
import { tone } from './print.ts'

interface Options {
  out?: boolean
  explain?: boolean
  json?: boolean
  connection: string
}

export function mapCommand(program: Command): void {
  program
    .command('map <mapping> [file]')
    .description('map one item and show the result; a file, a fixture of the connector, or - for standard input')
    .option('--out', 'the way out, for a mapping of both directions')
    .option('--explain', 'tell for every field the rule, the source value and each step')
    .option('--connection <name>', 'what `$connection` is', 'connection')
    .option('--json', 'print JSON')
    .action(async (name: string, file: string | undefined, options: Options) => {
      const print = out(options)
      const connectors = await loadConnectors()
      const set = await loadMappingSet(PROJECT, loadSchemas(path.join(PROJECT, 'schemas')), connectors)
      const mapping = set.get(name)
      if (!mapping) {
        const broken = set.diagnostics.filter(
          (each) => each.severity === 'error' && each.file === `mappings/${name}.yaml`,
        )
        if (broken.length)
          throw new CommandError(EXIT.usage, renderDiagnostics(broken, { color: print.color, readSource }))
        const near = nearest(name, set.names())
        throw new CommandError(EXIT.notFound, `There is no mapping ${name}.${near ? ` Did you mean ${near}?` : ''}`)
      }
      const mapper = options.out ? mapping.out : (mapping.in ?? mapping.out)
      if (!mapper) throw new CommandError(EXIT.usage, `${name} has no way out.`)
      const item = parseItem(readItem(file, fixturesOf(connectors)(name.split('/')[0]!)))
      // Links live in the hub's store; here every id stands for itself.
      const { result, steps } = await mapper.explain(item, {
        connection: options.connection,
        key: 'KEY',
        id: 'ID',
        link: (_, value) => value,
      })
      if (print.json)
        print.line(
          JSON.stringify(
            options.explain
              ? { ...result, steps: steps.map(({ rule, ...step }) => ({ ...step, ...mapper.rules[rule] })) }
              : result,
            null,
            2,
          ),
        )
      else {
        if (options.explain)
          for (const line of explanation(mapper, steps))
            print.line(line.startsWith(' ') ? tone(print, 'dim', line) : line)
        if (result.record !== undefined) print.line(JSON.stringify(result.record, null, 2))
        if (result.skipped !== undefined) print.line(`${tone(print, 'doubtful', 'skipped')}: ${result.skipped}`)
        for (const error of result.errors ?? []) {
          print.line(
            `${tone(print, 'bad', error.code)} ${error.at || 'the item'}: ${error.message}${error.rule ? ` (${error.rule})` : ''}`,
          )
          print.line(`  cure: ${error.cure}`)
        }
      }
      if (result.errors) throw new CommandError(EXIT.wrong, '')
    })
}

function readItem(file: string | undefined, fixtures: string | undefined): string {
  if (file === undefined || file === '-') return readFileSync(0, 'utf8')
  for (const place of [file, ...(fixtures ? [path.join(fixtures, file)] : [])]) {
    try {
      return readFileSync(place, 'utf8')
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error
    }
  }
  throw new CommandError(
    EXIT.notFound,
    `There is no file ${file}${fixtures ? `, neither here nor in ${path.relative('.', fixtures)}` : ''}.`,
  )
}

function parseItem(text: string): unknown {
  try {
    return parseJson(text)
  } catch (error) {
    throw new CommandError(EXIT.usage, `This is not JSON: ${(error as Error).message}`)
  }
}
