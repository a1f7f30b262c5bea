// Every *.test.yaml under mappings/, one test each.
import path from 'node:path'
import { describe, expect, test } from 'vitest'
import { loadFunctions } from '../engine/mapping/functions.ts'
import { mappingTests } from '../engine/mapping/index.ts'
import { renderDiagnostics } from '../engine/platform/config/diagnostic.ts'
import { loadSchemas } from '../engine/platform/config/schema.ts'
import { loadConnectors } from '../engine/registry.ts'
import { fixturesOf, loadMappingSet } from '../engine/setup/mappings.ts'

const root = path.resolve(import.meta.dirname, '..')
const schemas = loadSchemas(path.join(root, 'schemas'))
const connectors = await loadConnectors()
const set = await loadMappingSet(root, schemas, connectors)
const { tests, diagnostics } = mappingTests(set, { root, schemas, fixtures: fixturesOf(connectors) })

test('no mapping, table, block or test file has an error', () => {
  const errors = [...set.diagnostics, ...diagnostics].filter((found) => found.severity === 'error')
  expect(renderDiagnostics(errors)).toBe('')
})

test('every mapping has tests', () => {
  const tested = new Set(tests.map((one) => one.mapping))
  expect(set.names().filter((name) => !tested.has(name))).toEqual([])
})

describe('functions', async () => {
  const { custom, get } = await loadFunctions(path.join(root, 'mappings', 'functions'), 'mappings/functions', [])
  const examples = [...custom].flatMap(([name, { definition }]) =>
    definition.examples.map((example) => [name, JSON.stringify(example.value), example] as const),
  )
  test.each(examples)('%s of %s', (name, _, { value, args, result, fails }) => {
    let failed: string | undefined
    const fault = {
      fail(_code: string, message: string): undefined {
        failed = message
      },
    }
    const run = get(name)!.read({})
    // Twice, because a function must be pure.
    for (const _ of [1, 2]) expect(run(structuredClone(value), fault, args)).toEqual(result)
    if (fails === undefined) expect(failed).toBeUndefined()
    else expect(failed).toContain(fails)
  })
})

describe.each([...new Set(tests.map((one) => one.file))])('%s', (file) => {
  for (const one of tests.filter((each) => each.file === file)) {
    test(one.name, async () => {
      const failures = await one.run()
      if (failures.length) throw new Error(`${one.file}:${one.line}\n${failures.join('\n')}`)
    })
  }
})
