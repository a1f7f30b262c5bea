import type { Diagnostic } from '../platform/config/diagnostic.ts'
import { nearest } from '../platform/config/diagnostic.ts'
import type { JsonSchema } from '../platform/config/schema-inline.ts'
import type { YamlFile } from '../platform/config/yaml.ts'
import { backward } from './backward.ts'
import { Checker } from './check/check.ts'
import { checkOptions } from './check/options.ts'
import type { GroundRules, Readings } from './check/scope.ts'
import { checkUnread, concernOf } from './check/unread.ts'
import { typesOf, walk } from './check/walk.ts'
import { compile } from './compile/compile.ts'
import type { Condition } from './condition.ts'
import type { ValueType } from './convert/conversion.ts'
import { fileErrors } from './errors.ts'
import { expressionFault } from './expr.ts'
import type { FunctionSet } from './functions.ts'
import type { LoadMappingsOptions } from './load.ts'
import { forward } from './lower.ts'
import { nestingTold } from './nesting.ts'
import { type Report, RuleParser } from './parse.ts'
import { parsePath, type Segment } from './path.ts'
import { type Assignment, below, type Naming, type Origin, type Rule, rulesOf } from './rule.ts'
import type { Table } from './tables.ts'
import type { Mapper, Mapping, RuleInfo } from './types.ts'

/** What a mapping file may refer to. */
export interface Surroundings extends LoadMappingsOptions {
  functions: FunctionSet
  tables: ReadonlyMap<string, { table: Table; text: string }>
  /** Block files by connector; the shared one under the empty name. */
  blocks: ReadonlyMap<string, YamlFile>
  hash(parts: unknown): string
}

/** Part of every revision: raise it when the same file would give another result. */
const LANGUAGE = 1

/** One mapping file, checked and compiled. Without a mapping when there is an error in it. */
export function build(
  name: string,
  yaml: YamlFile,
  around: Surroundings,
): { mapping?: Mapping; diagnostics: Diagnostic[] } {
  const diagnostics: Diagnostic[] = around.schemas
    .check('mapping', yaml, 'MAP')
    .map(({ code, ...rest }) => ({ ...rest, code: code === 'HUB_MAP_WRONG_TYPE' ? 'HUB_MAP_WRONG_VALUE' : code }))
  if (diagnostics.length) return { diagnostics: nestingTold(diagnostics, yaml) }
  if (yaml.diagnostics.some((one) => one.severity === 'error')) return { diagnostics }

  const report: Report = (origin, part, rest) =>
    diagnostics.push(
      origin.yaml.diagnostic(origin.path, part, {
        severity: 'error',
        cure: fileErrors[rest.code as keyof typeof fileErrors]?.cure,
        ...rest,
      } as never),
    )
  const { value } = yaml
  const origin: Origin = { yaml, path: [] }
  const sides = sidesOf(value, origin, around, report)
  if (!sides) return { diagnostics }

  const connector = name.split('/')[0]!
  const used = { tables: new Set<string>(), files: new Map<string, string>() }
  const parser = new RuleParser(
    {
      block: (block) =>
        [connector, '']
          .map((owner) => around.blocks.get(owner))
          .flatMap((file) =>
            file?.value && Object.hasOwn(file.value, block) ? [{ yaml: file, path: [block] }] : [],
          )[0],
      blocks: [connector, ''].flatMap((owner) => Object.keys(around.blocks.get(owner)?.value ?? {})),
      table: (table) => (around.tables.get(`${connector}/${table}`) ?? around.tables.get(table))?.table,
      tables: [...around.tables.keys()].map((table) => table.replace(`${connector}/`, '')),
      conversions: around.functions.names(),
      used(kind, what) {
        if (kind === 'table') {
          const table = around.tables.get(`${connector}/${what}`) ?? around.tables.get(what)!
          used.tables.add(table.table.name)
          used.files.set(`table ${what}`, table.text)
        } else if (kind === 'conversion')
          used.files.set(`function ${what}`, around.functions.custom.get(what)?.hash ?? '')
        else
          for (const owner of [connector, '']) used.files.set(`blocks ${owner}`, around.blocks.get(owner)?.text ?? '')
      },
    },
    report,
  )
  const assignments = parser.assignments(value.fields, below(origin, 'fields'))
  const naming = parser.naming(value.with, below(origin, 'with'))
  const skip = ((value.skip ?? []) as { when: unknown; say: string }[]).map(({ when, say }, i) => ({
    say,
    when: parser.condition(when, below(below(below(origin, 'skip'), i), 'when')),
  }))
  for (const rule of rulesOf(assignments)) {
    checkOptions(rule, sides.direction, around.functions, report)
    const fault = rule.source.kind === 'expr' ? expressionFault(rule.source.text) : undefined
    if (fault) report(below(rule.origin, 'expr'), 'value', { code: 'HUB_MAP_RULE', message: fault })
  }
  if (hasErrors(diagnostics)) return { diagnostics }

  const { direction, vendorIn, vendorOut, record } = sides
  const makers = new Map<'in' | 'out', () => Mapper>()
  let read: Readings = { values: new Set(), parts: new Set() }
  const side = (way: 'in' | 'out', lowered: Assignment[], names: Naming[], skips: typeof skip) => {
    const [source, target] = way === 'in' ? [vendorIn, record.schema] : [record.schema, vendorOut]
    const readings: Readings = { values: new Set(), parts: new Set() }
    const rules: GroundRules = {
      direction: way,
      report,
      readings,
      record: (type) => around.schemas.get(`records/${type}`),
      recordTypes: recordTypes(around),
    }
    new Checker(rules).program(
      lowered,
      names,
      skips,
      source,
      target ? { schema: target } : {},
      value.partial === true,
      below(origin, 'fields'),
    )
    if (way === 'in') read = readings
    if (way === 'in' && vendorIn) checkUnread(vendorIn, readings, value.ignore ?? [], origin, report)
    makers.set(way, () =>
      mapper(way, lowered, names, skips, target, value.blank === 'absent' && (way === 'in' || direction === 'out')),
    )
  }
  if (direction !== 'out') side('in', forward(assignments, 'read', around.functions), naming, skip)
  if (direction === 'out') side('out', forward(assignments, 'write', around.functions), naming, skip)
  if (direction === 'both')
    side(
      'out',
      backward(assignments, {
        functions: around.functions,
        report,
        typesAt: (segments) => typesIn(vendorIn, segments),
      }),
      [],
      [],
    )
  if (hasErrors(diagnostics)) return { diagnostics }

  const mapping: Mapping = {
    name,
    file: yaml.file,
    from: value.from,
    to: value.to,
    direction,
    partial: value.partial === true,
    revision: around.hash([LANGUAGE, yaml.text, [...used.files].sort()]),
    tables: [...used.tables].sort(),
    concern: concernOf(read, value.ignore ?? []),
  }
  for (const [way, make] of makers) mapping[way] = make()
  return { mapping, diagnostics }
}

