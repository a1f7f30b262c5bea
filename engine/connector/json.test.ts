import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { parseJson, sliceArray, sliceValue, valueAt } from './json.ts'

describe('parseJson', () => {
  test.each([
    ['10.41666666666666666667', '10.41666666666666666667'],
    ['12345678901234567890', '12345678901234567890'],
    ['0.1234567890123456789', '0.1234567890123456789'],
    ['1e400', '1e400'],
    ['10.416666666666666', 10.416666666666666],
    ['1234567890123456', 1234567890123456],
    ['1.50000000000000000000', 1.5],
    ['100000000000000000000', 1e20],
    ['1e21', 1e21],
    ['-0.00000000000000000010', -1e-19],
  ])('%s keeps its digits', (text, expected) => {
    expect(parseJson(text)).toBe(expected)
    expect(parseJson(`{"a":[${text}]}`)).toEqual({ a: [expected] })
  })

  test('a number in a text is a text', () => {
    expect(parseJson('{"a":"12345678901234567890"}')).toEqual({ a: '12345678901234567890' })
  })

  test.each(['{"__proto__":{"admin":true},"a":1}', '{"\\u005f_proto__":{"admin":true},"a":1}'])(
    '%s changes no prototype',
    (text) => {
      const value = parseJson(text)
      expect(Object.keys(value)).toEqual(['a'])
      expect(Object.assign({}, value).admin).toBeUndefined()
    },
  )

  test('takes a byte order mark, refuses what is cut off', () => {
    expect(parseJson('\ufeff{"a":1}')).toEqual({ a: 1 })
    expect(() => parseJson('{"a":1')).toThrow(SyntaxError)
  })

  test('agrees with JSON.parse where no digits are at stake', () => {
    fc.assert(
      fc.property(fc.json(), (text) => {
        const plain = JSON.parse(text)
        if (!/__proto__/.test(text)) expect(parseJson(text)).toEqual(plain)
      }),
    )
  })
})

describe('slices', () => {
  test('are the exact text of each element', () => {
    const text = '{ "data" : {"n":1,"orders": [ {"id": 1, "x": "a]b\\"}"} ,\n 2 , "t,x" , [] , null ] , "z":0} }'
    expect(sliceArray(text, 'data.orders')).toEqual(['{"id": 1, "x": "a]b\\"}"}', '2', '"t,x"', '[]', 'null'])
    expect(sliceValue(text, 'data.orders.0.x')).toBe('"a]b\\"}"')
    expect(sliceArray(text, 'data.n')).toBeUndefined()
    expect(sliceArray(text, 'data.none')).toBeUndefined()
    expect(sliceArray('[]')).toEqual([])
  })

  test('of two members with one name the last counts, as it does for JSON.parse', () => {
    const text = '{"a":[1],"a":[2,3]}'
    expect(sliceArray(text, 'a')).toEqual(['2', '3'])
    expect(JSON.parse(text).a).toEqual([2, 3])
  })

  test('any JSON, any layout: parsing the slices gives the elements', () => {
    fc.assert(
      fc.property(fc.array(fc.jsonValue()), fc.string(), fc.constantFrom(0, 1, 3), (list, key, indent) => {
        const text = JSON.stringify({ before: [1, { x: [] }], [`k${key}`]: { list }, after: 'x' }, null, indent)
        if (key.includes('.')) return
        expect(sliceArray(text, `k${key}.list`)!.map((slice) => JSON.parse(slice))).toEqual(
          JSON.parse(JSON.stringify(list)),
        )
        for (const [index, part] of JSON.parse(JSON.stringify(list)).entries())
          expect(JSON.parse(sliceValue(text, `k${key}.list.${index}`)!)).toEqual(part)
      }),
    )
  })

  test('are found in linear time', () => {
    const text = JSON.stringify({ data: Array.from({ length: 50_000 }, (_, id) => ({ id, name: 'x'.repeat(100) })) })
    const started = performance.now()
    expect(sliceArray(text, 'data')).toHaveLength(50_000)
    expect(performance.now() - started).toBeLessThan(2_000)
  })

  test('valueAt reads what is there and nothing else', () => {
    expect(valueAt({ a: [{ b: 1 }] }, 'a.0.b')).toBe(1)
    expect(valueAt(null, 'a.b')).toBeUndefined()
    expect(valueAt([1], '')).toEqual([1])
  })
})
