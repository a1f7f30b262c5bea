// The language, construct by construct, through its front door: YAML in, records and errors out.
import { describe, expect, test } from 'vitest'
import { mappingsFromText } from './from-text.ts'
import type { Json, MapContext, MapResult } from './types.ts'

const blocks = `
address:
  name: { join: [first_name, last_name] }
  street: { list: [address_1, address_2] }
  city: city
  country: { from: country, as: uppercase, required: true }
`
const tables = {
  'tables/services': 'flat_rate: standard\n"01": express\n',
  'tables/countries': 'Germany: { iso2: DE, iso3: DEU }\nFrance: { iso2: FR }\n',
}

/** Runs rules that write a free shape (there is no schema for `x.y`). */
async function out(rules: string, source: Json, context: Partial<MapContext> = {}, head = ''): Promise<MapResult> {
  const text = `from: order\nto: x.y\n${head}\nfields:\n${rules.replace(/^/gm, '  ')}`
  const set = await mappingsFromText({ 'x/y': text, blocks, ...tables })
  const errors = set.diagnostics.filter((one) => one.code !== 'HUB_MAP_UNKNOWN_PATH' && one.severity === 'error')
  expect(errors).toEqual([])
  return set.get('x/y')!.out!.runAsync(source, { connection: 'shop', ...context })
}
/** Reads into an order; only the rules at hand matter. */
async function into(rules: string, source: Json, context: Partial<MapContext> = {}, head = ''): Promise<MapResult> {
  const text = `from: x.y\nto: order\npartial: true\n${head}\nfields:\n${rules.replace(/^/gm, '  ')}`
  const set = await mappingsFromText({ 'x/y': text, blocks, ...tables })
  expect(set.diagnostics.filter((one) => one.severity === 'error')).toEqual([])
  return set.get('x/y')!.in!.runAsync(source, { connection: 'shop', ...context })
}
const codes = (result: MapResult) => result.errors?.map((error) => `${error.code} ${error.at}`)

