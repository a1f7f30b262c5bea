// Paths as code. A scope is what paths start from: the item at the top, an item of a list, a nested object.
import { type FieldPath, type Segment, segmentsText } from '../path.ts'

/** Something paths can start from, in the generated code. */
export interface Base {
  /** The variable that holds it. */
  js: string
  /** Whether it is known to be an object; else it is looked at first. */
  object: boolean
  /** How its path reads in messages, as a JavaScript expression. */
  from: string
  /** Variables for what lies below it, by path. */
  parts: Map<string, string>
  /** Where declarations of such variables go. */
  prelude: string[]
}

export interface Scope {
  item: Base
  top: Base
  names: Map<string, Base>
  /** The target the scope belongs to, for messages, as a JavaScript expression. */
  at: string
}

export interface PathWriter {
  fresh(letter: string): string
  blank: boolean
}

const q = (text: string) => JSON.stringify(text)
const INHERITED = new Set(Object.getOwnPropertyNames(Object.prototype))

/** A JavaScript expression with text behind it: `"lines[" + i + "]"` and `.sku`. */
export function plus(expression: string, text: string): string {
  if (!text) return expression
  const literal = /"(?:[^"\\]|\\.)*"$/.exec(expression)
  if (!literal) return `${expression} + ${q(text)}`
  return expression.slice(0, literal.index) + q(JSON.parse(literal[0]) + text)
}

/** The path of something below a base, as an expression. */
function below(from: string, text: string): string {
  return from === '""' ? q(text) : plus(from, !text || text.startsWith('[') ? text : `.${text}`)
}

/** The path as messages show it, as a JavaScript expression. */
export function fromText(scope: Scope, path: FieldPath): string {
  const base = baseOf(scope, path)
  const text = segmentsText(path.segments)
  return below(base.from, text)
}

export function baseOf(scope: Scope, path: FieldPath): Base {
  if (path.root === 'item') return scope.item
  if (path.root === 'top') return scope.top
  const { name } = path.root
  const known = scope.names.get(name)
  if (known) return known
  const js =
    name === '$connection' || name === '$key' || name === '$id'
      ? `r.context.${name.slice(1)}`
      : `related(r, ${q(name.slice(1))})`
  const base: Base = { js, object: false, from: q(name), parts: new Map(), prelude: scope.top.prelude }
  scope.names.set(name, base)
  return base
}

/** The value at a path, as an expression; may be null or undefined. */
export function read(writer: PathWriter, scope: Scope, path: FieldPath): string {
  const base = baseOf(scope, path)
  const last = path.segments.at(-1)
  if (!last) return base.js
  const parent = part(writer, scope, base, path.segments.slice(0, -1), 'name' in last ? 'object' : 'list')
  return access(parent.js, parent.sure, last)
}

/** A variable that holds the object (or list) at a path, or undefined. Each is looked at once per item. */
export function part(
  writer: PathWriter,
  scope: Scope,
  base: Base,
  segments: readonly Segment[],
  wanted: 'object' | 'list',
): { js: string; sure: boolean } {
  if (!segments.length && base.object && wanted === 'object') return { js: base.js, sure: true }
  const text = segmentsText(segments)
  const key = `${wanted} ${text}`
  const known = base.parts.get(key)
  if (known) return { js: known, sure: false }
  const last = segments.at(-1)
  const parent = last && part(writer, scope, base, segments.slice(0, -1), 'name' in last ? 'object' : 'list')
  const js = writer.fresh('p')
  const wrong =
    wanted === 'object' ? `(${js} === null || typeof ${js} !== "object" || isArray(${js}))` : `!isArray(${js})`
  const from = below(base.from, text)
  base.prelude.push(
    `let ${js} = ${last ? access(parent!.js, parent!.sure, last) : base.js};`,
    `if (${js} !== undefined && ${wrong}) ${js} = part(r, ${js}, ${q(wanted)}, ${scope.at}, ${from}, ${writer.blank});`,
  )
  base.parts.set(key, js)
  return { js, sure: false }
}

function access(js: string, sure: boolean, segment: Segment): string {
  let code: string
  if ('name' in segment) {
    if (INHERITED.has(segment.name)) return `own(${js}, ${q(segment.name)})`
    code = /^[A-Za-z_$][\w$]*$/.test(segment.name) ? `${js}.${segment.name}` : `${js}[${q(segment.name)}]`
  } else if ('index' in segment)
    code = segment.index < 0 ? `${js}[${js}.length - ${-segment.index}]` : `${js}[${segment.index}]`
  else code = `select(${js}, ${q(segment.field)}, ${q(segment.equals)})`
  return sure ? code : `(${js} === undefined ? undefined : ${code})`
}
