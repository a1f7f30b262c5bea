// Compares the stand-ins' answers with what the vendors publish, where HANDOFF_REFERENCE_DIR holds it: every field of a
// recorded or printed answer is in ours, with a value of the same kind. ShipHero and Odoo publish nothing to compare with.
import { existsSync, mkdtempSync, readFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { calls } from './calls.ts'
import type { Json } from './core/types.ts'
import { type Sandbox, startSandbox } from './sandbox.ts'

const specs = path.join(process.env['HANDOFF_REFERENCE_DIR'] ?? '', 'vendor-specs')
const here = process.env['HANDOFF_REFERENCE_DIR'] !== undefined && existsSync(specs)
if (!here)
  console.warn('Skipped: the stand-ins are not compared with the vendors, because HANDOFF_REFERENCE_DIR is not set.')

const kind = (value: Json) => (value === null ? 'null' : Array.isArray(value) ? 'array' : typeof value)

/** Fields of the vendor's answer that ours lacks, or has with a value of another kind. A null fits everything. */
function lacking(vendor: Json, ours: Json, at = '$'): string[] {
  if (vendor === null || ours === null) return []
  if (kind(vendor) !== kind(ours)) return [`${at}: ${kind(ours)} instead of ${kind(vendor)}`]
  if (Array.isArray(vendor)) return vendor.length > 0 && ours.length > 0 ? lacking(vendor[0], ours[0], `${at}[0]`) : []
  if (kind(vendor) !== 'object') return []
  return Object.entries(vendor).flatMap(([name, value]) =>
    name in ours ? lacking(value, ours[name], `${at}.${name}`) : [`${at}.${name} is missing`],
  )
}

describe.skipIf(!here)('compared with the vendors', () => {
  let sandbox: Sandbox
  let ask: ReturnType<typeof calls>
  beforeAll(async () => {
    sandbox = await startSandbox({ dir: mkdtempSync(path.join(tmpdir(), 'sandbox-reference-')) })
    sandbox.seed({ orders: 60, seed: 1 })
    ask = calls(sandbox)
  })
  afterAll(() => sandbox.close())

  const printed = (name: string): Json => {
    const { examples } = JSON.parse(
      readFileSync(path.join(specs, 'woocommerce/rest-v3-examples', `${name}.json`), 'utf8'),
    )
    return examples[0].json
  }
  // Written by older versions of WooCommerce than the one that is stood in for: it no longer sends these.
  const gone: Record<string, string[]> = {
    products: ['$.price_html is missing'],
    orders: [],
    customers: [],
    webhooks: [],
  }

  test.each(['orders', 'products', 'customers'])('WooCommerce: %s as printed in its reference', async (name) => {
    const [ours] = (await ask.shop('GET', `/wc/v3/${name}?per_page=1`)).body
    expect(lacking(printed(name), ours)).toEqual(gone[name])
  })

  test('WooCommerce: a webhook as printed in its reference', async () => {
    const body = { topic: 'order.updated', delivery_url: 'http://127.0.0.1:9/none' }
    expect(lacking(printed('webhooks'), (await ask.shop('POST', '/wc/v3/webhooks', body)).body)).toEqual([])
  })

  /** The exchanges of one recording of EasyPost's own client. */
  const recorded = (name: string): { status: number; sent: Json; got: Json }[] => {
    const har = JSON.parse(readFileSync(path.join(specs, 'easypost/cassettes', `${name}.har`), 'utf8'))
    return har.log.entries.map(({ request, response }: Json) => ({
      status: response.status,
      sent: request.postData ? JSON.parse(request.postData.text) : undefined,
      got: JSON.parse(response.content.text),
    }))
  }

  test('EasyPost: a shipment made and bought as in the recording', async () => {
    const [create, buy] = recorded('Shipment-Service/buys-a-shipment')
    const made = await ask.carrier('POST', '/shipments', create!.sent)
    expect(made.status).toBe(create!.status)
    expect(lacking(create!.got, made.body)).toEqual([])
    const bought = await ask.carrier('POST', `/shipments/${made.body.id}/buy`, { rate: { id: made.body.rates[0].id } })
    expect(bought.status).toBe(buy!.status)
    // Where a parcel goes is looked up by the vendor in a directory of its own.
    expect(lacking(buy!.got, bought.body).filter((line) => !line.includes('verifications'))).toEqual([])
  })

  test('EasyPost: one-call buy and refund as in the recording', async () => {
    const [create, refund] = recorded('Shipment-Service/refunds-a-shipment')
    const { body, status } = await ask.carrier('POST', '/shipments', create!.sent)
    expect(status).toBe(create!.status)
    expect(body.tracking_code).toEqual(expect.any(String))
    expect((await ask.carrier('POST', `/shipments/${body.id}/refund`, {})).body.refund_status).toBe(
      refund!.got.refund_status,
    )
  })

  test('EasyPost: a tracker, a webhook, an address and an error as recorded', async () => {
    const [tracker] = recorded('Tracker-Service/creates-a-tracker')
    expect(lacking(tracker!.got, (await ask.carrier('POST', '/trackers', tracker!.sent)).body)).toEqual([])
    const [webhook] = recorded('Webhook-Service/creates-a-webhook')
    const hook = (await ask.carrier('POST', '/webhooks', webhook!.sent)).body
    expect(lacking(webhook!.got, hook)).toEqual([])
    await ask.carrier('DELETE', `/webhooks/${hook.id}`)
    const [address] = recorded('Address-Service/creates-an-address')
    expect(lacking(address!.got, (await ask.carrier('POST', '/addresses', address!.sent)).body)).toEqual([])
    const [error] = recorded('Error-Service/pulls-out-error-properties-of-an-API-error')
    const refused = await ask.carrier('POST', '/shipments', error!.sent)
    expect({ status: refused.status, got: refused.body }).toEqual({ status: error!.status, got: error!.got })
  })

  /** The `required` fields of a schema in a third party's transcription of HubSpot's API. */
  const required = (schema: string): string[] => {
    const text = readFileSync(path.join(specs, 'hubspot/ballerina_hubspot.crm.contact.yaml'), 'utf8')
    const own = new RegExp(`\\n    ${schema}:\\n((?:      .*\\n|\\n)+)`).exec(text)?.[1] ?? ''
    return [...(/ {6}required:\n((?:\s+- .*\n)+)/.exec(own)?.[1] ?? '').matchAll(/- (\S+)/g)].map(([, name]) => name!)
  }

  test('HubSpot (third party’s transcription): an object, a page and an error have what is required', async () => {
    const made = (await ask.crm('POST', '/crm/v3/objects/contacts', { properties: { email: 'ref@example.org' } })).body
    expect(required('SimplePublicObject').length).toBeGreaterThan(0)
    expect(Object.keys(made)).toEqual(expect.arrayContaining(required('SimplePublicObject')))
    const error = (await ask.crm('POST', '/crm/v3/objects/contacts', { properties: { nothing: '1' } })).body
    expect(required('Error').length).toBeGreaterThan(0)
    expect(Object.keys(error)).toEqual(expect.arrayContaining(required('Error')))
    const search = (await ask.crm('POST', '/crm/v3/objects/contacts/search', {})).body
    expect(Object.keys(search)).toEqual(
      expect.arrayContaining(required('CollectionResponseWithTotalSimplePublicObjectForwardPaging')),
    )
  })
})
