// Whether an entry of `reconcile:` can be carried out, and ever is.
import { describe, withDefaults } from '#connector'
import { type Diagnostic, nearest, type Path } from '../platform/config/diagnostic.ts'
import type { ReadConfig } from '../platform/config/hub-config.ts'
import type { Registered } from '../registry.ts'
import { splitTarget } from './assemble.ts'

interface Facts {
  read: ReadConfig
  connectors: Map<string, Registered>
}
type Report = (
  path: Path,
  found: Pick<Diagnostic, 'code' | 'message'> & Partial<Diagnostic>,
  part?: 'key' | 'value',
) => void

export function checkReconcile({ read, connectors }: Facts, name: string, report: Report): void {
  const { connections, sources, routes } = read.config
  const { record, between, every, cron } = read.config.reconcile![name]!
  if (!every && !cron)
    report(
      [],
      {
        code: 'HUB_CONFIG_NO_SCHEDULE',
        message: 'These two are never compared.',
        cure: 'Add `every: 6h` or a `cron:` line.',
      },
      'key',
    )
  if (every && cron)
    report(
      ['cron'],
      {
        code: 'HUB_CONFIG_TWO_SCHEDULES',
        message: 'A comparison has either `every` or `cron`.',
        cure: 'Remove one of the two.',
      },
      'key',
    )
  const strange = between.filter((connection) => !connections[connection])
  for (const connection of strange) {
    const hint = nearest(connection, Object.keys(connections))
    report(['between', between.indexOf(connection)], {
      code: 'HUB_CONFIG_UNKNOWN_CONNECTION',
      message: `There is no connection "${connection}".`,
      ...(hint ? { hint } : {}),
      cure: `Known: ${Object.keys(connections).sort().join(', ')}.`,
    })
  }
  if (strange.length > 0) return
  const reads = (connection: string) =>
    Object.values(sources).some(({ pull, into, also = [] }) => {
      const [from, resource] = splitTarget(pull)
      const registered = connectors.get(connections[connection]!.connector)
      if (from !== connection || ![into, ...also].includes(record) || !registered) return false
      const settings = withDefaults(registered.connector, connections[connection]!.settings ?? {})
      return describe(registered.connector, settings).resources[resource]?.pull === true
    })
  const pushes = (connection: string) =>
    Object.values(routes).some(({ push, record: type }) => type === record && push?.startsWith(`${connection}.`))
  const [first, second] = between
  if (!reads(first))
    report(['between', 0], {
      code: 'HUB_CONFIG_CANNOT_COMPARE',
      message: `No source reads ${record}s at ${first}.`,
      cure: reads(second)
        ? `One does at ${second}: write [${second}, ${first}].`
        : `Add a source that pulls them from ${first}.`,
    })
  else if (!reads(second) && !pushes(second))
    report(['between', 1], {
      code: 'HUB_CONFIG_CANNOT_COMPARE',
      message: `No source reads ${record}s at ${second}, and no route pushes them there.`,
      cure: `Add a source or a route for ${record}s there.`,
    })
}
