// Which schema a path of a rule starts from, and what was read: the static twin of compile/scope.ts.
import { nearest } from '../../platform/config/diagnostic.ts'
import type { JsonSchema } from '../../platform/config/schema-inline.ts'
import type { Report } from '../parse.ts'
import { type FieldPath, joinPath, type Segment, segmentsText } from '../path.ts'
import type { Origin } from '../rule.ts'
import { flat, walk } from './walk.ts'

/** A place that paths start from. Without a schema everything is allowed there. */
export interface Ground {
  schema?: JsonSchema
  /** The schema whose `$defs` the schema's references mean. */
  root?: JsonSchema
  /** Its own path from the top with lists passed through; undefined when it is not part of the source. */
  path?: string
}

export interface CheckScope {
  item: Ground
  top: Ground
  names: Map<string, Ground>
}

export interface Readings {
  /** Paths whose value is used, lists passed through. */
  values: Set<string>
  /** Paths of objects and lists that rules look into. */
  parts: Set<string>
}

export interface GroundRules {
  direction: 'in' | 'out'
  /** The schema of a linked record (`$order`), by its type. */
  record(type: string): JsonSchema | undefined
  recordTypes: string[]
  report: Report
  readings: Readings
}

/** The ground a path leads to; undefined where nothing is known or after an error was reported. */
export function follow(
  rules: GroundRules,
  scope: CheckScope,
  path: FieldPath,
  origin: Origin,
  use: 'value' | 'part' = 'value',
): Ground | undefined {
  const start = startOf(rules, scope, path, origin)
  if (!start) return undefined
  const through = path.segments.findIndex((segment) => 'field' in segment)
  if (start.path !== undefined) {
    rules.readings[use === 'value' ? 'values' : 'parts'].add(joinPath(start.path, plainText(path.segments)))
    // One item of a list of keys and values: the others are known and not wanted.
    if (through >= 0) rules.readings.values.add(joinPath(start.path, plainText(path.segments.slice(0, through))))
  }
  const at = start.path === undefined ? {} : { path: joinPath(start.path, plainText(path.segments)) }
  if (!start.schema) return at
  const root = start.root ?? start.schema
  const found = walk(start.schema, path.segments, root)
  if (found.kind === 'found') return { schema: found.schema, root, ...at }
  if (found.kind === 'missing') {
    const hint = nearest(found.name, found.known)
    const cut = path.text.lastIndexOf(found.name)
    const better =
      hint === undefined || cut < 0
        ? (hint ?? inItems(start.schema, path, root))
        : path.text.slice(0, cut) + hint + path.text.slice(cut + found.name.length)
    rules.report(origin, 'value', {
      code: 'HUB_MAP_UNKNOWN_PATH',
      message: `The source has no \`${found.name}\`${found.inside ? ` in \`${found.inside}\`` : ''}.`,
      ...(better ? { hint: better } : {}),
    })
    return undefined
  }
  if (found.kind === 'shape') {
    const inside = found.inside || 'The source'
    const message =
      found.is === 'list'
        ? `\`${inside}\` is a list; use \`each\`, or say which item: \`${inside}[0]\`.`
        : `\`${inside}\` is not a list.`
    rules.report(origin, 'value', { code: 'HUB_MAP_UNKNOWN_PATH', message })
    return undefined
  }
  return at
}

/** The same path in the first item of a list, where one of the lists has such a field: `rows[0].Order No`. */
function inItems(schema: JsonSchema, { text, segments }: FieldPath, root: JsonSchema): string | undefined {
  for (const [name, part] of Object.entries(flat(schema, root).properties ?? {})) {
    const items = flat(part, root).items
    if (items && walk(items, segments, root).kind === 'found')
      return `${segmentsText([{ name }, { index: 0 }])}${text.startsWith('[') ? '' : '.'}${text}`
  }
  return undefined
}

function startOf(rules: GroundRules, scope: CheckScope, path: FieldPath, origin: Origin): Ground | undefined {
  if (path.root === 'item') return scope.item
  if (path.root === 'top') return scope.top
  const { name } = path.root
  const known = scope.names.get(name)
  if (known) return known
  const own = rules.direction === 'out' ? ['$connection', '$key', '$id'] : ['$connection']
  if (own.includes(name)) return { schema: { type: 'string' } }
  const record = rules.record(name.slice(1))
  if (record)
    return {
      schema: { ...record, properties: { key: { type: 'string' }, id: { type: 'string' }, ...record.properties } },
    }
  const hint = nearest(name, [...scope.names.keys(), ...own, ...rules.recordTypes.map((type) => `$${type}`)])
  const message =
    name === '$key' || name === '$id' ? `\`${name}\` is there only when writing.` : `There is no \`${name}\` here.`
  rules.report(origin, 'value', { code: 'HUB_MAP_UNKNOWN_NAME', message, ...(hint ? { hint } : {}) })
  return undefined
}

/** Names only: `lines[0].sku` is `lines.sku`. */
export function plainText(segments: readonly Segment[]): string {
  return segmentsText(segments.filter((segment) => 'name' in segment))
}
