// Webhook subscriptions are made, watched and restored by the hub, and signed deliveries come in with secrets that change or that the
// vendor made: against the stand-ins of a shop and a warehouse.
import { createHmac, randomBytes } from 'node:crypto'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { afterAll, beforeAll, expect, test } from 'vitest'
import type { Json } from '../engine/hub.ts'
import { type HubProcess, startHub } from '../engine/hub-process.ts'
import { detectNow } from '../engine/outcome/alerts/detect.ts'
import { readEnvironment } from '../engine/platform/config/environment.ts'
import { openLog } from '../engine/platform/log.ts'
import type { Store } from '../engine/platform/store/store.ts'
import { loadHub } from '../engine/setup/load.ts'
import { openSubscriptions } from '../engine/setup/subscriptions.ts'
import { credentials } from '../sandbox/credentials.ts'
import { type Sandbox, startSandbox } from '../sandbox/sandbox.ts'

const folder = mkdtempSync(path.join(tmpdir(), 'handoff-subscriptions-'))
const schema = `t_${randomBytes(6).toString('hex')}`
let sandbox: Sandbox
let hub: HubProcess

interface Change {
  shipments?: boolean
  secrets?: string
}
async function start({ shipments = true, secrets = '"first-secret"' }: Change = {}): Promise<HubProcess> {
  writeFileSync(
    path.join(folder, 'hub.yaml'),
    `connections:
  shop: { connector: woocommerce, settings: { url: "${sandbox.systems.woocommerce}", key: "${credentials.woocommerce.key}", secret: "${credentials.woocommerce.secret}", webhookSecret: ${secrets} } }
  warehouse: { connector: shiphero, settings: { url: "${sandbox.systems.shiphero}", token: "${credentials.shiphero.token}" } }
sources:
  shop-orders: { pull: shop.orders, into: order, also: [customer], every: 1h, webhook: true }
  shipments: { pull: warehouse.shipments, into: shipment, every: 1h, webhook: ${shipments} }
server: { port: 0 }
`,
  )
  const loaded = await loadHub({ configDir: folder, variable: () => undefined })
  expect(loaded.diagnostics.filter((each) => each.severity === 'error')).toEqual([])
  const own = { databaseUrl: process.env['HANDOFF_TEST_DATABASE'], redisUrl: undefined, stateDir: folder, schema }
  return startHub(loaded, {
    environment: { ...readEnvironment({}), ...own },
    configDir: folder,
    log: openLog('silent'),
    serve: true,
    schedule: false,
  })
}
const check = (url = hub.url!, now = true) =>
  openSubscriptions({
    store: hub.store,
    clients: hub.clients,
    config: hub.loaded().config,
    log: openLog('silent'),
  }).check(url, now)
const rows = (sql: string, store: Store = hub.store) => store.query<Json>(sql)
const shop = async (method: string, what: string, body?: Json): Promise<Json> => {
  const { key, secret } = credentials.woocommerce
  const answer = await fetch(`${sandbox.systems.woocommerce}/wp-json/wc/v3/${what}`, {
    method,
    headers: { authorization: `Basic ${btoa(`${key}:${secret}`)}`, 'content-type': 'application/json' },
    ...(body ? { body: JSON.stringify(body) } : {}),
  })
  return answer.json()
}
const hooks = async (): Promise<Json[]> => shop('GET', 'webhooks?per_page=100')
const told = async (type: string) =>
  (await rows(`select connection, detail from event where type = '${type}' order by id`)) as Json[]
const deliver = (connection: string, body: string, headers: Record<string, string>) =>
  fetch(`${hub.url}/webhooks/${connection}`, {
    method: 'POST',
    body,
    headers: { 'content-type': 'application/json', ...headers },
  })
const fromShop = (body: string, secret: string) =>
  deliver('shop', body, {
    'x-wc-webhook-topic': 'order.updated',
    'x-wc-webhook-signature': createHmac('sha256', secret).update(body).digest('base64'),
  })

beforeAll(async () => {
  sandbox = await startSandbox({ dir: path.join(folder, 'systems') })
  hub = await start()
})
afterAll(async () => {
  await hub.store.query(`drop schema "${schema}" cascade`).catch(() => {})
  await hub.stop()
  await sandbox.close()
  rmSync(folder, { recursive: true, force: true })
})

test('what a shop deleted, switched off or sends elsewhere is restored once, and what is right is left alone', async () => {
  const first = await hooks()
  expect(first.map((one) => one.topic).sort()).toEqual([
    'order.created',
    'order.deleted',
    'order.restored',
    'order.updated',
  ])
  await check()
  expect((await hooks()).map((one) => one.id).sort()).toEqual(first.map((one) => one.id).sort())

  const of = (topic: string) => first.find((one) => one.topic === topic)!.id
  await shop('DELETE', `webhooks/${of('order.created')}?force=true`)
  await shop('PUT', `webhooks/${of('order.updated')}`, { status: 'disabled' })
  await Promise.all([check(), check(), check()])
  const second = await hooks()
  expect(second).toHaveLength(4)
  expect(second.every((one) => one.status === 'active' && one.delivery_url === `${hub.url}/webhooks/shop`)).toBe(true)
  expect((await told('webhook.restored')).map(({ detail }) => [detail.topic, detail.why]).sort()).toEqual([
    ['order.created', 'it was deleted there'],
    ['order.updated', 'it was switched off there'],
  ])

  await check('https://hub.example.com/')
  expect(new Set((await hooks()).map((one) => one.delivery_url))).toEqual(
    new Set(['https://hub.example.com/webhooks/shop']),
  )
  // Another process, started before, has another address of its own: the two do not fight over it.
  await rows("update chore set due_at = hub_now() where name = 'subscriptions'")
  await check('http://127.0.0.1:9', false)
  expect((await told('webhook.restored')).filter(({ detail }) => /address/.test(detail.why))).toHaveLength(5)
  await check()
  expect(await hooks()).toHaveLength(4)
})

