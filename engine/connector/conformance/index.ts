// The kit every connector must pass: `conformance(connector, import.meta.dirname)` in its connector.test.ts. Everything runs on
// hand-written fixtures; no network.
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import path from 'node:path'
import nock from 'nock'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { Connector } from '../contract.ts'
import { openCase } from './case.ts'
import { definitionTests } from './definition.ts'
import { deliveryTests } from './deliveries.ts'
import { pullTests } from './pulls.ts'
import { troubleTests } from './troubles.ts'
import { writeTests } from './writes.ts'

export { settingsTable } from './readme.ts'

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
