// Whether an entry of `alerts:` can ever tell anybody anything.
import { type Diagnostic, nearest, type Path } from '../platform/config/diagnostic.ts'
import type { ReadConfig } from '../platform/config/hub-config.ts'
import type { Registered } from '../registry.ts'

interface Facts {
  read: ReadConfig
  connectors: Map<string, Registered>
}
type Report = (
  path: Path,
  found: Pick<Diagnostic, 'code' | 'message'> & Partial<Diagnostic>,
  part?: 'key' | 'value',
) => void

export function checkAlert({ read, connectors }: Facts, name: string, report: Report): void {
  const { alerts, connections, sources, routes, reconcile = {} } = read.config
  const { to, about, on } = alerts[name]!
  const telling = Object.entries(connections)
    .filter(([, { connector }]) => connectors.get(connector)?.capabilities.kind === 'alert')
    .map(([connection]) => connection)
  for (const [index, connection] of to.entries()) {
    if (!connections[connection])
      report(['to', index], {
        code: 'HUB_CONFIG_UNKNOWN_CONNECTION',
        message: `There is no connection "${connection}".`,
        ...near(connection, telling.length > 0 ? telling : Object.keys(connections)),
      })
    else if (!telling.includes(connection) && connectors.has(connections[connection].connector))
      report(['to', index], {
        code: 'HUB_CONFIG_NO_ALERTS',
        message: `${connection} is a connection of ${connections[connection].connector}, which sends no alerts.`,
        cure: `Name a connection of ${kinds(connectors).join(', ')}.`,
      })
  }
  const places = [connections, sources, routes, reconcile].flatMap((section) => Object.keys(section))
  for (const [index, place] of (about ?? []).entries()) {
    if (!places.includes(place))
      report(['about', index], {
        code: 'HUB_CONFIG_UNKNOWN_PLACE',
        message: `There is no connection, source, route or comparison "${place}".`,
        ...near(place, places),
      })
  }
  if (on?.includes('reconcile-gap') && Object.keys(reconcile).length === 0)
    report(['on', on.indexOf('reconcile-gap')], {
      severity: 'warning',
      code: 'HUB_CONFIG_NEVER_COMPARED',
      message: 'Nothing is compared on a schedule, so no gap is ever found.',
      cure: 'Add an entry to `reconcile:`.',
    })
  if (on?.includes('overdue') && !Object.values(routes).some((route) => route.within))
    report(['on', on.indexOf('overdue')], {
      severity: 'warning',
      code: 'HUB_CONFIG_NEVER_OVERDUE',
      message: 'No route says how long a handoff may take, so none is ever overdue.',
      cure: 'Add `within: 15m` to a route.',
    })
}

const kinds = (connectors: Map<string, Registered>) =>
  [...connectors.values()].filter((one) => one.capabilities.kind === 'alert').map((one) => one.connector.name)

function near(word: string, known: string[]): Partial<Diagnostic> {
  const hint = nearest(word, known)
  return { ...(hint ? { hint } : {}), ...(known.length > 0 ? { cure: `Known: ${known.sort().join(', ')}.` } : {}) }
}
