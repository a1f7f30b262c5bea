import { readFileSync } from 'node:fs'
import { expect, test } from 'vitest'
import { recordTypes, typesFile } from './record-types.ts'

test('the record types are what the schemas say (else: node tools/node24.mjs tools/record-types.ts)', async () => {
  expect(readFileSync(typesFile, 'utf8')).toBe(await recordTypes())
})
