// One test of a mapping: what is given, what comes out, and where the two differ from what is expected.
import { pathText } from '../../platform/config/diagnostic.ts'
import type { Schemas } from '../../platform/config/schema.ts'
import { parsePath } from '../path.ts'
import { readPath } from '../read.ts'
import type { Direction, Json, MapContext, MapError, Mapper, Mapping, MapResult } from '../types.ts'
import { validateRecord } from '../validate.ts'
import { type Difference, differenceLines, differences } from './compare.ts'
import { type Given, readGiven } from './fixture.ts'

export interface TestSpec {
  name: string
  direction?: Direction
  given?: Given
  links?: Record<string, Record<string, string | null>>
  connection?: string
  key?: string
  id?: string
  related?: Record<string, Json>
  expect?: Json
  expectPart?: Json
  expectAbsent?: string[]
  expectError?: ExpectedError | ExpectedError[]
  expectSkipped?: string
  roundtrip?: Given
}
interface ExpectedError {
  code: string
  [field: string]: Json
}

export interface TestSetting {
  mapping: Mapping
  schemas: Schemas
  /** Where fixtures are looked for. */
  places: string[]
  /** Hears of every rule that gave a value (`in 3`), for coverage. */
  touched?: (direction: Direction, rule: number) => void
}

export interface TestOutcome {
  /** Lines that say what is wrong; none when the test passes. */
  failures: string[]
  /** What the mapping gave, for `--update`. */
  record?: Json
}

/** Runs one test. Never throws. */
export async function runTest(spec: TestSpec, setting: TestSetting): Promise<TestOutcome> {
  try {
    if (spec.roundtrip !== undefined) return await roundtrip(spec, setting)
    const direction = spec.direction ?? (setting.mapping.direction === 'out' ? 'out' : 'in')
    if (spec.given === undefined) return { failures: ['  This test has no `given`.'] }
    const result = await mapped(setting, direction, readGiven(spec.given, setting.places), contextOf(spec))
    return {
      failures: judge(spec, result, setting.mapping[direction]!),
      ...(result.record === undefined ? {} : { record: result.record }),
    }
  } catch (error) {
    return { failures: [`  ${(error as Error).message}`] }
  }
}

function contextOf(spec: TestSpec): MapContext {
  const { connection = 'test', key, id, related, links = {} } = spec
  return {
    connection,
    link: (resource, value) =>
      Object.hasOwn(links, resource) && Object.hasOwn(links[resource]!, value)
        ? (links[resource]![value] ?? undefined)
        : undefined,
    ...(key === undefined ? {} : { key }),
    ...(id === undefined ? {} : { id }),
    ...(related === undefined ? {} : { related }),
  }
}

/** As the walk does it: map, then look whether the record fits its schema. */
async function mapped(
  { mapping, schemas, touched }: TestSetting,
  direction: Direction,
  item: Json,
  context: MapContext,
): Promise<MapResult> {
  const mapper = mapping[direction]
  if (!mapper) throw new Error(`${mapping.name} does not run ${direction === 'in' ? 'inwards' : 'outwards'}.`)
  const { result, steps } = await mapper.explain(item, context)
  for (const step of steps) if (step.value !== undefined) touched?.(direction, step.rule)
  if (result.record === undefined || direction === 'out') return result
  const errors = validateRecord(schemas, mapping.to, result.record, mapping.partial, mapper.rules)
  return errors.length ? { errors } : result
}

function judge(spec: TestSpec, result: MapResult, mapper: Mapper): string[] {
  if (spec.expectSkipped !== undefined)
    return result.skipped === spec.expectSkipped
      ? []
      : [`  expected to be skipped (${spec.expectSkipped})`, ...told(result)]
  if (spec.expectError !== undefined) return wrongErrors([spec.expectError].flat(), result)
  if (result.record === undefined) return told(result)
  const found: Difference[] = []
  if (spec.expect !== undefined) found.push(...differences(spec.expect, result.record))
  if (spec.expectPart !== undefined) found.push(...differences(spec.expectPart, result.record, true))
  for (const text of spec.expectAbsent ?? []) {
    const path = parsePath(text)
    if (typeof path === 'string') throw new Error(path)
    const got = readPath(result.record, path.segments)
    if (got !== undefined) found.push({ path: [text], expected: undefined, got })
  }
  if (spec.expect === undefined && spec.expectPart === undefined && spec.expectAbsent === undefined)
    return [
      '  This test expects nothing: write `expect`, `expectPart`, `expectAbsent`, `expectError` or `expectSkipped`.',
    ]
  return withRules(found, mapper)
}

