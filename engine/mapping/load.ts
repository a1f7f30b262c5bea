// Reads every mapping of a folder: parse, check against both schemas, compile.
import { createHash } from 'node:crypto'
import { existsSync, readdirSync } from 'node:fs'
import { join, relative, resolve } from 'node:path'
import type { Diagnostic } from '../platform/config/diagnostic.ts'
import type { Schemas } from '../platform/config/schema.ts'
import type { JsonSchema } from '../platform/config/schema-inline.ts'
import { readYaml, type YamlFile } from '../platform/config/yaml.ts'
import { build, type Surroundings } from './build.ts'
import { type FunctionSet, loadFunctions } from './functions.ts'
import { readTable, type Table } from './tables.ts'
import type { Mapping, MappingSet } from './types.ts'

export interface LoadMappingsOptions {
  /** The folder that file names in messages are relative to. */
  root: string
  /** Folders of mappings below it; a later one replaces files of the same name in an earlier one. Default `['mappings']`. */
  dirs?: string[]
  /** The hub's schemas (`loadSchemas('schemas')`): records and the mapping file's own. */
  schemas: Schemas
  /**
   * The schema of what a connector's resource or action gives (`in`: an item, or an action's answer) or takes (`out`: what
   * is pushed, or an action's request), references put in place. Undefined: nothing is known, so nothing is checked.
   */
  connectorSchema(connector: string, resource: string, direction: 'in' | 'out'): JsonSchema | undefined
  /** Resources and actions by connector, where known: then a name that does not exist is an error. */
  connectors?: Record<string, string[]>
}

/** Everything a folder of mappings holds. Never throws; what is wrong is in `diagnostics`. */
export async function loadMappings(options: LoadMappingsOptions): Promise<MappingSet> {
  return assembleSet(await readMappingFiles(options), options)
}

/** The files of a folder of mappings, as they are. */
export async function readMappingFiles(options: Pick<LoadMappingsOptions, 'root' | 'dirs'>): Promise<MappingFiles> {
  const root = resolve(options.root)
  const diagnostics: Diagnostic[] = []
  const files = new Map<string, YamlFile>()
  const blockFiles = new Map<string, YamlFile>()
  const tableFiles = new Map<string, YamlFile>()
  const shown = (file: string) => relative(root, file).replaceAll('\\', '/')
  let functions = await loadFunctions('', '', diagnostics)
  for (const dir of options.dirs ?? ['mappings']) {
    const folder = join(root, dir)
    if (!existsSync(folder)) continue
    if (existsSync(join(folder, 'functions')))
      functions = await loadFunctions(
        join(folder, 'functions'),
        shown(join(folder, 'functions')),
        diagnostics,
        functions,
      )
    const read = (file: string) => {
      const yaml = readYaml(file, shown(file))
      diagnostics.push(...yaml.diagnostics)
      return yaml
    }
    for (const [name, file] of yamlFiles(join(folder, 'tables'))) tableFiles.set(name, read(file))
    if (existsSync(join(folder, 'blocks.yaml'))) blockFiles.set('', read(join(folder, 'blocks.yaml')))
    for (const connector of connectorFolders(folder)) {
      for (const [name, file] of yamlFiles(join(folder, connector, 'tables')))
        tableFiles.set(`${connector}/${name}`, read(file))
      for (const [name, file] of yamlFiles(join(folder, connector))) {
        if (name === 'blocks') blockFiles.set(connector, read(file))
        else files.set(`${connector}/${name}`, read(file))
      }
    }
  }
  return { files, blocks: blockFiles, tables: tableFiles, functions, diagnostics }
}

export interface MappingFiles {
  files: ReadonlyMap<string, YamlFile>
  blocks: ReadonlyMap<string, YamlFile>
  tables: ReadonlyMap<string, YamlFile>
  functions: FunctionSet
  /** What was wrong while they were read. */
  diagnostics: Diagnostic[]
}

/** A set from files that were read already. */
export function assembleSet(
  { files, blocks, tables: tableFiles, functions, diagnostics }: MappingFiles,
  options: LoadMappingsOptions,
): MappingSet {
  const tables = new Map<string, { table: Table; text: string }>()
  for (const [name, yaml] of tableFiles)
    tables.set(name, { table: readTable(name, yaml, diagnostics), text: yaml.text })
  const hash = (parts: unknown) => createHash('sha256').update(JSON.stringify(parts)).digest('hex').slice(0, 16)
  const surroundings: Surroundings = { ...options, functions, tables, blocks, hash }
  const mappings = new Map<string, Mapping>()
  for (const [name, yaml] of files) {
    const { mapping, diagnostics: found } = build(name, yaml, surroundings)
    // Blocks are checked wherever they are used; the same fault in them is told once.
    for (const one of found) if (!diagnostics.some((other) => sameFault(one, other))) diagnostics.push(one)
    if (mapping) mappings.set(name, mapping)
  }
  return { diagnostics, ...access(mappings) }
}

/** What mappings of a folder may name: tables, and blocks. */
export function mappingNames(folder: string): { tables: string[]; blocks: string[] } {
  const owners = ['', ...connectorFolders(folder)]
  const blocks = owners.flatMap((owner) => {
    const file = join(folder, owner, 'blocks.yaml')
    return existsSync(file) ? Object.keys(readYaml(file).value ?? {}) : []
  })
  const tables = owners.flatMap((owner) => yamlFiles(join(folder, owner, 'tables')).map(([name]) => name))
  return { tables: [...new Set(tables)].sort(), blocks: [...new Set(blocks)].sort() }
}

function connectorFolders(folder: string): string[] {
  return readdirSync(folder, { withFileTypes: true })
    .filter((entry) => entry.isDirectory() && entry.name !== 'tables' && entry.name !== 'functions')
    .map((entry) => entry.name)
}

/** The ways to ask for a mapping. */
function access(mappings: ReadonlyMap<string, Mapping>): Omit<MappingSet, 'diagnostics'> {
  return {
    names: () => [...mappings.keys()].sort(),
    get: (name) => mappings.get(name),
    find({ connector, resource, record, direction }) {
      const base = `${connector}/${resource}`
      for (const name of [`${base}.${record}.${direction}`, `${base}.${record}`, `${base}.${direction}`, base]) {
        const found = mappings.get(name)
        const type = found && (found.direction === 'out' ? found.from : found.to)
        if (found?.[direction] && type === record) return found
      }
      return undefined
    },
  }
}

function sameFault(a: Diagnostic, b: Diagnostic): boolean {
  return a.file === b.file && a.line === b.line && a.col === b.col && a.code === b.code && a.message === b.message
}

function yamlFiles(folder: string): [name: string, file: string][] {
  if (!existsSync(folder)) return []
  return readdirSync(folder, { withFileTypes: true })
    .filter((entry) => entry.isFile() && entry.name.endsWith('.yaml') && !entry.name.endsWith('.test.yaml'))
    .map((entry): [string, string] => [entry.name.slice(0, -'.yaml'.length), join(folder, entry.name)])
    .sort()
}
