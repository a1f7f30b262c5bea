import path from 'node:path'
import { loadSchemas, type Schemas } from '../platform/config/schema.ts'
import { type Facts, factsOf } from '../setup/facts.ts'
import { PROJECT } from '../setup/load.ts'

/** What the project's record schemas say; this needs no configuration. */
export function recordFacts(): { schemas: Schemas; facts: Facts } {
  const schemas = loadSchemas(path.join(PROJECT, 'schemas'))
  const nothing = { connections: {}, sources: {}, routes: {}, owners: {}, alerts: {}, server: { host: '', port: 0 } }
  return { schemas, facts: factsOf(nothing, schemas) }
}
