// Whatever comes from a vendor: never a crash, never a silent loss, never a changed prototype.

import { join } from 'node:path'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { parseJson } from '../connector/json.ts'
import { loadSchemas } from '../platform/config/schema.ts'
import { parseYaml } from '../platform/config/yaml.ts'
import { mappingsFromText } from './from-text.ts'
import { parsePath } from './path.ts'
import type { Json } from './types.ts'
import { validateRecord } from './validate.ts'

const schemas = loadSchemas(join(import.meta.dirname, '..', '..', 'schemas'))
const orders = `from: x.orders
to: order
blank: absent
skip: [{ when: { kind: { startsWith: ref } }, say: refund }]
with: { $po: { in: meta, where: { key: po } } }
fields:
  channel: $connection
  number: { from: number, as: string, required: true }
  placedAt: { from: placed, as: datetime, zone: Europe/Berlin }
  status: { from: status, map: { new: open }, unmapped: open }
  total: { from: total, as: money, currency: currency }
  purchaseOrder: $po.value
  customer: { from: customer, fields: { number: { from: id, link: customers }, name: { join: [first, last] }, email: { first: [email, mail] } } }
  shipTo: { from: to, fields: { street: { list: [a1, a2] }, country: { from: country, as: uppercase } } }
  tags: { from: tags, as: split }
  note: { from: constructor.name }
  lines:
    each: lines
    where: { quantity: { not: 0 } }
    fields: { sku: sku, quantity: { from: quantity, as: number }, unitPrice: { from: price, as: money, currency: $.currency, scale: 4, round: half-even }, name: "names[-1].text" }
`
const set = await mappingsFromText({ 'x/orders': orders })
const mapper = set.get('x/orders')!.in!
const context = { connection: 'shop', link: () => 'ada' }
const good = {
  number: 1,
  status: 'new',
  placed: '2026-03-30 10:00:00',
  total: '1.50',
  currency: 'EUR',
  lines: [{ sku: 'A', quantity: 1, price: '1.50' }],
}

/** Exactly one end: a record that fits its schema or is found not to, a reason, or errors that say where. */
function endsWell(item: Json) {
  const result = mapper.run(item, context)
  const ends = [result.record, result.skipped, result.errors].filter((end) => end !== undefined)
  expect(ends).toHaveLength(1)
  if (result.record !== undefined) validateRecord(schemas, 'order', result.record)
  for (const error of result.errors ?? []) expect(JSON.stringify(error).length).toBeLessThan(5000)
  mapper.links(item, context)
  return result
}

/** Names that rules read, and names that objects have anyway. */
const names = fc.constantFrom(
  'number',
  'status',
  'placed',
  'total',
  'currency',
  'lines',
  'sku',
  'quantity',
  'price',
  'names',
  'text',
  'customer',
  'to',
  'tags',
  'meta',
  'key',
  'value',
  'kind',
  'constructor',
  '__proto__',
  'toString',
  'hasOwnProperty',
  'length',
  'id',
)
const leaf = fc.oneof(
  fc.constantFrom<Json>(
    null,
    undefined,
    true,
    0,
    -0,
    1e308,
    2 ** 53,
    '',
    ' ',
    '\0',
    '\ud800',
    'po',
    'new',
    '1e999999',
    '-0.00',
    '٣',
    '2026-02-30',
    '2026-03-29T02:30:00',
    '9'.repeat(1000),
    Number.NaN,
    Number.POSITIVE_INFINITY,
  ),
  fc.string({ unit: 'binary' }),
  fc.double(),
)
const hostile = fc.letrec<{ any: Json }>((tie) => ({
  any: fc.oneof(
    { maxDepth: 4 },
    leaf,
    fc.array(tie('any'), { maxLength: 4 }),
    fc.dictionary(names, tie('any'), { maxKeys: 6, noNullPrototype: false }),
  ),
})).any

