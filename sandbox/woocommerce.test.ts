import { createHmac } from 'node:crypto'
import { mkdtempSync } from 'node:fs'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { ask, calls, until } from './calls.ts'
import type { Json } from './core/types.ts'
import { type Sandbox, startSandbox } from './sandbox.ts'

let sandbox: Sandbox
let shop: ReturnType<typeof calls>['shop']

beforeAll(async () => {
  sandbox = await startSandbox({ dir: mkdtempSync(path.join(tmpdir(), 'sandbox-shop-')) })
  sandbox.seed({ orders: 120, seed: 7 })
  shop = calls(sandbox).shop
})
afterAll(() => sandbox.close())

test('a pull by cursor sees every order once, also those of one second', async () => {
  const seen: number[] = []
  let since = '2026-01-01T00:00:00'
  let last: Json[] = []
  do {
    const exclude = last.filter((order) => order.date_modified_gmt === since).map(({ id }) => id)
    const step = new Date(Date.parse(`${since}Z`) - 1000).toISOString().slice(0, 19)
    const query = `modified_after=${step}&dates_are_gmt=true&orderby=modified&order=asc&per_page=10&exclude=${exclude.join(',')}`
    last = (await shop('GET', `/wc/v3/orders?${query}`)).body
    last = last.filter(({ id }) => !seen.includes(id))
    seen.push(...last.map(({ id }) => id))
    if (last.length > 0) since = last.at(-1).date_modified_gmt
  } while (last.length > 0)
  expect(new Set(seen).size).toBe(120)
})

test('pages carry their totals and links', async () => {
  const { headers, body } = await shop('GET', '/wc/v3/orders?per_page=50&page=2&orderby=id&order=asc')
  expect(headers.get('x-wp-total')).toBe('120')
  expect(headers.get('x-wp-totalpages')).toBe('3')
  expect(headers.get('link')).toMatch(/page=1\b.*>; rel="prev", <.*page=3\b.*>; rel="next"/)
  expect(body[0].id).toBe(1051)
})

test('later than means later: the second itself is left out', async () => {
  const [first] = (await shop('GET', '/wc/v3/orders?orderby=modified&order=asc&per_page=1')).body
  const { body } = await shop(
    'GET',
    `/wc/v3/orders?modified_after=${first.date_modified_gmt}&dates_are_gmt=true&per_page=100&order=asc`,
  )
  expect(body.map(({ id }: Json) => id)).not.toContain(first.id)
})

test('parameters are refused as WordPress refuses them', async () => {
  const tooMany = await shop('GET', '/wc/v3/orders?per_page=101')
  expect(tooMany.status).toBe(400)
  expect(tooMany.body).toMatchObject({
    code: 'rest_invalid_param',
    data: { status: 400, params: { per_page: expect.any(String) } },
  })
  expect((await shop('GET', '/wc/v3/orders?modified_after=yesterday')).body.data.params).toEqual({
    modified_after: 'Invalid date.',
  })
  expect((await shop('GET', '/wc/v3/orders?orderby=total')).status).toBe(400)
  expect((await shop('PUT', '/wc/v3/orders/1001', { status: 'shipped' })).body.code).toBe('rest_invalid_param')
})

test('a wrong key, a wrong secret, an unknown order and an unknown route each have their own answer', async () => {
  const url = `${sandbox.systems.woocommerce}/wp-json/wc/v3/orders`
  expect((await ask(url, 'GET', {})).body).toMatchObject({
    code: 'woocommerce_rest_cannot_view',
    data: { status: 401 },
  })
  const wrong = `Basic ${Buffer.from('ck_demo00000000000000000000000000000000shop:cs_wrong').toString('base64')}`
  expect((await ask(url, 'GET', { authorization: wrong })).body.code).toBe('woocommerce_rest_authentication_error')
  expect(await shop('GET', '/wc/v3/orders/99')).toMatchObject({
    status: 404,
    body: { code: 'woocommerce_rest_shop_order_invalid_id' },
  })
  expect(await shop('GET', '/wc/v3/parcels')).toMatchObject({ status: 404, body: { code: 'rest_no_route' } })
})

test('saving moves the modified date, also when nothing changes', async () => {
  const before = (await shop('GET', '/wc/v3/orders/1002')).body
  const after = (await shop('PUT', '/wc/v3/orders/1002', {})).body
  expect(after.date_modified_gmt > before.date_modified_gmt).toBe(true)
  expect({ ...after, date_modified: 0, date_modified_gmt: 0 }).toEqual({
    ...before,
    date_modified: 0,
    date_modified_gmt: 0,
  })
})

