// Every connector against the stand-in of its system: reads, writes, finds again, and what comes of lost answers.
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { type ConnectionClient, ConnectorError, openConnection, type Position, type SourceItem } from '#connector'
import { loadConnectors, type Registered } from '../engine/registry.ts'
import { credentials } from '../sandbox/credentials.ts'
import { type Sandbox, startSandbox } from '../sandbox/sandbox.ts'

let dir: string
let sandbox: Sandbox
let connectors: Map<string, Registered>
const clients: ConnectionClient[] = []
const key = { idempotencyKey: 'handoff-test-1' }

beforeAll(async () => {
  dir = await mkdtemp(path.join(tmpdir(), 'handoff-connectors-'))
  sandbox = await startSandbox({ dir })
  sandbox.seed({ orders: 250, seed: 7 })
  connectors = await loadConnectors()
})
afterAll(async () => {
  for (const client of clients) await client.close()
  await sandbox.close()
  await rm(dir, { recursive: true })
})
beforeEach(() => {
  sandbox.clearFaults()
})

function connect(name: string, settings: Record<string, unknown>): ConnectionClient {
  const client = openConnection({ name, connector: connectors.get(name)!.connector, settings })
  clients.push(client)
  return client
}
const shop = () => connect('woocommerce', { url: sandbox.systems.woocommerce, ...credentials.woocommerce })
const warehouse = () => connect('shiphero', { url: sandbox.systems.shiphero, token: credentials.shiphero.token })
const carrier = () => connect('easypost', { url: sandbox.systems.easypost, ...credentials.easypost })
const erp = () => connect('odoo', { url: sandbox.systems.odoo, ...credentials.odoo })
const crm = () => connect('hubspot', { url: sandbox.systems.hubspot, token: credentials.hubspot.token })

async function pullAll(client: ConnectionClient, resource: string, position?: Position) {
  const items: SourceItem[] = []
  let last = position
  for await (const page of client.pull(resource, position, {})) {
    items.push(...page.items)
    last = page.position
  }
  return { items, position: last }
}
const kindOf = (work: Promise<unknown>) =>
  work.then(
    () => 'no error',
    (error) => (error instanceof ConnectorError ? error.kind : error),
  )

describe.each(['woocommerce', 'shiphero', 'easypost', 'odoo', 'hubspot'] as const)('%s', (name) => {
  const open = { woocommerce: shop, shiphero: warehouse, easypost: carrier, odoo: erp, hubspot: crm }[name]

  test('checks after its setup; revoked credentials are an auth error', async () => {
    await open().setup()
    await open().check()
    sandbox.auth(name, true)
    expect(await kindOf(open().check())).toBe('auth')
    sandbox.auth(name, false)
    await open().check()
  })

  test('a refused, a cut-off and a missing answer to a read are retryable, 429 is a rate limit', async () => {
    const client = open()
    await client.check()
    sandbox.addFault({ system: name, effect: 'status', status: 503, times: 1 })
    expect(await kindOf(client.check())).toBe('retryable')
    sandbox.addFault({ system: name, effect: 'cut-json', times: 1 })
    expect(await kindOf(client.check())).toBe('retryable')
    sandbox.addFault({ system: name, effect: 'html-200', times: 1 })
    expect(await kindOf(client.check())).toBe('retryable')
    sandbox.addFault({ system: name, effect: 'reset-before', times: 1 })
    expect(await kindOf(client.check())).toBe('retryable')
    sandbox.addFault({ system: name, effect: 'status', status: 429, retryAfter: 7, times: 1 })
    await expect(client.check()).rejects.toMatchObject({ kind: 'rate_limited', detail: { retryAfterMs: 7000 } })
  })
})

