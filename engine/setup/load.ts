// Everything that is read before a hub runs: schemas, connectors, mappings, the configuration; and what is wrong with them.
import path from 'node:path'
import { compileCondition, type MappingSet } from '../mapping/index.ts'
import type { Diagnostic } from '../platform/config/diagnostic.ts'
import { type HubConfig, readConfig } from '../platform/config/hub-config.ts'
import { loadSchemas, type Schemas } from '../platform/config/schema.ts'
import { loadConnectors, type Registered } from '../registry.ts'
import type { Condition } from './assemble.ts'
import { checkHub } from './check.ts'
import { type Facts, factsOf } from './facts.ts'
import { loadMappingSet } from './mappings.ts'

export interface LoadedHub {
  config: HubConfig
  /** Whether the folder holds a configuration at all. */
  found: boolean
  schemas: Schemas
  connectors: Map<string, Registered>
  mappings: MappingSet
  facts: Facts
  condition: (when: Record<string, unknown>, record: string) => Condition
  diagnostics: Diagnostic[]
}
export interface LoadOptions {
  configDir: string
  /** The folder that holds mappings/ and schemas/. Default: the project's own. */
  root?: string
  variable: (name: string) => string | undefined
  /** Environment variables and secret files need not be there. */
  offline?: boolean
}

export const PROJECT = path.resolve(import.meta.dirname, '..', '..')

export async function loadHub(options: LoadOptions): Promise<LoadedHub> {
  const root = options.root ?? PROJECT
  const schemas = loadSchemas(path.join(PROJECT, 'schemas'))
  const connectors = await loadConnectors()
  const mappings = await loadMappingSet(root, schemas, connectors)
  const read = readConfig(options.configDir, schemas, options.variable, options.offline)
  const facts = factsOf(read.config, schemas)
  const diagnostics = [
    ...mappings.diagnostics,
    ...read.diagnostics,
    ...checkHub({
      read,
      connectors,
      mappings,
      schemas,
      checkCondition: (when, record, at) => compileCondition(when, schemas.get(`records/${record}`), at).diagnostics,
      parents: (type) => Object.keys(facts.parents(type)),
    }),
  ]
  return {
    config: read.config,
    found: read.found,
    schemas,
    connectors,
    mappings,
    facts,
    condition: (when, record) => compileCondition(when, schemas.get(`records/${record}`)).test,
    diagnostics,
  }
}
