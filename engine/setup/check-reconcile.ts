// Whether an entry of `reconcile:` can be carried out, and ever is.
import { describe, withDefaults } from '#connector'
import { sourceMapping, splitTarget } from './assemble.ts'
import type { HubFacts } from './check.ts'
import { checkTiming, type Reporter, unknown } from './check-words.ts'

export function checkReconcile(facts: HubFacts, name: string, report: Reporter): void {
  const { connections, routes, reconcile } = facts.read.config
  const comparison = reconcile![name]!
  const { record, between } = comparison
  if (!comparison.every && !comparison.cron)
    report(
      [],
      {
        code: 'HUB_CONFIG_NO_SCHEDULE',
        message: 'These two are never compared.',
        cure: 'Add `every: 6h` or a `cron:` line.',
      },
      'key',
    )
  checkTiming(comparison, report)
  const strange = [...between.entries()].filter(([, connection]) => !connections[connection])
  for (const [index, connection] of strange)
    report(
      ['between', index],
      unknown('HUB_CONFIG_UNKNOWN_CONNECTION', 'connection', connection, Object.keys(connections)),
    )
  if (strange.length > 0) return
  const [first, second] = between
  const pushed = Object.values(routes).some(
    (route) => route.push && route.record === record && splitTarget(route.push)[0] === second,
  )
  if (!reads(facts, first, record))
    report(['between', 0], {
      code: 'HUB_CONFIG_CANNOT_COMPARE',
      message: `No source reads ${record}s whole at ${first}.`,
      cure: reads(facts, second, record)
        ? `One does at ${second}: write [${second}, ${first}].`
        : `Add a source that pulls them from ${first}.`,
    })
  else if (!reads(facts, second, record) && !pushed)
    report(['between', 1], {
      code: 'HUB_CONFIG_CANNOT_COMPARE',
      message: `No source reads ${record}s whole at ${second}, and no route pushes them there.`,
      cure: `Add a source or a route for ${record}s there.`,
    })
}

/** As `sideOf` finds it in a running hub. What is wrong with a source is told of the source alone. */
function reads({ read, connectors, mappings }: HubFacts, connection: string, record: string): boolean {
  const { connector: name, settings } = read.config.connections[connection]!
  const registered = connectors.get(name)
  if (!registered) return true
  const { resources } = describe(registered.connector, withDefaults(registered.connector, settings ?? {}))
  return Object.values(read.config.sources).some((source) => {
    const [from, resource] = splitTarget(source.pull)
    const index = [source.into, ...(source.also ?? [])].indexOf(record)
    if (from !== connection || index < 0) return false
    const mapping = sourceMapping(mappings, name, resource, source, record, index)
    return resources[resource]?.pull !== false && mapping?.partial !== true
  })
}
