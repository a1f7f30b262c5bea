// Errors in EasyPost's shape: https://docs.easypost.com/docs/errors (seen in its own client's recordings).
import { Refusal } from '../core/router.ts'
import type { Json } from '../core/types.ts'

export function refuse(status: number, code: string, message: string, errors: Json[] = []): never {
  throw new Refusal({ status, body: { error: { code, message, errors } } })
}

export function required(field: string): never {
  refuse(422, 'PARAMETER.REQUIRED', 'Missing required parameter.', [{ field, message: 'cannot be blank' }])
}

export function invalid(field: string, message: string): never {
  refuse(422, 'PARAMETER.INVALID', 'Invalid parameter.', [{ field, message }])
}

export function notFound(): never {
  refuse(404, 'NOT_FOUND', 'The requested resource could not be found.')
}

/** A string or nothing. */
export function text(value: Json, field: string): string | null {
  if (value === undefined || value === null || value === '') return null
  if (typeof value === 'number') return String(value)
  if (typeof value !== 'string') invalid(field, 'must be a string')
  return value
}

/** A number, also when it is written as text. */
export function number(value: Json, field: string): number | null {
  if (value === undefined || value === null || value === '') return null
  const parsed = Number(value)
  if (typeof value === 'boolean' || !Number.isFinite(parsed)) invalid(field, 'must be a number')
  if (parsed <= 0) invalid(field, 'must be greater than 0')
  return parsed
}

export function object(value: Json, field: string): Json {
  if (value === undefined || value === null) required(field)
  if (typeof value !== 'object' || Array.isArray(value)) invalid(field, 'must be an object')
  return value
}
