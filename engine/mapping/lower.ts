// One definition, two directions: each becomes assignments that the compiler writes as code. The way back turns every
// rule round: what it wrote is read, where it read is written, and its steps run in the opposite order.
import type { Convert } from './convert/conversion.ts'
import { toNumber } from './convert/decimal.ts'
import type { FunctionSet } from './functions.ts'
import type { Report } from './parse.ts'
import { below } from './parse.ts'
import { type FieldPath, parsePath, segmentsText } from './path.ts'
import type { Assignment, Rule, Source, Step } from './rule.ts'

/** Turns assignments into those of one direction. */
export class Lowering {
  readonly functions: FunctionSet
  readonly report: Report
  /** The JSON types of a source field, for conversions that go back. */
  readonly typesAt: (path: FieldPath) => string[] | undefined

  constructor(functions: FunctionSet, report: Report, typesAt: (path: FieldPath) => string[] | undefined) {
    this.functions = functions
    this.report = report
    this.typesAt = typesAt
  }

  /** As it is written: reading for `in`, writing for `out`. */
  forward(assignments: readonly Assignment[], mode: 'read' | 'write'): Assignment[] {
    const direction = mode === 'read' ? 'in' : 'out'
    return assignments
      .filter(({ rule }) => !rule.only || rule.only === direction)
      .map(({ target, rule }) => ({
        target: direction === 'out' ? (rule.to ?? target) : target,
        rule: this.#bind(rule, mode, target),
      }))
  }

  /** The way out of a mapping for both. `deep`: inside `each` or an object with a path of its own. */
  backward(assignments: readonly Assignment[], deep = false): Assignment[] {
    return assignments.flatMap(({ target, rule }) =>
      rule.only === 'in'
        ? []
        : rule.only === 'out'
          ? this.forward([{ target, rule }], 'write')
          : this.#back(target, rule, deep),
    )
  }