function mapper(
  direction: 'in' | 'out',
  assignments: Assignment[],
  naming: Naming[],
  skip: { when: Condition; say: string }[],
  target: JsonSchema | undefined,
  blank: boolean,
): Mapper {
  return compile({ direction, assignments, naming, skip, blank, takes: (text) => takes(target, text), info: infoOf })
}

function takes(schema: JsonSchema | undefined, target: string): ValueType[] | undefined {
  const path = schema && parsePath(target.replaceAll('[]', '[0]'))
  if (!path || typeof path === 'string') return undefined
  const found = walk(schema, path.segments)
  return found.kind === 'found' ? (typesOf(found.schema) as ValueType[] | undefined) : undefined
}

function infoOf(rule: Rule, target: string): RuleInfo {
  const { yaml, path } = rule.origin
  const { line, col } = yaml.at(path, 'key')
  const { source } = rule
  const from = 'path' in source ? source.path?.text : source.kind === 'expr' ? source.text : undefined
  return {
    target,
    file: yaml.file,
    line,
    col,
    ...(from === undefined ? {} : { from }),
    ...(rule.only ? { only: rule.only } : {}),
  }
}

function typesIn(schema: JsonSchema | undefined, segments: readonly Segment[]): string[] | undefined {
  const found = schema && walk(schema, segments)
  return found?.kind === 'found' ? typesOf(found.schema) : undefined
}

function hasErrors(diagnostics: Diagnostic[]): boolean {
  return diagnostics.some((one) => one.severity === 'error')
}

function recordTypes(around: Surroundings): string[] {
  return around.schemas.names().flatMap((name) => /^records\/([\w-]+)$/.exec(name)?.[1] ?? [])
}

interface Sides {
  direction: 'in' | 'out' | 'both'
  record: { type: string; schema: JsonSchema | undefined }
  vendorIn: JsonSchema | undefined
  vendorOut: JsonSchema | undefined
}

/** Which side is the hub's, and the schemas of both. */
function sidesOf(
  value: Record<string, string>,
  origin: Origin,
  around: Surroundings,
  report: Report,
): Sides | undefined {
  const types = recordTypes(around)
  const [from, to] = [value['from']!, value['to']!]
  const direction = (value['direction'] ?? (types.includes(to) ? 'in' : 'out')) as Sides['direction']
  const [type, vendor] = direction === 'out' ? [from, to] : [to, from]
  const [recordKey, vendorKey] = direction === 'out' ? ['from', 'to'] : ['to', 'from']
  let right = true
  const fault = (key: string, message: string, hint?: string) => {
    report(below(origin, key), 'value', { code: 'HUB_MAP_UNKNOWN_NAME', message, ...(hint ? { hint } : {}) })
    right = false
  }
  if (!types.includes(type)) fault(recordKey, `There is no record type \`${type}\`.`, nearest(type, types))
  const dot = vendor.indexOf('.')
  const [connector, resource] = dot < 0 ? [vendor, ''] : [vendor.slice(0, dot), vendor.slice(dot + 1)]
  const known = around.connectors?.[connector]
  if (!resource) fault(vendorKey, `\`${vendor}\` should be <connector>.<resource>.`)
  else if (around.connectors && !known)
    fault(vendorKey, `There is no connector \`${connector}\`.`, nearest(connector, Object.keys(around.connectors)))
  else if (known?.length && !known.includes(resource)) {
    const hint = nearest(resource, known)
    fault(vendorKey, `${connector} has no resource or action \`${resource}\`.`, hint && `${connector}.${hint}`)
  }
  if (!right) return undefined
  return {
    direction,
    record: { type, schema: around.schemas.get(`records/${type}`) },
    vendorIn: direction === 'out' ? undefined : around.connectorSchema(connector, resource, 'in'),
    vendorOut: direction === 'in' ? undefined : around.connectorSchema(connector, resource, 'out'),
  }
}
