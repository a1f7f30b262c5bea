// The only home of ajv. JSON Schema 2020-12; files refer to each other by relative path, without $id.
import { readdirSync, readFileSync } from 'node:fs'
import { relative, resolve } from 'node:path'
import type { ErrorObject, ValidateFunction } from 'ajv'
import { Ajv2020 } from 'ajv/dist/2020.js'
import addFormatsModule from 'ajv-formats'
import { type Diagnostic, nearest, type Path, pathText } from './diagnostic.ts'
import { inlineSchema, type JsonSchema } from './schema-inline.ts'
import type { YamlFile } from './yaml.ts'

/** What a value does wrong against a schema. */
interface SchemaFault {
  path: Path
  /** Whether the key or the value at `path` is wrong. */
  part: 'key' | 'value'
  what: 'UNKNOWN_KEY' | 'MISSING_KEY' | 'WRONG_TYPE' | 'WRONG_VALUE'
  message: string
  hint?: string
  /** Of `MISSING_KEY`: the key. */
  missing?: string
}

export interface Schemas {
  /** Names of what is loaded: paths below the folder without `.json`, such as `records/order`, `config/hub`, `mapping`. */
  names(): string[]
  /** Adds one more schema, for instance a connector's. A name that is known already is replaced. */
  add(name: string, schema: JsonSchema): void
  /** The schema with every reference put in place; undefined when there is none of that name. */
  get(name: string): JsonSchema | undefined
  /** Everything the value does wrong. Throws when there is no schema of that name. */
  validate(name: string, value: unknown): SchemaFault[]
  /** Whether the value fits; faster than `validate`. */
  fits(name: string, value: unknown): boolean
  /** The same faults as diagnostics at the places of a YAML file, with codes `HUB_<room>_UNKNOWN_KEY` and so on. */
  check(name: string, yaml: YamlFile, room: string): Diagnostic[]
}

/** Loads every schema under a folder (`schemas/`). Compiles on first use. */
export function loadSchemas(folder: string): Schemas {
  const schemas = emptySchemas()
  const root = resolve(folder)
  for (const entry of readdirSync(root, { recursive: true, withFileTypes: true })) {
    if (!entry.isFile() || !entry.name.endsWith('.json')) continue
    const file = resolve(entry.parentPath, entry.name)
    const name = relative(root, file).replaceAll('\\', '/').slice(0, -'.json'.length)
    schemas.add(name, JSON.parse(readFileSync(file, 'utf8')))
  }
  return schemas
}

/** A set without any schema, for those of a single connector. */
export function emptySchemas(): Schemas {
  const raw = new Map<string, JsonSchema>()
  const inlined = new Map<string, JsonSchema>()
  const compiled = new Map<string, ValidateFunction>()
  const quick = new Map<string, ValidateFunction>()

  const get = (name: string) => {
    if (!inlined.has(name) && raw.has(name)) inlined.set(name, inlineSchema(raw, name))
    return inlined.get(name)
  }
  const compile = (name: string, cache: Map<string, ValidateFunction>, allErrors: boolean) => {
    let found = cache.get(name)
    if (found) return found
    const schema = get(name)
    if (!schema) throw new Error(`There is no schema named ${name}.`)
    found = newAjv(allErrors).compile(schema) as ValidateFunction
    cache.set(name, found)
    return found
  }
  const validate = (name: string, value: unknown) => {
    const run = compile(name, compiled, true)
    return run(value) ? [] : faults(run.errors ?? [])
  }
  return {
    names: () => [...raw.keys()].sort(),
    add(name, schema) {
      raw.set(name, schema)
      for (const cache of [inlined, compiled, quick]) cache.clear()
    },
    get,
    validate,
    fits: (name, value) => compile(name, quick, false)(value) === true,
    check: (name, yaml, room) =>
      validate(name, yaml.value).map((fault) =>
        yaml.diagnostic(fault.path, fault.part, {
          code: `HUB_${room}_${fault.what}`,
          severity: 'error',
          message: fault.message,
          ...(fault.hint === undefined ? {} : { hint: fault.hint }),
          ...(fault.part === 'key' && /\s/.test(String(fault.path.at(-1)))
            ? { cure: 'A text with a comma or a colon in it stands in quotes.' }
            : {}),
        }),
      ),
  }
}

function newAjv(allErrors: boolean) {
  // Unknown keywords are left alone: x-… are ours, and vendors' descriptions carry their own.
  const ajv = new Ajv2020({ allErrors, strict: false, verbose: true, validateSchema: false, logger: false })
  const addFormats = ((addFormatsModule as any).default ?? addFormatsModule) as (on: unknown) => void
  addFormats(ajv)
  return ajv
}

