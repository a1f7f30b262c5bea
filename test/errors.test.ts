// Every error code in the code stands in the reference, and every code in the reference stands in the code.
import { readdirSync, readFileSync } from 'node:fs'
import path from 'node:path'
import { expect, test } from 'vitest'
import { fileErrors, recordErrors } from '../engine/mapping/errors.ts'
import { errorCodes } from '../engine/setup/error-codes.ts'

const ROOT = path.resolve(import.meta.dirname, '..')
/** Codes that are put together at run time: `HUB_${room}_${fault}` of the schema checks, and the HTTP reader's two. */
const FAULTS = ['UNKNOWN_KEY', 'MISSING_KEY', 'WRONG_TYPE', 'WRONG_VALUE']
const COMPOSED = [
  ...['CONFIG', 'CONFIG_SETTINGS', 'RECORD'].flatMap((room) => FAULTS.map((fault) => `HUB_${room}_${fault}`)),
  'HUB_HTTP_HTML',
  'HUB_HTTP_UNREADABLE',
]

test('the reference and the code name the same error codes', () => {
  const files = ['engine', 'connectors'].flatMap((folder) =>
    readdirSync(path.join(ROOT, folder), { recursive: true, withFileTypes: true })
      .filter(
        (entry) =>
          entry.isFile() &&
          entry.name.endsWith('.ts') &&
          !entry.name.endsWith('.test.ts') &&
          entry.name !== 'error-codes.ts' &&
          !entry.parentPath.includes('conformance'),
      )
      .map((entry) => path.join(entry.parentPath, entry.name)),
  )
  const used = new Set(COMPOSED)
  for (const file of files)
    for (const [, code] of readFileSync(file, 'utf8').matchAll(/['"`](HUB_[A-Z]+(?:_[A-Z]+)*)(?=['"` ])/g))
      used.add(code!)
  for (const file of files)
    if (file.endsWith(path.join('mapping', 'errors.ts')))
      for (const [, code] of readFileSync(file, 'utf8').matchAll(/^ {2}(HUB_[A-Z_]+):/gm)) used.add(code!)
  const described = new Set([...Object.keys(errorCodes), ...Object.keys(recordErrors), ...Object.keys(fileErrors)])
  expect([...used].filter((code) => !described.has(code)).sort(), 'in the code, not in the reference').toEqual([])
  expect([...described].filter((code) => !used.has(code)).sort(), 'in the reference, not in the code').toEqual([])
})
