// Shows that the tests of mappings notice: every rule of every mapping is deleted or altered, one at a time, and a test
// must fail. What survives is listed.
//   node tools/node24.mjs tools/mutate-mappings.ts [mapping]
import path from 'node:path'
import { type LoadMappingsOptions, mappingTests } from '../engine/mapping/index.ts'
import { assembleSet, readMappingFiles } from '../engine/mapping/load.ts'
import { loadSchemas } from '../engine/platform/config/schema.ts'
import { parseYaml, writeYaml } from '../engine/platform/config/yaml.ts'
import { loadConnectors } from '../engine/registry.ts'
import { fixturesOf, mappingOptions } from '../engine/setup/mappings.ts'

type Json = any
interface Mutant {
  what: string
  path: (string | number)[]
  value: Json
}

const root = path.resolve(import.meta.dirname, '..')
const schemas = loadSchemas(path.join(root, 'schemas'))
const connectors = await loadConnectors()
const options: LoadMappingsOptions = mappingOptions(root, schemas, connectors)
const files = await readMappingFiles(options)
const only = process.argv[2]

let killed = 0
const survivors: string[] = []
for (const [name, yaml] of files.files) {
  if (only && name !== only) continue
  for (const mutant of mutantsOf(yaml.value.fields, ['fields'])) {
    const text = writeYaml(
      mutant.value === undefined ? without(yaml.value, mutant.path) : changed(yaml.value, mutant.path, mutant.value),
    )
    const set = assembleSet(
      { ...files, files: new Map([[name, parseYaml(text, yaml.file)]]), diagnostics: [] },
      options,
    )
    if (await survives(set, name)) {
      const { line } = yaml.at(mutant.path, 'key')
      survivors.push(`${yaml.file}:${line} ${mutant.what}`)
    } else killed++
  }
}
for (const line of survivors) console.log(`survived  ${line}`)
console.log(`${killed} of ${killed + survivors.length} alterations were noticed`)
process.exitCode = survivors.length ? 1 : 0

async function survives(set: ReturnType<typeof assembleSet>, name: string): Promise<boolean> {
  // A file that can no longer run is noticed before any test.
  if (!set.get(name)) return false
  const { tests } = mappingTests(set, { root, schemas, fixtures: fixturesOf(connectors), path: name })
  for (const test of tests) if (test.mapping === name && (await test.run()).length) return false
  return true
}

/** Every rule deleted, read from elsewhere, and each of its parts taken away or altered. */
function* mutantsOf(fields: Record<string, Json>, at: (string | number)[]): Generator<Mutant> {
  for (const [target, rule] of Object.entries(fields)) {
    const here = [...at, target]
    yield { what: `${target} deleted`, path: here, value: undefined }
    yield* ruleMutants(rule, here, target)
  }
}

function* ruleMutants(rule: Json, here: (string | number)[], target: string): Generator<Mutant> {
  if (typeof rule !== 'object') return
  for (const key of [
    'default',
    'required',
    'when',
    'where',
    'map',
    'lookup',
    'link',
    'as',
    'unmapped',
    'missing',
    'round',
    'scale',
    'unit',
    'zone',
    'separator',
  ]) {
    if (key in rule) yield { what: `${target}: ${key} deleted`, path: [...here, key], value: undefined }
  }
  if (typeof rule.const === 'string')
    yield { what: `${target}: const altered`, path: [...here, 'const'], value: `${rule.const}x` }
  for (const [key, value] of Object.entries((rule.map ?? {}) as Record<string, Json>)) {
    const other = Object.values(rule.map as Record<string, Json>).find((one) => one !== value)
    yield { what: `${target}: map ${key} deleted`, path: [...here, 'map', key], value: undefined }
    if (other !== undefined) yield { what: `${target}: map ${key} altered`, path: [...here, 'map', key], value: other }
  }
  for (const key of ['first', 'join', 'list']) {
    for (const [i, part] of ((rule[key] ?? []) as Json[]).entries()) {
      if (rule[key].length > 1)
        yield {
          what: `${target}: ${key} without its part ${i + 1}`,
          path: [...here, key],
          value: rule[key].filter((_: Json, j: number) => j !== i),
        }
      yield* ruleMutants(part, [...here, key, i], `${target}[${i}]`)
    }
  }
  if (rule.fields)
    for (const inner of mutantsOf(rule.fields, [...here, 'fields'])) yield { ...inner, what: `${target}.${inner.what}` }
}

function changed(value: Json, [key, ...rest]: (string | number)[], put: Json): Json {
  if (key === undefined) return put
  if (Array.isArray(value)) return value.map((item, i) => (i === key ? changed(item, rest, put) : item))
  return { ...value, [key]: changed(value[key], rest, put) }
}

function without(value: Json, [key, ...rest]: (string | number)[]): Json {
  if (rest.length)
    return Array.isArray(value)
      ? value.map((item, i) => (i === key ? without(item, rest) : item))
      : { ...value, [key!]: without(value[key!], rest) }
  const { [key!]: _, ...others } = value
  return others
}
