import { createHmac } from 'node:crypto'
import { mkdtempSync } from 'node:fs'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { ask, calls, until } from './calls.ts'
import type { Json } from './core/types.ts'
import { type Sandbox, startSandbox } from './sandbox.ts'

let sandbox: Sandbox
let warehouse: (query: string, variables?: Json) => Promise<Json>

beforeEach(async () => {
  sandbox = await startSandbox({ dir: mkdtempSync(path.join(tmpdir(), 'sandbox-warehouse-')) })
  sandbox.warehouse({ shipAfter: '20ms' })
  warehouse = async (query, variables) => (await calls(sandbox).warehouse(query, variables)).body
})
afterEach(() => sandbox.close())

const create = `mutation ($data: CreateOrderInput!) { order_create(data: $data) { request_id complexity order {
  id legacy_id order_number fulfillment_status line_items(first: 10) { edges { node { id sku quantity_allocated backorder_quantity } } } } } }`
const shipments = `query ($order: String, $after: String, $from: ISODateTime) { shipments(order_id: $order, date_from: $from) { request_id complexity
  data(first: 2, after: $after) { pageInfo { hasNextPage endCursor } edges { cursor node {
    id order_id created_date completed shipping_labels { tracking_number } order { order_number partner_order_id fulfillment_status }
    line_items(first: 10) { edges { node { quantity line_item { sku partner_line_item_id } } } } } } } } }`
const data = (number: string, more: Json = {}) => ({
  order_number: number,
  partner_order_id: `shop:${number}`,
  shop_name: 'handoff',
  shipping_address: {
    first_name: 'Åsa',
    last_name: 'Öst',
    address1: 'Storgatan 1',
    city: 'Umeå',
    zip: '903 20',
    country: 'SE',
  },
  line_items: [{ sku: 'MAT-101', partner_line_item_id: 'a', quantity: 3, price: '10.00' }],
  ...more,
})
const nodes = (connection: Json): Json[] => connection.edges.map(({ node }: Json) => node)

test('an order is allocated at once, packed after a while and taken off the shelf; its parcel has no label', async () => {
  sandbox.seed({ orders: 10, seed: 1 })
  const stock = () => sandbox.state('shiphero', 'products').find(({ sku }: Json) => sku === 'MAT-101').on_hand
  const before = stock()
  const { order } = (await warehouse(create, { data: data('5001') })).data.order_create
  expect(Buffer.from(order.id, 'base64').toString()).toBe(`Order:${order.legacy_id}`)
  expect(nodes(order.line_items)[0]).toMatchObject({ quantity_allocated: 3, backorder_quantity: 0 })
  const [shipment] = await until(async () => {
    const found = nodes((await warehouse(shipments, { order: order.id })).data.shipments.data)
    return found.length > 0 ? found : undefined
  })
  expect(shipment).toMatchObject({
    order_id: order.id,
    completed: true,
    shipping_labels: [],
    order: { order_number: '5001', fulfillment_status: 'fulfilled' },
  })
  expect(shipment.created_date).toMatch(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\+00:00$/)
  expect(nodes(shipment.line_items)).toEqual([
    { quantity: 3, line_item: { sku: 'MAT-101', partner_line_item_id: 'a' } },
  ])
  expect(stock()).toBe(before - 3)
})

test('what is short ships in part, and the rest when stock comes', async () => {
  sandbox.seed({ orders: 10, seed: 1 })
  const lines = [{ sku: 'CARE-106', partner_line_item_id: 'x', quantity: 100, price: '20.00' }]
  const { order } = (await warehouse(create, { data: data('5002', { line_items: lines }) })).data.order_create
  expect(nodes(order.line_items)[0]).toMatchObject({ quantity_allocated: 95, backorder_quantity: 5 })
  const quantities = async () =>
    nodes((await warehouse(shipments, { order: order.id })).data.shipments.data).map(
      (one) => nodes(one.line_items)[0].quantity,
    )
  await until(async () => (await quantities()).length === 1)
  expect(await quantities()).toEqual([95])
  const add =
    'mutation ($data: UpdateInventoryInput!) { inventory_add(data: $data) { warehouse_product { on_hand allocated available } } }'
  const { warehouse_product } = (
    await warehouse(add, { data: { sku: 'CARE-106', warehouse_id: 'V2FyZWhvdXNlOjc2NzMz', quantity: 12 } })
  ).data.inventory_add
  expect(warehouse_product).toEqual({ on_hand: 12, allocated: 5, available: 7 })
  await until(async () => (await quantities()).length === 2)
  expect(await quantities()).toEqual([95, 5])
})

test('an order that is tagged split goes in two parcels', async () => {
  await warehouse(create, { data: data('5003', { tags: ['split'] }) })
  const found = await until(async () => {
    const all = nodes((await warehouse(shipments, {})).data.shipments.data)
    return all.length === 2 ? all : undefined
  })
  expect(found.map((one) => nodes(one.line_items)[0].quantity)).toEqual([2, 1])
  expect(found.map(({ completed }) => completed)).toEqual([false, true])
})

test('pages follow each other to the end', async () => {
  for (let i = 0; i < 5; i += 1) await warehouse(create, { data: data(String(6000 + i)) })
  await until(() => sandbox.state('shiphero').shipments === 5)
  const seen: string[] = []
  let after: string | null = null
  do {
    const { data: page }: Json = (await warehouse(shipments, { after, from: '2020-01-01T00:00:00Z' })).data.shipments
    seen.push(...nodes(page).map(({ id }) => id))
    after = page.pageInfo.hasNextPage ? page.pageInfo.endCursor : null
  } while (after)
  expect(new Set(seen).size).toBe(5)
})

