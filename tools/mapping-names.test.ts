// What editors complete is what there is: each file names its schema, and the schema knows every name that mappings use.
import { readdirSync, readFileSync } from 'node:fs'
import path from 'node:path'
import { describe, expect, test } from 'vitest'
import { parseYaml } from '../engine/platform/config/yaml.ts'
import { mappingNamesSchema } from './mapping-names.ts'

const ROOT = path.resolve(import.meta.dirname, '..')
const filesBelow = (folder: string) =>
  readdirSync(path.join(ROOT, folder), { recursive: true, encoding: 'utf8' })
    .filter((file) => file.endsWith('.yaml') && !/(^|\/)(tables\/|functions\/|blocks\.yaml$)/.test(file))
    .map((file) => path.join(folder, file))
const mappings = filesBelow('mappings')
const schemaOf = (file: string) =>
  file.startsWith('config') ? 'config/hub.json' : file.endsWith('.test.yaml') ? 'mapping-test.json' : 'mapping.json'

test.each([...mappings, ...filesBelow('config')])('%s says where its schema is', (file) => {
  const [line] = readFileSync(path.join(ROOT, file), 'utf8').split('\n')
  const named = /^# yaml-language-server: \$schema=(\S+)$/.exec(line!)?.[1] ?? 'no schema'
  expect(path.resolve(ROOT, path.dirname(file), named)).toBe(path.join(ROOT, 'schemas', schemaOf(file)))
})

const names: Record<string, any> = JSON.parse(await mappingNamesSchema()).$defs
const known = (kind: string): string[] => names[kind].anyOf[0].enum

describe('names', () => {
  const used = (value: any, key: string): string[] =>
    value && typeof value === 'object'
      ? Object.entries(value).flatMap(([name, part]) =>
          name === key ? [part].flat().filter((one): one is string => typeof one === 'string') : used(part, key),
        )
      : []
  const all = mappings
    .filter((file) => !file.endsWith('.test.yaml'))
    .map((file) => ({ file, value: parseYaml(readFileSync(path.join(ROOT, file), 'utf8'), file).value }))

  test.each([
    ['table', 'lookup'],
    ['block', 'use'],
    ['conversion', 'as'],
    ['record', 'record'],
  ])('every %s that a mapping uses is completed', (kind, key) => {
    const strange = all.flatMap(({ file, value }) =>
      used(value.fields, key)
        .filter((name) => !known(kind).includes(name))
        .map((name) => `${file}: ${name}`),
    )
    expect(strange).toEqual([])
  })

  test('both sides of every mapping are completed, except resources of your own', () => {
    const sides = all.flatMap(({ value }) => [value.from, value.to]).filter((side) => !side.startsWith('csv.'))
    expect(sides.filter((side) => !known('side').includes(side))).toEqual([])
  })

  test('every reference of the schemas into the names leads somewhere', () => {
    const text = readFileSync(path.join(ROOT, 'schemas', 'mapping.json'), 'utf8')
    const wanted = [...text.matchAll(/"\$ref": "mapping-names\.json#\/\$defs\/(\w+)"/g)].map(([, name]) => name!)
    expect(new Set(wanted)).toEqual(new Set(Object.keys(names)))
  })
})