  #bind(rule: Rule, mode: 'read' | 'write', target: FieldPath): Rule {
    const bind = (one: Rule) => this.#bind(one, mode, target)
    const { source } = rule
    let bound: Source = source
    if (source.kind === 'first' || source.kind === 'list' || source.kind === 'join')
      bound = { ...source, rules: source.rules.map(bind) }
    else if (source.kind === 'each')
      bound = {
        ...source,
        ...(source.item ? { item: bind(source.item) } : {}),
        ...(source.fields ? { fields: this.forward(source.fields, mode) } : {}),
      }
    else if (source.kind === 'object') bound = { ...source, fields: this.forward(source.fields, mode) }
    else if (source.kind === 'target') bound = { kind: 'path', path: target }
    return {
      ...rule,
      source: bound,
      steps: rule.steps.map((step): Step => {
        // `$customer` itself says whose key it is.
        if (step.kind === 'link' && !step.record && mode === 'write') return { ...step, ...recordOf(source) }
        if (step.kind !== 'as') return step
        const conversion = this.functions.get(step.name)!
        const args = Object.fromEntries(Object.entries(step.args).map(([name, arg]) => [name, bind(arg)]))
        const gives = conversion.gives[mode]
        return { ...step, kind: 'convert', args, convert: conversion[mode](step.options), ...(gives ? { gives } : {}) }
      }),
    }
  }

  #back(target: FieldPath, rule: Rule, deep: boolean): Assignment[] {
    const refuse = (why: string, cure = 'Say `only: in`, or write the way out in a file of its own.') => {
      this.report(rule.origin, 'key', {
        code: 'HUB_MAP_NOT_REVERSIBLE',
        message: `\`${target.text}\` cannot run backwards: ${why}.`,
        cure,
      })
      return []
    }
    const { source } = rule
    if (rule.when) return refuse('its `when` looks at the source, which is not there on the way back')
    const path = rule.to ?? ('path' in source ? source.path : undefined)
    if (path && path.root === 'top' && deep) return refuse(`\`${path.text}\` lies outside the item it is in`)
    if (path && typeof path.root === 'object') return refuse(`\`${path.text}\` is not a field of the source`)
    const home = path && { ...path, root: 'item' as const }
    switch (source.kind) {
      case 'path':
        return this.#turned(rule, home!, { kind: 'path', path: target }, refuse)
      case 'each': {
        if (source.where) return refuse('its `where` leaves items out')
        if (source.naming.length) return refuse('its `with` looks elsewhere')
        const turned: Source = { kind: 'each', path: target, naming: [] }
        if (source.fields) turned.fields = this.backward(source.fields, true)
        if (source.item) {
          const item = this.#back({ text: '.', root: 'item', segments: [] }, source.item, true)
          if (item.length !== 1 || item[0]!.target.segments.length)
            return item.length ? refuse('its items are taken out of something larger') : []
          turned.item = item[0]!.rule
        }
        return this.#turned(rule, home!, turned, refuse)
      }
      case 'object': {
        if (source.naming.length) return refuse('its `with` looks elsewhere')
        const steps = rule.steps.filter((step) => step.kind !== 'required')
        if (steps.length) return refuse('an object with further steps has no way back')
        if (home) {
          const fields = this.backward(source.fields, true)
          return [
            {
              target: home,
              rule: {
                origin: rule.origin,
                source: { kind: 'object', path: target, naming: [], fields },
                steps: required(rule),
              },
            },
          ]
        }
        // A mere group: its fields read the same item, one level deeper in the record.
        return this.backward(
          source.fields.map((inner) => ({ target: under(target, inner.target), rule: inner.rule })),
          deep,
        )
      }
      case 'first':
        return this.#first(target, rule, refuse)
      case 'list':
        return this.#list(target, rule, source.rules, refuse)
      case 'join':
        return refuse('joined text cannot be taken apart')
      case 'const':
        return refuse('a fixed value has nowhere to go back to', 'Say `only: in`.')
      default:
        return refuse('an expression runs one way')
    }
  }

  #first(target: FieldPath, rule: Rule, refuse: (why: string, cure?: string) => never[]): Assignment[] {
    if (typeof rule.back !== 'string')
      return refuse(
        'which of several fields it came from is not known',
        'Say `back: <the field to write>`, or `only: in`.',
      )
    const to = parsePath(rule.back)
    return typeof to === 'string' ? refuse(to) : this.#turned(rule, to, { kind: 'path', path: target }, refuse)
  }

  #turned(rule: Rule, to: FieldPath, source: Source, refuse: (why: string, cure?: string) => never[]): Assignment[] {
    const steps: Step[] = []
    for (const step of rule.steps.toReversed()) {
      if (step.kind === 'required' || step.kind === 'default') continue
      if (step.kind === 'as') {
        const conversion = this.functions.get(step.name)!
        const back: Convert | undefined = Object.keys(step.args).length
          ? undefined
          : conversion.back(step.options, this.typesAt(to))
        if (!back) return refuse(`\`as: ${step.name}\` has no way back`)
        steps.push({ ...step, kind: 'convert', convert: back })
      } else if (step.kind === 'link') {
        if (!step.record)
          return refuse(
            `\`link: ${step.resource}\` needs to know whose key it is`,
            'Say `record: <type>` beside `link`.',
          )
        steps.push(step)
      } else if (step.kind === 'map') {
        const turned = this.#map(rule, step, refuse)
        if (!turned) return []
        steps.push(turned)
      } else steps.push(step)
    }
    const must = required(rule)
    return [{ target: to, rule: { origin: rule.origin, source, steps: [...must, ...steps] } }]
  }

  #map(
    rule: Rule,
    step: Extract<Step, { kind: 'map' }>,
    refuse: (why: string, cure?: string) => never[],
  ): Step | undefined {
    const back = typeof rule.back === 'object' ? rule.back : {}
    const entries = new Map<string, unknown>()
    const types = 'path' in rule.source && rule.source.path ? this.typesAt(rule.source.path) : undefined
    for (const [key, value] of step.entries) {
      if (value === null) continue
      const there = entries.get(String(value))
      const chosen = Object.hasOwn(back, String(value))
      if (there !== undefined && !chosen) {
        refuse(
          `\`${there}\` and \`${key}\` both become \`${value}\``,
          `Say which goes back: \`back: { ${value}: ${key} }\`, or \`only: in\`.`,
        )
        return undefined
      }
      if (!chosen) entries.set(String(value), typed(key, types))
    }
    for (const [value, key] of Object.entries(back)) {
      if (typeof key === 'string' && !step.entries.has(key) && !step.unmapped) {
        this.report(below(rule.origin, 'back'), 'value', {
          code: 'HUB_MAP_VALUE',
          message: `\`back\` writes \`${key}\`, which the map does not know.`,
        })
      }
      entries.set(value, key)
    }
    if (
      step.unmapped &&
      !('keep' in step.unmapped) &&
      step.unmapped.value !== null &&
      !entries.has(String(step.unmapped.value))
    ) {
      refuse(
        `several values become \`${step.unmapped.value}\` by \`unmapped\``,
        `Say which goes back: \`back: { ${step.unmapped.value}: … }\`, or \`only: in\`.`,
      )
      return undefined
    }
    const { table, column } = step
    return {
      kind: 'map',
      entries,
      ...(table ? { table } : {}),
      ...(column ? { column } : {}),
      ...(step.unmapped && 'keep' in step.unmapped ? { unmapped: step.unmapped } : {}),
    }
  }

  #list(target: FieldPath, rule: Rule, parts: Rule[], refuse: (why: string, cure?: string) => never[]): Assignment[] {
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
      const steps: Step[] = i === 0 ? [{ kind: 'room', list: target, size: parts.length }, ...required(rule)] : []
      found.push({
        target: part.source.path,
        rule: { origin: part.origin, source: { kind: 'path', path: item }, steps },
      })
    }
    return found
  }
}

function recordOf(source: Source): { record: string } | undefined {
  if (source.kind !== 'path' || typeof source.path.root !== 'object' || source.path.segments.length) return undefined
  return { record: source.path.root.name.slice(1) }
}

function required(rule: Rule): Step[] {
  return rule.steps.filter((step) => step.kind === 'required')
}

function under(base: FieldPath, path: FieldPath): FieldPath {
  const segments = [...base.segments, ...path.segments]
  return { text: segmentsText(segments), root: base.root, segments }
}

/** A key of a map as the source field has it: keys of YAML are text, the vendor may want a number. */
function typed(key: string, types: string[] | undefined): string | number | boolean {
  if (!types || types.includes('string')) return key
  if (types.includes('boolean') && (key === 'true' || key === 'false')) return key === 'true'
  return types.includes('integer') || types.includes('number') ? (toNumber(key) ?? key) : key
}
