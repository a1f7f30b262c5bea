import { type Diagnostic, nearest } from '../platform/config/diagnostic.ts'
import type { JsonSchema } from '../platform/config/schema-inline.ts'
import type { YamlFile } from '../platform/config/yaml.ts'
import { valuesAt, walk } from './check/walk.ts'
import { type FieldPath, parsePath } from './path.ts'
import { readPath } from './read.ts'
import type { Json } from './types.ts'

/** Several tests that must all hold. */
export interface Condition {
  tests: { path: FieldPath; checks: Check[]; key: readonly (string | number)[] }[]
  /** Of each list, one condition must hold. */
  any: Condition[][]
  /** Where it is written. */
  origin: { yaml?: YamlFile; path: readonly (string | number)[] }
}

export type Check =
  | { kind: 'present' | 'absent' }
  | { kind: 'equals' | 'not'; value: Json }
  | { kind: 'in' | 'notIn'; values: Json[] }
  | { kind: 'above' | 'below' | 'atLeast' | 'atMost'; value: Json }
  | { kind: 'startsWith' | 'endsWith' | 'contains'; value: Json }

type Report = (
  path: readonly (string | number)[],
  part: 'key' | 'value',
  rest: Pick<Diagnostic, 'code' | 'message'> & Partial<Diagnostic>,
) => void

/** Reads a condition from YAML that fits its schema. Faults go to `report`. */
export function parseCondition(
  value: Json,
  path: readonly (string | number)[],
  report: Report,
  yaml?: YamlFile,
): Condition {
  const condition: Condition = { tests: [], any: [], origin: { path, ...(yaml ? { yaml } : {}) } }
  for (const [key, test] of Object.entries(value as Record<string, Json>)) {
    const here = [...path, key]
    if (key === 'any' && Array.isArray(test)) {
      condition.any.push(test.map((part, i) => parseCondition(part, [...here, i], report, yaml)))
      continue
    }
    const parsed = parsePath(key)
    if (typeof parsed === 'string') report(here, 'key', { code: 'HUB_MAP_RULE', severity: 'error', message: parsed })
    else if (test === null || Array.isArray(test))
      report(here, 'value', {
        code: 'HUB_MAP_RULE',
        severity: 'error',
        message: Array.isArray(test)
          ? 'A list is no test; one of several values is `{ in: […] }`.'
          : 'Nothing is no test; write `absent`.',
      })
    else condition.tests.push({ path: parsed, checks: checksOf(test), key: here })
  }
  return condition
}

function checksOf(test: Json): Check[] {
  if (test === 'present' || test === 'absent') return [{ kind: test }]
  if (typeof test !== 'object') return [{ kind: 'equals', value: test }]
  return Object.entries(test as Record<string, Json>).map(([kind, value]): Check => {
    if (kind === 'present' || kind === 'absent') return { kind: (kind === 'present') === value ? 'present' : 'absent' }
    if (kind === 'in' || kind === 'notIn') return { kind, values: value }
    return { kind, value } as Check
  })
}

/** Whether there is nothing: undefined, null, an empty list. */
function isAbsent(value: Json): boolean {
  return value === undefined || value === null || (Array.isArray(value) && value.length === 0)
}

/** Whether one check holds for a value that was read already. */
export function holds(check: Check, value: Json): boolean {
  switch (check.kind) {
    case 'present':
      return !isAbsent(value)
    case 'absent':
      return isAbsent(value)
    case 'equals':
      return same(value, check.value)
    case 'not':
      return !same(value, check.value)
    case 'in':
      return check.values.some((one) => same(value, one))
    case 'notIn':
      return !check.values.some((one) => same(value, one))
    case 'startsWith':
      return typeof value === 'string' && value.startsWith(String(check.value))
    case 'endsWith':
      return typeof value === 'string' && value.endsWith(String(check.value))
    case 'contains':
      return Array.isArray(value)
        ? value.some((one) => same(one, check.value))
        : typeof value === 'string' && value.includes(String(check.value))
    default: {
      const order = compare(value, check.value)
      if (order === undefined) return false
      if (check.kind === 'above') return order > 0
      if (check.kind === 'below') return order < 0
      return check.kind === 'atLeast' ? order >= 0 : order <= 0
    }
  }
}

