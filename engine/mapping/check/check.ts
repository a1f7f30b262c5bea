// What can be known about a mapping before anything runs.
import type { JsonSchema } from '../../platform/config/schema-inline.ts'
import { type Condition, checkCondition } from '../condition.ts'
import type { FieldPath } from '../path.ts'
import { type Assignment, below, isChanged, type Naming, type Origin, type Rule } from '../rule.ts'
import { type Known, knownOf, merged, typeOf, WORDS } from './known.ts'
import { type CheckScope, follow, type Ground, type GroundRules } from './scope.ts'
import { checkStep } from './steps.ts'
import { checkTargets, type TargetGround, targetAt } from './targets.ts'
import { typesOf, valuesAt } from './walk.ts'

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
    for (const { target: path, rule } of assignments) this.rule(rule, scope, targetAt(target, path))
  }

  /** Checks a rule; answers what its result can be. */
  rule(rule: Rule, scope: CheckScope, target: TargetGround): Known {
    if (rule.when) this.#condition(rule.when, scope)
    let known = this.#source(rule, scope, target)
    for (const step of rule.steps) known = checkStep(this, rule, step, known, scope)
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
        const options = source.rules.map((option) => this.rule(option, scope, isChanged(rule) ? {} : target))
        const certain = source.rules.findIndex((option) => option.source.kind === 'const' && !option.when)
        if (certain >= 0 && certain < source.rules.length - 1)
          this.dead(source.rules[certain + 1]!.origin, 'A fixed value stands before it, so this is never reached.')
        return merged(options)
      }
      case 'join':
        for (const part of source.rules) this.rule(part, scope, {})
        return { types: ['string'] }
      case 'list':
        for (const part of source.rules) this.rule(part, scope, itemsOf(target))
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
        else if (source.item) this.rule(source.item, inner, itemsOf(target))
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

  dead(origin: Origin, message: string): void {
    this.rules.report(origin, 'key', { code: 'HUB_MAP_DEAD', severity: 'warning', message })
  }
}

/** Where the source of a rule is written. */
function placeOf(rule: Rule): Origin {
  const { yaml, path } = rule.origin
  const value = path.reduce<any>((at, step) => at?.[step], yaml.value)
  if (!value || typeof value !== 'object' || Array.isArray(value)) return rule.origin
  const key = ['from', 'const', 'each', 'first', 'join', 'list', 'expr', 'fields', 'use'].find((one) => one in value)
  return key ? below(rule.origin, key) : rule.origin
}

function accepts(takes: string[], type: string): boolean {
  return (
    takes.includes(type) ||
    (type === 'integer' && takes.includes('number')) ||
    (type === 'number' && takes.includes('integer'))
  )
}

function itemsOf(target: TargetGround): TargetGround {
  return target.schema?.items ? { schema: target.schema.items, ...(target.root ? { root: target.root } : {}) } : {}
}
