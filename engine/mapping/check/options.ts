import { nearest } from '../../platform/config/diagnostic.ts'
import type { FunctionSet } from '../functions.ts'
import type { Report } from '../parse.ts'
import type { Rule } from '../rule.ts'
import { below } from '../rule.ts'

const OPTIONS = ['currency', 'unit', 'scale', 'round', 'format', 'zone', 'ambiguous', 'separator'] as const

/** Options and arguments that no conversion of the rule takes, or that one of them misses. */
export function checkOptions(
  rule: Rule,
  direction: 'in' | 'out' | 'both',
  functions: FunctionSet,
  report: Report,
): void {
  const { yaml, path } = rule.origin
  const written = path.reduce<any>((at, step) => at?.[step], yaml.value)
  if (!written || typeof written !== 'object' || Array.isArray(written)) return
  const steps = rule.steps.filter((step) => step.kind === 'as')
  const taken = new Set<string>(steps.flatMap((step) => functions.get(step.name)!.options))
  if (rule.source.kind === 'join') taken.add('separator')
  for (const option of OPTIONS) {
    if (option in written && !taken.has(option)) {
      report(below(rule.origin, option), 'key', {
        code: 'HUB_MAP_RULE',
        message: steps.length
          ? `\`as: ${steps.map((step) => step.name).join(', ')}\` does not take \`${option}\`.`
          : `\`${option}\` belongs to a conversion; there is no \`as\` here.`,
      })
    }
  }
  const args = new Set(steps.flatMap((step) => Object.keys(functions.get(step.name)!.args ?? {})))
  for (const name of Object.keys(written.args ?? {})) {
    if (args.has(name)) continue
    const hint = nearest(name, args)
    report(below(below(rule.origin, 'args'), name), 'key', {
      code: 'HUB_MAP_RULE',
      message: args.size ? `There is no argument \`${name}\`.` : 'No conversion here takes arguments.',
      ...(hint ? { hint } : {}),
    })
  }
  for (const step of steps) {
    const conversion = functions.get(step.name)!
    const fault = conversion.check?.(step.options)
    if (fault) report(below(rule.origin, 'as'), 'value', { code: 'HUB_MAP_RULE', message: fault })
    if (step.name === 'money' && direction !== 'out' && rule.only !== 'out' && !step.options.currency) {
      report(below(rule.origin, 'as'), 'value', {
        code: 'HUB_MAP_RULE',
        message: 'An amount needs its currency: `currency: EUR`, or the path that has it.',
      })
    }
    for (const name of Object.keys(conversion.args ?? {})) {
      if (!(name in step.args))
        report(below(rule.origin, 'as'), 'value', {
          code: 'HUB_MAP_RULE',
          message: `\`${step.name}\` needs \`args: { ${name}: … }\`: ${conversion.args![name]}`,
        })
    }
  }
}
