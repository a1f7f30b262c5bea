import { join } from 'node:path'
import { loadSchemas } from '../platform/config/schema.ts'
import type { JsonSchema } from '../platform/config/schema-inline.ts'
import { parseYaml, type YamlFile } from '../platform/config/yaml.ts'
import { loadFunctions } from './functions.ts'
import { assembleSet } from './load.ts'
import type { MappingSet } from './types.ts'

const schemas = loadSchemas(join(import.meta.dirname, '..', '..', 'schemas'))

/**
 * Mappings from texts instead of files, for the reference's examples and for tests: names as they would stand below
 * mappings/, without `.yaml` (`shop/orders`, `tables/services`, `blocks`, `shop/blocks`). `given` are vendors' schemas by
 * `<connector>.<resource>`.
 */
export async function mappingsFromText(
  texts: Record<string, string>,
  given: Record<string, JsonSchema> = {},
  functionsFolder = '',
): Promise<MappingSet> {
  const [files, blocks, tables] = [
    new Map<string, YamlFile>(),
    new Map<string, YamlFile>(),
    new Map<string, YamlFile>(),
  ]
  const functions = await loadFunctions(functionsFolder, 'mappings/functions', [])
  const diagnostics = []
  for (const [name, text] of Object.entries(texts)) {
    const yaml = parseYaml(text, `mappings/${name}.yaml`)
    diagnostics.push(...yaml.diagnostics)
    if (name === 'blocks') blocks.set('', yaml)
    else if (name.endsWith('/blocks')) blocks.set(name.split('/')[0]!, yaml)
    else if (name.startsWith('tables/')) tables.set(name.slice('tables/'.length), yaml)
    else if (name.includes('/tables/')) tables.set(name.replace('/tables/', '/'), yaml)
    else files.set(name, yaml)
  }
  const connectorSchema = (connector: string, resource: string) => given[`${connector}.${resource}`]
  return assembleSet({ files, blocks, tables, functions, diagnostics }, { root: '', schemas, connectorSchema })
}
