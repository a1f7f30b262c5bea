import { pathText } from '../platform/config/diagnostic.ts'
import type { Schemas } from '../platform/config/schema.ts'
import { recordErrors } from './errors.ts'
import type { Json, MapError } from './types.ts'

/**
 * What a finished record does wrong: against its schema, and texts that no database keeps (NUL, half a surrogate pair).
 * Of a `partial` record required fields of the top level may be missing.
 */
export function validateRecord(schemas: Schemas, type: string, record: Json, partial = false): MapError[] {
  const name = `records/${type}`
  const errors: MapError[] = []
  if (!schemas.fits(name, record)) {
    for (const fault of schemas.validate(name, record)) {
      if (partial && fault.what === 'MISSING_KEY' && fault.path.length === 0) continue
      const value = fault.path.reduce<Json>((at, step) => at?.[step], record)
      errors.push({
        code: 'HUB_MAP_INVALID',
        at: pathText(fault.path),
        message: fault.message,
        cure: recordErrors.HUB_MAP_INVALID.cure,
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
