// The only home of jsonata. Expressions are the last resort of a mapping: pure, one way, bounded in time and depth.
import jsonata from 'jsonata'
import type { Json } from './types.ts'

const LIMITS = { timeout: 250, stack: 200, sequence: 100_000 }
/** What would make the same item give another result, run text as code, or hang in one step where no clock is read. */
const REFUSED = new Set(['eval', 'now', 'millis', 'random', 'shuffle'])

/** One expression, parsed once. Throws a sentence when it cannot be used. */
export class Expression {
  readonly text: string
  #compiled: jsonata.Expression

  constructor(text: string) {
    this.text = text
    this.#compiled = jsonata(text, LIMITS)
    refuse(this.#compiled.ast())
  }

  /** The value for an item, or the sentence that says why there is none. Never throws. */
  async evaluate(item: Json, top: Json): Promise<{ value?: Json; error?: string }> {
    try {
      const found = await this.#compiled.evaluate(item, { root: top })
      // JSONata marks its own sequences with extra properties; a plain copy is what a record may hold.
      return { value: found === undefined ? undefined : JSON.parse(JSON.stringify(found) ?? 'null') }
    } catch (error) {
      const { message } = error as { message?: string }
      return { error: `The expression failed: ${message ?? String(error)}.` }
    }
  }
}

/** Why an expression cannot be used, as a sentence; undefined when it can. */
export function expressionFault(text: string): string | undefined {
  try {
    new Expression(text)
    return undefined
  } catch (error) {
    const { message } = error as { message?: string }
    return `This expression cannot be used: ${message ?? String(error)}.`
  }
}

function refuse(node: Json): void {
  if (Array.isArray(node)) for (const part of node) refuse(part)
  if (!node || typeof node !== 'object' || Array.isArray(node)) return
  if (node.type === 'regex' || node.value instanceof RegExp)
    throw new Error('a regular expression can hang on an unlucky text; use a function of mappings/functions/')
  if (node.type === 'variable' && REFUSED.has(node.value))
    throw new Error(`\`$${node.value}\` is not pure, or not bounded`)
  for (const value of Object.values(node)) refuse(value)
}
