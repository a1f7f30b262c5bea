// A definition as assignments of one direction, its conversions bound to reading or writing. The way back of a mapping
// for both is in backward.ts.
import type { FunctionSet } from './functions.ts'
import type { FieldPath } from './path.ts'
import type { Assignment, Rule, Source, Step } from './rule.ts'

/** As it is written: reading for `in`, writing for `out`. */
export function forward(
  assignments: readonly Assignment[],
  mode: 'read' | 'write',
  functions: FunctionSet,
): Assignment[] {
  const direction = mode === 'read' ? 'in' : 'out'
  return assignments
    .filter(({ rule }) => !rule.only || rule.only === direction)
    .map(({ target, rule }) => ({
      target: direction === 'out' ? (rule.to ?? target) : target,
      rule: bind(rule, mode, target, functions),
    }))
}

function bind(rule: Rule, mode: 'read' | 'write', target: FieldPath, functions: FunctionSet): Rule {
  const inner = (one: Rule) => bind(one, mode, target, functions)
  return {
    ...rule,
    source: boundSource(rule.source, mode, target, functions, inner),
    steps: rule.steps.map((step): Step => {
      // `$customer` itself says whose key it is.
      if (step.kind === 'link' && !step.record && mode === 'write') return { ...step, ...recordOf(rule.source) }
      if (step.kind !== 'as') return step
      const conversion = functions.get(step.name)!
      const args = Object.fromEntries(Object.entries(step.args).map(([name, arg]) => [name, inner(arg)]))
      const gives = conversion.gives[mode]
      return { ...step, kind: 'convert', args, convert: conversion[mode](step.options), ...(gives ? { gives } : {}) }
    }),
  }
}

function boundSource(
  source: Source,
  mode: 'read' | 'write',
  target: FieldPath,
  functions: FunctionSet,
  inner: (rule: Rule) => Rule,
): Source {
  switch (source.kind) {
    case 'first':
    case 'list':
    case 'join':
      return { ...source, rules: source.rules.map(inner) }
    case 'each':
      return {
        ...source,
        ...(source.item ? { item: inner(source.item) } : {}),
        ...(source.fields ? { fields: forward(source.fields, mode, functions) } : {}),
      }
    case 'object':
      return { ...source, fields: forward(source.fields, mode, functions) }
    case 'target':
      return { kind: 'path', path: target }
    default:
      return source
  }
}

function recordOf(source: Source): { record: string } | undefined {
  if (source.kind !== 'path' || typeof source.path.root !== 'object' || source.path.segments.length) return undefined
  return { record: source.path.root.name.slice(1) }
}