describe('sources', () => {
  test('a bare path, an index, the last item, an item by its key, an odd name', async () => {
    const source = {
      a: { b: [{ c: 'x' }, { c: 'y' }] },
      meta: [{ key: 'po', value: '7' }],
      'Order Number': '1001',
      'odd.name': 'n',
    }
    const rules =
      'number: Order Number\nnote: "a.b[-1].c"\npurchaseOrder: "meta[key=po].value"\npaymentMethod: \'["odd.name"]\'\nlocation: "a.b[0].c"\nshippingService: "a.b[9].c"'
    expect(await into(rules, source)).toEqual({
      record: { number: '1001', note: 'y', purchaseOrder: '7', paymentMethod: 'n', location: 'x' },
    })
  })
  test('first takes the first that is there, and a condition may rule one out', async () => {
    expect(
      await into('note: { first: [a, { from: b, when: { b: { not: no } } }, { const: none }] }', { a: null, b: 'no' }),
    ).toEqual({ record: { note: 'none' } })
    expect(await into('note: { first: [a, b] }', { b: 'yes' })).toEqual({ record: { note: 'yes' } })
  })
  test('join joins what is there; fixed text alone is nothing', async () => {
    const rule = 'note: { join: [{ const: "Order #" }, number, part], separator: "" }'
    expect(await into(rule, { number: 1001 })).toEqual({ record: { note: 'Order #1001' } })
    expect(await into(rule, {})).toEqual({ record: {} })
  })
  test('each maps items, where leaves some out, and errors count what is written', async () => {
    const rule =
      'lines: { each: items, where: { quantity: { above: 0 } }, fields: { sku: { from: sku, required: No SKU. }, quantity: { from: quantity, as: integer } } }'
    expect(
      await into(rule, {
        items: [
          { sku: 'A', quantity: '2' },
          { sku: 'B', quantity: 0 },
        ],
      }),
    ).toEqual({ record: { lines: [{ sku: 'A', quantity: 2 }] } })
    const result = await into(rule, {
      items: [{ sku: 'A', quantity: 0 }, { sku: 'A', quantity: 1 }, { quantity: 1 }, 'x'],
    })
    expect(result.errors).toMatchObject([
      { at: 'lines[1].sku', from: 'items[2].sku', message: 'No SKU.' },
      { code: 'HUB_MAP_WRONG_TYPE', at: 'lines[2]', value: 'x' },
    ])
  })
  test('each with item makes a list of values; steps after it see the list', async () => {
    expect(
      await into('tags: { each: labels, item: { from: name, as: lowercase } }', {
        labels: [{ name: 'B2B' }, {}, { name: 'X' }],
      }),
    ).toEqual({ record: { tags: ['b2b', 'x'] } })
    expect(
      await out(
        'n: { each: lines, item: quantity, as: sum }\nc: { each: lines, where: { quantity: { above: 1 } }, as: count }',
        { lines: [{ quantity: 1 }, { quantity: 2 }] },
      ),
    ).toEqual({ record: { n: 3, c: 1 } })
  })
  test('a block gives an object; one that was not filled in is absent, whatever it requires', async () => {
    const rule = 'shipTo: { from: shipping, use: address }'
    expect(
      await into(
        rule,
        { shipping: { first_name: 'Ada', address_1: 'a', address_2: ' ', country: 'gb' } },
        {},
        'blank: absent',
      ),
    ).toEqual({ record: { shipTo: { name: 'Ada', street: ['a'], country: 'GB' } } })
    expect(await into(rule, { shipping: { first_name: '', country: '' } }, {}, 'blank: absent')).toEqual({ record: {} })
    expect(await into(rule, { shipping: [] })).toEqual({ record: {} })
    expect(codes(await into(rule, { shipping: { first_name: 'Ada' } }))).toEqual(['HUB_MAP_REQUIRED shipTo.country'])
    expect(codes(await into('shipTo: { from: shipping, use: address, required: true }', {}))).toEqual([
      'HUB_MAP_REQUIRED shipTo',
    ])
  })
  test('fields beside use replace those of the block', async () => {
    expect(
      await into('shipTo: { from: s, use: address, fields: { city: { const: Paris } } }', {
        s: { country: 'fr', city: 'x' },
      }),
    ).toEqual({ record: { shipTo: { country: 'FR', city: 'Paris' } } })
  })
  test('targets are paths: groups, places in lists, items by key', async () => {
    const rules =
      'name.given: number\nname: { fields: { family: status } }\n"list[1].x": number\n"meta[key=_hub].value": $key\n"meta[key=none].value": note'
    expect(await out(rules, { number: '1', status: 'open' }, { key: 'shop:1' })).toEqual({
      record: {
        name: { given: '1', family: 'open' },
        list: [null, { x: '1' }],
        meta: [{ key: '_hub', value: 'shop:1' }],
      },
    })
  })
  test('an expression is the last resort', async () => {
    expect(
      await out(
        'total: { expr: "$sum(lines.quantity)" }\nall: { each: lines, fields: { share: { expr: "quantity / $sum($root.lines.quantity)" } } }',
        { lines: [{ quantity: 1 }, { quantity: 3 }] },
      ),
    ).toEqual({ record: { total: 4, all: [{ share: 0.25 }, { share: 0.75 }] } })
    expect(codes(await out('x: { expr: "$error(\'no\')" }', {}))).toEqual(['HUB_MAP_EXPR x'])
    const endless = await out('x: { expr: "($f := function($n) { $n > 0 ? $f($n + 1) : 0 }; $f(1))" }', {})
    expect(codes(endless)).toEqual(['HUB_MAP_EXPR x'])
  })
})

