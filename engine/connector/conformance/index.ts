// The kit every connector must pass: `conformance(connector, import.meta.dirname)` in its connector.test.ts. Everything runs on
// hand-written fixtures; no network.
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import path from 'node:path'
import nock from 'nock'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { Connector, Json } from '../contract.ts'
import { openCase } from './case.ts'
import { definitionTests } from './definition.ts'
import { deliveryTests } from './deliveries.ts'
import { pullTests } from './pulls.ts'
import { troubleTests } from './troubles.ts'
import { writeTests } from './writes.ts'

export { settingsTable } from './readme.ts'

/** E-mail addresses, telephone numbers, first and last names, streets and postcodes anywhere in a fixture. */
function peopleOf(value: Json, field = ''): string[] {
  if (typeof value === 'string') {
    const told = /(mail|phone|first_?name|last_?name|street\d?|address_?\d|postcode|post(al)?_?code|zip)$/i.test(field)
    return value.length > 2 && (/^\S+@\S+\.\w+$/.test(value) || told) && !/^https?:/.test(value) ? [value] : []
  }
  if (value === null || typeof value !== 'object') return []
  return Object.entries(value).flatMap(([name, inner]) => peopleOf(inner, Array.isArray(value) ? field : name))
}

/** Registers the tests. `folder` is the connector's own. */
export function conformance(connector: Connector<any>, folder: string): void {
  describe(connector.title, () => {
    const one = openCase(connector, folder)
    beforeAll(() => nock.disableNetConnect())
    afterAll(async () => {
      await one.closeAll()
      nock.cleanAll()
      nock.enableNetConnect()
    })

    definitionTests(one)
    troubleTests(one)
    pullTests(one)
    writeTests(one)
    deliveryTests(one)

    describe('secrets and fixtures', () => {
      test('no secret is in any error, exchange or fixture', () => {
        const fixtures = one.fixtures.names().filter((name) => name !== 'settings.json' && name !== 'login.json')
        const texts = [...one.said, ...fixtures.map((name) => one.fixtures.text(name))]
        for (const secret of one.secrets) {
          for (const form of [secret, Buffer.from(secret).toString('base64')])
            expect(texts.filter((text) => text.includes(form))).toEqual([])
        }
      })

      test('nobody of the fixtures is in any exchange or error', () => {
        const people = one.fixtures.names().flatMap((name) => peopleOf(one.fixtures.read(name)))
        for (const person of new Set(people)) {
          const as = new RegExp(`(?<![\\w.])${RegExp.escape(JSON.stringify(person).slice(1, -1))}(?![\\w])`)
          for (const seen of one.seen)
            for (const text of [seen.url, seen.request, seen.response, seen.error])
              expect(text !== undefined && as.test(text) ? `${person} in ${text}` : '').toBe('')
        }
      })

      test('every fixture is used', () => {
        const mappings = path.join(folder, '..', '..', 'mappings', connector.name)
        const tests = existsSync(mappings) ? readdirSync(mappings).filter((name) => name.endsWith('.test.yaml')) : []
        expect(
          one.fixtures.unused(tests.map((name) => readFileSync(path.join(mappings, name), 'utf8')).join('\n')),
        ).toEqual([])
      })
    })
  })
}
