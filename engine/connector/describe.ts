// What a connector can do, derived from which parts are present; there is no second list to keep in step.
import type { Connector, Resource } from './contract.ts'

export interface Capabilities {
  name: string
  title: string
  kind: string
  docs: string
  resources: Record<
    string,
    {
      pull: boolean
      fetch: boolean
      webhook: string[]
      push: ('find' | 'create' | 'update')[]
      schema: string
      pushSchema?: string
    }
  >
  actions: Record<string, { repeat: 'allow' | 'never'; schema: string; answerSchema: string }>
  webhooks: { subscribes: boolean } | undefined
  /** True where the resources come from the settings of a connection (files). */
  ownResources: boolean
}

/** Without `settings`, a connector whose resources are the user's own shows none. */
export function describe(connector: Connector<any>, settings?: Record<string, unknown>): Capabilities {
  const own = typeof connector.resources === 'function'
  const resources: Record<string, Resource> =
    typeof connector.resources === 'function'
      ? settings
        ? connector.resources(settings as never)
        : {}
      : connector.resources
  return {
    name: connector.name,
    title: connector.title,
    kind: connector.kind,
    docs: connector.docs,
    ownResources: own,
    webhooks: connector.webhooks && { subscribes: connector.webhooks.subscribe !== undefined },
    resources: Object.fromEntries(
      Object.entries(resources).map(([name, one]) => [
        name,
        {
          pull: one.pull !== undefined,
          fetch: one.fetch !== undefined,
          webhook: one.webhook?.topics ?? [],
          push: (['find', 'create', 'update'] as const).filter((verb) => one.push?.[verb] !== undefined),
          schema: one.schema,
          ...(one.pushSchema ? { pushSchema: one.pushSchema } : {}),
        },
      ]),
    ),
    actions: Object.fromEntries(
      Object.entries(connector.actions ?? {}).map(([name, one]) => [
        name,
        { repeat: one.repeat, schema: one.schema, answerSchema: one.answerSchema },
      ]),
    ),
  }
}