describe('steps', () => {
  test('default, required, map, unmapped, null means absent', async () => {
    const rule = 'status: { from: s, default: new, map: { new: open, done: fulfilled, trash: null } }'
    expect(await into(rule, {})).toEqual({ record: { status: 'open' } })
    expect(await into(rule, { s: 'trash' })).toEqual({ record: {} })
    expect((await into(rule, { s: 'lost' })).errors).toMatchObject([
      { code: 'HUB_MAP_UNKNOWN_VALUE', at: 'status', value: 'lost', from: 's' },
    ])
    expect(await into('note: { from: s, map: { a: b }, unmapped: keep }', { s: 'x' })).toEqual({
      record: { note: 'x' },
    })
    expect(await into('note: { from: s, map: { a: b }, unmapped: other }', { s: 'x' })).toEqual({
      record: { note: 'other' },
    })
    expect(await into('note: { from: s, map: { 1: one, true: yes } }', { s: 1 })).toEqual({ record: { note: 'one' } })
    expect(await out('x: { from: note, default: null }', {})).toEqual({ record: { x: null } })
  })
  test('lookup, its columns, and the table to add the value to', async () => {
    expect(await into('shippingService: { from: m, lookup: services }', { m: '01' })).toEqual({
      record: { shippingService: 'express' },
    })
    expect(await into('billTo.country: { from: c, lookup: countries, column: iso2 }', { c: 'Germany' })).toEqual({
      record: { billTo: { country: 'DE' } },
    })
    expect((await into('shippingService: { from: m, lookup: services }', { m: 'x' })).errors).toMatchObject([
      { table: 'services', cure: expect.stringContaining('mappings/tables/services.yaml') },
    ])
    expect(codes(await into('billTo.country: { from: c, lookup: countries, column: iso3 }', { c: 'France' }))).toEqual([
      'HUB_MAP_UNKNOWN_VALUE billTo.country',
    ])
  })
  test('link asks for what was loaded before; missing waits, parks or is absent', async () => {
    const link = (resource: string, value: string) =>
      resource === 'customers' && value === '42' ? 'ada@example.com' : undefined
    expect(await into('customer.number: { from: c, link: customers }', { c: 42 }, { link })).toEqual({
      record: { customer: { number: 'ada@example.com' } },
    })
    expect(await into('customer.number: { from: c, link: customers, missing: absent }', { c: 7 }, { link })).toEqual({
      record: {},
    })
    expect(
      (await into('customer.number: { from: c, link: customers, missing: wait }', { c: 7 }, { link })).errors,
    ).toMatchObject([
      { code: 'HUB_MAP_LINK_MISSING', wait: { link: { connection: 'shop', resource: 'customers', value: '7' } } },
    ])
    expect(
      (await into('customer.number: { from: c, link: customers }', { c: 7 }, { link })).errors![0]!.wait,
    ).toBeUndefined()
  })
  test('links are told before they are needed', async () => {
    const set = await mappingsFromText({
      'x/y':
        'from: order\nto: x.y\nfields:\n  a: { from: customer.number, link: partners, record: customer }\n  b: { each: lines, item: { from: sku, link: products, record: product, missing: wait } }\n  c: { from: $customer, link: partners }',
    })
    const mapper = set.get('x/y')!.out!
    const source = { customer: { number: 'ada' }, lines: [{ sku: 'A' }, { sku: 'B' }] }
    expect(mapper.hasLinks).toBe(true)
    expect(
      mapper
        .links(source, { connection: 'erp', related: { customer: { key: 'k' } } })
        .map(({ resource, value, record }) => `${resource} ${record} ${value}`),
    ).toEqual(['partners customer ada', 'products product A', 'products product B', 'partners customer k'])
  })
  test('when makes the whole rule conditional', async () => {
    const rule = 'note: { from: n, when: { kind: { in: [a, b] }, any: [{ x: present }, { y: { atLeast: 3 } }] } }'
    expect(await into(rule, { n: '1', kind: 'a', y: '3.0' })).toEqual({ record: { note: '1' } })
    expect(await into(rule, { n: '1', kind: 'a', y: 2 })).toEqual({ record: {} })
    expect(await into(rule, { n: '1', kind: 'c', x: 1 })).toEqual({ record: {} })
  })
  test('skip ends the item with its reason', async () => {
    expect(
      await into('note: n', { type: 'refund', n: 5 }, {}, 'skip: [{ when: { type: refund }, say: credit note }]'),
    ).toEqual({ skipped: 'credit note' })
  })
  test('all errors of a record are told, up to a hundred', async () => {
    expect(
      codes(
        await into(
          'status: { from: s, map: { a: open } }\nplacedAt: { from: d, as: datetime }\nnumber: { from: n, required: true }',
          { s: 'x', d: 'yesterday' },
        ),
      ),
    ).toEqual(['HUB_MAP_UNKNOWN_VALUE status', 'HUB_MAP_BAD_VALUE placedAt', 'HUB_MAP_REQUIRED number'])
    const many = await into(
      'lines: { each: l, fields: { sku: { from: s, required: true }, quantity: { const: 1 } } }',
      { l: Array.from({ length: 5000 }, () => ({})) },
    )
    expect(many.errors).toHaveLength(101)
    expect(many.errors!.at(-1)!.code).toBe('HUB_MAP_MORE')
  })
  test('a value of the wrong kind is named, with its cure', async () => {
    expect((await into('number: n', { n: 1001 })).errors).toMatchObject([
      { code: 'HUB_MAP_WRONG_TYPE', at: 'number', from: 'n', value: 1001, cure: expect.stringContaining('as:') },
    ])
    expect(codes(await into('number: a.b', { a: 'text' }))).toEqual(['HUB_MAP_WRONG_TYPE '])
  })
})

