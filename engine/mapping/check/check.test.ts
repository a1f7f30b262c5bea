// What is found before anything runs: file, line, column, and the nearest right word.
import { expect, test } from 'vitest'
import type { JsonSchema } from '../../platform/config/schema-inline.ts'
import { mappingsFromText } from '../from-text.ts'

const text = { type: 'string' }
const vendor: JsonSchema = {
  type: 'object',
  properties: {
    number: text,
    state: { enum: ['new', 'done'] },
    total: text,
    count: { type: 'integer' },
    billing: { type: 'object', properties: { email: text, city: text } },
    line_items: {
      type: 'array',
      items: { type: 'object', properties: { sku: text, quantity: { type: 'integer' }, extra: text } },
    },
    meta: { type: 'object' },
  },
}

/** The diagnostics of rules, as `line:col code message (hint)`. */
async function found(
  rules: string,
  more: { head?: string; sides?: string; texts?: Record<string, string>; schema?: JsonSchema } = {},
): Promise<string[]> {
  const file = `${more.sides ?? 'from: x.orders\nto: order\npartial: true'}\n${more.head ?? 'ignore: [number, state, total, count, billing, line_items, meta]'}\nfields:\n${rules.replace(/^/gm, '  ')}\n`
  const set = await mappingsFromText({ 'x/orders': file, ...more.texts }, { 'x.orders': more.schema ?? vendor })
  return set.diagnostics
    .filter((one) => one.code !== 'HUB_MAP_DEAD' || !one.message.includes('ignoring'))
    .map(({ line, col, code, message, hint }) => `${line}:${col} ${code} ${message}${hint ? ` (${hint})` : ''}`)
}