function faults(errors: ErrorObject[]): SchemaFault[] {
  const choices = errors.filter((error) => error.keyword === 'anyOf' || error.keyword === 'oneOf')
  const kept = errors.filter((error) => {
    if (error.keyword === 'if' || choices.includes(error)) return false
    // In a choice, a branch that wants another type is not the one that was meant, when some branch got further.
    const choice = choices.find((one) => error.instancePath === one.instancePath)
    return (
      !choice ||
      !wrongBranch(error) ||
      !errors.some((other) => other !== choice && within(other, choice) && !wrongBranch(other, choice))
    )
  })
  // Several branches that want several types are one fault.
  for (const error of kept.filter((one) => one.keyword === 'type')) {
    const same = kept.filter((one) => one.keyword === 'type' && one.instancePath === error.instancePath)
    error.params['type'] = [...new Set(same.flatMap((one) => one.params['type'] as string | string[]))]
  }
  const found = kept.map(faultOf)
  for (const choice of choices) {
    if (!kept.some((error) => within(error, choice))) found.push(faultOf(choice))
  }
  const seen = new Set<string>()
  return found.filter((fault) => {
    const same = JSON.stringify([fault.path, fault.part, fault.message])
    return !seen.has(same) && seen.add(same)
  })
}

function wrongBranch(error: ErrorObject, choice?: ErrorObject): boolean {
  return (
    (error.keyword === 'type' || error.keyword === 'const') && (!choice || error.instancePath === choice.instancePath)
  )
}
function within(error: ErrorObject, choice: ErrorObject): boolean {
  return error.instancePath === choice.instancePath || error.instancePath.startsWith(`${choice.instancePath}/`)
}

function faultOf(error: ErrorObject): SchemaFault {
  const path = pointer(error.instancePath)
  const { params, keyword } = error
  const parent = (error.parentSchema ?? {}) as JsonSchema
  if (keyword === 'additionalProperties' || keyword === 'unevaluatedProperties') {
    const key = String(params['additionalProperty'] ?? params['unevaluatedProperty'])
    const hint = nearest(key, Object.keys(parent.properties ?? {}))
    return {
      path: [...path, key],
      part: 'key',
      what: 'UNKNOWN_KEY',
      message: `\`${key}\` is not known here.`,
      ...(hint ? { hint } : {}),
    }
  }
  if (keyword === 'required' || keyword === 'dependentRequired')
    return {
      path,
      part: 'key',
      what: 'MISSING_KEY',
      missing: String(params['missingProperty']),
      message: `\`${params['missingProperty']}\` is missing${path.length ? ` in \`${pathText(path)}\`` : ''}.`,
    }
  if (keyword === 'propertyNames')
    return {
      path: [...path, String(params['propertyName'])],
      part: 'key',
      what: 'UNKNOWN_KEY',
      message: `\`${params['propertyName']}\` cannot be a name here.`,
    }
  if (keyword === 'type')
    return {
      path,
      part: 'value',
      what: 'WRONG_TYPE',
      message: `${shown(error.data)} should be ${[params['type']].flat().map(article).join(' or ')}.`,
    }
  if (keyword === 'enum' || keyword === 'const') {
    const allowed: unknown[] = keyword === 'enum' ? params['allowedValues'] : [params['allowedValue']]
    const hint =
      typeof error.data === 'string'
        ? nearest(
            error.data,
            allowed.filter((value) => typeof value === 'string'),
          )
        : undefined
    return {
      path,
      part: 'value',
      what: 'WRONG_VALUE',
      message: `${shown(error.data)} is not one of ${allowed
        .slice(0, 30)
        .map((value) => String(value))
        .join(', ')}.`,
      ...(hint ? { hint } : {}),
    }
  }
  const said = parent.errorMessage ?? `${error.message ?? 'does not fit'}`
  return { path, part: 'value', what: 'WRONG_VALUE', message: `${shown(error.data)} ${said}.` }
}

function shown(value: unknown): string {
  const text =
    value === undefined
      ? 'nothing'
      : Array.isArray(value)
        ? 'a list'
        : value && typeof value === 'object'
          ? 'an object'
          : JSON.stringify(value)
  return text.length > 60 ? `${text.slice(0, 57)}…` : text
}

function article(type: string): string {
  return (
    (
      {
        string: 'text',
        number: 'a number',
        integer: 'a whole number',
        boolean: 'true or false',
        array: 'a list',
        object: 'an object',
        null: 'null',
      } as Record<string, string>
    )[type] ?? type
  )
}

function pointer(text: string): (string | number)[] {
  return text
    .split('/')
    .slice(1)
    .map((part) => (/^\d+$/.test(part) ? Number(part) : part.replaceAll('~1', '/').replaceAll('~0', '~')))
}
