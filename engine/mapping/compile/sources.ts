// The source of a rule as code: what gives its value, before the steps.
import { Expression } from '../expr.ts'
import { isChanged, type Rule, type Source } from '../rule.ts'
import type { Emitter } from './emit.ts'
import type { RuleRef } from './run.ts'
import { type Base, baseOf, fromText, part, plus, read, type Scope } from './scope.ts'
import type { Place } from './steps.ts'
import { targetTree } from './target.ts'

const q = (text: string) => JSON.stringify(text)

export function emitSource(emitter: Emitter, rule: Rule, ref: RuleRef, scope: Scope, place: Place): void {
  const { source } = rule
  const { value, at, target } = place
  switch (source.kind) {
    case 'path':
      emitter.lines.push(`${value} = ${read(emitter, scope, source.path)};`)
      emitter.normal(value)
      return
    case 'const':
      emitter.lines.push(`${value} = ${emitter.constant(source.value)};`)
      return
    case 'first':
      for (const [i, option] of source.rules.entries()) {
        const body = emitter.capture(() =>
          emitter.lines.push(
            `${value} = ${emitter.rule(option, scope, at, isChanged(rule) ? `${target} (option)` : target)};`,
          ),
        )
        emitter.lines.push(...(i === 0 ? ['{', ...body, '}'] : [`if (${value} === undefined) {`, ...body, '}']))
      }
      return
    case 'join':
      join(emitter, source, ref, scope, place)
      return
    case 'list': {
      const list = emitter.fresh('l')
      emitter.lines.push(`const ${list} = [];`)
      for (const one of source.rules) {
        const item = emitter.rule(one, scope, `${plus(at, '[')} + ${list}.length + "]"`, `${target}[]`)
        emitter.lines.push(`if (${item} !== undefined) ${list}.push(${item});`)
      }
      emitter.lines.push(`if (${list}.length > 0) ${value} = ${list};`)
      return
    }
    case 'each':
      each(emitter, source, ref, scope, place)
      return
    case 'object':
      nested(emitter, source, rule, scope, place)
      return
    case 'expr': {
      emitter.expressions++
      const expression = emitter.constant(new Expression(source.text))
      emitter.lines.push(`${value} = expr(r, ${emitter.constant(ref)}, ${expression}, ${scope.item.js}, s, ${at});`)
      emitter.normal(value)
      return
    }
  }
}

function join(
  emitter: Emitter,
  source: Extract<Source, { kind: 'join' }>,
  ref: RuleRef,
  scope: Scope,
  { value, at, target }: Place,
): void {
  // Fixed text alone is nothing: an order without a number is not "Order #".
  const there = emitter.fresh('n')
  emitter.lines.push(`let ${there} = false;`)
  for (const one of source.rules) {
    const piece = emitter.rule(one, scope, at, `${target} (part)`)
    const text = `(typeof ${piece} === "string" ? ${piece} : text(r, ${emitter.constant(ref)}, ${piece}, ${at}, undefined))`
    emitter.lines.push(
      `if (${piece} !== undefined) {${one.source.kind === 'const' ? '' : ` ${there} = true;`} ${value} = ${value} === undefined ? ${text} : ${value} + ${q(source.separator)} + ${text}; }`,
    )
  }
  emitter.lines.push(`if (!${there}) ${value} = undefined;`)
}

function each(
  emitter: Emitter,
  source: Extract<Source, { kind: 'each' }>,
  ref: RuleRef,
  scope: Scope,
  { value, at, target }: Place,
): void {
  const base = baseOf(scope, source.path)
  const list = part(emitter, scope, base, source.path.segments, 'list').js
  const [i, js] = [emitter.fresh('i'), emitter.fresh('s')]
  const fields = source.fields !== undefined && !source.single
  const item: Base = {
    js,
    object: fields,
    from: `${plus(fromText(scope, source.path), '[')} + ${i} + "]"`,
    parts: new Map(),
    prelude: [],
  }
  const inner: Scope = {
    item,
    top: scope.top,
    names: new Map(scope.names),
    at: `${plus(at, '[')} + ${value}.length + "]"`,
  }
  const body = emitter.capture(() => {
    emitter.naming(source.naming, inner)
    if (source.where) emitter.lines.push(`if (!(${emitter.condition(source.where, inner)})) continue;`)
    const made = emitter.capture(() => {
      if (source.fields) {
        const o = emitter.fresh('o')
        emitter.lines.push(`const ${o} = {};`)
        emitter.object(
          targetTree(source.fields, () => {}),
          inner,
          o,
          inner.at,
          `${target}[]`,
        )
        emitter.lines.push(`${value}.push(${o});`)
      } else if (source.item) {
        const one = emitter.rule(source.item, inner, inner.at, `${target}[]`)
        emitter.lines.push(`if (${one} !== undefined) ${value}.push(${one});`)
      } else emitter.lines.push(`if (${js} !== null && ${js} !== undefined) ${value}.push(${js});`)
    })
    emitter.lines.push(...made)
  })
  const wrong = fields
    ? [
        `if (${js} === null || typeof ${js} !== "object" || isArray(${js})) { wrongType(r, ${emitter.constant(ref)}, ${js}, ${inner.at}, ${item.from}, "an object for each item"); continue; }`,
      ]
    : []
  emitter.lines.push(
    `if (${list} !== undefined) {`,
    `${value} = [];`,
    `for (let ${i} = 0; ${i} < ${list}.length; ${i}++) {`,
    `const ${js} = ${list}[${i}];`,
    ...wrong,
    ...item.prelude,
    ...body,
    '}',
    '}',
  )
}

function nested(
  emitter: Emitter,
  source: Extract<Source, { kind: 'object' }>,
  rule: Rule,
  scope: Scope,
  { value, at, target }: Place,
): void {
  let inner: Scope = { ...scope, names: source.naming.length ? new Map(scope.names) : scope.names }
  let js: string | undefined
  if (source.path) {
    const found = part(emitter, scope, baseOf(scope, source.path), source.path.segments, 'object')
    js = found.js
    inner = {
      ...inner,
      item: { js, object: true, from: fromText(scope, source.path), parts: new Map(), prelude: [] },
    }
  } else if (source.naming.length)
    inner = { ...inner, item: { ...scope.item, parts: new Map(scope.item.parts), prelude: [] } }
  const before = emitter.fresh('e')
  const body = emitter.capture(() => {
    emitter.naming(source.naming, inner)
    emitter.object(
      targetTree(source.fields, () => {}),
      inner,
      value,
      at,
      target,
      true,
    )
  })
  const own = inner.item.prelude === scope.item.prelude ? [] : inner.item.prelude
  // In an object that was not filled in at all, nothing is missing.
  const forgiven = source.path && !rule.steps.some((step) => step.kind === 'required')
  emitter.lines.push(
    ...(js ? [`if (${js} !== undefined) {`] : ['{']),
    ...(forgiven ? [`const ${before} = r.errors === undefined ? 0 : r.errors.length;`] : []),
    ...own,
    ...body,
    ...(forgiven ? [`if (${value} === undefined && r.errors !== undefined) forgive(r, ${before});`] : []),
    '}',
  )
}