test.each([
  ['number: nubmer', '6:11 HUB_MAP_UNKNOWN_PATH The source has no `nubmer`. (number)'],
  [
    'note: { from: billing.emial }',
    '6:17 HUB_MAP_UNKNOWN_PATH The source has no `emial` in `billing`. (billing.email)',
  ],
  ['nmuber: number', '6:3 HUB_MAP_UNKNOWN_TARGET The target has no `nmuber`. (number)'],
  ['customer: { fields: { emial: billing.email } }', '6:25 HUB_MAP_UNKNOWN_TARGET The target has no `emial`. (email)'],
  [
    'note: line_items.sku',
    '6:9 HUB_MAP_UNKNOWN_PATH `line_items` is a list; use `each`, or say which item: `line_items[0]`.',
  ],
  ['note: "billing[0].email"', '6:9 HUB_MAP_UNKNOWN_PATH `billing` is not a list.'],
  ['number: count', '6:11 HUB_MAP_TYPE The target takes text, and this is a whole number.'],
  ['total: total', '6:10 HUB_MAP_TYPE The target takes an object, and this is text.'],
  ['lines: { each: billing, fields: { quantity: city } }', '6:18 HUB_MAP_TYPE `billing` is an object, not a list.'],
  ['shipTo: { from: line_items, fields: { city: sku } }', '6:19 HUB_MAP_TYPE `line_items` is a list, not an object.'],
  [
    'lines: { each: line_items, fields: { sku: sku } }',
    '6:3 HUB_MAP_UNCOVERED No rule writes `quantity`, which the target requires.',
  ],
  [
    'status: { from: state, map: { new: open, dnoe: fulfilled } }',
    '6:44 HUB_MAP_VALUE The source never has `dnoe`; it has new, done.',
  ],
  [
    'status: { from: state, map: { new: open } }',
    '6:26 HUB_MAP_VALUE Not in the map: done. Such a record will be parked.',
  ],
  [
    'status: { from: state, map: { new: opne, done: fulfilled } }',
    '6:19 HUB_MAP_VALUE The target does not know `opne`; it takes draft, open, on_hold, cancelled, fulfilled, refunded.',
  ],
  [
    'status: { const: opened }',
    '6:20 HUB_MAP_VALUE The target does not know `opened`; it takes draft, open, on_hold, cancelled, fulfilled, refunded.',
  ],
  [
    'note: { from: number, when: { state: { equals: nwe } } }',
    '6:40 HUB_MAP_VALUE `state` is never `nwe`; it is one of new, done. (new)',
  ],
  ['note: { from: number, when: { stat: x } }', '6:33 HUB_MAP_UNKNOWN_PATH There is no `stat`. (state)'],
  [
    'note: { from: number, as: uppercse }',
    '6:29 HUB_MAP_UNKNOWN_NAME There is no conversion named `uppercse`. (uppercase)',
  ],
  [
    'note: { from: number, lookup: servces }',
    '6:33 HUB_MAP_UNKNOWN_NAME There is no table named `servces`. (services)',
  ],
  ['shipTo: { from: billing, use: adress }', '6:33 HUB_MAP_UNKNOWN_NAME There is no block named `adress`. (address)'],
  ['note: $ordr.number', '6:9 HUB_MAP_UNKNOWN_NAME There is no `$ordr` here. ($order)'],
  ['note: $key', '6:9 HUB_MAP_UNKNOWN_NAME `$key` is there only when writing.'],
  ['note: { from: number, scale: 2 }', '6:25 HUB_MAP_RULE `scale` belongs to a conversion; there is no `as` here.'],
  [
    'total: { from: total, as: money }',
    '6:29 HUB_MAP_RULE An amount needs its currency: `currency: EUR`, or the path that has it.',
  ],
  ['total: { from: total, as: money, currency: curency }', '6:46 HUB_MAP_UNKNOWN_PATH The source has no `curency`.'],
  [
    'placedAt: { from: number, as: datetime, zone: Europe/Berln }',
    '6:33 HUB_MAP_RULE There is no time zone `Europe/Berln`.',
  ],
  [
    'placedAt: { from: number, as: datetime, format: dd.MM.yyyy }',
    '6:33 HUB_MAP_RULE A time without an offset needs `zone:`.',
  ],
  ['note: { from: number, const: x }', '6:25 HUB_MAP_RULE A rule has one source; here are from and const.'],
  [
    'note: { required: true }',
    '6:9 HUB_MAP_RULE This rule has no source: `from`, `const`, `first`, `join`, `list`, `each`, `fields`, `use` or `expr`.',
  ],
  ['note: { const: x, default: y }', '6:21 HUB_MAP_DEAD A fixed value is always there, so the default is never used.'],
  [
    'note: { first: [{ const: a }, number] }',
    '6:33 HUB_MAP_DEAD A fixed value stands before it, so this is never reached.',
  ],
  [
    'note: { from: number, default: x, required: true }',
    '6:37 HUB_MAP_DEAD There is always a value, because of the default.',
  ],
  [
    'customer.name: number\ncustomer: { fields: { name: total } }',
    '7:25 HUB_MAP_TWICE `name` is written by another rule as well.',
  ],
  ['note: { expr: "$now()" }', '6:17 HUB_MAP_RULE This expression cannot be used: `$now` is not pure, or not bounded.'],
  ['note: { expr: "a +" }', '6:17 HUB_MAP_RULE This expression cannot be used: Unexpected end of expression.'],
  ['note: { from: number, fro: x }', '6:25 HUB_MAP_UNKNOWN_KEY `fro` is not known here. (from)'],
  ['note: [number]', '6:9 HUB_MAP_WRONG_VALUE a list should be text or an object.'],
  ['note: "a..b"', '6:9 HUB_MAP_RULE `a..b` is not a path: `.b` is no name.'],
  [
    'note: { from: number, as: truncate }',
    '6:29 HUB_MAP_RULE `truncate` needs `args: { length: … }`: How many characters are kept.',
  ],
])('%s', async (rules, expected) => {
  const texts = { 'tables/services': 'a: b\n', blocks: 'address: { city: city }\n' }
  const lines = await found(rules, { texts })
  expect(lines).toContain(expected)
})

test('source fields that nobody reads are told in one line', async () => {
  expect(
    await found('number: number\nlines: { each: line_items, fields: { sku: sku, quantity: quantity } }', {
      head: 'ignore: [state, meta, line_items.nothing]',
    }),
  ).toEqual(['4:1 HUB_MAP_UNMAPPED_SOURCE Neither mapped nor under `ignore`: total, count, billing, line_items.extra.'])
})

test('required fields of the record need a rule, unless it is partial', async () => {
  expect(await found('number: number', { sides: 'from: x.orders\nto: order' })).toContain(
    '4:1 HUB_MAP_UNCOVERED No rule writes `channel`, `status`, `lines`, which the target requires.',
  )
})

test('writing is checked against what the vendor takes', async () => {
  const lines = await found(
    'numbr: number\nstate: { from: status, map: { open: new, fulfilled: gone }, unmapped: new }',
    { sides: 'from: order\nto: x.orders', head: '' },
  )
  expect(lines).toEqual([
    '5:3 HUB_MAP_UNKNOWN_TARGET The target has no `numbr`. (number)',
    '6:18 HUB_MAP_VALUE The target does not know `gone`; it takes new, done.',
  ])
})

test('names of records, connectors and directions', async () => {
  const set = await mappingsFromText({ 'x/y': 'from: x.y\nto: ordr\ndirection: in\nfields: { number: n }' })
  expect(set.diagnostics).toMatchObject([{ code: 'HUB_MAP_UNKNOWN_NAME', line: 2, col: 5, hint: 'order' }])
})

