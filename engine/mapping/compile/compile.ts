import type { Condition } from '../condition.ts'
import type { ValueType } from '../convert/conversion.ts'
import { recordErrors } from '../errors.ts'
import type { Assignment, Naming, Rule } from '../rule.ts'
import type { Direction, Json, LinkWanted, MapContext, Mapper, MapResult, RuleInfo } from '../types.ts'
import { Emitter } from './emit.ts'
import { Run } from './run.ts'
import { type Runtime, runtime } from './runtime.ts'

export interface Program {
  direction: Direction
  blank: boolean
  assignments: Assignment[]
  naming: Naming[]
  skip: { when: Condition; say: string }[]
  takes(target: string): ValueType[] | undefined
  info(rule: Rule, target: string): RuleInfo
}

type Compiled = (source: Json, run: Run) => Json

/** Makes the one function of a direction; the tracing variant is made when it is first asked for. */
export function compile(program: Program): Mapper & { code: string } {
  const { emitter, run: plain, code } = build(program, false)
  let traced: Compiled | undefined

  const finish = (record: Json, run: Run): MapResult => {
    if (run.skipped !== undefined) return { skipped: run.skipped }
    return run.errors ? { errors: run.errors } : { record }
  }
  const attempt = (compiled: Compiled, source: Json, run: Run): MapResult => {
    try {
      return finish(compiled(source, run), run)
    } catch (error) {
      // Not known to happen; whatever a hostile item might provoke must end as this one record's error.
      run.error({
        code: 'HUB_MAP_BAD_VALUE',
        at: '',
        message: `This item cannot be mapped: ${(error as Error)?.message ?? error}.`,
        cure: recordErrors.HUB_MAP_BAD_VALUE.cure,
      })
      return { errors: run.errors! }
    }
  }
  const withExpressions = async (
    compiled: Compiled,
    source: Json,
    context: MapContext,
    prepare: (run: Run) => void,
  ): Promise<MapResult> => {
    const run = new Run(context)
    if (emitter.expressions > 0) {
      const first = new Run(context)
      first.asked = []
      prepare(first)
      attempt(compiled, source, first)
      run.results = new Map()
      for (const { expression, item, top } of first.asked) {
        const results = run.results.get(expression) ?? new Map()
        run.results.set(expression, results.set(item, await expression.evaluate(item, top)))
      }
    }
    prepare(run)
    return attempt(compiled, source, run)
  }
  return {
    direction: program.direction,
    rules: emitter.rules,
    hasLinks: emitter.hasLinks,
    expressions: emitter.expressions,
    code,
    run: (source, context) => attempt(plain, source, new Run(context)),
    runAsync: (source, context) => withExpressions(plain, source, context, () => {}),
    links(source, context) {
      if (!emitter.hasLinks) return []
      const run = new Run(context)
      const wanted: LinkWanted[] = []
      run.wanted = wanted
      attempt(plain, source, run)
      return wanted
    },
    async explain(source, context) {
      traced ??= build(program, true).run
      let last: Run | undefined
      const result = await withExpressions(traced, source, context, (run) => {
        run.steps = []
        last = run
      })
      return { result, steps: last?.steps ?? [] }
    },
  }
}

function build(program: Program, trace: boolean): { emitter: Emitter; run: Compiled; code: string } {
  const emitter = new Emitter({ ...program, trace })
  const body = emitter.program(program.assignments, program.naming, program.skip)
  const constants = emitter.constants.map((_, i) => `const k${i} = k[${i}];`).join('\n')
  const names = Object.keys(runtime).join(', ')
  const code = `"use strict";\n${constants}\nconst { ${names} } = runtime;\nconst { isArray } = Array;\nconst related = (r, name) => r.context.related?.[name];\nreturn function map(s, r) {\n${body}\n}`
  // The text is made of fixed code, counted names and JSON.stringify'ed text alone; see emit.ts.
  const make = new Function('k', 'runtime', code) as (k: unknown[], runtime: Runtime) => Compiled
  return { emitter, run: make(emitter.constants, runtime), code }
}
