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

/** Where each record type keeps the key of its order. */
export function parentFields(): { type: string; path: string[] }[] {
  const { schemas, facts } = recordFacts()
  return schemas
    .names()
    .filter((name) => /^records\/[a-z-]+$/.test(name))
    .map((name) => name.slice('records/'.length))
    .flatMap((type) =>
      Object.entries(facts.parents(type))
        .filter(([relation]) => relation === 'order')
        .map(([, at]) => ({ type, path: at })),
    )
}
