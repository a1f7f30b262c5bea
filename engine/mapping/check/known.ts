import type { JsonSchema } from '../../platform/config/schema-inline.ts'
import type { ValueType } from '../convert/conversion.ts'
import { typesOf, valuesAt } from './walk.ts'

/** What is known of a rule's result: its types and, where they can be listed, its values. */
export interface Known {
  types?: string[]
  values?: unknown[]
}

export const WORDS: Record<string, string> = {
  string: 'text',
  integer: 'a whole number',
  number: 'a number',
  boolean: 'true or false',
  object: 'an object',
  array: 'a list',
}

export function knownOf(schema: JsonSchema): Known {
  const [types, values] = [typesOf(schema), valuesAt(schema)]
  return { ...(types ? { types } : {}), ...(values ? { values } : {}) }
}

export function merged(options: Known[]): Known {
  const types = options.every((one) => one.types) ? [...new Set(options.flatMap((one) => one.types!))] : undefined
  const values = options.every((one) => one.values) ? options.flatMap((one) => one.values!) : undefined
  return { ...(types ? { types } : {}), ...(values ? { values } : {}) }
}

export function typeOf(value: unknown): ValueType {
  return Array.isArray(value) ? 'array' : Number.isInteger(value) ? 'integer' : (typeof value as ValueType)
}
