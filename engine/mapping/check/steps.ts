import { parsePath } from '../path.ts'
import type { Rule, Step } from '../rule.ts'
import { below } from '../rule.ts'
import type { Checker } from './check.ts'
import { type Known, merged, typeOf } from './known.ts'
import { type CheckScope, follow } from './scope.ts'

/** What a step makes of what is known; tells what is wrong with the step. */
export function checkStep(checker: Checker, rule: Rule, step: Step, known: Known, scope: CheckScope): Known {
  const { report } = checker.rules
  switch (step.kind) {
    case 'default':
      if (rule.source.kind === 'const')
        checker.dead(below(rule.origin, 'default'), 'A fixed value is always there, so the default is never used.')
      return merged([known, step.value === null ? {} : { types: [typeOf(step.value)], values: [step.value] }])
    case 'required':
      if (rule.steps.some((other) => other.kind === 'default' && other.value !== null))
        checker.dead(below(rule.origin, 'required'), 'There is always a value, because of the default.')
      return known
    case 'map': {
      const keys = step.table ? undefined : [...step.entries.keys()]
      if (keys && known.values) {
        const values = known.values.map(String)
        const missing = values.filter((value) => !step.entries.has(value))
        for (const key of keys) {
          if (values.includes(key)) continue
          report(below(below(rule.origin, 'map'), key), 'key', {
            code: 'HUB_MAP_VALUE',
            message: `The source never has \`${key}\`; it has ${values.slice(0, 20).join(', ')}.`,
          })
        }
        if (missing.length && !step.unmapped) {
          report(below(rule.origin, 'map'), 'key', {
            code: 'HUB_MAP_VALUE',
            severity: 'warning',
            message: `Not in the map: ${missing.join(', ')}. Such a record will be parked.`,
            cure: 'Add them, or say `unmapped:`.',
          })
        }
      }
      const values = [...step.entries.values()].filter((value) => value !== null)
      if (step.unmapped && 'keep' in step.unmapped) return {}
      if (step.unmapped && step.unmapped.value !== null) values.push(step.unmapped.value)
      return { types: [...new Set(values.map(typeOf))], values }
    }
    case 'link':
      if (checker.rules.direction === 'out' && !step.record && !isRelated(rule))
        report(below(rule.origin, 'link'), 'key', {
          code: 'HUB_MAP_RULE',
          message: `\`link: ${step.resource}\` needs to know whose key it is: say \`record:\`.`,
        })
      return { types: ['string'] }
    case 'convert': {
      const { currency } = step.options
      const path = step.name === 'money' && currency && !/^[A-Z]{3}$/.test(currency) ? parsePath(currency) : undefined
      if (typeof path === 'string')
        report(below(rule.origin, 'currency'), 'value', { code: 'HUB_MAP_RULE', message: path })
      else if (path) follow(checker.rules, scope, path, below(rule.origin, 'currency'))
      for (const arg of Object.values(step.args)) checker.rule(arg, scope, {})
      return step.gives ? { types: step.gives } : {}
    }
    default:
      return known
  }
}

/** `$customer` itself names a record, and says its type. */
function isRelated(rule: Rule): boolean {
  return (
    rule.source.kind === 'path' && typeof rule.source.path.root === 'object' && rule.source.path.segments.length === 0
  )
}
