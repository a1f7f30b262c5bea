// The mappings of a folder, checked against the hub's record schemas and the connectors' own.
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import path from 'node:path'
import { type LoadMappingsOptions, loadMappings, type MappingSet } from '../mapping/index.ts'
import { emptySchemas, type Schemas } from '../platform/config/schema.ts'
import type { JsonSchema } from '../platform/config/schema-inline.ts'
import type { Registered } from '../registry.ts'

/** `root` holds mappings/; what is wrong in them is in `diagnostics`. */
export function loadMappingSet(
  root: string,
  schemas: Schemas,
  connectors: Map<string, Registered>,
): Promise<MappingSet> {
  return loadMappings(mappingOptions(root, schemas, connectors))
}

/** What mappings are checked against. */
export function mappingOptions(
  root: string,
  schemas: Schemas,
  connectors: Map<string, Registered>,
): LoadMappingsOptions {
  return {
    root,
    schemas,
    connectorSchema: connectorSchemas(connectors),
    // Of a connector whose resources are the user's own (files) no names are known.
    connectors: Object.fromEntries(
      [...connectors].map(([name, { capabilities }]) => [
        name,
        capabilities.ownResources ? [] : [...Object.keys(capabilities.resources), ...Object.keys(capabilities.actions)],
      ]),
    ),
  }
}

/** Where the tests of mappings find what a connector's system sends. */
export function fixturesOf(connectors: Map<string, Registered>): (connector: string) => string | undefined {
  return (connector) => {
    const folder = connectors.get(connector)?.folder
    return folder && path.join(folder, 'fixtures')
  }
}

function soleOf(set: Schemas): JsonSchema | undefined {
  const [only, ...others] = set.names()
  return only !== undefined && others.length === 0 ? set.get(only) : undefined
}

function connectorSchemas(
  connectors: Map<string, Registered>,
): (connector: string, resource: string, direction: 'in' | 'out') => JsonSchema | undefined {
  const sets = new Map<string, Schemas>()
  const setOf = (name: string): Schemas => {
    const known = sets.get(name)
    if (known) return known
    const set = emptySchemas()
    const folder = path.join(connectors.get(name)!.folder, 'schemas')
    if (existsSync(folder)) {
      for (const file of readdirSync(folder))
        if (file.endsWith('.json'))
          set.add(file.slice(0, -'.json'.length), JSON.parse(readFileSync(path.join(folder, file), 'utf8')))
    }
    sets.set(name, set)
    return set
  }
  return (connector, resource, direction) => {
    const capabilities = connectors.get(connector)?.capabilities
    const action = capabilities?.actions[resource]
    const one = capabilities?.resources[resource]
    const file = action
      ? direction === 'in'
        ? action.answerSchema
        : action.schema
      : direction === 'out'
        ? (one?.pushSchema ?? one?.schema)
        : one?.schema
    // Of resources that are the user's own (files) the name says nothing; all of them have the connector's one shape.
    const sole = capabilities?.ownResources && direction === 'in' ? soleOf(setOf(connector)) : undefined
    if (!file && sole) return sole
    return file ? setOf(connector).get(file.replace(/\.json$/, '')) : undefined
  }
}
