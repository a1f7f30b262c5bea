import { toNumber } from './convert/decimal.ts'
import type { Report } from './parse.ts'
import type { Rule, Step } from './rule.ts'
import { below } from './rule.ts'

/** A map or table from the other side. Undefined (and refused) when a value could go back to several. */
export function turnedMap(
  rule: Rule,
  step: Extract<Step, { kind: 'map' }>,
  types: string[] | undefined,
  report: Report,
  refuse: (why: string, cure?: string) => unknown,
): Step | undefined {
  const back = typeof rule.back === 'object' ? rule.back : {}
  const entries = new Map<string, unknown>()
  for (const [key, value] of step.entries) {
    if (value === null || Object.hasOwn(back, String(value))) continue
    const there = entries.get(String(value))
    if (there !== undefined) {
      refuse(
        `\`${there}\` and \`${key}\` both become \`${value}\``,
        `Say which goes back: \`back: { ${value}: ${key} }\`, or \`only: in\`.`,
      )
      return undefined
    }
    entries.set(String(value), typed(key, types))
  }
  for (const [value, key] of Object.entries(back)) {
    if (typeof key === 'string' && !step.entries.has(key) && !step.unmapped) {
      report(below(rule.origin, 'back'), 'value', {
        code: 'HUB_MAP_VALUE',
        message: `\`back\` writes \`${key}\`, which the map does not know.`,
      })
    }
    entries.set(value, typeof key === 'string' ? typed(key, types) : key)
  }
  const { unmapped, table, column } = step
  if (unmapped && !('keep' in unmapped) && unmapped.value !== null && !entries.has(String(unmapped.value))) {
    refuse(
      `several values become \`${unmapped.value}\` by \`unmapped\``,
      `Say which goes back: \`back: { ${unmapped.value}: … }\`, or \`only: in\`.`,
    )
    return undefined
  }
  return {
    kind: 'map',
    entries,
    ...(table ? { table } : {}),
    ...(column ? { column } : {}),
    ...(unmapped && 'keep' in unmapped ? { unmapped } : {}),
  }
}

/** A key of a map as the source field has it: keys of YAML are text, the vendor may want a number. */
function typed(key: string, types: string[] | undefined): string | number | boolean {
  if (!types || types.includes('string')) return key
  if (types.includes('boolean') && (key === 'true' || key === 'false')) return key === 'true'
  return types.includes('integer') || types.includes('number') ? (toNumber(key) ?? key) : key
}
