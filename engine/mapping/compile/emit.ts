// From rules to the text of one plain function. Everything from a file goes in as a constant of the closure or through
// JSON.stringify; no text of a user becomes code.

import type { Condition } from '../condition.ts'
import type { ValueType } from '../convert/conversion.ts'
import { segmentsText } from '../path.ts'
import type { Assignment, Naming, Rule } from '../rule.ts'
import type { RuleInfo } from '../types.ts'
import { Finder } from './find.ts'
import type { RuleRef } from './run.ts'
import { type Base, baseOf, fromText, part, plus, read, type Scope } from './scope.ts'
import { emitSource } from './sources.ts'
import { emitSteps } from './steps.ts'
import { type TargetNode, targetTree } from './target.ts'

const q = (text: string) => JSON.stringify(text)

export interface EmitOptions {
  direction: 'in' | 'out'
  blank: boolean
  /** Whether every step is told to `run.steps`. */
  trace: boolean
  /** What the target takes at a path, for values that no conversion made; undefined where anything goes. */
  takes(target: string): ValueType[] | undefined
  /** How a rule is called in messages. */
  info(rule: Rule, target: string): RuleInfo
}

/** Writes the code of one direction. One use each. */
export class Emitter {
  readonly options: EmitOptions
  readonly blank: boolean
  readonly constants: unknown[] = []
  readonly rules: RuleInfo[] = []
  expressions = 0
  hasLinks = false
  lines: string[] = []
  #count = 0

  constructor(options: EmitOptions) {
    this.options = options
    this.blank = options.blank
  }

  fresh(letter: string): string {
    return `${letter}${++this.#count}`
  }

  /** The name of a constant of the closure. */
  constant(value: unknown): string {
    const at = this.constants.indexOf(value)
    return `k${at < 0 ? this.constants.push(value) - 1 : at}`
  }

  /** The whole function's body. */
  program(assignments: readonly Assignment[], naming: Naming[], skip: { when: Condition; say: string }[]): string {
    const top: Base = { js: 's', object: true, from: '""', parts: new Map(), prelude: [] }
    const scope: Scope = { item: top, top, names: new Map(), at: '""' }
    this.naming(naming, scope)
    const body = this.capture(() => {
      for (const { when, say } of skip)
        this.lines.push(`if (${this.condition(when, scope)}) { r.skipped = ${q(say)}; return undefined; }`)
      this.lines.push('const o = {};')
      this.object(
        targetTree(assignments, () => {}),
        scope,
        'o',
        '""',
        '',
      )
      this.lines.push('return o;')
    })
    const guard = 'if (s === null || typeof s !== "object" || isArray(s)) return noItem(r, s);'
    return [guard, ...top.prelude, ...body].join('\n')
  }

  condition(condition: Condition, scope: Scope): string {
    const tests = condition.tests.flatMap(({ path, checks }) => {
      const value = this.blank ? `blank(${read(this, scope, path)})` : read(this, scope, path)
      return checks.map((check) => `holds(${this.constant(check)}, ${value})`)
    })
    const any = condition.any.map(
      (options) => `(${options.map((one) => this.condition(one, scope)).join(' || ') || 'false'})`,
    )
    return [...tests, ...any].join(' && ') || 'true'
  }

  /** Code of a rule; answers the variable with its value, undefined when absent. */
  rule(rule: Rule, scope: Scope, at: string, target: string): string {
    const value = this.fresh('v')
    const ref: RuleRef = { index: this.rules.length, info: this.options.info(rule, target) }
    this.rules.push(ref.info)
    const required = rule.steps.find((step) => step.kind === 'required')
    if (required) ref.required = required.say ?? true
    const from =
      rule.source.kind === 'path' || rule.source.kind === 'each'
        ? fromText(scope, rule.source.path)
        : rule.source.kind === 'object' && rule.source.path
          ? fromText(scope, rule.source.path)
          : 'undefined'
    this.lines.push(`let ${value};`)
    const body = this.capture(() => {
      emitSource(this, rule, ref, scope, { value, at, from, target })
      this.trace(ref, 'value', value, at)
      emitSteps(this, rule, ref, scope, { value, at, from, target })
    })
    if (rule.when) this.lines.push(`if (${this.condition(rule.when, scope)}) {`, ...body, '}')
    else this.lines.push(...body)
    return value
  }

