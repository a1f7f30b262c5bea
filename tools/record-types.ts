// Makes schemas/records/types.ts from the record schemas: `node tools/node24.mjs tools/record-types.ts`.
import { readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { basename, join } from 'node:path'
import { compile } from 'json-schema-to-typescript'

const folder = join(import.meta.dirname, '..', 'schemas', 'records')
export const typesFile = join(folder, 'types.ts')

/** The text of types.ts as the schemas say it today. */
export async function recordTypes(): Promise<string> {
  const shared = names(join(folder, 'shared'))
  const records = names(folder)
  const definitions = Object.fromEntries([
    ...shared.map((name) => [title(name), definition(join(folder, 'shared', `${name}.json`))]),
    ...records.map((name) => [title(name), definition(join(folder, `${name}.json`))]),
  ])
  const index = {
    title: 'Records',
    description: 'Every kind of record by its name.',
    type: 'object',
    additionalProperties: false,
    required: records,
    properties: Object.fromEntries(records.map((name) => [name, { tsType: title(name) }])),
    $defs: definitions,
  }
  return compile(index as never, 'Records', {
    bannerComment: '// Generated from the schemas beside it by tools/record-types.ts; change those instead.',
    additionalProperties: false,
    unreachableDefinitions: true,
    style: { semi: false, singleQuote: true, printWidth: 120 },
  })
}

function names(at: string): string[] {
  return readdirSync(at)
    .filter((name) => name.endsWith('.json'))
    .sort()
    .map((name) => basename(name, '.json'))
}

/** A schema as the generator likes it: references as names of types, titles on top only (every title becomes a type). */
function definition(file: string): unknown {
  const { $schema: _, title: name, ...rest } = JSON.parse(readFileSync(file, 'utf8'))
  return { ...(strip(rest) as object), title: title(name.toLowerCase().replaceAll(' ', '-')) }
}

function strip(node: unknown): unknown {
  if (Array.isArray(node)) return node.map(strip)
  if (!node || typeof node !== 'object') return node
  const { $ref, title: _, examples: __, ...rest } = node as Record<string, unknown>
  if (typeof $ref === 'string') return { description: rest['description'], tsType: title(basename($ref, '.json')) }
  const properties = rest['properties'] as Record<string, unknown> | undefined
  return Object.fromEntries(
    Object.entries(rest).map(([key, value]) => [
      key,
      key === 'properties'
        ? Object.fromEntries(Object.entries(properties!).map(([k, v]) => [k, strip(v)]))
        : strip(value),
    ]),
  )
}

function title(name: string): string {
  return name.replace(/(^|-)([a-z])/g, (_, __, letter: string) => letter.toUpperCase())
}

if (process.argv[1] === import.meta.filename) writeFileSync(typesFile, await recordTypes())
