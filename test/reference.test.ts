// Connectors and mappings against the vendors' own descriptions, recordings and real exports, where those are at hand
// (HANDOFF_REFERENCE_DIR). They are not part of the repository; without them these tests say that they were skipped.
import { readdirSync, readFileSync } from 'node:fs'
import path from 'node:path'
import { beforeAll, describe, expect, test } from 'vitest'
import { itemJson, type Json, openConnection } from '#connector'
import type { MapResult } from '../engine/mapping/types.ts'
import { readEnvironment } from '../engine/platform/config/environment.ts'
import { emptySchemas, loadSchemas, type Schemas } from '../engine/platform/config/schema.ts'
import { readYaml } from '../engine/platform/config/yaml.ts'
import { loadConnectors, type Registered } from '../engine/registry.ts'
import { loadMappingSet } from '../engine/setup/mappings.ts'

const ROOT = path.resolve(import.meta.dirname, '..')
const { referenceDir } = readEnvironment()
const at = (...parts: string[]) => path.join(referenceDir!, ...parts)
const json = (...parts: string[]): Json => JSON.parse(readFileSync(at(...parts), 'utf8'))

let connectors: Map<string, Registered>
beforeAll(async () => {
  connectors = await loadConnectors()
})

function schemasOf(name: string): Schemas {
  const schemas = emptySchemas()
  const folder = path.join(connectors.get(name)!.folder, 'schemas')
  for (const file of readdirSync(folder)) schemas.add(file, JSON.parse(readFileSync(path.join(folder, file), 'utf8')))
  return schemas
}
const fixture = (connector: string, name: string): Json =>
  JSON.parse(readFileSync(path.join(connectors.get(connector)!.folder, 'fixtures', name), 'utf8'))

describe.skipIf(!referenceDir)("the vendors' own descriptions", () => {
  test.each([
    ['orders.json', 'order.json', (one: Json) => one.line_items && one.billing && one.number],
    ['products.json', 'product.json', (one: Json) => one.permalink && one.stock_status && one.type !== undefined],
  ])('WooCommerce: every example of %s in the documentation fits our schema', (file, schema, isOne) => {
    const examples = json('vendor-specs/woocommerce/rest-v3-examples', file).examples.flatMap((one: Json) => one.json)
    const items = examples.filter((one: Json) => one && typeof one === 'object' && isOne(one))
    expect(items.length).toBeGreaterThan(2)
    const schemas = schemasOf('woocommerce')
    for (const item of items) expect(schemas.validate(schema, item), String(item.id)).toEqual([])
  })

  test('WooCommerce: the fields that the mapping of orders reads are documented, and stand in our fixture', () => {
    const documented = json('vendor-specs/woocommerce/rest-v3-examples/orders.json').examples[0].json
    const ours = fixture('woocommerce', 'order.json')
    // Newer versions tell these too.
    const newer = new Set(['is_editable', 'needs_payment', 'needs_processing'])
    expect(Object.keys(ours).filter((key) => !(key in documented) && !newer.has(key))).toEqual([])
    expect(Object.keys(documented).filter((key) => !(key in ours))).toEqual([])
  })

  const recordings = (folder: string) =>
    readdirSync(at('vendor-specs/easypost/cassettes', folder)).flatMap((file) =>
      json('vendor-specs/easypost/cassettes', folder, file).log.entries.map(({ request, response }: Json) => ({
        request: {
          method: request.method,
          url: new URL(request.url),
          body: request.postData?.text ? JSON.parse(request.postData.text) : undefined,
        },
        status: response.status,
        body: response.content.text ? JSON.parse(response.content.text) : undefined,
      })),
    )

  test('EasyPost: recorded shipments, trackers and addresses fit our schemas', () => {
    const schemas = schemasOf('easypost')
    const seen: Record<string, number> = {}
    const kinds: Record<string, string> = {
      Shipment: 'shipment.json',
      Tracker: 'tracker.json',
      Address: 'address.json',
    }
    for (const folder of ['Shipment-Service', 'Tracker-Service', 'Address-Service'])
      for (const { body, status } of recordings(folder))
        for (const item of [body, ...(body?.shipments ?? []), ...(body?.trackers ?? []), ...(body?.addresses ?? [])]) {
          const schema = status < 300 && kinds[item?.object ?? (item?.rates && item?.to_address ? 'Shipment' : '')]
          if (!schema) continue
          seen[schema] = (seen[schema] ?? 0) + 1
          expect(schemas.validate(schema, item), `${folder} ${item.id}`).toEqual([])
        }
    expect(Object.keys(seen).sort()).toEqual(['address.json', 'shipment.json', 'tracker.json'])
  })

  test('EasyPost: labels are bought, pages asked for and errors shaped as in the recordings', () => {
    const all = recordings('Shipment-Service')
    const purchase = all.find(({ request }) => request.url.pathname.endsWith('/buy'))
    const call = fixture('easypost', 'buy-label.action.json').call.at(-1)
    expect(Object.keys(purchase.request.body)).toEqual(expect.arrayContaining(Object.keys(call.request.body)))
    expect(purchase.body.postage_label.label_url).toMatch(/^https/)
    const page = recordings('Tracker-Service').find(({ request }) => request.url.searchParams.has('before_id'))
    expect(page.body).toHaveProperty('has_more')
    const { errors } = connectors.get('easypost')!.connector
    for (const { body, status } of [...recordings('Error-Service'), ...all]) {
      if (status < 400) continue
      expect(errors!.code!(body)).toMatch(/^[A-Z_.]+$/)
      expect(errors!.message!(body)).not.toBe('')
    }
  })

  test("HubSpot: paths and parameters stand in a third party's description of the API", () => {
    const spec = (file: string) => readYaml(at(`vendor-specs/hubspot/ballerina_hubspot.crm.${file}.yaml`)).value as Json
    for (const [file, type] of [
      ['contact', 'contacts'],
      ['deal', 'deals'],
    ] as const) {
      const { paths } = spec(file)
      const single = Object.keys(paths).find((one) => new RegExp(`^/crm/v3/objects/${type}/\\{\\w+\\}$`).test(one))!
      expect(Object.keys(paths[single])).toEqual(expect.arrayContaining(['get', 'patch']))
      expect(paths[single].get.parameters.map((one: Json) => one.name)).toEqual(
        expect.arrayContaining(['idProperty', 'properties']),
      )
      expect(paths[`/crm/v3/objects/${type}`]).toHaveProperty('post')
      expect(paths[`/crm/v3/objects/${type}/search`]).toHaveProperty('post')
    }
    expect(Object.keys(spec('property').paths).some((one) => /^\/crm\/v3\/properties\/\{objectType\}$/.test(one))).toBe(
      true,
    )
  })
})

