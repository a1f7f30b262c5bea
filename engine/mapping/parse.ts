// From YAML that fits schemas/mapping.json to rules. Names are resolved here: blocks, tables, conversions.
import { type Diagnostic, nearest } from '../platform/config/diagnostic.ts'
import { type Condition, parseCondition } from './condition.ts'
import { parseSteps } from './parse-steps.ts'
import { type FieldPath, parsePath } from './path.ts'
import { type Assignment, below, type Naming, type Origin, type Rule, type Source } from './rule.ts'
import type { Table } from './tables.ts'
import type { Json } from './types.ts'

/** What the names in rules may mean. */
export interface Names {
  block(name: string): Origin | undefined
  blocks: string[]
  table(name: string): Table | undefined
  tables: string[]
  conversions: string[]
  /** Told of every name that is used, for the revision. */
  used(kind: 'block' | 'table' | 'conversion', name: string): void
}

export type Report = (
  origin: Origin,
  part: 'key' | 'value',
  rest: Pick<Diagnostic, 'code' | 'message'> & Partial<Diagnostic>,
) => void

const SOURCES = ['from', 'const', 'first', 'join', 'list', 'each', 'expr'] as const

export class RuleParser {
  readonly names: Names
  readonly report: Report
  #open: string[] = []

  constructor(names: Names, report: Report) {
    this.names = names
    this.report = report
  }

  assignments(value: Record<string, Json>, origin: Origin): Assignment[] {
    const found: Assignment[] = []
    for (const [key, rule] of Object.entries(value)) {
      const here = below(origin, key)
      const target = this.path(key, here, 'key')
      if (!target) continue
      if (target.root !== 'item' || !target.segments.length) this.fault(here, 'key', `\`${key}\` cannot be a target.`)
      else found.push({ target, rule: this.rule(rule, here) })
    }
    return found
  }

  path(text: Json, origin: Origin, part: 'key' | 'value' = 'value'): FieldPath | undefined {
    const path = parsePath(String(text))
    if (typeof path !== 'string') return path
    this.fault(origin, part, path)
    return undefined
  }

  rule(value: Json, origin: Origin): Rule {
    if (typeof value === 'string') {
      const path = this.path(value, origin)
      return { origin, source: path ? { kind: 'path', path } : { kind: 'const', value: null }, steps: [] }
    }
    return {
      origin,
      source: this.#source(value, origin),
      steps: parseSteps(this, value, origin),
      ...(value.when ? { when: this.condition(value.when, below(origin, 'when')) } : {}),
      ...(value.only ? { only: value.only } : {}),
      ...(value.back ? { back: value.back } : {}),
      ...(value.to ? { to: this.path(value.to, below(origin, 'to'))! } : {}),
    }
  }

  condition(value: Json, origin: Origin): Condition {
    return parseCondition(
      value,
      origin.path,
      (path, part, rest) => this.report({ ...origin, path }, part, rest),
      origin.yaml,
    )
  }

  naming(value: Json, origin: Origin): Naming[] {
    return Object.entries((value ?? {}) as Record<string, Json>).map(([name, what]) => {
      const here = below(origin, name)
      if (typeof what === 'string') return { name, origin: here, path: this.path(what, here)! }
      const path = (text: string) => this.path(text, here)!
      return {
        name,
        origin: here,
        find: {
          in: path(what.in),
          by: ((what.by ?? []) as Json[]).map((by) => {
            const [there, at] = typeof by === 'string' ? [by, by] : (Object.entries(by)[0] as [string, string])
            return { there: path(there), here: path(at) }
          }),
          ...(what.where ? { where: this.condition(what.where, below(here, 'where')) } : {}),
          missing: what.missing ?? (what.by ? 'park' : 'absent'),
          several: what.several ?? (what.by ? 'park' : 'first'),
        },
      }
    })
  }