  trace(ref: RuleRef, step: string, value: string, at: string): void {
    if (this.options.trace)
      this.lines.push(`r.steps.push({ rule: ${ref.index}, step: ${q(step)}, at: ${at}, value: ${value} });`)
  }

  /** Null is absent, and with `blank` so is empty text. */
  normal(value: string): void {
    this.lines.push(
      this.blank
        ? `if (${value} === null || ${value} === "" || (typeof ${value} === "string" && ${value}.charCodeAt(0) < 33 && ${value}.trim() === "")) ${value} = undefined;`
        : `if (${value} === null) ${value} = undefined;`,
    )
  }

  /** Fields of an object. A `lazy` one is made when its first field is there; fixed values alone make none. */
  object(
    node: Extract<TargetNode, { kind: 'object' }>,
    scope: Scope,
    o: string,
    at: string,
    target: string,
    lazy = false,
  ): void {
    const entries = [...node.fields].map(([name, child]) => ({ name, child, fixed: isFixed(child) }))
    const onlyFixed = entries.every((entry) => entry.fixed)
    const ordered =
      lazy && !onlyFixed
        ? [...entries.filter((entry) => !entry.fixed), ...entries.filter((entry) => entry.fixed)]
        : entries
    for (const { name, child, fixed } of ordered) {
      const [path, place] = [segmentsText([{ name }]), name]
      const more = path.startsWith('[') ? path : `${at === '""' ? '' : '.'}${path}`
      const value = this.#node(
        child,
        scope,
        at === '""' ? q(path) : plus(at, more),
        target ? `${target}${path.startsWith('[') ? '' : '.'}${path}` : path,
      )
      const left = lazy && !(fixed && !onlyFixed) ? `(${o} ??= {})` : o
      const guard = lazy && fixed && !onlyFixed ? ` && ${o} !== undefined` : ''
      this.lines.push(`if (${value} !== undefined${guard}) ${left}[${q(place)}] = ${value};`)
    }
  }

  #node(node: TargetNode, scope: Scope, at: string, target: string): string {
    if (node.kind === 'rule') return this.rule(node.rule, scope, at, target)
    const value = this.fresh('v')
    this.lines.push(`let ${value};`)
    if (node.kind === 'object') this.object(node, scope, value, at, target, true)
    else {
      for (const { segment, node: child } of node.items.values()) {
        const text = segmentsText([segment])
        const item = this.#node(child, scope, plus(at, text), `${target}${text}`)
        if ('field' in segment)
          this.lines.push(
            `if (${item} !== undefined) (${value} ??= []).push({ ${q(segment.field)}: ${q(segment.equals)}, ...${item} });`,
          )
        else
          this.lines.push(
            `if (${item} !== undefined) { ${value} ??= []; while (${value}.length < ${segment.index}) ${value}.push(null); ${value}[${segment.index}] = ${item}; }`,
          )
      }
    }
    return value
  }

  /** Variables for what `with` names. */
  naming(naming: Naming[], scope: Scope): void {
    for (const { name, path, find } of naming) {
      const js = this.fresh('w')
      const lines = scope.item.prelude
      if (path) lines.push(`const ${js} = ${read(this, scope, path)};`)
      else if (find) {
        const list = part(this, scope, baseOf(scope, find.in), find.in.segments, 'list').js
        const here = find.by.map((by) => read(this, scope, by.here))
        lines.push(
          `const ${js} = ${this.constant(new Finder(name, find))}.search(r, ${list}, [${here.join(', ')}], ${scope.at}, ${fromText(scope, find.in)});`,
        )
      }
      scope.names.set(name, { js, object: false, from: q(name), parts: new Map(), prelude: lines })
    }
  }

  /** What a piece of code writes, not yet in its place. */
  capture(write: () => void): string[] {
    const outer = this.lines
    this.lines = []
    write()
    const found = this.lines
    this.lines = outer
    return found
  }
}

function isFixed(node: TargetNode): boolean {
  if (node.kind === 'rule') return node.rule.source.kind === 'const' && !node.rule.when
  return node.kind === 'object' && [...node.fields.values()].every(isFixed)
}