describe.skipIf(!referenceDir)('real exports', () => {
  async function outcomes(folder: string, resource: string, groupBy: string) {
    const client = openConnection({
      name: 'files',
      connector: connectors.get('csv')!.connector,
      settings: { folder, resources: { [resource]: { files: '*.csv', groupBy } } },
    })
    const set = await loadMappingSet(ROOT, loadSchemas(path.join(ROOT, 'schemas')), connectors)
    const [order, customer] = [set.get(`csv/${resource}`)!.in!, set.get(`csv/${resource}.customer`)!.in!]
    const counts: Record<string, number> = {}
    let rows = 0
    const named = (result: MapResult) =>
      result.skipped ??
      (result.errors ? `parked: ${result.errors.map((error) => error.at.replace(/\[\d+\]/g, '[]')).join()}` : 'carried')
    for await (const page of client.pull(resource, undefined, {}))
      for (const item of page.items) {
        const value = itemJson(item)
        rows += value.rows.length
        const both = [order.run(value, { connection: 'files' }), customer.run(value, { connection: 'files' })].map(
          named,
        )
        const outcome = both.join(' / ')
        counts[outcome] = (counts[outcome] ?? 0) + 1
      }
    return { counts, rows }
  }

  test("the retailer's three days: every group of rows has one named outcome", async () => {
    const { counts, rows } = await outcomes(at('datasets/uci-online-retail'), 'online-retail', 'InvoiceNo')
    expect(rows).toBe(7942)
    expect(counts).toEqual({
      'carried / carried': 337,
      'credit note / credit note': 36,
      'stock adjustment, not a sale / stock adjustment, not a sale': 12,
      'parked: customer.number / parked: number': 12,
      'parked: lines[].sku / carried': 5,
      'parked: lines[].sku,lines[].sku / carried': 2,
      'a charge alone, nothing to ship / a charge alone, nothing to ship': 1,
    })
  })
})
