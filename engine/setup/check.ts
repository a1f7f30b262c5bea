// Whether a configuration makes sense as a whole: every name it uses is there, and can do what is asked of it.
import { describe, settingsSchema, withDefaults } from '#connector'
import type { MappingSet } from '../mapping/types.ts'
import type { Diagnostic, Path } from '../platform/config/diagnostic.ts'
import type { ReadConfig, RouteConfig, SourceConfig } from '../platform/config/hub-config.ts'
import { valueAt } from '../platform/config/path.ts'
import type { Schemas } from '../platform/config/schema.ts'
import type { YamlFile } from '../platform/config/yaml.ts'
import type { Registered } from '../registry.ts'
import { answerMapping, routeMapping, sourceMapping, splitTarget } from './assemble.ts'
import { checkAlert } from './check-alert.ts'
import { checkReconcile } from './check-reconcile.ts'
import { checkTiming, type Found, type Reporter, unknown } from './check-words.ts'

export interface HubFacts {
  read: ReadConfig
  connectors: Map<string, Registered>
  mappings: MappingSet
  schemas: Schemas
  /** What is wrong with a `when:`, by the record's schema. */
  checkCondition: (when: Record<string, unknown>, record: string, at: { yaml: YamlFile; path: Path }) => Diagnostic[]
  /** The types that records of a type name as their parents. */
  parents: (type: string) => string[]
}
export function checkHub(facts: HubFacts): Diagnostic[] {
  const diagnostics: Diagnostic[] = []
  const { config, fileOf } = facts.read
  const reporter =
    (section: string, name: string) =>
    (path: Path, found: Found, part: 'key' | 'value' = 'value') => {
      const yaml = fileOf(section, name)
      if (yaml) diagnostics.push(yaml.diagnostic([section, name, ...path], part, { severity: 'error', ...found }))
    }
  for (const name of Object.keys(config.connections)) checkConnection(facts, name, reporter('connections', name))
  for (const [name, source] of Object.entries(config.sources)) checkSource(facts, source, reporter('sources', name))
  for (const [name, route] of Object.entries(config.routes)) {
    checkRoute(facts, route, reporter('routes', name))
    const yaml = fileOf('routes', name)
    if (route.when && yaml)
      diagnostics.push(...facts.checkCondition(route.when, route.record, { yaml, path: ['routes', name, 'when'] }))
  }
  for (const name of Object.keys(config.alerts)) checkAlert(facts, name, reporter('alerts', name))
  for (const name of Object.keys(config.reconcile ?? {})) checkReconcile(facts, name, reporter('reconcile', name))
  for (const [owned, owner] of Object.entries(config.owners)) {
    if (!config.connections[owner])
      reporter('owners', owned)(
        [],
        unknown('HUB_CONFIG_UNKNOWN_CONNECTION', 'connection', owner, Object.keys(config.connections)),
      )
  }
  return diagnostics
}

function checkConnection({ read, connectors, schemas }: HubFacts, name: string, report: Reporter): void {
  const connection = read.config.connections[name]!
  const registered = connectors.get(connection.connector)
  if (!registered)
    return report(
      ['connector'],
      unknown('HUB_CONFIG_UNKNOWN_CONNECTOR', 'connector', connection.connector, [...connectors.keys()]),
    )
  const schema = `connector-settings/${connection.connector}`
  schemas.add(schema, settingsSchema(registered.connector))
  for (const fault of schemas.validate(schema, connection.settings ?? {})) {
    // Offline, a reference stands for a value that is not known yet.
    if (String(valueAt(connection.settings, fault.path.map(String))).includes('${')) continue
    const path = fault.path.length === 0 && !connection.settings ? [] : ['settings', ...fault.path]
    const docs = `See connectors/${connection.connector}/README.md.`
    report(
      path,
      {
        code: `HUB_CONFIG_SETTINGS_${fault.what}`,
        message: fault.message,
        cure: docs,
        ...(fault.hint ? { hint: fault.hint } : {}),
      },
      fault.part,
    )
  }
}

/** The connector behind `connection.resource`, or a report of what is not there. */
function target(facts: HubFacts, text: string, at: string, report: Reporter) {
  const [connectionName, resource] = splitTarget(text)
  const { config } = facts.read
  const connection = config.connections[connectionName]
  if (!connection) {
    report(
      [at],
      unknown('HUB_CONFIG_UNKNOWN_CONNECTION', 'connection', connectionName, Object.keys(config.connections)),
    )
    return undefined
  }
  const registered = facts.connectors.get(connection.connector)
  if (!registered) return undefined
  const settings = withDefaults(registered.connector, connection.settings ?? {})
  return {
    connector: connection.connector,
    registered,
    resource,
    capabilities: describe(registered.connector, settings),
    settings,
  }
}