test('a new order has sums that add up', async () => {
  const lines = [
    { sku: 'TENT-101', quantity: 2 },
    { name: 'Voucher', total: '10.00', quantity: 1 },
  ]
  const { status, body, headers } = await shop('POST', '/wc/v3/orders', {
    set_paid: true,
    line_items: lines,
    billing: { email: 'a@example.com' },
    shipping_lines: [{ method_id: 'flat_rate', method_title: 'Standard', total: '4.90' }],
  })
  expect(status).toBe(201)
  expect(headers.get('location')).toContain(`/wc/v3/orders/${body.id}`)
  const price = Number(sandbox.state('woocommerce', 'products').find(({ sku }: Json) => sku === 'TENT-101').price)
  expect(body.total).toBe((2 * price + 10 + 4.9).toFixed(2))
  expect(body.status).toBe('processing')
})

test('stock is set one by one and in batches; one bad item does not spoil the rest', async () => {
  const [product] = (await shop('GET', '/wc/v3/products?sku=tent-102')).body
  const { body } = await shop('PUT', `/wc/v3/products/${product.id}`, { stock_quantity: 0 })
  expect(body).toMatchObject({ stock_quantity: 0, stock_status: 'outofstock' })
  expect((await shop('PUT', `/wc/v3/products/${product.id}`, { stock_quantity: 'many' })).status).toBe(400)
  const batch = (
    await shop('POST', '/wc/v3/products/batch', {
      update: [
        { id: product.id, stock_quantity: 7 },
        { id: 9, stock_quantity: 1 },
      ],
    })
  ).body
  expect(batch.update[0].stock_quantity).toBe(7)
  expect(batch.update[1]).toMatchObject({ id: 9, error: { code: 'woocommerce_rest_product_invalid_id' } })
  expect((await shop('POST', '/wc/v3/products', { name: 'Twin', sku: 'TENT-102' })).body.code).toBe(
    'product_invalid_sku',
  )
})

test('a tracking number is added, shown in the order, found, and taken away', async () => {
  const base = '/wc-shipment-tracking/v3/orders/1003/shipment-trackings'
  expect((await shop('POST', base, {})).body.code).toBe('rest_missing_callback_param')
  const added = await shop('POST', base, {
    tracking_provider: 'USPS',
    tracking_number: '94001',
    date_shipped: '2026-03-09',
  })
  expect(added.status).toBe(201)
  expect(added.body).toMatchObject({
    tracking_provider: 'USPS',
    date_shipped: '2026-03-09',
    tracking_link: expect.stringContaining('94001'),
  })
  expect((await shop('GET', base)).body).toHaveLength(1)
  const meta = (await shop('GET', '/wc/v3/orders/1003')).body.meta_data.find(
    ({ key }: Json) => key === '_wc_shipment_tracking_items',
  )
  expect(meta.value[0]).toMatchObject({ tracking_number: '94001', date_shipped: '1773014400' })
  await shop('POST', base, { tracking_provider: 'USPS', tracking_number: '94001' })
  expect((await shop('GET', base)).body).toHaveLength(2)
  expect((await shop('DELETE', `${base}/${added.body.tracking_id}`)).status).toBe(200)
  expect((await shop('GET', `${base}/${added.body.tracking_id}`)).status).toBe(404)
})

test('a webhook is greeted unsigned, delivers signed bytes, and is disabled after six failures', async () => {
  const got: { headers: Record<string, unknown>; body: string }[] = []
  let status = 200
  const server = createServer((request, response) => {
    let body = ''
    request.on('data', (chunk) => (body += chunk))
    request.on('end', () => {
      got.push({ headers: request.headers, body })
      response.writeHead(status).end()
    })
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const delivery_url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/hook`
  const { body: webhook } = await shop('POST', '/wc/v3/webhooks', {
    topic: 'order.updated',
    delivery_url,
    secret: 's3cret',
  })
  expect(webhook).toMatchObject({ status: 'active', resource: 'order', event: 'updated' })
  expect(webhook.secret).toBeUndefined()
  await until(() => got.length === 1, 'the ping')
  expect(got[0]!.body).toBe(`webhook_id=${webhook.id}`)
  expect(got[0]!.headers['x-wc-webhook-topic']).toBeUndefined()

  sandbox.editOrder(1004, { customer_note: 'Later, please' })
  await until(() => got.length === 2, 'the delivery')
  const { headers, body } = got[1]!
  expect(headers['x-wc-webhook-topic']).toBe('order.updated')
  expect(headers['x-wc-webhook-signature']).toBe(createHmac('sha256', 's3cret').update(body).digest('base64'))
  expect(JSON.parse(body)).toMatchObject({ id: 1004, customer_note: 'Later, please' })

  status = 500
  for (let i = 0; i < 7; i += 1) sandbox.editOrder(1004, { customer_note: `${i}` })
  await until(
    async () => (await shop('GET', `/wc/v3/webhooks/${webhook.id}`)).body.status === 'disabled',
    'the end of the webhook',
  )
  await shop('DELETE', `/wc/v3/webhooks/${webhook.id}?force=true`)
  await new Promise((resolve) => server.close(resolve))
})
