// What a compiled mapping calls where plain code will not do: mostly when something is wrong.
import { holds } from '../condition.ts'
import { shown } from '../convert/conversion.ts'
import { decimalText } from '../convert/decimal.ts'
import type { Expression } from '../expr.ts'
import type { Json, LinkWanted } from '../types.ts'
import type { RuleRef, Run } from './run.ts'

/** The functions that generated code calls, by the name it uses. */
export const runtime = {
  /** Something on the way to a field that is neither an object (or list, as wanted) nor absent. */
  part(run: Run, value: Json, wanted: 'object' | 'list', at: string, from: string, blank: boolean): undefined {
    if (value === null || value === undefined) return undefined
    // PHP writes an empty object as [], and leaves "" where it has nothing.
    if (wanted === 'object' && Array.isArray(value) && value.length === 0) return undefined
    if (blank && typeof value === 'string' && value.trim() === '') return undefined
    const is = Array.isArray(value) ? 'a list' : typeof value === 'object' ? 'an object' : `\`${shown(value)}\``
    return run.error({
      code: 'HUB_MAP_WRONG_TYPE',
      at,
      from,
      value,
      message: `\`${from || 'The item'}\` should be ${wanted === 'list' ? 'a list' : 'an object'}, and is ${is}.`,
      cure: 'Mend the path, or correct the value at the source.',
    })
  },

  noItem(run: Run, value: Json): undefined {
    const is =
      value === null || value === undefined ? 'nothing' : Array.isArray(value) ? 'a list' : `\`${shown(value)}\``
    return run.error({
      code: 'HUB_MAP_WRONG_TYPE',
      at: '',
      value,
      message: `An item should be an object, and is ${is}.`,
      cure: 'Correct it at the source.',
    })
  },

  own(value: Json, name: string): Json {
    return value !== undefined && Object.hasOwn(value, name) ? value[name] : undefined
  },

  select(list: Json[], field: string, equals: string): Json {
    for (const item of list) {
      if (item !== null && typeof item === 'object' && Object.hasOwn(item, field) && String(item[field]) === equals)
        return item
    }
    return undefined
  },

  /** Absent where the text is white space only. */
  blank(value: Json): Json {
    return typeof value === 'string' && value.trim() === '' ? undefined : value
  },

  holds,

  required(run: Run, rule: RuleRef, at: string, from: string | undefined): undefined {
    const message =
      typeof rule.required === 'string'
        ? rule.required
        : `${from ? `\`${from}\`` : 'A value'} is missing, and \`${at}\` is required.`
    return run.error({ code: 'HUB_MAP_REQUIRED', at, ...(from === undefined ? {} : { from }), message }, rule)
  },

  /** After a conversion without a result: an error, or simply nothing. */
  converted(run: Run, rule: RuleRef, value: Json, at: string, from: string | undefined): undefined {
    const { problem } = run
    if (problem) {
      run.problem = undefined
      return run.error({ ...problem, at, ...(from === undefined ? {} : { from }), value }, rule)
    }
    return rule.required ? runtime.required(run, rule, at, from) : undefined
  },

  key(value: Json): string {
    return typeof value === 'object' ? '' : (decimalText(value) ?? String(value))
  },

  unknown(run: Run, rule: RuleRef, value: Json, at: string, from: string | undefined): undefined {
    const { table } = rule
    const where = table ? `The table \`${table.name}\`` : 'The map of this rule'
    const cure = table
      ? `Add \`${shown(value)}\` to mappings/tables/${table.name}.yaml${table.column ? ` with its ${table.column}` : ''}, or say \`unmapped:\` in the rule.`
      : `Add \`${shown(value)}\` to the \`map\` of the rule, or say \`unmapped:\`.`
    return run.error(
      {
        code: 'HUB_MAP_UNKNOWN_VALUE',
        at,
        ...(from === undefined ? {} : { from }),
        value,
        message: `${where} does not know \`${shown(value)}\`.`,
        cure,
        ...(table ? { table: table.name } : {}),
      },
      rule,
    )
  },

  wrongType(run: Run, rule: RuleRef, value: Json, at: string, from: string | undefined, wanted: string): undefined {
    const is =
      value === null
        ? 'nothing'
        : Array.isArray(value)
          ? 'a list'
          : typeof value === 'object'
            ? 'an object'
            : `${typeof value === 'string' ? 'the text' : `the ${typeof value}`} \`${shown(value)}\``
    return run.error(
      {
        code: 'HUB_MAP_WRONG_TYPE',
        at,
        ...(from === undefined ? {} : { from }),
        value,
        message: `\`${at}\` takes ${wanted}, and this is ${is}.`,
      },
      rule,
    )
  },

  text(run: Run, rule: RuleRef, value: Json, at: string, from: string | undefined): string | undefined {
    if (typeof value === 'boolean') return String(value)
    return decimalText(value) ?? runtime.wrongType(run, rule, value, at, from, 'single values as parts')
  },

  room(run: Run, rule: RuleRef, value: Json, size: number, at: string): void {
    if (Array.isArray(value) && value.length > size) {
      run.error(
        { code: 'HUB_MAP_TOO_MANY', at, value, message: `There are ${value.length} items, and room for ${size}.` },
        rule,
      )
    }
  },

  link(run: Run, rule: RuleRef, given: Json, at: string, from: string | undefined): string | undefined {
    const link = rule.link!
    const named = given !== null && typeof given === 'object' ? given.key : given
    const value = typeof named === 'string' ? named : decimalText(named)
    if (value === undefined) return runtime.wrongType(run, rule, given, at, from, 'an id')
    const wanted: LinkWanted = { ...link, value }
    if (run.wanted) {
      run.wanted.push(wanted)
      return undefined
    }
    const found = run.context.link?.(link.resource, value, link.record)
    if (found !== undefined) return found
    if (link.missing === 'absent') return undefined
    const { connection } = run.context
    const message = link.record
      ? `The ${link.record} \`${shown(value)}\` is not known in \`${connection}\` yet.`
      : `No record of \`${connection}.${link.resource}\` with the id \`${shown(value)}\` has come in yet.`
    return run.error(
      {
        code: 'HUB_MAP_LINK_MISSING',
        at,
        ...(from === undefined ? {} : { from }),
        value,
        message,
        ...(link.missing === 'wait' ? { wait: { link: { ...wanted, connection } } } : {}),
      },
      rule,
    )
  },

  /** Takes back missing required fields of an object in which nothing was there at all. */
  forgive(run: Run, before: number): void {
    const { errors } = run
    if (!errors) return
    for (let i = before; i < errors.length; i++) if (errors[i]!.code !== 'HUB_MAP_REQUIRED') return
    errors.length = before
    if (before === 0) run.errors = undefined
  },

  expr(run: Run, rule: RuleRef, expression: Expression, item: Json, top: Json, at: string): Json {
    if (run.asked) {
      run.asked.push({ expression, item, top })
      return undefined
    }
    const found = run.results?.get(expression)?.get(item)
    if (found?.error === undefined && found) return found.value
    return run.error(
      { code: 'HUB_MAP_EXPR', at, message: found?.error ?? 'A mapping with expressions must be run with runAsync.' },
      rule,
    )
  },
}
export type Runtime = typeof runtime
