// What can be known about a mapping before anything runs.
import type { JsonSchema } from '../../platform/config/schema-inline.ts'
import { type Condition, checkCondition } from '../condition.ts'
import type { ValueType } from '../convert/conversion.ts'
import { below } from '../parse.ts'
import { type FieldPath, parsePath } from '../path.ts'
import { type Assignment, isChanged, type Naming, type Origin, type Rule, type Step } from '../rule.ts'
import { type CheckScope, follow, type Ground, type GroundRules } from './scope.ts'
import { checkTargets, type TargetGround, targetAt } from './targets.ts'
import { typesOf, valuesAt } from './walk.ts'

/** What is known of a rule's result: its types and, where they can be listed, its values. */
interface Known {
  types?: string[]
  values?: unknown[]
}

const WORDS: Record<string, string> = {
  string: 'text',
  integer: 'a whole number',
  number: 'a number',
  boolean: 'true or false',
  object: 'an object',
  array: 'a list',
}

export class Checker {
  readonly rules: GroundRules

  constructor(rules: GroundRules) {
    this.rules = rules
  }

  /** One direction of a mapping. */
  program(
    assignments: readonly Assignment[],
    naming: Naming[],
    skip: { when: Condition }[],
    source: JsonSchema | undefined,
    target: TargetGround,
    partial: boolean,
    origin: Origin,
  ): void {
    const top: Ground = { ...(source ? { schema: source } : {}), path: '' }
    const scope: CheckScope = { item: top, top, names: new Map() }
    this.#naming(naming, scope)
    for (const { when } of skip) this.#condition(when, scope)
    this.#assignments(assignments, scope, target, partial, origin)
  }

