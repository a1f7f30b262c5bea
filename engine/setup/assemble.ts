// From what is written in YAML to what the stages run: every source and route with its compiled mapping and its client.
import type { ConnectionClient } from '#connector'
import type { Route, Source } from '../hub.ts'
import { personSource } from '../intake/correct.ts'
import type { MappingSet } from '../mapping/types.ts'
import type { HubConfig, RouteConfig, SourceConfig } from '../platform/config/hub-config.ts'
import { LANES } from '../platform/queue/queues.ts'
import { alertRoutes } from './alerts.ts'
import { mapperOf } from './mapper.ts'

export interface Assembly {
  sources: Map<string, Source>
  routes: Map<string, Route>
  /** What comes in besides: the answers of each call route, and what people correct in records of a type (`person.order`). */
  answers: Map<string, Source>
}
/** Whether a record matches a route's `when:`. */
export type Condition = (record: unknown) => boolean

export interface Parts {
  config: HubConfig
  mappings: MappingSet
  clients: Map<string, ConnectionClient>
  condition: (when: Record<string, unknown>, record: string) => Condition
}

/** Expects a configuration that `checkHub` found right. */
export function assemble(parts: Parts): Assembly {
  const assembly: Assembly = { sources: new Map(), routes: new Map(), answers: new Map() }
  for (const [name, source] of Object.entries(parts.config.sources))
    assembly.sources.set(name, assembleSource(parts, name, source))
  for (const [name, route] of Object.entries(parts.config.routes)) {
    assembly.routes.set(name, assembleRoute(parts, name, route))
    if (route.call) assembly.answers.set(name, assembleAnswer(parts, name, route))
  }
  for (const type of recordTypes(parts.config)) assembly.answers.set(`person.${type}`, personSource(type))
  for (const route of alertRoutes(parts.config, parts.clients)) assembly.routes.set(route.name, route)
  return assembly
}

/** Everything that comes in or goes out. */
function recordTypes({ sources, routes }: HubConfig): Set<string> {
  const into = Object.values(sources).flatMap((source) => [source.into, ...(source.also ?? [])])
  return new Set([...into, ...Object.values(routes).map((route) => route.record)])
}

/** `shop.orders` → `['shop', 'orders']` */
export function splitTarget(target: string): [connection: string, resource: string] {
  const dot = target.indexOf('.')
  return [target.slice(0, dot), target.slice(dot + 1)]
}

function assembleSource({ config, mappings, clients }: Parts, name: string, source: SourceConfig): Source {
  const [connection, resource] = splitTarget(source.pull)
  const { connector } = config.connections[connection]!
  const client = clients.get(connection)!
  const outputs = [source.into, ...(source.also ?? [])].map((type, index) => {
    const mapping = sourceMapping(mappings, connector, resource, source, type, index)!
    return { type, resource: index === 0 ? resource : `${resource}.${type}`, mapper: mapperOf(mapping, 'in') }
  })
  return {
    name,
    connection,
    resource,
    outputs,
    revision: outputs.map((output) => output.mapper.revision).join('+'),
    lane: LANES[source.lane ?? 'normal'],
    ...(client.resources[resource]?.fetch ? { fetch: (id: string) => client.fetch(resource, id) } : {}),
  }
}

/** The first record by `mapping:` or the default name, those that come also by `<that name>.<record>`. */
export function sourceMapping(
  mappings: MappingSet,
  connector: string,
  resource: string,
  source: SourceConfig,
  type: string,
  index: number,
) {
  if (!source.mapping) return mappings.find({ connector, resource, record: type, direction: 'in' })
  return mappings.get(index === 0 ? source.mapping : `${source.mapping}.${type}`)
}

export function routeMapping(mappings: MappingSet, connector: string, target: string, route: RouteConfig) {
  if (route.mapping) return mappings.get(route.mapping)
  return mappings.find({ connector, resource: target, record: route.record, direction: 'out' })
}

export function answerMapping(mappings: MappingSet, connector: string, action: string, route: RouteConfig) {
  return mappings.get(`${route.mapping ?? `${connector}/${action}`}.answer`)
}

function assembleRoute({ config, mappings, clients, condition }: Parts, name: string, route: RouteConfig): Route {
  const [connection, target] = splitTarget(route.push ?? route.call!)
  const client = clients.get(connection)!
  const mapping = routeMapping(mappings, config.connections[connection]!.connector, target, route)!
  return {
    name,
    record: route.record,
    connection,
    kind: route.call ? 'call' : 'push',
    target,
    lane: LANES[route.lane ?? 'normal'],
    with: route.with ?? [],
    matches: route.when ? condition(route.when, route.record) : () => true,
    ...(route.once && route.once !== 'id' ? { once: route.once } : {}),
    mapper: mapperOf(mapping, 'out'),
    ...(route.call ? { call: client.action(target) } : { push: client.push(target) }),
  }
}

function assembleAnswer({ config, mappings }: Parts, name: string, route: RouteConfig): Source {
  const [connection, action] = splitTarget(route.call!)
  const mapping = answerMapping(mappings, config.connections[connection]!.connector, action, route)!
  const mapper = mapperOf(mapping, 'in')
  return {
    name,
    connection,
    resource: action,
    outputs: [{ type: route.record, resource: action, mapper }],
    revision: mapper.revision,
    lane: LANES[route.lane ?? 'normal'],
  }
}
