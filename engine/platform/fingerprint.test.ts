import fc from 'fast-check'
import { expect, test } from 'vitest'
import { fingerprint } from './fingerprint.ts'

const turned = (value: unknown): unknown => {
  if (Array.isArray(value)) return value.map(turned)
  if (typeof value !== 'object' || value === null) return value
  return Object.fromEntries(
    Object.entries(value)
      .reverse()
      .map(([field, inner]) => [field, turned(inner)]),
  )
}

test('the order of fields does not matter', () => {
  fc.assert(fc.property(fc.jsonValue(), (value) => fingerprint(turned(value)) === fingerprint(value)))
})

test('two values have the same fingerprint only where they are the same', () => {
  const sorted = (value: unknown): unknown => {
    if (Array.isArray(value)) return value.map(sorted)
    if (typeof value !== 'object' || value === null) return value
    return Object.entries(value)
      .map(([field, inner]) => [field, sorted(inner)])
      .sort()
  }
  const json = (value: unknown) => JSON.stringify([Array.isArray(value), typeof value, sorted(value)])
  fc.assert(
    fc.property(fc.jsonValue({ maxDepth: 2 }), fc.jsonValue({ maxDepth: 2 }), (a, b) => {
      if (fingerprint(a) === fingerprint(b)) expect(json(turned(a))).toBe(json(turned(b)))
    }),
  )
  for (const [a, b] of [
    [
      ['ab', ''],
      ['a', 'b'],
    ],
    [{ a: 'b:c' }, { 'a"b': 'c' }],
    [1, '1'],
    [null, 'null'],
    [[[]], [[], []]],
    [{ a: {} }, { a: [] }],
  ])
    expect(fingerprint(a)).not.toBe(fingerprint(b))
})

test('a field without a value is no field', () => {
  expect(fingerprint({ a: 1, b: undefined })).toBe(fingerprint({ a: 1 }))
})
