// The only file that knows connectors/ exists: a folder with a connector.ts is a connector.
import { readdir } from 'node:fs/promises'
import path from 'node:path'
import { pathToFileURL } from 'node:url'
import { type Capabilities, type Connector, describe } from '#connector'

const FOLDER = path.join(import.meta.dirname, '..', 'connectors')

export interface Registered {
  connector: Connector<any>
  /** The connector's folder: schemas/, fixtures/, README.md. */
  folder: string
  capabilities: Capabilities
}

/** Every connector by name. Throws when a folder's connector.ts does not say the folder's name. */
export async function loadConnectors(folder = FOLDER): Promise<Map<string, Registered>> {
  const found = new Map<string, Registered>()
  for (const name of await connectorNames(folder)) found.set(name, await loadConnector(name, folder))
  return found
}

/** One connector; loads no other. */
async function loadConnector(name: string, folder = FOLDER): Promise<Registered> {
  const own = path.join(folder, name)
  const module = await import(pathToFileURL(path.join(own, 'connector.ts')).href)
  const connector: Connector<any> | undefined = module.default
  if (connector?.name !== name)
    throw new Error(`connectors/${name}/connector.ts must export the connector "${name}" as its default`)
  return { connector, folder: own, capabilities: describe(connector) }
}

/** The names of the connectors that are there, without loading them. */
async function connectorNames(folder = FOLDER): Promise<string[]> {
  const entries = await readdir(folder, { withFileTypes: true, recursive: false }).catch(() => [])
  const names: string[] = []
  for (const entry of entries) {
    if (!entry.isDirectory()) continue
    const files = await readdir(path.join(folder, entry.name))
    if (files.includes('connector.ts')) names.push(entry.name)
  }
  return names.sort()
}
