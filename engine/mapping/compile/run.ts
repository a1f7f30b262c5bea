import type { Fault } from '../convert/conversion.ts'
import { type RecordErrorCode, recordErrors } from '../errors.ts'
import type { Expression } from '../expr.ts'
import type { Json, LinkWanted, MapContext, MapError, RuleInfo, TraceStep } from '../types.ts'

/** What the generated code knows about a rule. */
export interface RuleRef {
  index: number
  info: RuleInfo
  /** The sentence of `required`, or true. */
  required?: string | true
  link?: { resource: string; record?: string; missing: 'park' | 'wait' | 'absent' }
  table?: { name: string; column?: string }
}

const MOST_ERRORS = 100

/** One record on its way. */
export class Run implements Fault {
  readonly context: MapContext
  errors: MapError[] | undefined
  skipped: string | undefined
  /** Set by a conversion that has no result, taken by `converted`. */
  problem: { code: RecordErrorCode; message: string; cure: string } | undefined
  /** Present when links are only collected. */
  wanted: LinkWanted[] | undefined
  /** Expressions and their items, collected; then their results. */
  asked: { expression: Expression; item: Json; top: Json }[] | undefined
  results: Map<Expression, Map<Json, { value?: Json; error?: string }>> | undefined
  steps: TraceStep[] | undefined

  constructor(context: MapContext) {
    this.context = context
  }

  fail(code: RecordErrorCode, message: string, cure: string = recordErrors[code].cure): undefined {
    this.problem = { code, message, cure }
  }

  error(error: Omit<MapError, 'cure'> & { cure?: string }, rule?: RuleRef): undefined {
    this.errors ??= []
    if (this.errors.length >= MOST_ERRORS) {
      if (this.errors.length === MOST_ERRORS)
        this.errors.push({
          code: 'HUB_MAP_MORE',
          at: error.at,
          message: `More than ${MOST_ERRORS} fields are wrong; the rest is not shown.`,
          cure: recordErrors.HUB_MAP_MORE.cure,
        })
      return undefined
    }
    const { value, from, ...rest } = error
    this.errors.push({
      ...rest,
      ...(from === undefined ? {} : { from }),
      ...(value === undefined ? {} : { value: brief(value) }),
      cure: error.cure ?? recordErrors[error.code].cure,
      ...(rule ? { rule: `${rule.info.file}:${rule.info.line}` } : {}),
    })
  }
}

/** A value small enough to be kept with an error. */
function brief(value: Json): Json {
  if (typeof value === 'string') return value.length > 200 ? `${value.slice(0, 200)}…` : value
  if (typeof value === 'bigint') return String(value)
  if (value === null || typeof value !== 'object') return value
  return Array.isArray(value) ? `a list of ${value.length}` : 'an object'
}