/** Vendors write 0 and "0", true and "true"; a person who writes a condition means both. */
function same(a: Json, b: Json): boolean {
  if (a === b) return true
  if (isAbsent(a)) return b === null
  return typeof a !== 'object' && b !== null && String(a) === String(b)
}

function compare(a: Json, b: Json): number | undefined {
  const [left, right] = [magnitude(a), magnitude(b)]
  if (typeof left === 'number' && typeof right === 'number') return left - right
  return typeof left === 'string' && typeof right === 'string' ? (left < right ? -1 : left > right ? 1 : 0) : undefined
}

/** A number where it can be read as one (amounts too), else text; a difference below a float's reach does not matter here. */
function magnitude(value: Json): number | string | undefined {
  if (typeof value === 'number') return value
  if (typeof value === 'string') return /^\s*[+-]?(\d+\.?\d*|\.\d+)\s*$/.test(value) ? Number(value) : value
  if (value && typeof value === 'object' && typeof value.amount === 'string') return Number(value.amount)
  return undefined
}

/** Whether a condition holds, reading its paths with `read`. */
export function evaluate(condition: Condition, read: (path: FieldPath) => Json): boolean {
  for (const test of condition.tests) {
    const value = read(test.path)
    for (const check of test.checks) if (!holds(check, value)) return false
  }
  return condition.any.every((options) => options.some((option) => evaluate(option, read)))
}

/**
 * A condition of a route, a gate or an alert, on a record of the hub. Diagnostics carry places when `at` says where the
 * condition stands. The test never throws.
 */
export function compileCondition(
  value: Json,
  recordSchema: JsonSchema | undefined,
  at?: { yaml: YamlFile; path: readonly (string | number)[] },
): { test(record: Json): boolean; diagnostics: Diagnostic[] } {
  const diagnostics: Diagnostic[] = []
  const report: Report = (path, part, rest) =>
    diagnostics.push(
      at
        ? at.yaml.diagnostic([...at.path, ...path], part, { severity: 'error', ...rest })
        : { file: '', line: 1, col: 1, severity: 'error', path: path.join('.'), ...rest },
    )
  if (!value || typeof value !== 'object' || Array.isArray(value)) {
    report([], 'value', {
      code: 'HUB_MAP_RULE',
      message: 'A condition is an object: a path, and what its value must be.',
    })
    return { test: () => false, diagnostics }
  }
  const condition = parseCondition(value, [], report)
  if (recordSchema) checkCondition(condition, () => recordSchema, report)
  return { test: (record) => evaluate(condition, (path) => readPath(record, path.segments)), diagnostics }
}

/** Paths that are not there, and values that can never be. `schemaOf` answers the schema a path starts from. */
export function checkCondition(
  condition: Condition,
  schemaOf: (path: FieldPath) => JsonSchema | undefined,
  report: Report,
): void {
  for (const { path, checks, key } of condition.tests) {
    const root = schemaOf(path)
    if (!root) continue
    const found = walk(root, path.segments)
    if (found.kind === 'missing') {
      const hint = nearest(found.name, found.known)
      report(key, 'key', {
        code: 'HUB_MAP_UNKNOWN_PATH',
        message: `There is no \`${found.name}\`${found.inside ? ` in \`${found.inside}\`` : ''}.`,
        ...(hint ? { hint } : {}),
      })
      continue
    }
    const known = found.kind === 'found' ? valuesAt(found.schema) : undefined
    if (!known) continue
    for (const check of checks) {
      const asked =
        check.kind === 'equals' || check.kind === 'not'
          ? [check.value]
          : check.kind === 'in' || check.kind === 'notIn'
            ? check.values
            : []
      for (const one of asked) {
        if (one === null || known.some((value) => String(value) === String(one))) continue
        const hint = nearest(String(one), known.map(String))
        report(key, 'value', {
          code: 'HUB_MAP_VALUE',
          message: `\`${path.text}\` is never \`${one}\`; it is one of ${known.join(', ')}.`,
          ...(hint ? { hint } : {}),
        })
      }
    }
  }
  for (const options of condition.any) for (const option of options) checkCondition(option, schemaOf, report)
}
