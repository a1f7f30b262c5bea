// The law of `direction: both`: what a mapping writes, it reads again as it was. Records are made up from their schema.

import path from 'node:path'
import fc, { type Arbitrary } from 'fast-check'
import { describe, expect, test } from 'vitest'
import { flat, typesOf } from '../engine/mapping/check/walk.ts'
import { mappingsFromText } from '../engine/mapping/from-text.ts'
import type { Mapping } from '../engine/mapping/index.ts'
import { loadSchemas } from '../engine/platform/config/schema.ts'
import type { JsonSchema } from '../engine/platform/config/schema-inline.ts'
import { loadConnectors } from '../engine/registry.ts'
import { loadMappingSet } from '../engine/setup/mappings.ts'

type Json = any

const root = path.resolve(import.meta.dirname, '..')
const schemas = loadSchemas(path.join(root, 'schemas'))
const shipped = await loadMappingSet(root, schemas, await loadConnectors())
const sample = await mappingsFromText({
  'sample/customers': `from: sample.customers
to: customer
direction: both
fields:
  number: { from: email, as: lowercase, required: true }
  kind: { from: is_company, map: { 0: person, 1: company } }
  name: { from: name, fields: { given: first, family: last } }
  company: company
  address: { from: address, fields: { street: { list: [line1, line2, line3] }, city: city, country: cc } }
  creditLimit: { from: limit, as: money, currency: limit_currency }
  currency: limit_currency
  customerSince: { from: since, as: date, format: dd.MM.yyyy }
  updatedAt: { from: changed, as: datetime, format: epoch-s }
  acceptsMarketing: { from: optin, as: boolean }
  stage: { from: stage, map: { lead: prospect, hot: prospect, customer: customer, gone: former }, back: { prospect: lead } }
  tags: { from: labels, as: split, separator: ";" }
`,
  'sample/products': `from: sample.products
to: product
direction: both
fields:
  sku: sku
  weight: { from: weight_lb, as: weight, unit: lb }
  length: { from: length_in, as: length, unit: in }
  price: { from: cents, as: money, unit: minor, currency: EUR }
  tags: { each: labels, item: { from: name } }
  stocked: { from: stocked, as: boolean }
`,
})

const both = [
  ...sample.names().map((name) => sample.get(name)!),
  ...shipped.names().map((name) => shipped.get(name)!),
].filter((mapping) => mapping.direction === 'both')

describe('a record that goes out comes in again as it was', () => {
  test('the samples are free of errors', () =>
    expect(sample.diagnostics.filter((one) => one.severity === 'error')).toEqual([]))
  test.each(both.map((mapping) => [mapping.name, mapping] as const))('%s', (_, mapping) => {
    const schema = schemas.get(`records/${mapping.to}`)!
    let compared = 0
    fc.assert(
      fc.property(arbitraryOf(schema), (made) => {
        const record = mappedPart(
          mapping,
          mapping.name.startsWith('sample/products') ? { ...made, price: undefined } : made,
        )
        // Any key may be linked; the same table answers both ways.
        const context = { connection: 'c', link: (_: string, value: string) => value, key: 'k', id: 'i' }
        const out = mapping.out!.run(record, context)
        // What has no form there (a third street line, another currency) is refused by name, never bent.
        if (out.errors) return
        const back = mapping.in!.run(out.record, context)
        expect(back.errors).toBeUndefined()
        expect(amounts(mappedPart(mapping, back.record))).toEqual(amounts(record))
        compared++
      }),
      { numRuns: 300 },
    )
    expect(compared).toBeGreaterThan(10)
  })
})

/** The fields that the mapping has both ways. */
function mappedPart(mapping: Mapping, record: Json): Json {
  const oneWay = new Set(mapping.in!.rules.filter((rule) => rule.only).map((rule) => rule.target))
  const targets = mapping
    .in!.rules.filter((rule) => !rule.only && ![...oneWay].some((target) => rule.target.startsWith(`${target}.`)))
    .map((rule) => rule.target.replace(/\[\].*$/, ''))
  const keep = (value: Json, at: string): Json => {
    if (targets.includes(at) && !targets.some((target) => target.startsWith(`${at}.`))) return value
    if (value === null || typeof value !== 'object' || Array.isArray(value))
      return targets.includes(at) ? value : undefined
    const entries = Object.entries(value).flatMap(([key, inner]) => {
      const kept = keep(inner, at ? `${at}.${key}` : key)
      return kept === undefined ? [] : [[key, kept]]
    })
    return entries.length || at === '' ? Object.fromEntries(entries) : undefined
  }
  return keep(record, '')
}

/** Amounts by value: 31.1 and 31.10 are the same money. */
function amounts(value: Json): Json {
  if (Array.isArray(value)) return value.map(amounts)
  if (value === null || typeof value !== 'object') return value
  if (typeof value.amount === 'string') return { ...value, amount: Number(value.amount) }
  return Object.fromEntries(Object.entries(value).map(([key, inner]) => [key, amounts(inner)]))
}

/** Values that fit a schema. Optional fields come and go. */
function arbitraryOf(schema: JsonSchema, top = schema): Arbitrary<Json> {
  const here = flat(schema, top)
  if (here.enum) return fc.constantFrom(...here.enum.filter((value) => value !== null))
  switch (typesOf(here)?.[0]) {
    case 'object': {
      const fields = Object.entries(here.properties ?? {}).map(
        ([name, part]) => [name, arbitraryOf(part, top)] as const,
      )
      return fc.record(Object.fromEntries(fields), { requiredKeys: here.required ?? [] })
    }
    case 'array':
      return fc.array(arbitraryOf(here.items ?? { type: 'string' }, top), { minLength: 1, maxLength: 3 })
    case 'integer':
    case 'number':
      return fc.integer({ min: (here['minimum'] ?? -1000) * 100, max: 10_000_000 }).map((cents) => cents / 100)
    case 'boolean':
      return fc.boolean()
    default:
      return textOf(here)
  }
}

function textOf(schema: JsonSchema): Arbitrary<string> {
  if (schema.format === 'date-time')
    return fc
      .integer({ min: 0, max: 4_000_000_000 })
      .map((seconds) => new Date(seconds * 1000).toISOString().replace('.000Z', 'Z'))
  if (schema.format === 'date')
    return fc.integer({ min: 0, max: 40_000 }).map((days) => new Date(days * 86_400_000).toISOString().slice(0, 10))
  if (schema['pattern'] === '^[A-Z]{3}$') return fc.constantFrom('EUR', 'USD', 'JPY', 'KWD')
  if (schema['pattern'] === '^[A-Z]{2}$') return fc.constantFrom('DE', 'FR', 'GB', 'NO', 'US')
  if (schema['pattern'])
    return fc.integer({ min: -10_000_000, max: 10_000_000 }).map((cents) => (cents / 100).toFixed(2))
  return fc
    .string({ minLength: 1, maxLength: 12, unit: 'grapheme' })
    .filter(
      (text) => text.trim() === text && !text.includes('\0') && text.isWellFormed() && text === text.toLowerCase(),
    )
}
