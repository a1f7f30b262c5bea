// Ten thousand orders, one with a ship method that no table knows: that one is parked and says what to do; adding the row to
// the table releases it, by itself, while the hub runs.
import { randomBytes } from 'node:crypto'
import { appendFileSync, cpSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { afterAll, beforeAll, expect, test } from 'vitest'
import type { Json } from '../engine/hub.ts'
import { type HubProcess, startHub } from '../engine/hub-process.ts'
import { listFailures } from '../engine/insight/failures.ts'
import { collect } from '../engine/intake/collect.ts'
import { readEnvironment } from '../engine/platform/config/environment.ts'
import { openLog } from '../engine/platform/log.ts'
import { loadHub, PROJECT } from '../engine/setup/load.ts'
import { generate, knownMethods } from '../sandbox/scenario/generate.ts'

const MANY = 10_000
const METHOD = 'lastenrad:2'
const root = mkdtempSync(path.join(tmpdir(), 'handoff-released-'))
const configDir = path.join(root, 'config')
const variable = () => undefined
let hub: HubProcess

beforeAll(async () => {
  cpSync(path.join(PROJECT, 'mappings'), path.join(root, 'mappings'), { recursive: true })
  mkdirSync(configDir)
  // Nobody listens there: the orders are put in as a pull would.
  writeFileSync(
    path.join(configDir, 'hub.yaml'),
    `connections:
  shop: { connector: woocommerce, settings: { url: "http://127.0.0.1:9", key: ck_none, secret: cs_none } }
sources:
  shop-orders: { pull: shop.orders, into: order, also: [customer], every: 1h }
`,
  )
  const loaded = await loadHub({ configDir, root, variable })
  expect(loaded.diagnostics.filter((each) => each.severity === 'error')).toEqual([])
  const schema = `t_${randomBytes(6).toString('hex')}`
  const own = {
    databaseUrl: process.env['HANDOFF_TEST_DATABASE'],
    redisUrl: undefined,
    stateDir: root,
    schema,
    variable,
  }
  hub = await startHub(loaded, {
    environment: { ...readEnvironment({}), ...own },
    configDir,
    root,
    log: openLog('silent'),
    serve: false,
    schedule: false,
  })
})
afterAll(async () => {
  await hub.store.query(`drop schema "${hub.store.schema}" cascade`).catch(() => {})
  await hub.stop()
  rmSync(root, { recursive: true })
})

/** The demo's story without its other troubles. */
function orders(): Json[] {
  const made = generate({ orders: MANY, seed: 42 }).orders
  for (const order of made) {
    for (const line of order.shipping_lines)
      if (!knownMethods.includes(line.method_id)) Object.assign(line, { method_id: 'flat_rate' })
    for (const [i, line] of order.line_items.entries()) if (!line.sku) Object.assign(line, { sku: `WRAP-${i}` })
  }
  made[6_543].shipping_lines[0].method_id = METHOD
  return made
}
const counts = async () =>
  Object.fromEntries(
    (
      await hub.store.query<{ status: string; count: number }>(
        'select status, count(*) as count from item group by status',
      )
    ).map((row) => [row.status, row.count]),
  )
async function until(holds: () => Promise<boolean>, ms: number): Promise<void> {
  for (const start = Date.now(); !(await holds()); await sleep(100))
    if (Date.now() - start > ms) throw new Error(`not within ${ms} ms: ${JSON.stringify(await counts())}`)
}

test('one unknown ship method among 10,000 orders', { timeout: 60_000 }, async () => {
  const all = orders()
  const parked = all[6_543]
  const revision = revisionNow()
  for (let i = 0; i < MANY; i += 1000)
    await hub.store.transaction((tx) =>
      collect(
        tx,
        {
          source: 'shop-orders',
          connection: 'shop',
          resource: 'orders',
          via: 'pull',
          lane: 5,
          revision,
          rereads: true,
        },
        all.slice(i, i + 1000).map((order) => ({ id: String(order.id), text: JSON.stringify(order) })),
      ),
    )
  hub.pipeline.decideSoon('shop-orders')
  await until(async () => !(await counts())['new'], 40_000)
  expect(await counts()).toEqual({ done: MANY - 1, parked: 1 })

  const [failure, ...others] = await listFailures(hub.store)
  expect(others).toEqual([])
  expect(failure).toMatchObject({ id: `shop-orders/${parked.id}`, what: 'item' })
  expect(failure!.problems).toEqual([
    expect.objectContaining({
      code: 'HUB_MAP_UNKNOWN_VALUE',
      at: 'shippingService',
      value: METHOD,
      cure: expect.stringContaining(`Add \`${METHOD}\` to mappings/tables/shipping-services.yaml`),
      rule: expect.stringMatching(/^mappings\/woocommerce\/orders\.yaml:\d+$/),
    }),
  ])

  const [{ now }] = (await hub.store.query<{ now: Date }>('select hub_now() as now')) as [{ now: Date }]
  appendFileSync(path.join(root, 'mappings', 'tables', 'shipping-services.yaml'), `"${METHOD}": standard\n`)
  await until(async () => (await counts())['done'] === MANY, 20_000)
  expect(await counts()).toEqual({ done: MANY })
  const [order] = await hub.store.query<{ data: Json }>(
    "select data from record where type = 'order' and key = $1 and version = 1",
    [`shop:${parked.number}`],
  )
  expect(order!.data.shippingService).toBe('standard')
  const since = await hub.store.query('select external_id as id from item where decided_at > $1', [now])
  expect(since, 'decided on since the row was added').toEqual([{ id: String(parked.id) }])
})

function revisionNow(): string {
  const { mappings } = hub.loaded()
  return ['woocommerce/orders', 'woocommerce/orders.customer'].map((name) => mappings.get(name)!.revision).join('+')
}
