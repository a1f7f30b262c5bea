import type { RuleParser } from './parse.ts'
import type { AsOptions, Origin, Step } from './rule.ts'
import { below } from './rule.ts'
import type { Json } from './types.ts'

/** The steps of a rule, in the order in which they run. */
export function parseSteps(parser: RuleParser, value: Record<string, Json>, origin: Origin): Step[] {
  const steps: Step[] = []
  if ('default' in value) steps.push({ kind: 'default', value: value['default'] })
  if (value['required'])
    steps.push({ kind: 'required', ...(typeof value['required'] === 'string' ? { say: value['required'] } : {}) })
  const unmapped =
    'unmapped' in value
      ? { unmapped: value['unmapped'] === 'keep' ? { keep: true as const } : { value: value['unmapped'] } }
      : {}
  if (value['map'] && value['lookup'])
    parser.fault(below(origin, 'lookup'), 'key', 'A rule has `map` or `lookup`, not both.')
  if (value['map']) steps.push({ kind: 'map', entries: new Map(Object.entries(value['map'])), ...unmapped })
  else if (value['lookup']) steps.push(...lookup(parser, value, origin, unmapped))
  else
    for (const key of ['unmapped', 'column'])
      if (key in value)
        parser.fault(
          below(origin, key),
          'key',
          `\`${key}\` belongs to \`${key === 'column' ? 'lookup' : 'map` or `lookup'}\`.`,
        )
  if (value['link'])
    steps.push({
      kind: 'link',
      resource: value['link'],
      missing: value['missing'] ?? 'park',
      ...(value['record'] ? { record: value['record'] } : {}),
    })
  else
    for (const key of ['missing', 'record'])
      if (key in value) parser.fault(below(origin, key), 'key', `\`${key}\` belongs to \`link\`.`)
  const names = value['as'] === undefined ? [] : ([value['as']].flat() as string[])
  const { currency, unit, scale, round, format, zone, ambiguous, separator } = value
  const options = Object.fromEntries(
    Object.entries({ currency, unit, scale, round, format, zone, ambiguous, separator }).filter(
      ([, v]) => v !== undefined,
    ),
  ) as AsOptions
  const args = Object.fromEntries(
    Object.entries((value['args'] ?? {}) as Record<string, Json>).map(([name, rule]) => [
      name,
      parser.rule(rule, below(below(origin, 'args'), name)),
    ]),
  )
  for (const [i, name] of names.entries()) {
    const here = Array.isArray(value['as']) ? below(below(origin, 'as'), i) : below(origin, 'as')
    if (!parser.names.conversions.includes(name)) parser.unknown('conversion', name, here, parser.names.conversions)
    else {
      parser.names.used('conversion', name)
      steps.push({ kind: 'as', name, options, args })
    }
  }
  return steps
}

function lookup(parser: RuleParser, value: Record<string, Json>, origin: Origin, unmapped: object): Step[] {
  const name = value['lookup'] as string
  const table = parser.names.table(name)
  if (!table) {
    parser.unknown('table', name, below(origin, 'lookup'), parser.names.tables)
    return []
  }
  parser.names.used('table', name)
  const column = value['column'] as string | undefined
  if (table.columns.length && !column)
    parser.fault(
      below(origin, 'lookup'),
      'value',
      `The table \`${name}\` has columns; say which: ${table.columns.join(', ')}.`,
    )
  if (column && !table.columns.includes(column))
    parser.unknown('column', column, below(origin, 'column'), table.columns)
  return [{ kind: 'map', entries: table.entries(column), table: name, ...(column ? { column } : {}), ...unmapped }]
}
