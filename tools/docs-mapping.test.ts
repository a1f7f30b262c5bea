// What the reference shows is what the language does.
import { expect, test } from 'vitest'
import { mappingsFromText } from '../engine/mapping/from-text.ts'
import { mappingReference } from './docs-mapping.ts'
import { mappingExamples } from './mapping-examples.ts'

test.each(mappingExamples.map((example) => [`${example.topic}: ${example.title}`, example] as const))(
  '%s',
  async (_, example) => {
    const { direction, head = '', rules, tables = {}, blocks, links = {}, related, key } = example
    const sides = direction === 'out' ? 'from: order\nto: erp.things' : 'from: shop.orders\nto: order\npartial: true'
    const set = await mappingsFromText({
      'shop/orders': `${sides}\n${head}\nfields:\n${rules.replace(/^/gm, '  ')}`,
      ...(blocks ? { blocks } : {}),
      ...Object.fromEntries(Object.entries(tables).map(([name, text]) => [`tables/${name}`, text])),
    })
    expect(set.diagnostics.filter((found) => found.severity === 'error' && found.code !== 'HUB_MAP_UNCOVERED')).toEqual(
      [],
    )
    const mapper = set.get('shop/orders')![direction ?? 'in']!
    const context = {
      connection: 'shop',
      link: (resource: string, value: string) => links[resource]?.[value],
      ...(related ? { related: related as never } : {}),
      ...(key ? { key } : {}),
    }
    const result = await mapper.runAsync(example.given, context)
    if (example.fails) expect(result.errors).toMatchObject([example.fails])
    else
      expect(result).toEqual(example.skipped === undefined ? { record: example.gives } : { skipped: example.skipped })
  },
)

test('the reference is written without gaps', () => {
  expect(mappingReference()).not.toMatch(/undefined|NaN|\[object/)
})