describe('the shop', () => {
  test('all orders come once, and a second run brings only what stands at the cursor', async () => {
    const client = shop()
    const first = await pullAll(client, 'orders')
    expect(new Set(first.items.map((item) => item.id)).size).toBe(250)
    expect(first.items).toHaveLength(250)
    const again = await pullAll(client, 'orders', first.position)
    expect(again.items.length).toBeLessThan(50)

    sandbox.editOrder(JSON.parse(first.items[3]!.text).number, { customer_note: 'Ring twice' })
    const changed = await pullAll(client, 'orders', first.position)
    expect(changed.items.map((item) => item.id)).toContain(first.items[3]!.id)
    expect(await client.fetch('orders', first.items[3]!.id)).toMatchObject({ id: first.items[3]!.id })
    expect(await client.fetch('orders', '99999999')).toBeUndefined()
  })

  test('stock of a known SKU is set, an unknown one is not found', async () => {
    const client = shop()
    const product = JSON.parse((await pullAll(client, 'products')).items[0]!.text)
    const stock = client.push('stock')
    const payload = { sku: product.sku, manage_stock: true, stock_quantity: 77 }
    const found = await stock.find(stock.key(payload), payload, key)
    await stock.update(payload, found!.id, key)
    expect(JSON.parse((await client.fetch('products', found!.id))!.text).stock_quantity).toBe(77)
    expect(await stock.find('NO-SUCH-SKU', payload, key)).toBeUndefined()
    expect(stock.facts.canCreate).toBe(false)
  })

  test('a tracking number is added once, its order is completed, and a new number replaces it', async () => {
    const client = shop()
    const order = (await pullAll(client, 'orders')).items
      .map((item) => JSON.parse(item.text))
      .find((one) => one.status === 'processing')
    const push = client.push('shipments')
    const payload = {
      order_id: String(order.id),
      tracking_number: '1Z-TEST',
      tracking_provider: 'UPS',
      status: 'completed',
    }
    expect(await push.find(push.key(payload), payload, key)).toBeUndefined()
    sandbox.addFault({ system: 'woocommerce', effect: 'reset-after', writes: true, times: 1 })
    expect(await kindOf(push.create(payload, key))).toBe('uncertain')
    const found = await push.find(push.key(payload), payload, key)
    await push.update(payload, found!.id, { ...key, found: found! })
    expect(JSON.parse((await client.fetch('orders', String(order.id)))!.text).status).toBe('completed')
    const moved = await push.update({ ...payload, tracking_number: '1Z-NEW' }, found!.id, key)
    expect(moved!.id).not.toBe(found!.id)
    expect(await push.find(push.key(payload), payload, key)).toBeUndefined()
  })
})

describe('the warehouse', () => {
  const order = (n: number) => ({
    order_number: `T${n}`,
    partner_order_id: `shop:T${n}`,
    shop_name: 'shop',
    fulfillment_status: 'pending',
    order_date: '2026-03-29T00:30:00Z',
    currency: 'EUR',
    total_tax: '0.00',
    subtotal: '10.00',
    total_price: '10.00',
    total_discounts: '0.00',
    shipping_lines: { title: 'Standard', price: '0.00', carrier: 'UPS', method: 'standard' },
    shipping_address: {
      first_name: 'Ada',
      last_name: 'Lovelace',
      address1: 'St James 12',
      city: 'London',
      zip: 'SW1Y 4JH',
      country: 'GB',
    },
    line_items: [] as unknown[],
  })

  test('an order is created, found again by the hub key, packed, and its shipment pulled and fetched', async () => {
    const client = warehouse()
    sandbox.warehouse({ shipAfter: '50ms' })
    const stock = (await pullAll(client, 'inventory')).items.map((item) => JSON.parse(item.text))
    const plenty = stock.filter((one) => one.available > 40).slice(0, 30)
    const payload = {
      ...order(1),
      line_items: plenty.map((one, i) => ({
        sku: one.sku,
        partner_line_item_id: `L${i}`,
        quantity: 1,
        price: '1.00',
        product_name: one.sku,
      })),
    }
    const push = client.push('orders')
    expect(await push.find(push.key(payload), payload, key)).toBeUndefined()
    sandbox.addFault({ system: 'shiphero', operation: 'order_create', effect: 'reset-after', times: 1 })
    expect(await kindOf(push.create(payload, key))).toBe('uncertain')
    const found = await push.find(push.key(payload), payload, key)
    await push.update({ ...payload, packing_note: 'Gift' }, found!.id, { ...key, found: found! })

    await expect.poll(async () => (await pullAll(client, 'shipments')).items.length).toBeGreaterThan(0)
    const [item] = (await pullAll(client, 'shipments')).items
    // More lines than the list shows: it was read whole.
    expect(JSON.parse(item!.text).line_items.edges).toHaveLength(plenty.length)
    expect(JSON.parse((await client.fetch('shipments', item!.id))!.text).order.partner_order_id).toBe('shop:T1')
    expect(await client.fetch('shipments', 'U2hpcG1lbnQ6OTk5OTk5')).toBeUndefined()
    const level = await client.fetch('inventory', `${plenty[0].warehouse_id}/${plenty[0].sku}`)
    expect(JSON.parse(level!.text).on_hand).toBe(plenty[0].on_hand - 1)
  })
})

