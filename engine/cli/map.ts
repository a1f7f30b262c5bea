import path from 'node:path'
import type { Command } from 'commander'
import { explanation, type Mapping, validateRecord } from '../mapping/index.ts'
import { nearest, renderDiagnostics } from '../platform/config/diagnostic.ts'
import { loadSchemas } from '../platform/config/schema.ts'
import { loadConnectors } from '../registry.ts'
import { PROJECT } from '../setup/load.ts'
import { loadMappingSet } from '../setup/mappings.ts'
import { CommandError, EXIT } from './exit.ts'
import { itemFromFile, type LiveOptions, liveItem } from './map-item.ts'
import { out, readSource } from './open.ts'
import { type Printer, tone } from './print.ts'

interface Options extends Partial<LiveOptions> {
  out?: boolean
  explain?: boolean
  item?: boolean
  json?: boolean
  connection: string
  config: string
}

export function mapCommand(program: Command): void {
  program
    .command('map <mapping> [file]')
    .description(
      'map one item and show the result; a file, a fixture of the connector, - for standard input, or a live one of a connection',
    )
    .option('--out', 'the way out, for a mapping of both directions')
    .option('--explain', 'tell for every field the rule, the source value and each step')
    .option('--from-connection <name>', 'read the item from this connection, as the hub would')
    .option(
      '--resource <name>',
      "of that connection (default: the mapping's own, or the only one); resources are listed where it is unclear",
    )
    .option('--id <id>', 'the external id (default: the first item there is)')
    .option('--item', 'show the item itself, as a file for `given` in a test')
    .option('--connection <name>', 'what `$connection` is', 'connection')
    .option(
      '--config <folder>',
      'for --from-connection: the configuration folder; where it is empty, the demo that runs',
      'config',
    )
    .option('--json', 'print JSON')
    .action(async (name: string, file: string | undefined, options: Options) => {
      const print = out(options)
      const connectors = await loadConnectors()
      const schemas = loadSchemas(path.join(PROJECT, 'schemas'))
      const mapping = mappingNamed(name, await loadMappingSet(PROJECT, schemas, connectors), print)
      const mapper = options.out ? mapping.out : (mapping.in ?? mapping.out)
      if (!mapper) throw new CommandError(EXIT.usage, `HUB_MAP_NO_WAY ${mapping.name} has no way out.`)
      const { fromConnection } = options
      if (fromConnection && mapper.direction === 'out')
        throw new CommandError(
          EXIT.usage,
          `HUB_MAP_NO_WAY ${mapping.name} maps records of the hub on their way out; --from-connection reads what comes in. Give the record as a file.`,
        )
      const item = fromConnection
        ? await liveItem({ ...options, fromConnection }, mapping.from, print)
        : itemFromFile(file, mapping, connectors)
      if (options.item) return print.line(JSON.stringify(item, null, 2))
      // Links live in the hub's store; here every id stands for itself.
      const { result, steps } = await mapper.explain(item, {
        connection: fromConnection ?? options.connection,
        key: 'KEY',
        id: 'ID',
        link: (_, value) => value,
      })
      const faults =
        result.record !== undefined && mapper.direction === 'in'
          ? validateRecord(schemas, mapping.to, result.record, mapping.partial, mapper.rules)
          : []
      const errors = result.errors ?? faults
      if (print.json) {
        const shown = errors.length ? { ...result, errors } : result
        const told = steps.map(({ rule, ...step }) => ({ ...step, ...mapper.rules[rule] }))
        print.line(JSON.stringify(options.explain ? { ...shown, steps: told } : shown, null, 2))
      } else {
        if (options.explain)
          for (const line of explanation(mapper, steps))
            print.line(line.startsWith(' ') ? tone(print, 'dim', line) : line)
        if (result.record !== undefined) print.line(JSON.stringify(result.record, null, 2))
        if (result.skipped !== undefined) print.line(`${tone(print, 'doubtful', 'skipped')}: ${result.skipped}`)
        for (const error of errors) {
          print.line(
            `${tone(print, 'bad', error.code)} ${error.at || 'the item'}: ${error.message}${error.rule ? ` (${error.rule})` : ''}`,
          )
          print.line(`  cure: ${error.cure}`)
        }
      }
      if (errors.length) throw new CommandError(EXIT.wrong, '')
    })
}

/** By its name, or by its file as a shell completes it. */
function mappingNamed(given: string, set: Awaited<ReturnType<typeof loadMappingSet>>, print: Printer): Mapping {
  const name = given.replace(/^(\.\/)?mappings\//, '').replace(/\.yaml$/, '')
  const mapping = set.get(name)
  if (mapping) return mapping
  const broken = set.diagnostics.filter((each) => each.severity === 'error' && each.file === `mappings/${name}.yaml`)
  if (broken.length) throw new CommandError(EXIT.usage, renderDiagnostics(broken, { color: print.color, readSource }))
  const near = nearest(name, set.names())
  throw new CommandError(
    EXIT.notFound,
    `HUB_MAP_NO_MAPPING There is no mapping ${name}.${near ? ` Did you mean ${near}?` : ''} Known: ${set.names().join(', ')}.`,
  )
}