describe('names for other things', () => {
  const related = {
    order: {
      key: 'shop:1',
      lines: [
        { sku: 'A', lineId: '1', unitPrice: { amount: '10.4167', currency: 'EUR' } },
        { sku: 'B', lineId: '2', unitPrice: { amount: '1', currency: 'EUR' } },
        { sku: 'B', lineId: '3', unitPrice: { amount: '2', currency: 'EUR' } },
      ],
    },
  }
  const rule = (more = '') =>
    `lines: { each: lines, with: { $ordered: { in: $order.lines, by: [lineId, sku]${more} } }, fields: { sku: sku, price: { from: $ordered.unitPrice, as: [multiply, money], args: { by: quantity } }, order: $order.key } }`
  test('with finds the item of another list that belongs to this one', async () => {
    expect(
      await out(
        rule(),
        {
          lines: [
            { sku: 'A', quantity: 3 },
            { sku: 'x', lineId: '3', quantity: 1 },
          ],
        },
        { related },
      ),
    ).toEqual({
      record: {
        lines: [
          { sku: 'A', price: '31.2501', order: 'shop:1' },
          { sku: 'x', price: '2', order: 'shop:1' },
        ],
      },
    })
  })
  test('none and several are errors unless said otherwise', async () => {
    expect(
      (
        await out(
          rule(),
          {
            lines: [
              { sku: 'C', quantity: 1 },
              { sku: 'B', quantity: 1 },
            ],
          },
          { related },
        )
      ).errors,
    ).toMatchObject([
      { code: 'HUB_MAP_NOT_FOUND', at: 'lines[0]' },
      { code: 'HUB_MAP_SEVERAL', at: 'lines[1]' },
    ])
    expect(
      await out(
        rule(', missing: absent, several: first'),
        {
          lines: [
            { sku: 'C', quantity: 1 },
            { sku: 'B', quantity: 1 },
          ],
        },
        { related },
      ),
    ).toMatchObject({ record: { lines: [{ sku: 'C' }, { price: '1' }] } })
  })
  test('a path can be named, for use deeper down; a search by condition', async () => {
    const rules =
      'all: { each: lines, with: { $line: . }, fields: { marks: { each: $order.tags, item: { join: [$line.sku, .] } } } }\npo: $po.name'
    const source = { lines: [{ sku: 'A' }, { sku: 'B', name: 'Tea' }] }
    expect(
      await out(
        rules,
        source,
        { related: { order: { tags: ['x', 'y'] } } },
        'with: { $po: { in: lines, where: { sku: B } } }',
      ),
    ).toEqual({ record: { all: [{ marks: ['A x', 'A y'] }, { marks: ['B x', 'B y'] }], po: 'Tea' } })
  })
})

