// A hub process under measurement: `hub.ts SPEC.json`. It says when it is ready and does what the benchmark asks for.
import { readFileSync } from 'node:fs'
import path from 'node:path'
import { describe, type SourceItem } from '#connector'
import { startHub } from '../../engine/hub-process.ts'
import { mappingsFromText } from '../../engine/mapping/from-text.ts'
import { readEnvironment } from '../../engine/platform/config/environment.ts'
import type { HubConfig } from '../../engine/platform/config/hub-config.ts'
import { loadSchemas } from '../../engine/platform/config/schema.ts'
import { openLog } from '../../engine/platform/log.ts'
import { loadConnectors } from '../../engine/registry.ts'
import { factsOf } from '../../engine/setup/facts.ts'
import type { LoadedHub } from '../../engine/setup/load.ts'
import connector, { memory } from './connector.ts'
import { orderText } from './orders.ts'

export interface HubSpec {
  databaseUrl: string
  redisUrl?: string
  schema?: string
  connections: HubConfig['connections']
  sources: HubConfig['sources']
  routes: HubConfig['routes']
  /** By the name of the file below mappings/, without `.yaml`. */
  mappings: Record<string, string>
  serve?: boolean
}
export type Order = { id: number } & (
  | { do: 'pull'; source: string }
  /** The same orders once more, as the stand-in would send them, out of memory. */
  | { do: 'pull from memory'; source: string; orders: number }
  | { do: 'usage' }
  | { do: 'stop' }
)
export interface Usage {
  cpuSeconds: number
  peakMb: number
}

const ROOT = path.resolve(import.meta.dirname, '..', '..')
const PAGE = 100

const spec = JSON.parse(readFileSync(process.argv[2]!, 'utf8')) as HubSpec
const { sources, routes, connections } = spec
const schemas = loadSchemas(path.join(ROOT, 'schemas'))
const mappings = await mappingsFromText(spec.mappings)
const errors = mappings.diagnostics.filter((each) => each.severity === 'error')
if (errors.length > 0) throw new Error(errors.map((each) => `${each.file}:${each.line} ${each.message}`).join('\n'))
const config = { connections, sources, routes, owners: {}, alerts: {}, server: { host: '127.0.0.1', port: 0 } }
const connectors = await loadConnectors()
connectors.set('plain', { connector, folder: import.meta.dirname, capabilities: describe(connector) })
const loaded: LoadedHub = {
  config,
  found: true,
  schemas,
  connectors,
  mappings,
  facts: factsOf(config, schemas),
  condition: () => () => true,
  diagnostics: [],
}
const hub = await startHub(loaded, {
  environment: {
    ...readEnvironment({}),
    databaseUrl: spec.databaseUrl,
    redisUrl: spec.redisUrl,
    schema: spec.schema ?? 'handoff',
  },
  configDir: ROOT,
  log: openLog('warn'),
  serve: spec.serve ?? false,
  schedule: false,
})

async function obey(order: Order): Promise<unknown> {
  switch (order.do) {
    case 'pull':
      return hub.pipeline.pull(order.source)
    case 'pull from memory': {
      memory.pages = pages(order.orders)
      const began = performance.now()
      const report = await hub.pipeline.pull(order.source)
      memory.pages = undefined
      return { ...report, seconds: (performance.now() - began) / 1000 }
    }
    case 'usage': {
      const { user, system } = process.cpuUsage()
      return { cpuSeconds: (user + system) / 1e6, peakMb: process.resourceUsage().maxRSS / 1024 } satisfies Usage
    }
    case 'stop':
      return hub.stop()
  }
}

function pages(orders: number): SourceItem[][] {
  const items = Array.from({ length: orders }, (_, i) => ({ id: String(i + 1), text: orderText(i + 1) }))
  return Array.from({ length: Math.ceil(orders / PAGE) }, (_, i) => items.slice(i * PAGE, (i + 1) * PAGE))
}

process.on('message', async (order: Order) => {
  const answer = await obey(order).then(
    (value) => ({ value }),
    (error: Error) => ({ error: error.stack ?? error.message }),
  )
  process.send!({ id: order.id, ...answer }, () => {
    if (order.do === 'stop') process.exit(0)
  })
})
// Whoever started it is gone.
process.on('disconnect', () => void hub.stop().finally(() => process.exit(1)))
process.send!({ ready: true, url: hub.url })
