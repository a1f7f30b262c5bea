import type { RecordErrorCode } from '../errors.ts'
import type { AsOptions } from '../rule.ts'
import type { Json } from '../types.ts'

/** What a conversion may tell beside its result: why there is none. Answers undefined, so that it can be returned. */
export interface Fault {
  fail(code: RecordErrorCode, message: string, cure?: string): undefined
}

/** One step of a record's way. `value` is never absent. `given` is the currency for money, the arguments for a function. */
export type Convert = (value: Json, fault: Fault, given?: Json) => Json

export type ValueType = 'string' | 'integer' | 'number' | 'boolean' | 'object' | 'array'

export interface Conversion {
  /** What it does, in one line, for the reference. */
  title: string
  /** The options of a rule it understands. */
  options: (keyof AsOptions)[]
  /** Names of its arguments (`args:`) and what they mean. */
  args?: Record<string, string>
  /** Towards the hub. */
  read: (options: AsOptions) => Convert
  /** Towards a vendor, in a mapping that only writes. */
  write: (options: AsOptions) => Convert
  /** The way back of `read` in a mapping for both; `types` are those of the source field. Undefined: there is none. */
  back: (options: AsOptions, types: string[] | undefined) => Convert | undefined
  /** JSON types of the result; undefined when it depends on the value. */
  gives: { read?: ValueType[]; write?: ValueType[] }
  /** What is wrong with the options, as a sentence. */
  check?: (options: AsOptions) => string | undefined
  /** Runnable examples for the reference: a rule's options, what comes in, what comes out (or the error's code). */
  examples: ConversionExample[]
}

export interface ConversionExample {
  options?: AsOptions
  direction?: 'write'
  given: Json
  args?: Record<string, Json>
  gives?: Json
  fails?: RecordErrorCode
}

/** A value as a message shows it. */
export function shown(value: Json): string {
  const text = typeof value === 'string' ? value : (JSON.stringify(value) ?? String(value))
  return text.length > 80 ? `${text.slice(0, 77)}…` : text
}

export function wrongType(value: Json, wanted: string, fault: Fault): undefined {
  const kind = Array.isArray(value)
    ? 'a list'
    : value === null
      ? 'nothing'
      : typeof value === 'object'
        ? 'an object'
        : `\`${shown(value)}\``
  return fault.fail('HUB_MAP_WRONG_TYPE', `This should be ${wanted}, and is ${kind}.`)
}