describe('both ways', () => {
  const contacts = `from: x.contacts
to: customer
direction: both
fields:
  number: { from: properties.email, as: lowercase, required: true }
  name.given: properties.firstname
  phone: { first: [mobile, phone], back: phone }
  creditLimit: { from: properties.limit_cents, as: money, unit: minor, currency: EUR }
  customerSince: { from: properties.since, as: date, format: epoch-ms, zone: UTC }
  stage: { from: properties.stage, map: { lead: prospect, opportunity: prospect, customer: customer }, back: { prospect: lead } }
  address: { from: addr, fields: { street: { list: [a1, a2] }, country: { from: cc, lookup: countries, column: iso2 } } }
  tags: { from: tags, as: split, separator: ";" }
  updatedAt: { from: modified, as: datetime, only: in }
  source: { const: hub, to: properties.source, only: out }
  acceptsMarketing: { from: optin, map: { yes: true, no: false } }
`
  test('one definition reads and writes', async () => {
    const set = await mappingsFromText({ 'x/contacts': contacts, ...tables })
    expect(set.diagnostics.filter((one) => one.severity === 'error')).toEqual([])
    const { in: read, out: write } = set.get('x/contacts')!
    const record = {
      number: 'g@x',
      name: { given: 'Grace' },
      phone: '1',
      creditLimit: { amount: '2500.50', currency: 'EUR' },
      customerSince: '2026-01-01',
      stage: 'prospect',
      address: { street: ['a', 'b'], country: 'DE' },
      tags: ['x', 'y'],
      acceptsMarketing: false,
    }
    const sent = {
      properties: {
        email: 'g@x',
        firstname: 'Grace',
        limit_cents: 250050,
        since: 1767225600000,
        stage: 'lead',
        source: 'hub',
      },
      phone: '1',
      addr: { a1: 'a', a2: 'b', cc: 'Germany' },
      tags: 'x;y',
      optin: 'no',
    }
    expect(write!.run(record, { connection: 'crm' })).toEqual({ record: sent })
    expect(read!.run(sent, { connection: 'crm' })).toEqual({ record })
    expect(codes(write!.run({ ...record, address: { street: ['a', 'b', 'c'] } }, { connection: 'crm' }))).toEqual([
      'HUB_MAP_TOO_MANY addr.a1',
    ])
    expect(
      codes(write!.run({ ...record, creditLimit: { amount: '1', currency: 'USD' } }, { connection: 'crm' })),
    ).toEqual(['HUB_MAP_CURRENCY properties.limit_cents'])
  })
  test.each([
    ['note: { join: [a, b] }', 'taken apart'],
    ['note: { first: [a, b] }', 'back: <the field'],
    ['note: { const: x }', 'only: in'],
    ['note: { from: a, when: { b: present } }', 'when'],
    ['stage: { from: a, map: { x: prospect, y: prospect } }', 'back: { prospect: y }'],
    ['note: { expr: a }', 'one way'],
    ['note: { from: a, link: things }', 'record: <type>'],
  ])('%s is refused with its cures', async (rule, cure) => {
    const set = await mappingsFromText({
      'x/y': `from: x.y\nto: customer\ndirection: both\nfields:\n  number: n\n  ${rule}\n`,
    })
    const found = set.diagnostics.find((one) => one.code === 'HUB_MAP_NOT_REVERSIBLE')!
    expect(`${found.message} ${found.cure}`).toContain(cure)
    expect(found).toMatchObject({ file: 'mappings/x/y.yaml', line: 6, col: 3 })
  })
})
