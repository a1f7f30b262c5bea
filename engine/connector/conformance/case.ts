// What every group of conformance tests works with: the connector, its fixtures, a vendor made of them, and a record of every
// text that left the kit, so that no secret can hide.
import type { Exchange as Seen } from '../api.ts'
import { type ConnectionClient, openConnection } from '../client.ts'
import type { Connector, Resource } from '../contract.ts'
import { ConnectorError } from '../errors.ts'
import { secretValues, withDefaults } from '../fields.ts'
import { Fixtures } from './fixtures.ts'
import { hasty, Vendor } from './vendor.ts'

export const CALL = { idempotencyKey: 'handoff-conformance' }

export interface Case {
  connector: Connector<any>
  folder: string
  fixtures: Fixtures
  settings: Record<string, unknown>
  vendor: Vendor | undefined
  resources: Record<string, Resource>
  secrets: string[]
  /** Exchanges and errors of all tests, as text. */
  said: string[]
  seen: Seen[]
  open(options?: { hasty?: boolean }): ConnectionClient
  closeAll(): Promise<void>
}

export function openCase(connector: Connector<any>, folder: string): Case {
  const fixtures = new Fixtures(`${folder}/fixtures`)
  const settings = withDefaults(connector, fixtures.read('settings.json') ?? {})
  const http = connector.http?.(settings as never)
  const clients: ConnectionClient[] = []
  const one: Case = {
    connector,
    folder,
    fixtures,
    settings,
    vendor: http && new Vendor(http.baseUrl, fixtures),
    resources: typeof connector.resources === 'function' ? connector.resources(settings as never) : connector.resources,
    secrets: secretValues(connector, settings),
    said: [],
    seen: [],
    open({ hasty: hurry = false } = {}) {
      const client = openConnection({
        name: 'conformance',
        connector: hurry ? hasty(connector) : connector,
        settings,
        onExchange: (exchange) => {
          one.seen.push(exchange)
          one.said.push(JSON.stringify(exchange))
        },
      })
      clients.push(client)
      return client
    },
    async closeAll() {
      for (const client of clients.splice(0)) await client.close()
    },
  }
  return one
}

/** The error that work ends with; its text is kept. Anything but a ConnectorError is a fault of the kit or the connector. */
export async function errorOf({ said }: Case, work: Promise<unknown>): Promise<ConnectorError | undefined> {
  try {
    await work
    return undefined
  } catch (error) {
    if (!(error instanceof ConnectorError)) throw error
    said.push(`${error.message} ${JSON.stringify(error.detail)} ${error.stack}`)
    return error
  }
}
