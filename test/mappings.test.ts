// Every *.test.yaml under mappings/, one test each.
import path from 'node:path'
import { describe, expect, test } from 'vitest'
import { mappingTests } from '../engine/mapping/index.ts'
import { renderDiagnostics } from '../engine/platform/config/diagnostic.ts'
import { loadSchemas } from '../engine/platform/config/schema.ts'
import { loadConnectors } from '../engine/registry.ts'
import { loadMappingSet } from '../engine/setup/mappings.ts'

const root = path.resolve(import.meta.dirname, '..')
const schemas = loadSchemas(path.join(root, 'schemas'))
const set = await loadMappingSet(root, schemas, await loadConnectors())
const { tests, diagnostics } = mappingTests(set, { root, schemas })

test('no mapping, table, block or test file has an error', () => {
  const errors = [...set.diagnostics, ...diagnostics].filter((found) => found.severity === 'error')
  expect(renderDiagnostics(errors)).toBe('')
})

test('every mapping has tests', () => {
  const tested = new Set(tests.map((one) => one.mapping))
  expect(set.names().filter((name) => !tested.has(name))).toEqual([])
})

describe.each([...new Set(tests.map((one) => one.file))])('%s', (file) => {
  for (const one of tests.filter((each) => each.file === file)) {
    test(one.name, async () => {
      const failures = await one.run()
      if (failures.length) throw new Error(`${one.file}:${one.line}\n${failures.join('\n')}`)
    })
  }
})