  #assignments(
    assignments: readonly Assignment[],
    scope: CheckScope,
    target: TargetGround,
    partial: boolean,
    origin: Origin,
  ): void {
    checkTargets(assignments, target, partial, origin, this.rules.report)
    for (const { target: path, rule } of assignments) this.#rule(rule, scope, targetAt(target, path))
  }

  /** Checks a rule; answers what its result can be. */
  #rule(rule: Rule, scope: CheckScope, target: TargetGround): Known {
    if (rule.when) this.#condition(rule.when, scope)
    let known = this.#source(rule, scope, target)
    for (const step of rule.steps) known = this.#step(rule, step, known, scope)
    this.#fits(rule, known, target)
    return known
  }

  #source(rule: Rule, scope: CheckScope, target: TargetGround): Known {
    const { source } = rule
    const place = placeOf(rule)
    switch (source.kind) {
      case 'path': {
        const ground = follow(this.rules, scope, source.path, place)
        return ground?.schema ? knownOf(ground.schema) : {}
      }
      case 'const':
        return source.value === null ? {} : { types: [typeOf(source.value)], values: [source.value] }
      case 'first': {
        const options = source.rules.map((option) => this.#rule(option, scope, isChanged(rule) ? {} : target))
        const certain = source.rules.findIndex((option) => option.source.kind === 'const' && !option.when)
        if (certain >= 0 && certain < source.rules.length - 1)
          this.#dead(source.rules[certain + 1]!.origin, 'A fixed value stands before it, so this is never reached.')
        return merged(options)
      }
      case 'join':
        for (const part of source.rules) this.#rule(part, scope, {})
        return { types: ['string'] }
      case 'list':
        for (const part of source.rules) this.#rule(part, scope, itemsOf(target))
        return { types: ['array'] }
      case 'each': {
        const list = follow(this.rules, scope, source.path, place, source.fields || source.item ? 'part' : 'value')
        const types = list?.schema && typesOf(list.schema)
        if (types && !types.includes('array'))
          this.rules.report(place, 'value', {
            code: 'HUB_MAP_TYPE',
            message: `\`${source.path.text}\` is ${types.map((type) => WORDS[type]).join(' or ')}, not a list.`,
          })
        const item: Ground = {
          ...(list?.schema?.items ? { schema: list.schema.items, ...(list.root ? { root: list.root } : {}) } : {}),
          ...(list?.path === undefined ? {} : { path: list.path }),
        }
        const inner: CheckScope = { item, top: scope.top, names: new Map(scope.names) }
        this.#naming(source.naming, inner)
        if (source.where) this.#condition(source.where, inner)
        if (source.fields) this.#assignments(source.fields, inner, itemsOf(target), false, rule.origin)
        else if (source.item) this.#rule(source.item, inner, itemsOf(target))
        return { types: ['array'] }
      }
      case 'object': {
        const ground = source.path ? follow(this.rules, scope, source.path, place, 'part') : scope.item
        const types = source.path && ground?.schema && typesOf(ground.schema)
        if (types && !types.includes('object')) {
          const list = types.includes('array')
          this.rules.report(place, 'value', {
            code: 'HUB_MAP_TYPE',
            message: `\`${source.path!.text}\` is ${types.map((type) => WORDS[type]).join(' or ')}, not an object.`,
            ...(list ? { cure: 'Use `each` for a list, or say which item: `[0]`.' } : {}),
          })
          return { types: ['object'] }
        }
        const inner: CheckScope = {
          item: ground ?? {},
          top: scope.top,
          names: source.naming.length ? new Map(scope.names) : scope.names,
        }
        this.#naming(source.naming, inner)
        this.#assignments(source.fields, inner, target, false, rule.origin)
        return { types: ['object'] }
      }
      case 'expr':
        // What an expression reads is not known; every name in it counts as read.
        for (const [name] of source.text.matchAll(/[A-Za-z_]\w*/g)) this.rules.readings.values.add(name)
        return {}
      default:
        return {}
    }
  }

  #step(rule: Rule, step: Step, known: Known, scope: CheckScope): Known {
    const { report } = this.rules
    switch (step.kind) {
      case 'default':
        if (rule.source.kind === 'const')
          this.#dead(below(rule.origin, 'default'), 'A fixed value is always there, so the default is never used.')
        return merged([known, step.value === null ? {} : { types: [typeOf(step.value)], values: [step.value] }])
      case 'required':
        if (rule.steps.some((other) => other.kind === 'default' && other.value !== null))
          this.#dead(below(rule.origin, 'required'), 'There is always a value, because of the default.')
        return known
      case 'map': {
        const keys = step.table ? undefined : [...step.entries.keys()]
        if (keys && known.values) {
          const values = known.values.map(String)
          const missing = values.filter((value) => !step.entries.has(value))
          for (const key of keys) {
            if (values.includes(key)) continue
            report(below(below(rule.origin, 'map'), key), 'key', {
              code: 'HUB_MAP_VALUE',
              message: `The source never has \`${key}\`; it has ${values.slice(0, 20).join(', ')}.`,
            })
          }
          if (missing.length && !step.unmapped) {
            report(below(rule.origin, 'map'), 'key', {
              code: 'HUB_MAP_VALUE',
              severity: 'warning',
              message: `Not in the map: ${missing.join(', ')}. Such a record will be parked.`,
              cure: 'Add them, or say `unmapped:`.',
            })
          }
        }
        const values = [...step.entries.values()].filter((value) => value !== null)
        if (step.unmapped && 'keep' in step.unmapped) return {}
        if (step.unmapped && step.unmapped.value !== null) values.push(step.unmapped.value)
        return { types: [...new Set(values.map(typeOf))], values }
      }
      case 'link':
        if (this.rules.direction === 'out' && !step.record && !isRelated(rule))
          report(below(rule.origin, 'link'), 'key', {
            code: 'HUB_MAP_RULE',
            message: `\`link: ${step.resource}\` needs to know whose key it is: say \`record:\`.`,
          })
        return { types: ['string'] }
      case 'convert': {
        const { currency } = step.options
        const path = step.name === 'money' && currency && !/^[A-Z]{3}$/.test(currency) ? parsePath(currency) : undefined
        if (typeof path === 'string')
          report(below(rule.origin, 'currency'), 'value', { code: 'HUB_MAP_RULE', message: path })
        else if (path) follow(this.rules, scope, path, below(rule.origin, 'currency'))
        for (const arg of Object.values(step.args)) this.#rule(arg, scope, {})
        return step.gives ? { types: step.gives } : {}
      }
      default:
        return known
    }
  }

  /** Whether the result is something the target takes. */
  #fits(rule: Rule, known: Known, target: TargetGround): void {
    if (!target.schema) return
    const takes = typesOf(target.schema)
    const place = placeOf(rule)
    if (takes && known.types && !known.types.some((type) => accepts(takes, type))) {
      const as = ['string', 'integer', 'number', 'boolean'].find((type) => takes.includes(type))
      const money = takes.includes('object') && target.schema.properties?.['amount']
      const hint = money ? 'Say `as: money` with `currency:`.' : as ? `Convert it with \`as: ${as}\`.` : undefined
      this.rules.report(place, 'value', {
        code: 'HUB_MAP_TYPE',
        message: `The target takes ${takes.map((type) => WORDS[type]).join(' or ')}, and this is ${known.types.map((type) => WORDS[type]).join(' or ')}.`,
        ...(hint ? { cure: hint } : {}),
      })
      return
    }
    const values = valuesAt(target.schema)
    if (!values || !known.values) return
    const strange = known.values.filter((value) => !values.includes(value))
    if (strange.length)
      this.rules.report(place, 'value', {
        code: 'HUB_MAP_VALUE',
        message: `The target does not know ${strange.map((value) => `\`${value}\``).join(', ')}; it takes ${values.join(', ')}.`,
      })
  }

  #naming(naming: Naming[], scope: CheckScope): void {
    for (const { name, origin, path, find } of naming) {
      if (path) scope.names.set(name, follow(this.rules, scope, path, origin, 'part') ?? {})
      if (!find) continue
      const list = follow(this.rules, scope, find.in, below(origin, 'in'))
      const schema = list?.schema?.items
      const item: Ground = { ...(schema ? { schema, ...(list.root ? { root: list.root } : {}) } : {}) }
      for (const by of find.by) {
        follow(this.rules, scope, by.here, below(origin, 'by'))
        follow(
          { ...this.rules, readings: { values: new Set(), parts: new Set() } },
          { ...scope, item },
          by.there,
          below(origin, 'by'),
        )
      }
      if (find.where) this.#condition(find.where, { ...scope, item })
      scope.names.set(name, item)
    }
  }

  #condition(condition: Condition, scope: CheckScope): void {
    const { yaml, path: at } = condition.origin
    if (!yaml) return
    const ground = (path: FieldPath) => {
      const start: Ground | undefined =
        path.root === 'item' ? scope.item : path.root === 'top' ? scope.top : scope.names.get(path.root.name)
      if (start) follow({ ...this.rules, report: () => {} }, scope, path, { yaml, path: at })
      else follow(this.rules, scope, path, { yaml, path: at })
      return start?.schema
    }
    checkCondition(condition, ground, (path, part, rest) => this.rules.report({ yaml, path }, part, rest))
  }

  #dead(origin: Origin, message: string): void {
    this.rules.report(origin, 'key', { code: 'HUB_MAP_DEAD', severity: 'warning', message })
  }
}

function accepts(takes: string[], type: string): boolean {
  return (
    takes.includes(type) ||
    (type === 'integer' && takes.includes('number')) ||
    (type === 'number' && takes.includes('integer'))
  )
}

/** Where the source of a rule is written. */
function placeOf(rule: Rule): Origin {
  const { yaml, path } = rule.origin
  const value = path.reduce<any>((at, step) => at?.[step], yaml.value)
  if (!value || typeof value !== 'object' || Array.isArray(value)) return rule.origin
  const key = ['from', 'const', 'each', 'first', 'join', 'list', 'expr', 'fields', 'use'].find((one) => one in value)
  return key ? below(rule.origin, key) : rule.origin
}

/** `$customer` itself names a record, and says its type. */
function isRelated(rule: Rule): boolean {
  return (
    rule.source.kind === 'path' && typeof rule.source.path.root === 'object' && rule.source.path.segments.length === 0
  )
}

function itemsOf(target: TargetGround): TargetGround {
  return target.schema?.items ? { schema: target.schema.items, ...(target.root ? { root: target.root } : {}) } : {}
}

function knownOf(schema: JsonSchema): Known {
  const [types, values] = [typesOf(schema), valuesAt(schema)]
  return { ...(types ? { types } : {}), ...(values ? { values } : {}) }
}

function merged(options: Known[]): Known {
  const types = options.every((one) => one.types) ? [...new Set(options.flatMap((one) => one.types!))] : undefined
  const values = options.every((one) => one.values) ? options.flatMap((one) => one.values!) : undefined
  return { ...(types ? { types } : {}), ...(values ? { values } : {}) }
}

function typeOf(value: unknown): ValueType {
  return Array.isArray(value) ? 'array' : Number.isInteger(value) ? 'integer' : (typeof value as ValueType)
}
