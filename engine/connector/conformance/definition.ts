import { existsSync, readdirSync, readFileSync } from 'node:fs'
import path from 'node:path'
import { describe, expect, test } from 'vitest'
import { emptySchemas, type Schemas } from '../../platform/config/schema.ts'
import { describe as capabilitiesOf } from '../describe.ts'
import { settingsSchema } from '../fields.ts'
import type { Case } from './case.ts'
import { settingsTable } from './readme.ts'

/** The connector's schemas, by file name. */
export function schemasOf(folder: string): Schemas {
  const schemas = emptySchemas()
  const own = path.join(folder, 'schemas')
  if (existsSync(own))
    for (const file of readdirSync(own)) schemas.add(file, JSON.parse(readFileSync(path.join(own, file), 'utf8')))
  return schemas
}

export function definitionTests(one: Case): void {
  const { connector, folder, resources, settings } = one
  const schemas = schemasOf(folder)

  describe('definition', () => {
    test('is named like its folder', () => {
      expect(connector.name).toBe(path.basename(folder))
    })

    test("every setting has a title, and the fixtures' settings fit", () => {
      for (const [name, field] of Object.entries(connector.settings as Record<string, { title: string }>))
        expect(field.title, name).not.toBe('')
      schemas.add('settings', settingsSchema(connector) as never)
      expect(schemas.validate('settings', settings)).toEqual([])
    })

    test('every schema it names is there, and every schema that is there is named', () => {
      const named = [
        ...Object.values(resources).flatMap((resource) => [
          resource.schema,
          ...(resource.pushSchema ? [resource.pushSchema] : []),
        ]),
        ...Object.values(connector.actions ?? {}).flatMap((action) => [action.schema, action.answerSchema]),
      ]
      expect([...new Set(named)].sort()).toEqual(schemas.names().filter((name) => name !== 'settings'))
    })

    test('what can be pushed can be found, or says why it need not', () => {
      for (const [name, { push }] of Object.entries(resources)) {
        if (!push) continue
        expect(push.find !== undefined || push.lookup === 'none' || push.idempotent === true, name).toBe(true)
        expect(push.create ?? push.update, name).toBeDefined()
      }
    })

    test('README.md shows the settings as they are, and names every resource and action', () => {
      const readme = readFileSync(path.join(folder, 'README.md'), 'utf8')
      expect(readme).toContain(settingsTable(connector))
      const { resources: shown, actions } = capabilitiesOf(connector)
      for (const name of [...Object.keys(shown), ...Object.keys(actions)]) expect(readme).toContain(`\`${name}\``)
      expect(readme).toContain(connector.docs)
    })
  })
}