describe('hostile items', () => {
  test('the mapping itself is fine', () => {
    expect(set.diagnostics.filter((one) => one.severity === 'error')).toEqual([])
    expect(endsWell(good).record).toMatchObject({ number: '1', total: { amount: '1.50', currency: 'EUR' } })
  })
  test('anything ends as one record, one reason or errors', () => {
    fc.assert(
      fc.property(hostile, (item) => void endsWell(item)),
      { numRuns: 3000 },
    )
  })
  test('a good order with one field replaced by anything', () => {
    const places = [
      'number',
      'status',
      'placed',
      'total',
      'currency',
      'lines',
      'customer',
      'to',
      'tags',
      'meta',
      'kind',
    ] as const
    fc.assert(
      fc.property(fc.constantFrom(...places), hostile, (place, value) => void endsWell({ ...good, [place]: value })),
      { numRuns: 3000 },
    )
  })
  test('text that came as JSON, duplicated keys and __proto__ included', () => {
    const text =
      '{"number":1,"number":2,"__proto__":{"polluted":true},"constructor":{"prototype":{"polluted":true}},"status":"new","lines":[]}'
    endsWell(parseJson(text))
    expect(({} as Json).polluted).toBeUndefined()
    expect(Object.keys(Object.prototype)).toEqual([])
  })
  test('inherited names are not data', () => {
    expect(endsWell(good).record.note).toBeUndefined()
  })
  test('a text of 10 MB, and 100,000 lines', () => {
    const long = 'x'.repeat(10_000_000)
    expect(endsWell({ ...good, total: long }).errors).toMatchObject([{ code: 'HUB_MAP_BAD_VALUE', at: 'total' }])
    const lines = Array.from({ length: 100_000 }, (_, i) => ({ sku: `S${i}`, quantity: 1, price: '1.00' }))
    const began = performance.now()
    expect(endsWell({ ...good, lines }).record.lines).toHaveLength(100_000)
    expect(performance.now() - began).toBeLessThan(5000)
  })
  test('deep nesting', () => {
    let deep: Json = 'x'
    for (let i = 0; i < 20_000; i++) deep = i % 2 ? [deep] : { customer: deep }
    endsWell({ ...good, customer: deep, to: deep, lines: [deep] })
  })
  test('digits are never lost: a number beyond floats arrives as text and stays text', () => {
    const item = parseJson(
      '{"number":12345678901234567890123,"status":"new","total":10.41666666666666666667,"currency":"EUR","lines":[{"sku":"A","quantity":0.1,"price":1}]}',
    )
    expect(endsWell(item).record).toMatchObject({
      number: '12345678901234567890123',
      total: { amount: '10.41666666666666666667' },
    })
  })
  test('a quantity that a number would not keep stops the record', () => {
    expect(
      endsWell({ ...good, lines: [{ sku: 'A', quantity: '0.12345678901234567890123', price: 1 }] }).errors,
    ).toMatchObject([{ code: 'HUB_MAP_LOSSY', at: 'lines[0].quantity' }])
  })
  test('NUL and half characters are parked by name, not stored', () => {
    const record = { ...endsWell(good).record, note: 'a\0b', tags: ['ok', '\ud83d'] }
    expect(validateRecord(schemas, 'order', record).map((error) => `${error.code} ${error.at}`)).toEqual([
      'HUB_MAP_TEXT note',
      'HUB_MAP_TEXT tags[1]',
    ])
  })
})

describe('hostile files', () => {
  test('no text of a mapping file crashes the loader, and none becomes code', async () => {
    const evil = [
      '"]; process.exit(1); //',
      '$' + '{process.exit(1)}',
      '`',
      '\\u2028',
      "'+process.exit(1)+'",
      '__proto__',
      'constructor',
      '*/',
      '\\"',
    ]
    for (const text of evil) {
      const quoted = JSON.stringify(text)
      const yaml = `from: x.y\nto: order\npartial: true\nskip: [{ when: { ${quoted}: x }, say: ${quoted} }]\nfields:\n  note: { from: ${quoted}, default: ${quoted}, map: { ${quoted}: ${quoted} }, unmapped: keep, required: ${quoted} }\n  tags: { list: [{ const: ${quoted} }] }\n`
      const found = await mappingsFromText({ 'x/y': yaml })
      const result = found.get('x/y')?.in?.run({ [text]: 'v' }, { connection: 'c' })
      expect(found.diagnostics.length > 0 || result !== undefined).toBe(true)
    }
  })
  test('anything as a mapping file is a diagnostic or a mapping', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.string({ unit: 'binary', maxLength: 200 }),
        async (text) => void (await mappingsFromText({ 'x/y': text })),
      ),
      { numRuns: 300 },
    )
    await fc.assert(
      fc.asyncProperty(
        fc.json({ maxDepth: 4 }),
        async (json) => void (await mappingsFromText({ 'x/y': `from: x.y\nto: order\nfields: ${json}` })),
      ),
      { numRuns: 500 },
    )
  })
  test('anything as a path is a path or a sentence', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), (text) => void parsePath(text)),
      { numRuns: 2000 },
    )
  })
  test('an alias bomb and a hundred thousand brackets are diagnostics', () => {
    const bomb = `a: &a [x,x,x,x,x,x,x,x,x]\n${'bcdefghij'
      .split('')
      .map((name, i) => `${name}: &${name} [${Array(9).fill(`*${'abcdefghij'[i]}`).join(',')}]`)
      .join('\n')}`
    expect(parseYaml(bomb, 'x').diagnostics).not.toEqual([])
    expect(parseYaml('['.repeat(100_000), 'x').diagnostics).not.toEqual([])
  })
})
