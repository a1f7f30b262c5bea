// Errors and parameter checks as the WordPress REST server makes them.
// https://developer.wordpress.org/rest-api/using-the-rest-api/ and https://woocommerce.github.io/woocommerce-rest-api-docs/#errors
import { Refusal } from '../core/router.ts'
import type { Json, Reply } from '../core/types.ts'

export function error(status: number, code: string, message: string, data: Record<string, Json> = {}): Reply {
  return { status, body: { code, message, data: { status, ...data } } }
}

export function refuse(status: number, code: string, message: string, data: Record<string, Json> = {}): never {
  throw new Refusal(error(status, code, message, data))
}

export function invalid(name: string, message: string, code = 'rest_invalid_type'): never {
  refuse(400, 'rest_invalid_param', `Invalid parameter(s): ${name}`, {
    params: { [name]: message },
    details: { [name]: { code, message, data: null } },
  })
}

export function missing(...names: string[]): never {
  refuse(400, 'rest_missing_callback_param', `Missing parameter(s): ${names.join(', ')}`, { params: names })
}

export type Kind = 'string' | 'integer' | 'number' | 'boolean' | 'object' | 'array' | readonly string[]

/** Checks the types of what is there. WordPress takes "5" for an integer and "true" for a boolean, and ignores unknown names. */
export function check(body: Json, kinds: Record<string, Kind>): void {
  if (body === undefined || body === null || typeof body !== 'object' || Array.isArray(body)) return
  for (const [name, kind] of Object.entries(kinds)) {
    const value = body[name]
    if (value === undefined) continue
    if (typeof kind !== 'string') {
      if (!kind.includes(value)) invalid(name, `${name} is not one of ${kind.join(', ')}.`, 'rest_not_in_enum')
    } else if (!isKind(value, kind)) invalid(name, `${name} is not of type ${kind}.`)
  }
}

function isKind(value: Json, kind: string): boolean {
  if (value === null) return false
  if (kind === 'integer') return value !== '' && typeof value !== 'boolean' && Number.isInteger(Number(value))
  if (kind === 'number') return value !== '' && typeof value !== 'boolean' && Number.isFinite(Number(value))
  if (kind === 'boolean') return typeof value === 'boolean' || ['true', 'false', '1', '0', 1, 0].includes(value)
  if (kind === 'array') return Array.isArray(value)
  if (kind === 'object') return typeof value === 'object' && !Array.isArray(value)
  return typeof value === 'string'
}

export const truthy = (value: Json): boolean => value === true || value === 'true' || value === '1' || value === 1

/** Milliseconds of a date parameter; without a zone it is UTC, which is this store's time zone. */
export function moment(name: string, value: string): number {
  const zoned = /(?:Z|[+-]\d\d:?\d\d)$/i.test(value) ? value : `${value}${value.includes('T') ? '' : 'T00:00:00'}Z`
  const at = Date.parse(zoned)
  if (!/^\d{4}-\d\d-\d\d/.test(value) || Number.isNaN(at)) invalid(name, 'Invalid date.', 'rest_invalid_date')
  return at
}
