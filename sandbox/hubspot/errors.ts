// Errors in HubSpot's shape: https://developers.hubspot.com/docs/api-reference/error-handling
import { randomUUID } from 'node:crypto'
import { Refusal } from '../core/router.ts'
import type { Json, Reply } from '../core/types.ts'

export function error(status: number, category: string, message: string, more: Json = {}): Reply {
  return { status, body: { status: 'error', message, correlationId: randomUUID(), category, ...more } }
}

export function refuse(status: number, category: string, message: string, more: Json = {}): never {
  throw new Refusal(error(status, category, message, more))
}

export function invalid(message: string, more: Json = {}): never {
  refuse(400, 'VALIDATION_ERROR', message, more)
}

export function objectNotFound(): never {
  refuse(404, 'OBJECT_NOT_FOUND', 'Object not found.  objectId are usually numeric.')
}