test('a number may be used twice, unless the setting says that the account refuses it', async () => {
  const first = (await warehouse(create, { data: data('5004') })).data.order_create.order.id
  const second = (await warehouse(create, { data: data('5004') })).data.order_create.order.id
  expect(second).not.toBe(first)
  sandbox.warehouse({ duplicates: 'refuse' })
  const refused = await warehouse(create, { data: data('5004') })
  expect(refused.errors[0]).toMatchObject({ code: 6, message: 'Order 5004 already exists', operation: 'order_create' })
  expect(refused.data).toEqual({ order_create: null })
})

test('errors: the query itself 400, an operation 200 with a code, a wrong token 401', async () => {
  const broken = await calls(sandbox).warehouse('{ orders { nothing } }')
  expect(broken.status).toBe(400)
  const wrong = await calls(sandbox).warehouse(create, { data: { order_number: 5, colour: 'red' } })
  expect(wrong.status).toBe(400)
  expect(await warehouse('{ order(id: "T3JkZXI6MQ==") { data { id } } }')).toMatchObject({
    data: { order: null },
    errors: [{ code: 5, message: 'Order not found' }],
  })
  const url = `${sandbox.systems.shiphero}/graphql`
  expect(
    (await ask(url, 'POST', { authorization: 'Bearer stale' }, { query: '{ account { request_id } }' })).status,
  ).toBe(401)
  sandbox.auth('shiphero', true)
  expect((await calls(sandbox).warehouse('{ account { request_id } }')).status).toBe(401)
})

test('credits run out with code 30, and come back', async () => {
  sandbox.warehouse({ credits: { max: 4004, perSecond: 20 } })
  const dear =
    '{ orders { complexity data(first: 100) { edges { node { id line_items(first: 38) { edges { node { id } } } } } } } }'
  expect((await warehouse(dear)).data.orders.complexity).toBe(3901)
  sandbox.warehouse({ credits: { max: 3900, perSecond: 20 } })
  const { errors } = await warehouse(dear)
  expect(errors[0]).toMatchObject({
    code: 30,
    required_credits: 3901,
    time_remaining: expect.stringMatching(/^\d+ seconds?$/),
  })
  expect((await warehouse('{ user_quota { credits_remaining max_available } }')).data.user_quota.max_available).toBe(
    3900,
  )
})

test('webhooks are signed with the secret shown once, and tried again', async () => {
  const got: { signature: unknown; body: string }[] = []
  const server = createServer((request, response) => {
    let body = ''
    request.on('data', (chunk) => (body += chunk))
    request.on('end', () => {
      got.push({ signature: request.headers['x-shiphero-hmac-sha256'], body })
      response.writeHead(got.length === 1 ? 500 : 200).end('{"code":"200","Status":"Success"}')
    })
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
  const subscribe =
    'mutation ($data: CreateWebhookInput!) { webhook_create(data: $data) { webhook { id shared_signature_secret } } }'
  const { webhook } = (await warehouse(subscribe, { data: { name: 'Shipment Update', url } })).data.webhook_create
  await warehouse(create, { data: data('5005') })
  await until(() => got.length === 2)
  expect(got[1]).toEqual(got[0])
  expect(got[0]!.signature).toBe(
    createHmac('sha256', webhook.shared_signature_secret).update(got[0]!.body).digest('base64'),
  )
  expect(JSON.parse(got[0]!.body)).toMatchObject({
    webhook_type: 'Shipment Update',
    fulfillment: { order_number: '5005', partner_order_id: 'shop:5005', tracking_number: '' },
  })
  await new Promise((resolve) => server.close(resolve))
})

test('lines are added, changed and taken away while the warehouse is closed', async () => {
  sandbox.warehouse({ open: false })
  const { order } = (await warehouse(create, { data: data('5006') })).data.order_create
  const line = nodes(order.line_items)[0].id
  const change = 'mutation ($data: UpdateLineItemsInput!) { order_update_line_items(data: $data) { order { id } } }'
  await warehouse(change, { data: { order_id: order.id, line_items: [{ id: line, quantity: 1 }] } })
  const add = 'mutation ($data: AddLineItemsInput!) { order_add_line_items(data: $data) { order { id } } }'
  await warehouse(add, {
    data: {
      order_id: order.id,
      line_items: [{ sku: 'MAT-102', partner_line_item_id: 'b', quantity: 2, price: '1.00' }],
    },
  })
  sandbox.warehouse({ open: true })
  await until(() => sandbox.state('shiphero').shipments === 1)
  const [shipment] = nodes((await warehouse(shipments, { order: order.id })).data.shipments.data)
  expect(nodes(shipment.line_items).map(({ quantity }) => quantity)).toEqual([1, 2])
})

test('a cancelled order frees its goods and is not packed', async () => {
  sandbox.warehouse({ open: false })
  const { order } = (await warehouse(create, { data: data('5007') })).data.order_create
  const cancel = 'mutation ($data: CancelOrderInput!) { order_cancel(data: $data) { order { fulfillment_status } } }'
  expect((await warehouse(cancel, { data: { order_id: order.id } })).data.order_cancel.order.fulfillment_status).toBe(
    'canceled',
  )
  const { data: stock } = await warehouse(
    '{ warehouse_products(sku: "MAT-101") { data(first: 1) { edges { node { allocated } } } } }',
  )
  expect(nodes(stock.warehouse_products.data)[0].allocated).toBe(0)
})
