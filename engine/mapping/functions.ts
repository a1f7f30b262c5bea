import { createHash } from 'node:crypto'
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { basename, join } from 'node:path'
import { pathToFileURL } from 'node:url'
import type { Diagnostic } from '../platform/config/diagnostic.ts'
import type { Conversion, Convert } from './convert/conversion.ts'
import { decimal } from './convert/decimal.ts'
import { conversions } from './convert/index.ts'
import type { Json } from './types.ts'

/** What a file of mappings/functions/ exports by default. It must be pure: the same value gives the same result. */
interface MappingFunction {
  title: string
  /** Names of its arguments, and what they mean. */
  args?: Record<string, string>
  /** Undefined means absent; an error's message is what the operator reads. `decimal` calculates exactly with decimal text. */
  run(value: Json, args: Record<string, Json>, tools: { decimal: typeof decimal }): Json
  /** The way back, for mappings of both directions. */
  back?(value: Json, tools: { decimal: typeof decimal }): Json
  /** At least one; all are run as tests. `fails` is part of the error's message. */
  examples: { value: Json; args?: Record<string, Json>; result?: Json; fails?: string }[]
}

export interface FunctionSet {
  get(name: string): Conversion | undefined
  names(): string[]
  /** Those of mappings/functions/, with the hash of their files. */
  custom: ReadonlyMap<string, { definition: MappingFunction; hash: string; file: string }>
}

/** Loads the named functions of a folder, beside those of `base`; a file that cannot be used becomes a diagnostic. */
export async function loadFunctions(
  folder: string,
  shown: string,
  diagnostics: Diagnostic[],
  base?: FunctionSet,
): Promise<FunctionSet> {
  const custom = new Map(base?.custom)
  const all = new Map(Object.entries(conversions))
  for (const [name, { definition }] of custom) all.set(name, asConversion(definition))
  const files = existsSync(folder)
    ? readdirSync(folder).filter((file) => file.endsWith('.ts') && !file.endsWith('.test.ts'))
    : []
  for (const file of files.sort()) {
    const name = basename(file, '.ts')
    const path = join(folder, file)
    const hash = createHash('sha256').update(readFileSync(path)).digest('hex')
    const fault = (message: string) =>
      diagnostics.push({
        code: 'HUB_MAP_FUNCTION_FILE',
        severity: 'error',
        file: `${shown}/${file}`,
        line: 1,
        col: 1,
        message,
      })
    try {
      // The hash makes Node load the file anew after an edit.
      const { default: definition } = (await import(
        /* @vite-ignore */ `${pathToFileURL(path).href}?${hash.slice(0, 12)}`
      )) as { default?: MappingFunction }
      if (
        !definition?.title ||
        typeof definition.run !== 'function' ||
        !Array.isArray(definition.examples) ||
        !definition.examples.length
      )
        fault('A function exports `{ title, run, examples }`, with at least one example.')
      else if (Object.hasOwn(conversions, name)) fault(`\`${name}\` is the name of a conversion of the hub already.`)
      else {
        custom.set(name, { definition, hash, file: `${shown}/${file}` })
        all.set(name, asConversion(definition))
      }
    } catch (error) {
      fault(`This file cannot be loaded: ${(error as Error).message}.`)
    }
  }
  return { get: (name) => all.get(name), names: () => [...all.keys()], custom }
}

function asConversion(definition: MappingFunction): Conversion {
  const guarded =
    (run: (value: Json, given: Json) => Json): Convert =>
    (value, fault, given) => {
      try {
        const result = run(value, given ?? {})
        if (result instanceof Promise)
          return fault.fail('HUB_MAP_FUNCTION', 'The function answers a promise; it must answer a value.')
        return result === null ? undefined : result
      } catch (error) {
        return fault.fail('HUB_MAP_FUNCTION', `${(error as Error)?.message ?? error}`)
      }
    }
  const forward = guarded((value, given) => definition.run(value, given, { decimal }))
  const { back } = definition
  return {
    title: definition.title,
    options: [],
    ...(definition.args ? { args: definition.args } : {}),
    read: () => forward,
    write: () => forward,
    back: () => back && guarded((value) => back(value, { decimal })),
    gives: {},
    examples: [],
  }
}
