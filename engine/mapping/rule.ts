// What a mapping file says, as data. The two directions are lists of the same assignments (see backward.ts), and the
// compiler (compile/) knows nothing else.
import type { YamlFile } from '../platform/config/yaml.ts'
import type { Condition } from './condition.ts'
import type { Convert, ValueType } from './convert/conversion.ts'
import type { FieldPath } from './path.ts'
import type { Json } from './types.ts'

/** Where a rule stands. */
export interface Origin {
  yaml: YamlFile
  /** Path inside the YAML document. */
  path: readonly (string | number)[]
}

/** What stands under a key, or at a place, of an origin. */
export function below(origin: Origin, step: string | number): Origin {
  return { yaml: origin.yaml, path: [...origin.path, step] }
}

/** Left side and right side of one line of a mapping. */
export interface Assignment {
  target: FieldPath
  rule: Rule
}

export interface Rule {
  origin: Origin
  source: Source
  /** In the order in which they run. */
  steps: Step[]
  when?: Condition
  only?: 'in' | 'out'
  /** `to:`, where the way out writes. */
  to?: FieldPath
  /** `back:` as written. */
  back?: string | Record<string, Json>
}

export type Source =
  | { kind: 'path'; path: FieldPath }
  | { kind: 'const'; value: Json }
  | { kind: 'first'; rules: Rule[] }
  | { kind: 'join'; rules: Rule[]; separator: string }
  | { kind: 'list'; rules: Rule[] }
  /** `single`: its items are single values, although `fields` makes objects of them (only on the way back). */
  | {
      kind: 'each'
      path: FieldPath
      naming: Naming[]
      where?: Condition
      item?: Rule
      fields?: Assignment[]
      single?: true
    }
  | { kind: 'object'; path?: FieldPath; naming: Naming[]; fields: Assignment[] }
  | { kind: 'expr'; text: string }
  /** An out-only rule of a mapping for both: reads the record's field of its left side. */
  | { kind: 'target' }

/** A name that `with:` gives to something else. */
export interface Naming {
  name: string
  origin: Origin
  /** A path, or a search in a list. */
  path?: FieldPath
  find?: {
    in: FieldPath
    by: { there: FieldPath; here: FieldPath }[]
    where?: Condition
    missing: 'park' | 'absent'
    several: 'park' | 'first'
  }
}

export type Step =
  | { kind: 'default'; value: Json }
  | { kind: 'required'; say?: string }
  | {
      kind: 'map'
      entries: ReadonlyMap<string, Json>
      unmapped?: { keep: true } | { value: Json }
      table?: string
      column?: string
    }
  | { kind: 'link'; resource: string; record?: string; missing: 'park' | 'wait' | 'absent' }
  | { kind: 'as'; name: string; options: AsOptions; args: Record<string, Rule> }
  /** The same, bound to one direction. */
  | {
      kind: 'convert'
      name: string
      options: AsOptions
      args: Record<string, Rule>
      convert: Convert
      gives?: ValueType[]
    }
  /** Only made by the way back: a list written to single fields must fit in them. */
  | { kind: 'room'; list: FieldPath; size: number }

export interface AsOptions {
  currency?: string
  unit?: string
  scale?: number
  round?: 'half-up' | 'half-even' | 'down' | 'up'
  format?: string
  zone?: string
  ambiguous?: 'earlier' | 'later'
  separator?: string
}

/** Whether steps make something else of what the source gives. */
export function isChanged(rule: Rule): boolean {
  return rule.steps.some((step) => step.kind === 'map' || step.kind === 'link' || step.kind === 'convert')
}

/** Every rule below these assignments, outer before inner. */
export function* rulesOf(assignments: readonly Assignment[]): Generator<Rule> {
  for (const { rule } of assignments) yield* rulesIn(rule)
}

function* rulesIn(rule: Rule): Generator<Rule> {
  yield rule
  const { source } = rule
  if (source.kind === 'first' || source.kind === 'join' || source.kind === 'list')
    for (const part of source.rules) yield* rulesIn(part)
  if (source.kind === 'each' && source.item) yield* rulesIn(source.item)
  if ((source.kind === 'each' || source.kind === 'object') && source.fields) yield* rulesOf(source.fields)
  for (const step of rule.steps)
    if (step.kind === 'as' || step.kind === 'convert') for (const arg of Object.values(step.args)) yield* rulesIn(arg)
}
