import { pathText } from '../../platform/config/diagnostic.ts'
import type { Json } from '../types.ts'

/** One place where two values differ. `undefined` is "not there". */
export interface Difference {
  path: (string | number)[]
  expected: Json
  got: Json
}

/** Where `got` differs from `expected`; as a `part`, what is not expected may be there as well. */
export function differences(expected: Json, got: Json, part = false, path: (string | number)[] = []): Difference[] {
  if (Array.isArray(expected) && Array.isArray(got)) {
    const length = part ? expected.length : Math.max(expected.length, got.length)
    return Array.from({ length }, (_, i) => differences(expected[i], got[i], part, [...path, i])).flat()
  }
  if (isObject(expected) && isObject(got)) {
    const keys = new Set([...Object.keys(expected), ...(part ? [] : Object.keys(got))])
    return [...keys].flatMap((key) => differences(own(expected, key), own(got, key), part, [...path, key]))
  }
  return Object.is(expected, got) || (expected === 0 && got === 0) ? [] : [{ path, expected, got }]
}

function isObject(value: Json): boolean {
  return value !== null && typeof value === 'object' && !Array.isArray(value)
}
function own(value: Json, key: string): Json {
  return Object.hasOwn(value, key) ? value[key] : undefined
}

/** Differences as lines a person reads: `status: expected open, got on_hold`. */
export function differenceLines(found: Difference[]): string[] {
  const lines = found.slice(0, 20).map(({ path, expected, got }) => {
    const at = pathText(path) || 'the result'
    if (expected === undefined) return `  + ${at}: ${brief(got)} was not expected`
    if (got === undefined) return `  - ${at}: ${brief(expected)} is missing`
    return `  ≠ ${at}: expected ${brief(expected)}, got ${brief(got)}`
  })
  if (found.length > 20) lines.push(`  … and ${found.length - 20} more`)
  return lines
}

function brief(value: Json): string {
  const text = JSON.stringify(value) ?? 'nothing'
  return text.length > 160 ? `${text.slice(0, 157)}…` : text
}
