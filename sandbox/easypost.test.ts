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
let carrier: ReturnType<typeof calls>['carrier']

beforeAll(async () => {
  sandbox = await startSandbox({ dir: mkdtempSync(path.join(tmpdir(), 'sandbox-carrier-')) })
  sandbox.carrier({ step: '15ms' })
  carrier = calls(sandbox).carrier
})
afterAll(() => sandbox.close())

const from = { name: 'Northlight Goods', street1: 'Havenstraat 12', city: 'Rotterdam', zip: '3011 AB', country: 'NL' }
const to = { name: 'Lena Voß', street1: 'Lindenstraße 4', city: 'Lübeck', zip: '23552', country: 'DE' }
const make = async (reference?: string, more: Json = {}) =>
  (
    await carrier('POST', '/shipments', {
      shipment: { to_address: to, from_address: from, parcel: { weight: 20 }, reference, ...more },
    })
  ).body
const cheapest = (shipment: Json) =>
  shipment.rates.reduce((best: Json, rate: Json) => (Number(rate.rate) < Number(best.rate) ? rate : best))
const buy = (shipment: Json) =>
  carrier('POST', `/shipments/${shipment.id}/buy`, { rate: { id: cheapest(shipment).id } })

test('a shipment has rates, is bought once, and is found by its reference', async () => {
  const shipment = await make('shop:1001/1')
  expect(shipment.id).toMatch(/^shp_[0-9a-f]{32}$/)
  expect(shipment).toMatchObject({ postage_label: null, tracking_code: null, status: 'unknown' })
  expect(shipment.rates.map(({ carrier }: Json) => carrier)).toContain('DHLExpress')
  const bought = await buy(shipment)
  expect(bought.status).toBe(200)
  expect(bought.body).toMatchObject({
    tracking_code: expect.any(String),
    postage_label: { object: 'PostageLabel' },
    tracker: { status: 'unknown' },
  })
  const again = await buy(shipment)
  expect(again).toMatchObject({ status: 422, body: { error: { code: 'SHIPMENT.POSTAGE.EXISTS' } } })
  expect((await carrier('GET', `/shipments/${encodeURIComponent('shop:1001/1')}`)).body.tracking_code).toBe(
    bought.body.tracking_code,
  )
})

test('a list shows what is bought, newest first, page by page', async () => {
  const unbought = await make()
  for (let i = 0; i < 4; i += 1) await buy(await make(`page-${i}`))
  const first = (await carrier('GET', '/shipments?page_size=3')).body
  expect(first.has_more).toBe(true)
  expect(first.shipments.map(({ reference }: Json) => reference)).toEqual(['page-3', 'page-2', 'page-1'])
  const second = (await carrier('GET', `/shipments?page_size=3&before_id=${first.shipments.at(-1).id}`)).body
  expect(second.shipments[0].reference).toBe('page-0')
  const after = (await carrier('GET', `/shipments?page_size=2&after_id=${second.shipments[0].id}`)).body
  expect(after.shipments.map(({ reference }: Json) => reference)).toEqual(['page-2', 'page-1'])
  const all = (await carrier('GET', '/shipments?purchased=false&page_size=100')).body.shipments.map(
    ({ id }: Json) => id,
  )
  expect(all).toContain(unbought.id)
})

test('a parcel moves until it is delivered, and signed events say so', async () => {
  const got: { signature: unknown; body: string }[] = []
  const server = createServer((request, response) => {
    let body = ''
    request.on('data', (chunk) => (body += chunk))
    request.on('end', () => {
      got.push({ signature: request.headers['x-hmac-signature'], body })
      response.writeHead(200).end()
    })
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
  const hook = (await carrier('POST', '/webhooks', { webhook: { url, webhook_secret: 'sécret' } })).body
  const { tracker } = (await buy(await make('tracked'))).body
  await until(async () => (await carrier('GET', `/trackers/${tracker.id}`)).body.status === 'delivered', 'the delivery')
  const mine = () => got.filter(({ body }) => JSON.parse(body).result.id === tracker.id)
  await until(() => mine().length === 5, 'the events')
  // Sent one after another, and free to overtake each other.
  const statuses = mine().map(({ body }) => JSON.parse(body).result.status)
  expect(statuses.toSorted()).toEqual(['delivered', 'in_transit', 'out_for_delivery', 'pre_transit', 'unknown'])
  const { signature, body } = mine()[statuses.indexOf('pre_transit')]!
  expect(signature).toBe(
    `hmac-sha256-hex=${createHmac('sha256', 'sécret'.normalize('NFKD')).update(body).digest('hex')}`,
  )
  expect(JSON.parse(body)).toMatchObject({
    description: 'tracker.updated',
    object: 'Event',
    previous_attributes: { status: 'unknown' },
  })
  expect((await carrier('GET', `/shipments/tracked`)).body.status).toBe('delivered')
  await carrier('DELETE', `/webhooks/${hook.id}`)
  await new Promise((resolve) => server.close(resolve))
})

test('a refund is asked for once', async () => {
  const { body } = await buy(await make())
  expect((await carrier('POST', `/shipments/${body.id}/refund`)).body.refund_status).toBe('submitted')
  expect((await carrier('POST', `/shipments/${body.id}/refund`)).status).toBe(422)
})

test('what is missing or wrong is named', async () => {
  expect((await carrier('POST', '/shipments', {})).body).toEqual({
    error: {
      code: 'PARAMETER.REQUIRED',
      message: 'Missing required parameter.',
      errors: [{ field: 'shipment', message: 'cannot be blank' }],
    },
  })
  const heavy = await carrier('POST', '/shipments', {
    shipment: { to_address: to, from_address: from, parcel: { weight: 'heavy' } },
  })
  expect(heavy).toMatchObject({
    status: 422,
    body: { error: { code: 'PARAMETER.INVALID', errors: [{ field: 'parcel.weight' }] } },
  })
  expect((await carrier('GET', '/shipments/shp_none')).status).toBe(404)
  const address = (await carrier('POST', '/addresses', { address: { street1: 'nowhere' } })).body
  const verified = await carrier('GET', `/addresses/${address.id}/verify`)
  expect(verified).toMatchObject({ status: 422, body: { error: { code: 'ADDRESS.VERIFY.FAILURE' } } })
  expect((await ask(`${sandbox.systems.easypost}/v2/trackers`, 'GET', {})).status).toBe(401)
})
