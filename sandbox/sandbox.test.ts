// The frame around the stand-ins: the story, the journal, faults, the request log and the control API.
import { spawn } from 'node:child_process'
import { appendFileSync, mkdtempSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { expect, test } from 'vitest'
import { ask, calls, until } from './calls.ts'
import type { FaultRule } from './core/faults.ts'
import type { Json } from './core/types.ts'
import { startSandbox } from './sandbox.ts'
import { expected, summary } from './scenario/expected.ts'
import { generate } from './scenario/generate.ts'

const folder = () => mkdtempSync(path.join(tmpdir(), 'sandbox-'))
const cents = (text: string) => Math.round(Number(text) * 100)

test('the story is the same for the same seed, and another for another', () => {
  expect(generate({ orders: 200, seed: 5 })).toEqual(generate({ orders: 200, seed: 5 }))
  expect(generate({ orders: 200, seed: 6 }).orders[0].billing).not.toEqual(
    generate({ orders: 200, seed: 5 }).orders[0].billing,
  )
})

test('every order’s sums add up to the cent', () => {
  for (const order of generate({ orders: 500, seed: 42 }).orders) {
    const sum = (items: Json[], name: string) => items.reduce((all, item) => all + cents(item[name]), 0)
    expect(sum(order.line_items, 'total') + cents(order.shipping_total) + cents(order.total_tax)).toBe(
      cents(order.total),
    )
    expect(sum(order.line_items, 'total_tax') + cents(order.shipping_tax)).toBe(cents(order.total_tax))
    expect(sum(order.line_items, 'subtotal') - sum(order.line_items, 'total')).toBe(cents(order.discount_total))
    if (order.currency === 'JPY') expect(order.total).toMatch(/\.00$/)
  }
})

test('the story of 500 has all that is promised of it', () => {
  const scenario = generate({ orders: 500, seed: 42 })
  const { orders } = scenario
  expect(summary(scenario)).toMatchObject({ orders: 500, carried: 493, parked: 5, skipped: 2, shipments: 503 })
  expect(new Set(orders.map(({ currency }) => currency))).toEqual(new Set(['EUR', 'GBP', 'USD', 'JPY']))
  expect(orders.filter((order) => expected(order).startsWith('parked: unknown ship method'))).toHaveLength(3)
  expect(orders.some(({ billing }) => /\p{Script=Arabic}/u.test(billing.first_name))).toBe(true)
  expect(orders.some(({ billing }) => /\p{Extended_Pictographic}/u.test(billing.first_name))).toBe(true)
  expect(orders.some(({ billing, shipping }) => billing.last_name === '' && shipping.last_name !== '')).toBe(true)
  expect(
    orders.filter(({ line_items }) =>
      line_items.some(({ quantity, sku }: Json) => quantity === 100 && sku === 'CARE-106'),
    ),
  ).toHaveLength(1)
  expect(
    orders.some(({ line_items }) => new Set(line_items.map(({ sku }: Json) => sku)).size < line_items.length),
  ).toBe(true)
  const stamps = orders.map((order) => order.date_modified_gmt)
  expect(new Set(stamps).size).toBeLessThan(stamps.length)
})

test('the warehouse ships what the story says', async () => {
  const sandbox = await startSandbox({ dir: folder() })
  const story = sandbox.seed({ orders: 80, seed: 4 })
  sandbox.warehouse({ shipAfter: '5ms' })
  const mutation = 'mutation ($data: CreateOrderInput!) { order_create(data: $data) { order { id } } }'
  for (const order of sandbox.state('woocommerce', 'orders')) {
    if (expected(order) !== 'carried') continue
    const line_items = order.line_items.map(({ id, sku, quantity, total }: Json) => ({
      sku,
      quantity,
      price: total,
      partner_line_item_id: String(id),
    }))
    const data = {
      order_number: order.number,
      partner_order_id: `shop:${order.number}`,
      shipping_address: {},
      line_items,
    }
    expect((await calls(sandbox).warehouse(mutation, { data })).body.errors).toBeUndefined()
  }
  const shipments = () => sandbox.state('shiphero', 'shipments')
  await until(() => shipments().length >= story.shipments, 'the parcels')
  await new Promise((resolve) => setTimeout(resolve, 50))
  expect(shipments()).toHaveLength(story.shipments)
  const units = shipments()
    .flatMap(({ lines }: Json) => lines)
    .reduce((sum: number, { quantity }: Json) => sum + quantity, 0)
  expect(units).toBe(story.shippedUnits)
  expect(story.units - story.shippedUnits).toBe(5)
  expect(sandbox.state('shiphero', 'products').every(({ on_hand }: Json) => on_hand >= 0)).toBe(true)
  await sandbox.close()
})

test('seeding again changes nothing; another story is refused', async () => {
  const sandbox = await startSandbox({ dir: folder() })
  const first = sandbox.seed({ orders: 30, seed: 1 })
  const { order } = { order: sandbox.editOrder(1005, { customer_note: 'changed' }) }
  expect(sandbox.seed({ orders: 30, seed: 1 })).toEqual(first)
  expect(sandbox.state('woocommerce', 'orders').find(({ id }: Json) => id === 1005)).toEqual(order)
  expect(() => sandbox.seed({ orders: 31, seed: 1 })).toThrow(/Use another folder/)
  expect(Object.keys(sandbox.expected())).toHaveLength(30)
  await sandbox.close()
})

test('kill -9 loses nothing that was answered, half a line is no harm, and the ports stay', async () => {
  const dir = folder()
  const start = async () => {
    const child = spawn(process.execPath, ['sandbox/main.ts', '--dir', dir], { stdio: ['ignore', 'pipe', 'inherit'] })
    const line = await new Promise<string>((resolve) => child.stdout.once('data', (chunk) => resolve(String(chunk))))
    const at = JSON.parse(line)
    return { child, at, ended: new Promise((resolve) => child.once('exit', resolve)), ...calls(at) }
  }
  const first = await start()
  await first.control('POST', '/seed', { orders: 20, seed: 2 })
  await first.control('POST', '/warehouse', { shipAfter: '700ms' })
  const create = 'mutation ($data: CreateOrderInput!) { order_create(data: $data) { order { id } } }'
  const line_items = [{ sku: 'MAT-101', partner_line_item_id: '1', quantity: 1, price: '1.00' }]
  const { body } = await first.warehouse(create, { data: { order_number: '1', shipping_address: {}, line_items } })
  const contact = (await first.crm('POST', '/crm/v3/objects/contacts', { properties: { email: 'kill@example.org' } }))
    .body
  first.child.kill('SIGKILL')
  await first.ended
  appendFileSync(path.join(dir, 'hubspot.jsonl'), '["contacts","9","half a li')

  const second = await start()
  expect(second.at).toEqual(first.at)
  expect((await second.crm('GET', `/crm/v3/objects/contacts/${contact.id}`)).body.properties.email).toBe(
    'kill@example.org',
  )
  expect((await second.control('GET', '/requests/shiphero?writes=1')).body).toMatchObject([
    { operation: 'order_create', status: 200 },
  ])
  // The parcel that was to be packed is packed after the restart.
  const shipments = await until(async () => {
    const found = (await second.control('GET', '/state/shiphero/shipments')).body
    return found.length > 0 ? found : undefined
  })
  expect(Buffer.from(body.data.order_create.order.id, 'base64').toString()).toBe(`Order:${shipments[0].order}`)
  await expect(startSandbox({ dir })).rejects.toThrow(/is taken/)
  second.child.kill('SIGTERM')
  expect(await second.ended).toBe(0)
})

test('a journal of mostly history is rewritten, and ids are not used again', async () => {
  const dir = folder()
  const before = await startSandbox({ dir })
  const { crm } = calls(before)
  const { body } = await crm('POST', '/crm/v3/objects/contacts', { properties: { email: 'a@example.org' } })
  for (let i = 0; i < 1100; i += 1) before.crm({ searchLag: `${i}ms` })
  before.clearRequests()
  await before.close()
  const after = await startSandbox({ dir })
  expect(after.crm().searchLag).toBe('1099ms')
  const next = await calls(after).crm('POST', '/crm/v3/objects/contacts', { properties: { email: 'b@example.org' } })
  expect(Number(next.body.id)).toBe(Number(body.id) + 1)
  await after.close()
})

const faults: [name: string, rule: FaultRule, seen: string, executed: boolean][] = [
  ['latency', { effect: 'latency', ms: 50 }, '201', true],
  ['429', { effect: 'status', status: 429, retryAfter: 3 }, '429', false],
  ['503', { effect: 'status', status: 503 }, '503', false],
  ['500 after the work', { effect: 'status', status: 500, executed: true }, '500', true],
  ['a timeout before', { effect: 'timeout-before', ms: 30 }, 'none', false],
  ['a timeout after', { effect: 'timeout-after', ms: 30 }, 'none', true],
  ['a reset before', { effect: 'reset-before' }, 'none', false],
  ['a reset after', { effect: 'reset-after' }, 'none', true],
  ['half a JSON', { effect: 'cut-json' }, 'text', true],
  ['a page', { effect: 'html-200' }, 'text', false],
]
test.each(faults)('fault: %s', async (_, rule, seen, executed) => {
  const sandbox = await startSandbox({ dir: folder() })
  const { crm } = calls(sandbox)
  const create = () => crm('POST', '/crm/v3/objects/contacts', { properties: { email: 'fault@example.org' } })
  sandbox.addFault({ ...rule, system: 'hubspot', method: 'POST', path: '/contacts$', times: 1 })
  const answer = await create().catch(() => undefined)
  if (seen === 'none') expect(answer).toBeUndefined()
  else if (seen === 'text') expect(typeof answer!.body).toBe('string')
  else expect(String(answer!.status)).toBe(seen)
  if (rule.retryAfter) expect(answer!.headers.get('retry-after')).toBe('3')
  expect(sandbox.state('hubspot', 'contacts')).toHaveLength(executed ? 1 : 0)
  expect(sandbox.faults()).toMatchObject([{ matched: 1, struck: 1 }])
  expect((await create()).status).toBe(executed ? 409 : 201)
  expect(sandbox.requests('hubspot', { writes: true })).toMatchObject([
    { executed, fault: 'fault-1' },
    { executed: true },
  ])
  await sandbox.close()
})

test('faults strike by operation, after some, sometimes, and the same ones for the same seed', async () => {
  const sandbox = await startSandbox({ dir: folder() })
  const { warehouse, erp } = calls(sandbox)
  sandbox.addFault({ operation: '^order_create$', effect: 'status', status: 500, skip: 1 })
  sandbox.addFault({ operation: '^res\\.partner\\.search', effect: 'status', status: 502, probability: 0.5, seed: 9 })
  const mutation = 'mutation ($data: CreateOrderInput!) { order_create(data: $data) { order { id } } }'
  const data = {
    order_number: '1',
    shipping_address: {},
    line_items: [{ sku: 'X', partner_line_item_id: '1', quantity: 1, price: '1' }],
  }
  expect([(await warehouse(mutation, { data })).status, (await warehouse(mutation, { data })).status]).toEqual([
    200, 500,
  ])
  const statuses = []
  for (let i = 0; i < 20; i += 1) statuses.push((await erp('res.partner', 'search', [[]])).status)
  expect(statuses.filter((status) => status === 502).length).toBeGreaterThan(3)
  expect(statuses).toContain(200)
  expect(() => sandbox.addFault({ effect: 'explode' as never })).toThrow(/effect is one of/)
  await sandbox.close()
})

test('the control API says what it can and what is wrong', async () => {
  const sandbox = await startSandbox({ dir: folder() })
  const { control, shop } = calls(sandbox)
  expect((await control('POST', '/seed', { orders: 12, seed: 1 })).body).toMatchObject({ orders: 12 })
  expect((await control('GET', '/state/woocommerce/orders?count=1')).body).toEqual({ count: 12 })
  await shop('GET', '/wc/v3/orders')
  await shop('PUT', '/wc/v3/orders/1001', { customer_note: 'x' })
  expect((await control('GET', '/requests/woocommerce?writes=1&count=1')).body).toEqual({ count: 1 })
  expect((await control('GET', '/requests/woocommerce?since=1')).body).toMatchObject([
    { n: 2, method: 'PUT', path: '/wp-json/wc/v3/orders/1001', write: true, status: 200 },
  ])
  expect((await control('DELETE', '/requests')).status).toBe(200)
  expect((await control('GET', '/requests')).body).toMatchObject({ woocommerce: 0 })
  expect((await control('POST', '/orders/1001', { status: 'on-hold' })).body.status).toBe('on-hold')
  expect((await control('POST', '/orders', { line_items: [{ sku: 'MAT-101', quantity: 1 }] })).body).toMatchObject({
    id: 1013,
    status: 'processing',
  })
  expect((await control('POST', '/warehouse', { speed: 1 })).body.error).toContain('It has shipAfter')
  expect((await control('GET', '/state/sap')).status).toBe(404)
  expect((await control('POST', '/auth', { system: 'woocommerce', revoked: true })).status).toBe(200)
  expect((await shop('GET', '/wc/v3/orders')).status).toBe(401)
  expect((await ask(`${sandbox.control}/_sandbox/nothing`, 'GET', {})).status).toBe(404)
  await sandbox.close()
})