  #source(value: Record<string, Json>, origin: Origin): Source {
    const given: string[] = SOURCES.filter((key) => key in value)
    const shaped = 'fields' in value || 'use' in value
    if (given.length > 1)
      this.fault(below(origin, given[1]!), 'key', `A rule has one source; here are ${given.join(' and ')}.`)
    const first = given[0]
    if (shaped && first && first !== 'from' && first !== 'each')
      this.fault(
        below(origin, first),
        'key',
        `\`${first}\` cannot stand beside \`${'use' in value ? 'use' : 'fields'}\`.`,
      )
    const parts = (key: string) =>
      (value[key] as Json[]).map((part, i) => this.rule(part, below(below(origin, key), i)))
    if (first === 'each') {
      const path = this.path(value['each'], below(origin, 'each'))!
      const where = value['where'] ? { where: this.condition(value['where'], below(origin, 'where')) } : {}
      const naming = this.naming(value['with'], below(origin, 'with'))
      if ('item' in value && shaped)
        this.fault(below(origin, 'item'), 'key', '`item` cannot stand beside `fields` or `use`.')
      if ('item' in value)
        return { kind: 'each', path, naming, ...where, item: this.rule(value['item'], below(origin, 'item')) }
      return { kind: 'each', path, naming, ...where, ...(shaped ? { fields: this.#fields(value, origin) } : {}) }
    }
    for (const key of ['where', 'item'] as const)
      if (key in value) this.fault(below(origin, key), 'key', `\`${key}\` belongs to \`each\`.`)
    if (shaped) {
      const from = value['from'] === undefined ? {} : { path: this.path(value['from'], below(origin, 'from'))! }
      return {
        kind: 'object',
        ...from,
        naming: this.naming(value['with'], below(origin, 'with')),
        fields: this.#fields(value, origin),
      }
    }
    if ('with' in value)
      this.fault(
        below(origin, 'with'),
        'key',
        '`with` belongs to `each`, `fields` or `use`, or to the top of the file.',
      )
    switch (first) {
      case 'from': {
        const path = this.path(value['from'], below(origin, 'from'))
        return path ? { kind: 'path', path } : { kind: 'const', value: null }
      }
      case 'const':
        return { kind: 'const', value: value['const'] }
      case 'first':
      case 'list':
        return { kind: first, rules: parts(first) }
      case 'join':
        return { kind: 'join', rules: parts('join'), separator: value['separator'] ?? ' ' }
      case 'expr':
        return { kind: 'expr', text: value['expr'] }
    }
    if (value['only'] !== 'out' || !value['to'])
      this.fault(
        origin,
        'value',
        'This rule has no source: `from`, `const`, `first`, `join`, `list`, `each`, `fields`, `use` or `expr`.',
      )
    return { kind: 'target' }
  }

  #fields(value: Record<string, Json>, origin: Origin): Assignment[] {
    const own = value['fields'] ? this.assignments(value['fields'], below(origin, 'fields')) : []
    if (!value['use']) return own
    const name = value['use'] as string
    const block = this.names.block(name)
    if (!block) {
      this.unknown('block', name, below(origin, 'use'), this.names.blocks)
      return own
    }
    if (this.#open.includes(name)) {
      this.fault(
        below(origin, 'use'),
        'value',
        `The block \`${name}\` uses itself: ${[...this.#open, name].join(' → ')}.`,
      )
      return own
    }
    this.names.used('block', name)
    this.#open.push(name)
    const rules = block.path.reduce<Json>((at, step) => at?.[step], block.yaml.value)
    const shared = this.assignments(rules ?? {}, block)
    this.#open.pop()
    const replaced = new Set(own.map((one) => one.target.text))
    return [...shared.filter((one) => !replaced.has(one.target.text)), ...own]
  }

  fault(origin: Origin, part: 'key' | 'value', message: string) {
    this.report(origin, part, { code: 'HUB_MAP_RULE', message })
  }

  unknown(kind: string, name: string, origin: Origin, known: string[]) {
    const hint = nearest(name, known)
    this.report(origin, 'value', {
      code: 'HUB_MAP_UNKNOWN_NAME',
      message: `There is no ${kind} named \`${name}\`.`,
      ...(hint ? { hint } : {}),
    })
  }
}