test('tables: lost digits, mixed shapes', async () => {
  const set = await mappingsFromText({ 'tables/codes': 'a: 0049\nb: "0049"\nc: { x: 1 }\n' })
  expect(set.diagnostics.map(({ line, message }) => `${line} ${message}`)).toEqual([
    '1 `a` has no columns, other rows have some.',
    '1 `0049` would be read as the number 49.',
    '2 `b` has no columns, other rows have some.',
  ])
})

test('a block that uses itself', async () => {
  const lines = await found('shipTo: { use: a }', {
    texts: { blocks: 'a: { city: { use: b } }\nb: { name: { use: a } }\n' },
  })
  expect(lines.join()).toContain('The block `a` uses itself: a → b → a.')
})

test('a revision changes with the file, its tables and its blocks, and with nothing else', async () => {
  const file =
    'from: x.y\nto: order\npartial: true\nfields: { note: { from: n, lookup: t }, shipTo: { from: s, use: address } }\n'
  const revision = async (texts: Record<string, string>) =>
    (await mappingsFromText({ 'x/y': file, 'tables/t': 'a: b\n', blocks: 'address: { city: city }\n', ...texts })).get(
      'x/y',
    )!.revision
  const base = await revision({})
  expect(await revision({ 'tables/other': 'x: y\n' })).toBe(base)
  expect(await revision({ 'tables/t': 'a: c\n' })).not.toBe(base)
  expect(await revision({ blocks: 'address: { city: town }\n' })).not.toBe(base)
  expect(await revision({ 'x/y': `${file}ignore: []\n` })).not.toBe(base)
})

const file: JsonSchema = {
  type: 'object',
  properties: {
    key: text,
    rows: {
      type: 'array',
      items: { type: 'object', properties: { line: { 'x-aside': true } }, additionalProperties: text },
    },
  },
}

test('a column of a file is looked for in its rows, and the number of a line need not be mapped', async () => {
  expect(await found('number: Order No', { schema: file, head: 'ignore: [key, rows]' })).toEqual([
    '6:11 HUB_MAP_UNKNOWN_PATH The source has no `Order No`. (rows[0].Order No)',
  ])
  expect(
    await found('lines: { each: rows, fields: { sku: Item, quantity: Count } }', {
      schema: file,
      head: 'ignore: [key]',
    }),
  ).toEqual(['6:55 HUB_MAP_TYPE The target takes a number, and this is text.'])
  expect(
    await found('lines: { each: rows, fields: { sku: Item, quantity: { from: Count, as: number } } }', {
      schema: file,
      head: 'ignore: [key]',
    }),
  ).toEqual([])
})

test('the fields of an object without `fields:` are one error, with the right form', async () => {
  const set = await mappingsFromText({
    'x/orders':
      'from: x.orders\nto: order\npartial: true\nfields:\n  customer: { number: state, name: { full: total } }\n  lines: { each: line_items, sku: sku }\n  note: { form: number }\n',
  })
  expect(set.diagnostics.map(({ line, code, message, cure, hint }) => [line, code, message, cure ?? hint])).toEqual([
    [7, 'HUB_MAP_UNKNOWN_KEY', '`form` is not known here.', 'from'],
    [
      5,
      'HUB_MAP_UNKNOWN_KEY',
      '`customer` has its fields straight below it: `number`, `name`.',
      'They stand under `fields:`, as in `customer: { fields: { number: … } }`; or say the whole path: `customer.number: …`.',
    ],
    [
      6,
      'HUB_MAP_UNKNOWN_KEY',
      '`lines` has its fields straight below it: `sku`.',
      'The fields of each item stand under `fields:`, as in `lines: { each: …, fields: { sku: … } }`.',
    ],
  ])
})

test('a mapping tells what it has to do with a field of its source', async () => {
  const set = await mappingsFromText({
    'x/orders':
      'from: x.orders\nto: order\npartial: true\nignore: [_links, line_items.taxes]\nfields:\n  number: number\n  customer: { from: billing, fields: { email: email } }\n  lines: { each: line_items, where: { kind: item }, fields: { sku: "product[0].sku", quantity: count } }\n',
  })
  const { concern } = set.get('x/orders')!
  const told = (field: string) => concern(field) ?? 'nothing'
  for (const field of [
    'number',
    'billing',
    'billing.email',
    'line_items',
    'line_items[]',
    'line_items[].kind',
    'line_items[].product[].sku',
  ])
    expect([field, told(field)]).toEqual([field, 'reads'])
  expect(['_links', '_links.self', 'line_items[].taxes[].id'].map(told)).toEqual(['ignores', 'ignores', 'ignores'])
  expect(['note', 'billing.phone', 'line_items[].price', 'numbers'].map(told)).toEqual([
    'nothing',
    'nothing',
    'nothing',
    'nothing',
  ])
})
