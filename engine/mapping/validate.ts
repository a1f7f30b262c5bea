import { pathText } from '../platform/config/diagnostic.ts'
import type { Schemas } from '../platform/config/schema.ts'
import { recordErrors } from './errors.ts'
import type { Json, MapError, RuleInfo } from './types.ts'

/**
 * What a finished record does wrong: against its schema, and texts that no database keeps (NUL, half a surrogate pair).
 * Of a `partial` record required fields of the top level may be missing. With the `rules` that made it, an error names the
 * one that wrote the field, or that should have.
 */
export function validateRecord(
  schemas: Schemas,
  type: string,
  record: Json,
  partial = false,
  rules: RuleInfo[] = [],
): MapError[] {
  const name = `records/${type}`
  const errors: MapError[] = []
  if (!schemas.fits(name, record)) {
    for (const fault of schemas.validate(name, record)) {
      if (partial && fault.what === 'MISSING_KEY' && fault.path.length === 0) continue
      const value = fault.path.reduce<Json>((at, step) => at?.[step], record)
      const at = fault.missing === undefined ? fault.path : [...fault.path, fault.missing]
      const rule = writerOf(rules, pathText(at))
      const gave = fault.missing !== undefined && rule?.from !== undefined
      errors.push({
        code: 'HUB_MAP_INVALID',
        at: pathText(fault.path),
        message: gave ? `${fault.message} Its rule reads \`${rule.from}\`, and nothing was there.` : fault.message,
        cure: gave
          ? 'Mend the path, or give the rule a `default`; `handoff map … --item` shows what the item holds.'
          : recordErrors.HUB_MAP_INVALID.cure,
        ...(rule ? { rule: `${rule.file}:${rule.line}` } : {}),
        ...(value === undefined || typeof value === 'object'
          ? {}
          : { value: typeof value === 'string' ? value.slice(0, 200) : value }),
      })
    }
  }
  // JSON.stringify writes exactly these two as escapes, so one look at the text is enough.
  if (/\\u(?:0000|d[89a-f])/.test(JSON.stringify(record) ?? '')) unstorable(record, [], errors)
  return errors
}

function writerOf(rules: RuleInfo[], at: string): RuleInfo | undefined {
  const target = at.replace(/\[\d+\]/g, '[]')
  return rules.find((rule) => rule.target === target)
}

function unstorable(value: Json, path: (string | number)[], errors: MapError[]): void {
  const bad = (text: string) => text.includes('\0') || !text.isWellFormed()
  const tell = (message: string) =>
    errors.push({
      code: 'HUB_MAP_TEXT',
      at: pathText(path).toWellFormed().replaceAll('\0', '␀'),
      message,
      cure: recordErrors.HUB_MAP_TEXT.cure,
    })
  if (typeof value === 'string') {
    if (bad(value))
      tell(
        `This text holds ${value.includes('\0') ? 'a NUL' : 'half a character'}: \`${JSON.stringify(value).slice(0, 80)}\`.`,
      )
  } else if (Array.isArray(value)) for (const [i, item] of value.entries()) unstorable(item, [...path, i], errors)
  else if (value && typeof value === 'object') {
    for (const [key, item] of Object.entries(value)) {
      if (bad(key)) tell('The name of this field holds a NUL or half a character.')
      unstorable(item, [...path, key], errors)
    }
  }
}
