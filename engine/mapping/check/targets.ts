import { nearest } from '../../platform/config/diagnostic.ts'
import type { JsonSchema } from '../../platform/config/schema-inline.ts'
import { type TargetNode, targetTree } from '../compile/target.ts'
import type { Report } from '../parse.ts'
import { type FieldPath, segmentsText } from '../path.ts'
import type { Assignment, Origin, Rule } from '../rule.ts'
import { flat, walk } from './walk.ts'

/** What is written into. Without a schema everything is allowed. */
export interface TargetGround {
  schema?: JsonSchema
  root?: JsonSchema
}

/** The ground of a target inside another. */
export function targetAt(target: TargetGround, path: FieldPath): TargetGround {
  if (!target.schema) return {}
  const root = target.root ?? target.schema
  const found = walk(target.schema, path.segments, root)
  return found.kind === 'found' ? { schema: found.schema, root } : {}
}

/** Targets that do not exist, that are written twice, and required ones that nobody writes. */
export function checkTargets(
  assignments: readonly Assignment[],
  target: TargetGround,
  partial: boolean,
  origin: Origin,
  report: Report,
): void {
  for (const { target: path, rule } of assignments) {
    const forbidden = path.segments.some((segment) => 'name' in segment && segment.name === '__proto__')
    if (forbidden)
      report(rule.origin, 'key', { code: 'HUB_MAP_UNKNOWN_TARGET', message: '`__proto__` cannot be a field.' })
    if (path.segments.some((segment) => 'index' in segment && segment.index < 0))
      report(rule.origin, 'key', {
        code: 'HUB_MAP_UNKNOWN_TARGET',
        message: 'A place from the end cannot be written; say which place it is.',
      })
    const last = path.segments.at(-1)
    if (last && 'field' in last)
      report(rule.origin, 'key', {
        code: 'HUB_MAP_UNKNOWN_TARGET',
        message: `Say which field of the item is written: \`${path.text}.value\`.`,
      })
    if (!target.schema) continue
    const found = walk(target.schema, path.segments, target.root ?? target.schema)
    if (found.kind === 'missing') {
      const hint = nearest(found.name, found.known)
      report(rule.origin, 'key', {
        code: 'HUB_MAP_UNKNOWN_TARGET',
        message: `The target has no \`${found.name}\`${found.inside ? ` in \`${found.inside}\`` : ''}.`,
        ...(hint ? { hint } : {}),
      })
    } else if (found.kind === 'shape') {
      report(rule.origin, 'key', {
        code: 'HUB_MAP_UNKNOWN_TARGET',
        message: `\`${found.inside || path.text}\` is ${found.is === 'list' ? 'a list' : 'not a list'} in the target.`,
      })
    }
  }
  const tree = targetTree(assignments, ({ target: path, rule }) =>
    report(rule.origin, 'key', {
      code: 'HUB_MAP_TWICE',
      message: `\`${path.text}\` is written by another rule as well.`,
    }),
  )
  if (target.schema) uncovered(tree, target.schema, target.root ?? target.schema, '', partial, origin, report)
}

function uncovered(
  node: TargetNode,
  schema: JsonSchema,
  root: JsonSchema,
  at: string,
  partial: boolean,
  origin: Origin,
  report: Report,
): void {
  if (node.kind !== 'object') return
  const here = flat(schema, root)
  const missing = partial ? [] : (here.required ?? []).filter((name) => !node.fields.has(name))
  if (missing.length) {
    const inside = at ? ` in \`${at}\`` : ''
    report(origin, 'key', {
      code: 'HUB_MAP_UNCOVERED',
      message: `No rule writes ${missing.map((name) => `\`${name}\``).join(', ')}${inside}, which the target requires.`,
    })
  }
  for (const [name, child] of node.fields) {
    const next = here.properties?.[name]
    // Objects that a rule builds are checked with that rule; here only those made of dotted targets.
    if (next && child.kind === 'object')
      uncovered(
        child,
        next,
        root,
        at ? `${at}.${name}` : segmentsText([{ name }]),
        false,
        firstOrigin(child) ?? origin,
        report,
      )
  }
}

function firstOrigin(node: TargetNode): Rule['origin'] | undefined {
  if (node.kind === 'rule') return node.rule.origin
  for (const child of node.kind === 'object'
    ? node.fields.values()
    : [...node.items.values()].map((item) => item.node)) {
    const found = firstOrigin(child)
    if (found) return found
  }
  return undefined
}