/** The differences, and the places of the rules that write those fields. */
function withRules(found: Difference[], mapper: Mapper): string[] {
  const places = new Set<string>()
  for (const { path } of found) {
    const text = pathText(path).replace(/\[\d+\]/g, '[]')
    const rule =
      mapper.rules.find((one) => one.target === text) ??
      mapper.rules.findLast((one) => text.startsWith(`${one.target}.`) || text.startsWith(`${one.target}[]`))
    if (rule) places.add(`  rule ${rule.file}:${rule.line} writes \`${rule.target}\``)
  }
  return [...differenceLines(found), ...places]
}

function told(result: MapResult): string[] {
  if (result.record !== undefined)
    return [
      '  got a record:',
      ...JSON.stringify(result.record, null, 2)
        .split('\n')
        .slice(0, 30)
        .map((line) => `    ${line}`),
    ]
  if (result.skipped !== undefined) return [`  was skipped: ${result.skipped}`]
  return (result.errors ?? []).map(
    (error) =>
      `  stopped with ${error.code} at ${error.at || 'the item'}: ${error.message}${error.rule ? ` (${error.rule})` : ''}`,
  )
}

function wrongErrors(expected: ExpectedError[], result: MapResult): string[] {
  if (!result.errors) return ['  expected to stop with an error', ...told(result)]
  const left = [...result.errors]
  const failures: string[] = []
  for (const wanted of expected) {
    const at = left.findIndex((error) =>
      Object.entries(wanted).every(([key, value]) =>
        key === 'wait' ? Boolean(error.wait) === value : differences(value, error[key as keyof MapError]).length === 0,
      ),
    )
    if (at >= 0) left.splice(at, 1)
    else failures.push(`  expected ${JSON.stringify(wanted)}`)
  }
  if (Array.isArray(expected) && !failures.length && left.length && expected.length > 1)
    failures.push('  stopped with more errors than expected')
  return failures.length ? [...failures, ...told(result)] : []
}

/** In, out, and in again: what is mapped both ways must be what came, at the vendor and in the hub. */
async function roundtrip(spec: TestSpec, setting: TestSetting): Promise<TestOutcome> {
  const { mapping } = setting
  if (mapping.direction !== 'both') return { failures: ['  `roundtrip` needs a mapping with `direction: both`.'] }
  const source = readGiven(spec.roundtrip!, setting.places)
  const context = contextOf(spec)
  const first = await mapped(setting, 'in', source, context)
  if (first.record === undefined) return { failures: told(first) }
  const out = await mapped(setting, 'out', first.record, context)
  if (out.record === undefined) return { failures: ['  on the way out:', ...told(out)] }
  const rules = mapping.out!.rules
  const added = rules.filter((rule) => rule.only === 'out').map((rule) => rule.target)
  const back = differences(out.record, source, true).filter(({ path, got, expected }) => {
    const text = pathText(path).replace(/\[\d+\]/g, '[]')
    return (
      !added.some((target) => text === target || text.startsWith(`${target}.`)) &&
      !(got === undefined && expected === '')
    )
  })
  const lost = rules
    .filter((rule) => !rule.only && !rule.target.includes('['))
    .flatMap((rule): Difference[] => {
      const path = parsePath(rule.target)
      if (typeof path === 'string') return []
      const [came, went] = [readPath(source, path.segments), readPath(out.record, path.segments)]
      return came !== undefined && came !== '' && typeof came !== 'object' && went === undefined
        ? [{ path: [rule.target], expected: came, got: undefined }]
        : []
    })
  const failures = [
    ...differenceLines(back.map(({ path, expected, got }) => ({ path, expected: got, got: expected }))),
    ...differenceLines(lost),
  ]
  return { failures: failures.length ? ['  came back otherwise than it came:', ...failures] : [], record: out.record }
}