test('a secret that the warehouse made is kept, trusted, and shown nowhere; another process learns it as soon as it is needed', async () => {
  const [kept] = await rows("select secrets, url from subscription where connection = 'warehouse'")
  const secret = kept!.secrets[0]
  expect(secret).toMatch(/^[0-9a-f]{32}$/)
  const body = JSON.stringify({ webhook_type: 'Shipment Update', fulfillment: { shipment_uuid: 'U2hpcG1lbnQ6MQ==' } })
  const sign = (key: string) => ({ 'x-shiphero-hmac-sha256': createHmac('sha256', key).update(body).digest('base64') })
  expect((await deliver('warehouse', body, sign('0'.repeat(32)))).status).toBe(401)
  const right = await deliver('warehouse', body, sign(secret))
  expect([right.status, await right.json()]).toEqual([200, { code: '200', Status: 'Success' }])
  for (const { text } of await rows(
    "select coalesce(string_agg(e::text, ''), '') || coalesce((select string_agg(a::text, '') from attempt a), '') as text from event e",
  ))
    expect(text).not.toContain(secret)
  await sleep(1_100)
  await rows(
    "update subscription set secrets = array['told-to-another-process'] || secrets where connection = 'warehouse'",
  )
  expect((await deliver('warehouse', body, sign('told-to-another-process'))).status).toBe(200)
  expect((await deliver('warehouse', body, sign(secret))).status).toBe(200)
})

test('a subscription whose secret the hub does not know is made anew', async () => {
  await rows("delete from subscription where connection = 'warehouse'")
  hub.clients.get('warehouse')!.webhook!.trust([])
  await check()
  const [kept] = await rows("select secrets from subscription where connection = 'warehouse'")
  expect(kept!.secrets).toHaveLength(1)
  expect(hub.clients.get('warehouse')!.webhook!.configured).toBe(true)
})

test('where it cannot be restored, somebody is told, until it can', async () => {
  const { webhook } = hub.clients.get('shop')!
  const subscribe = webhook!.subscribe!
  const [one] = await hooks()
  await shop('DELETE', `webhooks/${one!.id}?force=true`)
  const { ConnectorError } = await import('#connector')
  webhook!.subscribe = () => Promise.reject(new ConnectorError('permanent', 'HUB_VENDOR_REFUSED', 'WooCommerce: no'))
  const troubles = () =>
    hub.store.transaction((tx) =>
      detectNow(tx, {
        connections: ['shop', 'warehouse'],
        sources: [{ name: 'shop-orders', connection: 'shop', missedMs: null, quietMs: null }],
        routes: [],
        comparisons: [],
        startedAt: new Date(),
        attempts: 5,
      }),
    )
  await check()
  await check()
  expect(await troubles()).toMatchObject([
    { kind: 'failing', place: 'shop-orders', cause: 'webhooks', sample: [{ subject: one!.topic }] },
  ])
  expect((await told('webhook.lost')).map(({ detail }) => detail.topic)).toEqual([one!.topic])
  webhook!.subscribe = subscribe
  await check()
  expect(await troubles()).toEqual([])
  expect(await hooks()).toHaveLength(4)
})

test('while a secret is replaced both are taken; then only the new one; the same delivery five times is one item', async () => {
  await hub.stop()
  hub = await start({ secrets: '["second-secret", "first-secret"]', shipments: false })
  const body = JSON.stringify({
    id: 990001,
    number: '990001',
    status: 'processing',
    date_modified_gmt: '2026-01-01T00:00:00',
  })
  for (const secret of ['second-secret', 'first-secret']) expect((await fromShop(body, secret)).status).toBe(200)
  expect((await fromShop(body, 'third-secret')).status).toBe(401)
  expect((await Promise.all([1, 2, 3].map(() => fromShop(body, 'second-secret')))).map(({ status }) => status)).toEqual(
    [200, 200, 200],
  )
  expect(await rows("select from item where external_id = '990001'")).toHaveLength(1)
  // The shop was told the new secret: its own deliveries are signed with it.
  expect(
    (await told('webhook.restored')).filter(({ detail }) => detail.why !== 'the address of the hub has changed').length,
  ).toBeGreaterThan(0)
  await hub.stop()
  hub = await start({ secrets: '"second-secret"', shipments: false })
  expect((await fromShop(body, 'first-secret')).status).toBe(401)
  const signed = new Set(
    (await rows("select signed_with from subscription where connection = 'shop'")).map((row) => row.signed_with),
  )
  expect(signed.size).toBe(1)
})

test('what no source wants any more is ended there', async () => {
  expect(await rows("select from subscription where connection = 'warehouse'")).toEqual([])
  expect((await told('webhook.unsubscribed')).map(({ connection }) => connection)).toEqual(['warehouse'])
  expect(await hub.clients.get('warehouse')!.webhook!.list!()).toEqual([])
})
