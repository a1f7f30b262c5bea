import fc from 'fast-check'
import { expect, test } from 'vitest'
import { fieldsOf, parentOf, signature } from './shape.ts'

const told = (value: unknown) =>
  [...fieldsOf(value)].map(([path, types]) => `${path}: ${[...types].sort().join(' ')}`).sort()

test('fields with their types, lists passed through', () => {
  const order = {
    id: 7,
    paid: true,
    note: null,
    'E-Mail': 'a@b.example',
    'a.b': '',
    lines: [
      { sku: 'A', meta: [] },
      { sku: null, taxes: [{ id: 1 }] },
    ],
    tags: ['x', 2],
  }
  expect(told(order)).toEqual(
    [
      'id: number',
      'paid: boolean',
      'note: null',
      'E-Mail: text',
      '["a.b"]: text',
      'lines: list',
      'lines[]: object',
      'lines[].sku: null text',
      'lines[].meta: list',
      'lines[].taxes: list',
      'lines[].taxes[]: object',
      'lines[].taxes[].id: number',
      'tags: list',
      'tags[]: number text',
    ].sort(),
  )
})

test.each([
  ['a', ''],
  ['a.b', 'a'],
  ['a[]', 'a'],
  ['a[].b', 'a[]'],
  ['a["x.y"]', 'a'],
  ['["x.y"].b', '["x.y"]'],
  ['a[][]', 'a[]'],
])('%s is in %j', (path, parent) => expect(parentOf(path)).toBe(parent))

test('values and the number of items do not change a signature; fields and types do', () => {
  const order = { id: 1, lines: [{ sku: 'A' }], note: null }
  expect(signature({ id: 9, lines: [{ sku: 'B' }, { sku: 'C' }], note: null })).toBe(signature(order))
  for (const other of [
    { id: '1', lines: [{ sku: 'A' }], note: null },
    { id: 1, lines: [{ sku: 'A', x: 1 }], note: null },
    { id: 1, lines: [], note: null },
    { id: 1, lines: [{ sku: 'A' }] },
    { id: 1, lines: [{ sku: 'A' }, { sku: 1 }], note: null },
  ])
    expect(signature(other)).not.toBe(signature(order))
})

test('items of one signature have the same fields', () => {
  fc.assert(
    fc.property(fc.jsonValue({ maxDepth: 4 }), fc.jsonValue({ maxDepth: 4 }), (a, b) => {
      if (signature(a) === signature(b)) expect(told(a)).toEqual(told(b))
    }),
  )
})

test('a table with keys of its own, a deep item and a long list are not followed to their end', () => {
  const table = Object.fromEntries(Array.from({ length: 300 }, (_, i) => [`2026-${i}`, i]))
  expect(told({ rates: table })).toEqual(['rates: object'])
  expect(signature({ rates: table })).toBe(signature({ rates: { ...table, more: 1 } }))
  let deep: unknown = 1
  for (let i = 0; i < 10_000; i++) deep = { a: deep }
  expect(fieldsOf(deep).size).toBeLessThan(20)
  expect(signature(deep)).toBe(signature({ a: deep }))
  expect(told({ list: Array.from({ length: 100_000 }, (_, i) => i) })).toEqual(['list: list', 'list[]: number'])
})