describe('the carrier', () => {
  const address = (name: string) => ({
    name,
    street1: 'Teststr. 1',
    city: 'Berlin',
    zip: '10115',
    country: 'DE',
    phone: '+4930123456',
  })
  const request = {
    shipment: {
      from_address: address('Shop'),
      to_address: address('Ada'),
      parcel: { weight: 10, length: 10, width: 10, height: 10 },
    },
  }

  test('a label is bought once for one key, also when the answer to the purchase is lost', async () => {
    const client = carrier()
    const buy = client.action('buy-label')
    const bought = await buy.call(request, { idempotencyKey: 'label-1' })
    expect(buy.id(bought)).toMatch(/^shp_/)
    expect(buy.links(bought).trackers).toMatch(/^trk_/)
    expect((await buy.find('label-1', request, key))?.id).toBe(bought.id)
    expect((await buy.call(request, { idempotencyKey: 'label-1' })).id).toBe(bought.id)

    sandbox.addFault({ system: 'easypost', path: '/buy$', effect: 'reset-after', times: 1 })
    expect(await kindOf(buy.call(request, { idempotencyKey: 'label-2' }))).toBe('uncertain')
    expect((await buy.find('label-2', request, key))?.postage_label).toBeTruthy()
    expect(await buy.find('label-3', request, key)).toBeUndefined()
    expect(
      sandbox.requests('easypost', { writes: true }).filter((one) => /\/buy$/.test(one.path) && one.executed),
    ).toHaveLength(2)
    expect((await pullAll(client, 'trackers')).items.length).toBeGreaterThanOrEqual(2)
  })

  test('a service that no carrier offers names the offers, and costs nothing', async () => {
    const buy = carrier().action('buy-label')
    await expect(buy.call({ ...request, services: 'Owl Post' }, { idempotencyKey: 'label-4' })).rejects.toMatchObject({
      kind: 'invalid',
      code: 'HUB_LABEL_NO_RATE',
    })
  })

  test('an address is checked', async () => {
    const verify = carrier().action('verify-address')
    expect(verify.id(await verify.call(address('Ada'), key))).toMatch(/^adr_/)
  })
})

describe('the ERP', () => {
  test('a partner is made once, and its invoice is posted even when the answer to its making is lost', async () => {
    const client = erp()
    const partners = client.push('partners')
    const partner = {
      ref: 'ada@example.com',
      name: 'Ada Lovelace',
      email: 'ada@example.com',
      country_code: 'GB',
      customer_rank: 1,
    }
    const { id } = await partners.create(partner, key)
    expect((await partners.find(partner.ref, partner, key))!.id).toBe(id)
    await partners.update({ ...partner, phone: '+44 20' }, id, key)

    const invoices = client.push('invoices')
    const invoice = {
      ref: 'shop:1:1',
      partner_id: id,
      currency: 'EUR',
      invoice_date: '2026-03-30',
      lines: [{ default_code: 'NONE', name: 'Mug', quantity: 2, price_unit: 4.5 }],
    }
    sandbox.addFault({ system: 'odoo', operation: 'account.move.create', effect: 'reset-after', times: 1 })
    expect(await kindOf(invoices.create(invoice, key))).toBe('uncertain')
    const found = await invoices.find(invoices.key(invoice), invoice, key)
    expect(found!.item.state).toBe('draft')
    await invoices.update(invoice, found!.id, { ...key, found: found! })
    expect(JSON.parse((await client.fetch('invoices', found!.id))!.text)).toMatchObject({
      state: 'posted',
      amount_untaxed: 9,
    })
    await invoices.update(invoice, found!.id, key)
    await expect(
      invoices.update({ ...invoice, lines: [{ ...invoice.lines[0], quantity: 3 }] }, found!.id, key),
    ).rejects.toMatchObject({ code: 'HUB_ODOO_POSTED' })
    expect(client.push('products').facts.canFind).toBe(true)
    expect((await pullAll(client, 'products')).items.length).toBeGreaterThan(10)
  })

  test('an unknown currency is a fault of the data', async () => {
    const invoices = erp().push('invoices')
    expect(await kindOf(invoices.create({ ref: 'x', partner_id: 1, currency: 'XXX', lines: [] }, key))).toBe('invalid')
  })
})

describe('the CRM', () => {
  test('contact and deal are made once, tied together, and a doubled key is a conflict', async () => {
    const client = crm()
    await client.setup()
    const contacts = client.push('contacts')
    const contact = { key: 'ada@example.com', properties: { email: 'ada@example.com', firstname: 'Ada' } }
    const { id } = await contacts.create(contact, key)
    expect(await kindOf(contacts.create(contact, key))).toBe('conflict')
    expect((await contacts.find('ada@example.com', contact, key))!.id).toBe(id)

    const deals = client.push('deals')
    const deal = { key: 'shop:1', contact: id, properties: { dealname: 'Order 1', amount: '10.00' } }
    const made = await deals.create(deal, key)
    expect(await kindOf(deals.create(deal, key))).toBe('conflict')
    expect((await deals.find('shop:1', deal, key))!.id).toBe(made.id)
    await deals.update({ ...deal, properties: { amount: '12.00' } }, made.id, key)
    expect(JSON.parse((await client.fetch('contacts', id))!.text).properties.firstname).toBe('Ada')
    await expect
      .poll(async () => (await pullAll(client, 'contacts')).items.some((item) => item.id === id), {
        timeout: 15_000,
        interval: 500,
      })
      .toBe(true)
  }, 20_000)
})
