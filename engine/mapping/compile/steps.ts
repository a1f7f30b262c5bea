// The steps of a rule as code, in the order in which they stand in it.
import type { ValueType } from '../convert/conversion.ts'
import { parsePath } from '../path.ts'
import type { Rule, Step } from '../rule.ts'
import type { Emitter } from './emit.ts'
import type { RuleRef } from './run.ts'
import { read, type Scope } from './scope.ts'

export interface Place {
  /** The variable with the value. */
  value: string
  /** Target and source as messages name them, as JavaScript expressions. */
  at: string
  from: string
  target: string
}

export function emitSteps(emitter: Emitter, rule: Rule, ref: RuleRef, scope: Scope, place: Place): void {
  const { value, at, from } = place
  const { lines } = emitter
  let closes = 0
  for (const step of rule.steps) {
    switch (step.kind) {
      case 'default':
        // Null is written as it stands, and nothing more is done with it.
        if (step.value === null) {
          lines.push(`if (${value} === undefined) ${value} = null; else {`)
          closes++
        } else lines.push(`if (${value} === undefined) ${value} = ${emitter.constant(step.value)};`)
        break
      case 'required':
        lines.push(
          `if (${value} === undefined || ${value}.length === 0) required(r, ${emitter.constant(ref)}, ${at}, ${from});`,
        )
        break
      case 'map':
        map(emitter, step, ref, place)
        break
      case 'link':
        emitter.hasLinks = true
        ref.link = { resource: step.resource, missing: step.missing, ...(step.record ? { record: step.record } : {}) }
        lines.push(
          `if (${value} !== undefined) ${value} = link(r, ${emitter.constant(ref)}, ${value}, ${at}, ${from});`,
        )
        break
      case 'as':
        throw new Error('Conversions are bound before code is written (lower.ts).')
      case 'room':
        lines.push(`room(r, ${emitter.constant(ref)}, ${read(emitter, scope, step.list)}, ${step.size}, ${at});`)
        break
      case 'convert': {
        const before = emitter.fresh('b')
        const given = givenTo(emitter, step, scope, place)
        lines.push(
          `const ${before} = ${value};`,
          `if (${before} !== undefined) { ${value} = ${emitter.constant(step.convert)}(${before}, r${given}); if (${value} === undefined) converted(r, ${emitter.constant(ref)}, ${before}, ${at}, ${from}); }`,
        )
        break
      }
    }
    emitter.trace(ref, step.kind === 'map' && step.table ? 'lookup' : step.kind, value, at)
  }
  const wanted = emitter.options.takes(place.target)
  if (wanted && !settled(rule, wanted)) {
    lines.push(
      `if (${value} !== undefined && ${unlike(value, wanted)}) ${value} = wrongType(r, ${emitter.constant(ref)}, ${value}, ${at}, ${from}, ${JSON.stringify(wanted.map((type) => WORDS[type]).join(' or '))});`,
    )
  }
  lines.push('}'.repeat(closes))
}

function map(emitter: Emitter, step: Extract<Step, { kind: 'map' }>, ref: RuleRef, { value, at, from }: Place): void {
  if (step.table) ref.table = { name: step.table, ...(step.column ? { column: step.column } : {}) }
  const { unmapped } = step
  const before = emitter.fresh('b')
  const other = !unmapped
    ? `unknown(r, ${emitter.constant(ref)}, ${before}, ${at}, ${from})`
    : 'keep' in unmapped
      ? before
      : emitter.constant(unmapped.value)
  const empty = ref.required ? `required(r, ${emitter.constant(ref)}, ${at}, ${from})` : 'undefined'
  emitter.lines.push(
    `const ${before} = ${value};`,
    `if (${before} !== undefined) { ${value} = ${emitter.constant(step.entries)}.get(typeof ${before} === "string" ? ${before} : key(${before})); if (${value} === undefined) ${value} = ${other}; if (${value} === null) ${value} = ${empty}; }`,
  )
}

/** The currency for money, the arguments for a function. */
function givenTo(
  emitter: Emitter,
  step: Extract<Step, { kind: 'convert' }>,
  scope: Scope,
  { at, target }: Place,
): string {
  const { currency } = step.options
  if (step.name === 'money') {
    if (currency === undefined) return ''
    const path = /^[A-Z]{3}$/.test(currency) ? undefined : parsePath(currency)
    return `, ${path && typeof path !== 'string' ? read(emitter, scope, path) : JSON.stringify(currency)}`
  }
  const names = Object.keys(step.args)
  if (!names.length) return ''
  const values = names.map(
    (name) => `${JSON.stringify(name)}: ${emitter.rule(step.args[name]!, scope, at, `${target} (${name})`)}`,
  )
  return `, { ${values.join(', ')} }`
}

const WORDS: Record<ValueType, string> = {
  string: 'text',
  integer: 'a whole number',
  number: 'a number',
  boolean: 'true or false',
  object: 'an object',
  array: 'a list',
}

/** Whether the last step gives what the target takes, so that it need not be looked at. */
function settled(rule: Rule, wanted: ValueType[]): boolean {
  const last = rule.steps.at(-1)
  if (last?.kind === 'link') return wanted.includes('string')
  if (last?.kind === 'convert') {
    return (
      last.gives?.every((type) => wanted.includes(type) || (type === 'integer' && wanted.includes('number'))) ?? false
    )
  }
  const { kind } = rule.source
  if (last) return false
  return (
    kind === 'const' ||
    kind === 'first' ||
    (kind === 'join' && wanted.includes('string')) ||
    (kind === 'object' && wanted.includes('object')) ||
    ((kind === 'each' || kind === 'list') && wanted.includes('array'))
  )
}

function unlike(value: string, wanted: ValueType[]): string {
  const tests = wanted.map((type) => {
    if (type === 'integer') return `!Number.isInteger(${value})`
    if (type === 'array') return `!isArray(${value})`
    if (type === 'object') return `(typeof ${value} !== "object" || isArray(${value}))`
    return `typeof ${value} !== ${JSON.stringify(type)}`
  })
  return tests.join(' && ')
}
