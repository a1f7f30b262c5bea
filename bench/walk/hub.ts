// The hub under measurement: pulls the stand-in's orders, maps them with rules like a real storefront's, and pushes them on.
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { describe } from '#connector'
import { startHub } from '../../engine/hub-process.ts'
import { mappingsFromText } from '../../engine/mapping/from-text.ts'
import { readEnvironment } from '../../engine/platform/config/environment.ts'
import { loadSchemas } from '../../engine/platform/config/schema.ts'
import { openLog } from '../../engine/platform/log.ts'
import { factsOf } from '../../engine/setup/facts.ts'
import type { LoadedHub } from '../../engine/setup/load.ts'
import connector from './connector.ts'

const [, , source, sink, count, folder] = process.argv as [string, string, string, string, string, string]
const root = path.resolve(import.meta.dirname, '..', '..')
const environment = { ...readEnvironment(), stateDir: folder }
const schemas = loadSchemas(path.join(root, 'schemas'))
const rules = readFileSync(path.join(root, 'bench', 'mapping', 'rules.yaml'), 'utf8')
const out = `from: order\nto: plain.orders\nfields:\n  number: number\n  placedAt: placedAt\n  total: { from: total, as: money }\n  email: customer.number\n  shipTo: shipTo\n  lines: { each: lines, fields: { sku: sku, quantity: quantity, name: name } }\n`
const mappings = await mappingsFromText({
  'plain/orders': rules.replace('shop.orders', 'plain.orders'),
  'plain/orders.out': out,
})
const errors = mappings.diagnostics.filter((each) => each.severity === 'error')
if (errors.length > 0) throw new Error(errors.map((each) => `${each.file}:${each.line} ${each.message}`).join('\n'))
const config = {
  connections: {
    shop: { connector: 'plain', settings: { url: source } },
    warehouse: { connector: 'plain', settings: { url: sink }, concurrency: 16 },
  },
  sources: { orders: { pull: 'shop.orders', into: 'order', every: '1h' } },
  routes: { 'to-warehouse': { record: 'order', push: 'warehouse.orders' } },
  owners: {},
  alerts: {},
  server: { host: '127.0.0.1', port: 0 },
}
const loaded = {
  config,
  found: true,
  schemas,
  connectors: new Map([['plain', { connector, folder: import.meta.dirname, capabilities: describe(connector) }]]),
  mappings,
  facts: factsOf(config, schemas),
  condition: () => () => true,
  diagnostics: [],
} as unknown as LoadedHub

mkdirSync(folder, { recursive: true })
const hub = await startHub(loaded, {
  environment,
  configDir: folder,
  root,
  log: openLog('warn'),
  serve: false,
  schedule: false,
})
const [{ lsn }] = (await hub.store.query<{ lsn: string }>('select pg_current_wal_lsn()::text as lsn')) as [
  { lsn: string },
]
const [{ xacts }] = (await hub.store.query<{ xacts: number }>(
  'select xact_commit as xacts from pg_stat_database where datname = current_database()',
)) as [{ xacts: number }]
const began = performance.now()
const cpu = process.cpuUsage()
const pulling = hub.pipeline.pull('orders')
let pulled = 0
void pulling.then(() => (pulled = (performance.now() - began) / 1000))
for (;;) {
  const [row] = await hub.store.query<{ done: number }>("select count(*) as done from handoff where state = 'resting'")
  if (row!.done >= Number(count)) break
  await sleep(250)
}
await pulling
const seconds = (performance.now() - began) / 1000
const { user, system } = process.cpuUsage(cpu)
const [after] = await hub.store.query<{ wal: number; xacts: number }>(
  'select pg_wal_lsn_diff(pg_current_wal_lsn(), $1)::float8 as wal, (select xact_commit from pg_stat_database where datname = current_database()) as xacts',
  [lsn],
)
const report = {
  seconds,
  pulledSeconds: pulled,
  cpuSeconds: (user + system) / 1e6,
  peakMb: process.resourceUsage().maxRSS / 1024,
  walBytes: after!.wal,
  transactions: after!.xacts - xacts,
}
await hub.stop()
writeFileSync(path.join(folder, 'report.json'), JSON.stringify(report))
console.log(JSON.stringify(report))
