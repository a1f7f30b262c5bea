// The shape that assignments build together: `name.given` and `name.family` are one object.
import type { Segment } from '../path.ts'
import type { Assignment, Rule } from '../rule.ts'

export type TargetNode =
  | { kind: 'rule'; rule: Rule }
  | { kind: 'object'; fields: Map<string, TargetNode> }
  /** Items by place, or found by the value of a field, which is written with them. */
  | { kind: 'list'; items: Map<string, { segment: Exclude<Segment, { name: string }>; node: TargetNode }> }

/** Lays all targets into one tree. `clash` hears of a target that another rule writes already. */
export function targetTree(
  assignments: readonly Assignment[],
  clash: (assignment: Assignment) => void,
): { kind: 'object'; fields: Map<string, TargetNode> } {
  const root = { kind: 'object' as const, fields: new Map<string, TargetNode>() }
  for (const assignment of assignments) insert(root, assignment.target.segments, assignment, clash)
  return root
}

function insert(
  node: TargetNode,
  segments: readonly Segment[],
  assignment: Assignment,
  clash: (assignment: Assignment) => void,
): void {
  const [segment, ...rest] = segments
  if (!segment) return
  if ('name' in segment) {
    if (node.kind !== 'object') {
      clash(assignment)
      return
    }
    const there = node.fields.get(segment.name)
    // A group without a path of its own is the same object as its dotted fields.
    const group = !rest.length ? groupOf(assignment.rule) : undefined
    if (!rest.length && !group) {
      if (there) clash(assignment)
      else node.fields.set(segment.name, { kind: 'rule', rule: assignment.rule })
      return
    }
    const next: TargetNode =
      there ??
      (rest[0] && !('name' in rest[0]) ? { kind: 'list', items: new Map() } : { kind: 'object', fields: new Map() })
    if (!there) node.fields.set(segment.name, next)
    if (group) for (const inner of group) insert(next, inner.target.segments, inner, clash)
    else insert(next, rest, assignment, clash)
    return
  }
  if (node.kind !== 'list') {
    clash(assignment)
    return
  }
  const key = 'index' in segment ? `#${segment.index}` : `${segment.field}=${segment.equals}`
  const there = node.items.get(key)
  if (!rest.length) {
    if (there) clash(assignment)
    else node.items.set(key, { segment, node: { kind: 'rule', rule: assignment.rule } })
    return
  }
  const next: TargetNode =
    there?.node ?? ('name' in rest[0]! ? { kind: 'object', fields: new Map() } : { kind: 'list', items: new Map() })
  if (!there) node.items.set(key, { segment, node: next })
  insert(next, rest, assignment, clash)
}

/** The fields of a rule that only groups: no path, no names, no steps, no condition of its own. */
function groupOf(rule: Rule): Assignment[] | undefined {
  const { source, steps, when, only } = rule
  return source.kind === 'object' && !source.path && !source.naming.length && !steps.length && !when && !only
    ? source.fields
    : undefined
}
