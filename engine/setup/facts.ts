// What the record schemas and the configuration say, in the form in which the stages ask for it.
import type { Json, Problem } from '../hub.ts'
import { pathText } from '../platform/config/diagnostic.ts'
import type { HubConfig } from '../platform/config/hub-config.ts'
import type { Schemas } from '../platform/config/schema.ts'

export interface Facts {
  owners: Record<string, string>
  /** The fields whose values, joined by ":", name a record of this type. */
  keyFields: (type: string) => string[][]
  /** A type's relations: the parent's type, and where the record holds the parent's key. */
  parents: (type: string) => Record<string, string[]>
  /** Everything that is wrong with a record, by its schema. */
  faults: (type: string, data: Json) => Problem[]
  since: (source: string) => string | undefined
  takesWebhooks: (source: string) => boolean
}

export function factsOf(config: HubConfig, schemas: Schemas): Facts {
  const perType = <T>(make: (schema: Record<string, Json>) => T) => {
    const known = new Map<string, T>()
    return (type: string): T => {
      if (!known.has(type)) known.set(type, make((schemas.get(`records/${type}`) ?? {}) as Record<string, Json>))
      return known.get(type)!
    }
  }
  return {
    owners: config.owners,
    keyFields: perType((schema) => ((schema['x-key'] ?? []) as string[]).map((field) => field.split('.'))),
    parents: perType((schema) =>
      Object.fromEntries(
        Object.entries((schema['x-parents'] ?? {}) as Record<string, string>).map(([relation, path]) => [
          relation,
          path.split('.'),
        ]),
      ),
    ),
    faults: (type, data) => {
      if (schemas.fits(`records/${type}`, data)) return []
      return schemas.validate(`records/${type}`, data).map((fault) => ({
        code: `HUB_RECORD_${fault.what}`,
        message: fault.message,
        at: pathText(fault.path),
        cure: `Correct it at the source, or in the mapping; schemas/records/${type}.json says what a ${type} looks like.`,
      }))
    },
    since: (source) => config.sources[source]?.since,
    takesWebhooks: (source) => config.sources[source]?.webhook === true,
  }
}
