// The way back of a mapping for both: every rule is turned round. What it wrote is read, where it read is written, and
// its steps run in the opposite order. What has no way back is refused, with what can be done about it.
import type { FunctionSet } from './functions.ts'
import { forward } from './lower.ts'
import type { Report } from './parse.ts'
import { type FieldPath, parsePath, type Segment, segmentsText } from './path.ts'
import type { Assignment, Rule, Source, Step } from './rule.ts'
import { turnedMap } from './turned-map.ts'

type Refuse = (why: string, cure?: string) => never[]

/** An item of the source that rules read from, while they are turned round. */
interface Level {
  /** Where it lies in the source; for the schema. */
  base: readonly Segment[]
  /** Which field of the record has what a path of this item has; for the currency of amounts. */
  fields: ReadonlyMap<string, FieldPath>
  outer?: Level
}

export interface Backward {
  functions: FunctionSet
  report: Report
  /** The JSON types of a source field. */
  typesAt(segments: readonly Segment[]): string[] | undefined
}

/** The assignments that write what these read. */
export function backward(assignments: readonly Assignment[], given: Backward): Assignment[] {
  return new Turner(given).level(assignments, { base: [], fields: fieldsBySource(assignments) })
}

class Turner {
  readonly given: Backward

  constructor(given: Backward) {
    this.given = given
  }

  level(assignments: readonly Assignment[], level: Level): Assignment[] {
    return assignments.flatMap(({ target, rule }) => {
      if (rule.only === 'in') return []
      return rule.only === 'out'
        ? forward([{ target, rule }], 'write', this.given.functions)
        : this.#turn(target, rule, level)
    })
  }

  #turn(target: FieldPath, rule: Rule, level: Level): Assignment[] {
    const refuse: Refuse = (
      why,
      cure = 'Say `only: in`, or write the way out in a file of its own (`<name>.out.yaml`).',
    ) => {
      this.given.report(rule.origin, 'key', {
        code: 'HUB_MAP_NOT_REVERSIBLE',
        message: `\`${target.text}\` cannot run backwards: ${why}.`,
        cure,
      })
      return []
    }
    const { source } = rule
    if (rule.when) return refuse('its `when` looks at the source, which is not there on the way back')
    const path = rule.to ?? ('path' in source ? source.path : undefined)
    if (path && path.root === 'top' && level.outer) return refuse(`\`${path.text}\` lies outside the item it is in`)
    if (path && typeof path.root === 'object') return refuse(`\`${path.text}\` is not a field of the source`)
    const home = path && { ...path, root: 'item' as const }
    switch (source.kind) {
      case 'path':
        return this.#finish(rule, home!, { kind: 'path', path: target }, level, refuse)
      case 'each':
        return this.#each(target, rule, source, home!, level, refuse)
      case 'object':
        return this.#object(target, rule, source, home, level, refuse)
      case 'first': {
        if (typeof rule.back !== 'string')
          return refuse(
            'which of several fields it came from is not known',
            'Say `back: <the field to write>`, or `only: in`.',
          )
        const to = parsePath(rule.back)
        return typeof to === 'string'
          ? refuse(to)
          : this.#finish(rule, to, { kind: 'path', path: target }, level, refuse)
      }
      case 'list':
        return list(target, rule, source.rules, refuse)
      case 'join':
        return refuse('joined text cannot be taken apart')
      case 'const':
        return refuse('a fixed value has nowhere to go back to', 'Say `only: in`.')
      default:
        return refuse('an expression runs one way')
    }
  }

  #each(
    target: FieldPath,
    rule: Rule,
    source: Extract<Source, { kind: 'each' }>,
    home: FieldPath,
    level: Level,
    refuse: Refuse,
  ): Assignment[] {
    if (source.where) return refuse('its `where` leaves items out')
    if (source.naming.length) return refuse('its `with` looks elsewhere')
    const inner: Level = {
      base: [...level.base, ...home.segments, { index: 0 }],
      fields: fieldsBySource(source.fields ?? []),
      outer: level,
    }
    const turned: Source = { kind: 'each', path: target, naming: [] }
    if (source.fields) turned.fields = this.level(source.fields, inner)
    if (source.item) {
      const parts = this.#turn({ text: '.', root: 'item', segments: [] }, source.item, inner)
      if (!parts.length) return []
      if (parts.length === 1 && !parts[0]!.target.segments.length) turned.item = parts[0]!.rule
      else [turned.fields, turned.single] = [parts, true]
    }
    return this.#finish(rule, home, turned, level, refuse)
  }

  #object(
    target: FieldPath,
    rule: Rule,
    source: Extract<Source, { kind: 'object' }>,
    home: FieldPath | undefined,
    level: Level,
    refuse: Refuse,
  ): Assignment[] {
    if (source.naming.length) return refuse('its `with` looks elsewhere')
    if (rule.steps.some((step) => step.kind !== 'required'))
      return refuse('an object with further steps has no way back')
    if (!home) {
      // A mere group: its fields read the same item, one level deeper in the record.
      return this.level(
        source.fields.map((inner) => ({ target: under(target, inner.target), rule: inner.rule })),
        level,
      )
    }
    const inner: Level = {
      base: [...level.base, ...home.segments],
      fields: fieldsBySource(source.fields),
      outer: level,
    }
    const fields = this.level(source.fields, inner)
    return [
      {
        target: home,
        rule: {
          origin: rule.origin,
          source: { kind: 'object', path: target, naming: [], fields },
          steps: requiredOf(rule),
        },
      },
    ]
  }

  #finish(rule: Rule, to: FieldPath, source: Source, level: Level, refuse: Refuse): Assignment[] {
    const steps: Step[] = requiredOf(rule)
    const types = this.given.typesAt([...level.base, ...to.segments])
    for (const step of rule.steps.toReversed()) {
      if (step.kind === 'required' || step.kind === 'default') continue
      if (step.kind === 'as') {
        const options = { ...step.options }
        const { currency } = options
        if (step.name === 'money' && currency && !/^[A-Z]{3}$/.test(currency)) {
          // Going out, the amount must be in the currency that is written beside it.
          const written = currencyField(currency, level)
          if (!written)
            return refuse(
              `\`${currency}\`, the currency of the amount, is written by no rule`,
              'Map the currency as well, say `currency: EUR`, or say `only: in`.',
            )
          options.currency = written
        }
        const back = Object.keys(step.args).length
          ? undefined
          : this.given.functions.get(step.name)!.back(options, types)
        if (!back) return refuse(`\`as: ${step.name}\` has no way back`)
        steps.push({ ...step, options, kind: 'convert', convert: back })
      } else if (step.kind === 'map') {
        const turned = turnedMap(rule, step, types, this.given.report, refuse)
        if (!turned) return []
        steps.push(turned)
      } else {
        if (step.kind === 'link' && !step.record)
          return refuse(
            `\`link: ${step.resource}\` needs to know whose key it is`,
            'Say `record: <type>` beside `link`.',
          )
        steps.push(step)
      }
    }
    return [{ target: to, rule: { origin: rule.origin, source, steps } }]
  }
}