function checkSource(facts: HubFacts, source: SourceConfig, report: Reporter): void {
  if (!source.every && !source.cron && !source.webhook) {
    report(
      [],
      {
        code: 'HUB_CONFIG_NO_SCHEDULE',
        message: 'This source is never read.',
        cure: 'Add `every: 5m`, a `cron:` line or `webhook: true`.',
      },
      'key',
    )
  }
  checkTiming(source, report)
  const found = target(facts, source.pull, 'pull', report)
  if (!found) return
  const { connector, resource, capabilities, registered, settings } = found
  const can = capabilities.resources[resource]
  const pullable = Object.entries(capabilities.resources).filter(([, one]) => one.pull || one.webhook.length > 0)
  if (!can)
    return report(
      ['pull'],
      unknown(
        'HUB_CONFIG_UNKNOWN_RESOURCE',
        `resource of ${connector}`,
        resource,
        pullable.map(([name]) => name),
      ),
    )
  if (!can.pull && (source.every || source.cron))
    report(['pull'], {
      code: 'HUB_CONFIG_CANNOT_PULL',
      message: `${connector} cannot be asked for ${resource}.`,
      cure: `It can for: ${pullable.map(([name]) => name).join(', ')}.`,
    })
  if (source.webhook) {
    if (can.webhook.length === 0)
      report(['webhook'], {
        code: 'HUB_CONFIG_NO_WEBHOOK',
        message: `${connector} sends no webhooks about ${resource}.`,
        cure: 'Remove `webhook: true` and pull it on a schedule.',
      })
    else if (
      !registered.connector.webhooks?.vendorSecret &&
      registered.connector.webhooks?.verify(settings as never, []) === undefined
    ) {
      report(['webhook'], {
        code: 'HUB_CONFIG_NO_WEBHOOK_SECRET',
        message: 'A webhook without a secret could come from anybody: the secret of this connection is not set.',
        cure: `Set the webhook secret in the connection's settings; see connectors/${connector}/README.md.`,
      })
    }
  }
  for (const [index, type] of [source.into, ...(source.also ?? [])].entries()) {
    const mapping = sourceMapping(facts.mappings, connector, resource, source, type, index)
    const name = source.mapping ?? `${connector}/${resource}`
    checkMapping(
      facts,
      mapping,
      index === 0 ? name : `${name}.${type}`,
      type,
      'in',
      index === 0 ? [source.mapping ? 'mapping' : 'into'] : ['also', index - 1],
      report,
    )
  }
}

function checkRoute(facts: HubFacts, route: RouteConfig, report: Reporter): void {
  let reachable = facts.parents(route.record)
  for (const [index, relation] of (route.with ?? []).entries()) {
    if (!reachable.includes(relation))
      report(
        ['with', index],
        unknown('HUB_CONFIG_UNKNOWN_RELATION', `record that a ${route.record} is linked to`, relation, reachable),
      )
    reachable = [...reachable, ...facts.parents(relation)]
  }
  const text = route.push ?? route.call!
  const at = route.push ? 'push' : 'call'
  const found = target(facts, text, at, report)
  if (!found) return
  const { connector, resource, capabilities } = found
  if (route.push) {
    const pushable = Object.entries(capabilities.resources)
      .filter(([, one]) => one.push.length > 0)
      .map(([name]) => name)
    if (!pushable.includes(resource))
      return report(
        [at],
        unknown('HUB_CONFIG_CANNOT_PUSH', `resource of ${connector} that takes records,`, resource, pushable),
      )
  } else {
    if (!capabilities.actions[resource])
      return report(
        [at],
        unknown('HUB_CONFIG_UNKNOWN_ACTION', `action of ${connector}`, resource, Object.keys(capabilities.actions)),
      )
    checkMapping(
      facts,
      answerMapping(facts.mappings, connector, resource, route),
      `${route.mapping ?? `${connector}/${resource}`}.answer`,
      route.record,
      'in',
      [at],
      report,
    )
  }
  checkMapping(
    facts,
    routeMapping(facts.mappings, connector, resource, route),
    route.mapping ?? `${connector}/${resource}`,
    route.record,
    'out',
    [route.mapping ? 'mapping' : at],
    report,
  )
}

function checkMapping(
  { mappings }: HubFacts,
  mapping: ReturnType<MappingSet['get']>,
  name: string,
  type: string,
  direction: 'in' | 'out',
  path: Path,
  report: Reporter,
): void {
  const broken = mappings.diagnostics.some((each) => each.severity === 'error' && each.file.endsWith(`${name}.yaml`))
  if (!mapping) {
    if (!broken)
      report(path, {
        ...unknown('HUB_CONFIG_NO_MAPPING', 'mapping', name, mappings.names()),
        cure: `Write mappings/${name}.yaml, or name another with \`mapping:\`.`,
      })
    return
  }
  const record = direction === 'in' || mapping.direction === 'both' ? mapping.to : mapping.from
  if (!mapping[direction] || record !== type) {
    report(path, {
      code: 'HUB_CONFIG_WRONG_MAPPING',
      message: `The mapping ${mapping.name} goes from ${mapping.from} to ${mapping.to} (${mapping.direction}); ${direction === 'in' ? `into a ${type}` : `out of a ${type}`} is needed.`,
      cure: 'Name another with `mapping:`.',
    })
  }
}
