// Where `handoff map` gets its item: a file, a fixture, standard input, or a configured connection.
import { readFileSync } from 'node:fs'
import path from 'node:path'
import { type ConnectionClient, itemJson, type Json, openConnection, parseJson, type SourceItem } from '#connector'
import { nearest } from '../platform/config/diagnostic.ts'
import type { Registered } from '../registry.ts'
import { fixturesOf } from '../setup/mappings.ts'
import { configured } from './configured.ts'
import { CommandError, EXIT } from './exit.ts'
import type { Printer } from './print.ts'

export interface LiveOptions {
  config: string
  fromConnection: string
  resource?: string
  id?: string
}

/** So many items are looked through for one id, where the system cannot be asked for it. Files are read to their end. */
const MOST = 10_000

/** An item from a file, a fixture of the mapping's connector, or standard input. */
export function itemFromFile(
  file: string | undefined,
  mapping: { name: string; from: string },
  connectors: Map<string, Registered>,
): Json {
  const fixtures = fixturesOf(connectors)(mapping.name.split('/')[0]!)
  const text = readItem(file, fixtures)
  try {
    return parseJson(text)
  } catch (error) {
    const own = connectors.get(mapping.from.split('.')[0]!)?.capabilities.ownResources
    const live = `handoff map ${mapping.name} --from-connection <name> --id <key>`
    throw new CommandError(
      EXIT.usage,
      `HUB_MAP_NOT_JSON ${file && file !== '-' ? file : 'Standard input'} is not JSON: ${(error as Error).message}.${own ? `\n  cure: A file is read as its connection says: ${live}` : ''}`,
    )
  }
}

function readItem(file: string | undefined, fixtures: string | undefined): string {
  if (file === undefined || file === '-') return readFileSync(0, 'utf8')
  for (const place of [file, ...(fixtures ? [path.join(fixtures, file)] : [])]) {
    try {
      return readFileSync(place, 'utf8')
    } catch (error) {
      if (!['ENOENT', 'EISDIR'].includes((error as NodeJS.ErrnoException).code!)) throw error
    }
  }
  throw new CommandError(
    EXIT.notFound,
    `HUB_MAP_NO_FILE There is no file ${file}${fixtures ? `, neither here nor in ${path.relative('.', fixtures)}` : ''}.`,
  )
}

/** Reads one item as the hub would, the first one where no id is named; nothing is stored and nothing is written. */
export async function liveItem(options: LiveOptions, from: string, print: Printer): Promise<Json> {
  const { loaded } = await configured(options.config, print)
  const named = options.fromConnection
  const connection = loaded.config.connections[named]
  if (!connection) {
    const known = Object.keys(loaded.config.connections)
    const hint = nearest(named, known)
    throw new CommandError(
      EXIT.notFound,
      `HUB_MAP_NO_CONNECTION There is no connection "${named}".${hint ? ` Did you mean ${hint}?` : ''} Known: ${known.join(', ')}.`,
    )
  }
  const { connector } = loaded.connectors.get(connection.connector)!
  const client = openConnection({ name: named, connector, settings: connection.settings ?? {} })
  try {
    const resource = resourceOf(client, options.resource, from)
    const item = await find(client, resource, options.id)
    if (item.problem)
      throw new CommandError(EXIT.wrong, `${item.problem.code} ${item.origin ?? item.id}: ${item.problem.message}`)
    return itemJson(item)
  } finally {
    await client.close()
  }
}

/** The resource that is named; else the one that the mapping is for, or the only one there is. */
function resourceOf(client: ConnectionClient, named: string | undefined, from: string): string {
  const known = Object.keys(client.resources)
  const own = from.split('.')[1]!
  const resource = named ?? (known.includes(own) ? own : known.length === 1 ? known[0] : undefined)
  if (resource && known.includes(resource)) return resource
  const hint = nearest(resource ?? own, known)
  throw new CommandError(
    EXIT.usage,
    `HUB_MAP_WHICH_ITEM ${resource ? `${client.name} has no resource "${resource}".` : 'Say which resource: --resource <name>.'}${hint ? ` Did you mean ${hint}?` : ''} Known: ${known.join(', ')}.`,
  )
}

async function find(client: ConnectionClient, resource: string, id: string | undefined): Promise<SourceItem> {
  const { fetch, pull } = client.resources[resource]!
  if (id !== undefined && fetch) {
    const item = await client.fetch(resource, id)
    if (item && !item.deleted) return item
  } else if (pull) {
    let seen = 0
    for await (const page of client.pull(resource, undefined, {})) {
      const item = page.items.find((one) => !one.deleted && (id === undefined || one.id === id))
      if (item) return item
      seen += page.items.length
      if (page.last || (seen >= MOST && client.limit)) break
    }
    if (id !== undefined && client.limit && seen >= MOST)
      throw new CommandError(
        EXIT.notFound,
        `HUB_MAP_NO_ITEM ${client.name}.${resource} has no item ${id} among its first ${seen}; it cannot be asked for one id.`,
      )
  } else
    throw new CommandError(
      EXIT.usage,
      `HUB_MAP_WHICH_ITEM ${client.name}.${resource} can be read by id only: add --id <id>.`,
    )
  throw new CommandError(
    EXIT.notFound,
    `HUB_MAP_NO_ITEM ${client.name}.${resource} has ${id === undefined ? 'no item' : `nothing with the id ${id}`}.`,
  )
}