/** The record's fields by the source path that they are read from, groups looked through. */
function fieldsBySource(assignments: readonly Assignment[], prefix?: FieldPath): Map<string, FieldPath> {
  const found = new Map<string, FieldPath>()
  for (const { target, rule } of assignments) {
    if (rule.only) continue
    const whole = prefix ? under(prefix, target) : target
    const { source } = rule
    if (source.kind === 'path' && source.path.root !== 'item' && source.path.root !== 'top') continue
    if (source.kind === 'path') found.set(segmentsText(source.path.segments), whole)
    else if (source.kind === 'object' && !source.path)
      for (const [path, field] of fieldsBySource(source.fields, whole)) found.set(path, field)
  }
  return found
}

/** The record's path of the field that holds a currency of the source. */
function currencyField(text: string, level: Level): string | undefined {
  const path = parsePath(text)
  if (typeof path === 'string') return undefined
  let at = level
  if (path.root === 'top') while (at.outer) at = at.outer
  const field = at.fields.get(segmentsText(path.segments))
  return field && (path.root === 'top' ? `$.${segmentsText(field.segments)}` : segmentsText(field.segments))
}

function list(target: FieldPath, rule: Rule, parts: Rule[], refuse: Refuse): Assignment[] {
  if (rule.steps.some((step) => step.kind !== 'required')) return refuse('a list with further steps has no way back')
  const found: Assignment[] = []
  for (const [i, part] of parts.entries()) {
    if (part.source.kind !== 'path' || part.steps.length || part.when || part.source.path.root !== 'item')
      return refuse('a list goes back only to plain fields')
    const item: FieldPath = {
      text: `${target.text}[${i}]`,
      root: target.root,
      segments: [...target.segments, { index: i }],
    }
    // The first of the fields also looks whether there is room for all items.
    const steps: Step[] = i === 0 ? [{ kind: 'room', list: target, size: parts.length }, ...requiredOf(rule)] : []
    found.push({ target: part.source.path, rule: { origin: part.origin, source: { kind: 'path', path: item }, steps } })
  }
  return found
}

function requiredOf(rule: Rule): Step[] {
  return rule.steps.filter((step) => step.kind === 'required')
}

function under(base: FieldPath, path: FieldPath): FieldPath {
  const segments = [...base.segments, ...path.segments]
  return { text: segmentsText(segments), root: base.root, segments }
}
