// What may stand in a property: https://developers.hubspot.com/docs/api-reference/crm-properties-v3/guide
import type { Json } from '../core/types.ts'
import { invalid, refuse } from './errors.ts'
import type { Crm, ObjectType, Property } from './state.ts'

const singular: Record<ObjectType, string> = { contacts: 'Contact', deals: 'Deal', companies: 'Company' }

/** Property values as HubSpot keeps them (text, empty is null), or its refusal with every mistake in one message. */
export function checked(
  crm: Crm,
  type: ObjectType,
  given: Json,
  id: string | undefined,
): Record<string, string | null> {
  const mistakes: Json[] = []
  const wrong = (name: string, code: string, message: string) =>
    mistakes.push({ isValid: false, message, error: code, name, localizedErrorMessage: message, portalId: 62515 })
  const values: Record<string, string | null> = {}
  for (const [name, raw] of Object.entries(given as Record<string, unknown>)) {
    const property = crm.properties[type].get(name)
    if (!property) {
      wrong(name, 'PROPERTY_DOESNT_EXIST', `Property "${name}" does not exist`)
      continue
    }
    const value = raw === null || raw === '' ? null : name === 'email' ? String(raw).trim().toLowerCase() : String(raw)
    const mistake = value === null ? undefined : mistaken(property, value)
    if (mistake) wrong(name, mistake[0], mistake[1])
    values[name] = value
  }
  if (mistakes.length > 0) {
    const errors = mistakes.map(({ message, error, name }) => ({
      message,
      code: error,
      context: { propertyName: [name] },
    }))
    invalid(`Property values were not valid: ${JSON.stringify(mistakes)}`, { errors })
  }
  for (const [name, value] of Object.entries(values)) {
    if (value === null || !crm.properties[type].get(name)!.hasUniqueValue) continue
    const holder = crm.holder(type, name, value)
    if (!holder || holder.id === id) continue
    if (name === 'email') refuse(409, 'CONFLICT', `${singular[type]} already exists. Existing ID: ${holder.id}`)
    const message = `${holder.id} already has that value.`
    const mistake = [
      {
        isValid: false,
        message,
        error: 'CONFLICTING_UNIQUE_VALUE',
        name,
        localizedErrorMessage: message,
        portalId: 62515,
      },
    ]
    invalid(`Property values were not valid: ${JSON.stringify(mistake)}`, {
      errors: [{ message, code: 'CONFLICTING_UNIQUE_VALUE', context: { propertyName: [name] } }],
    })
  }
  return values
}

function mistaken(
  { name, type, options, readOnly }: Property,
  value: string,
): [code: string, message: string] | undefined {
  if (readOnly) return ['READ_ONLY_VALUE', `"${name}" is a read only property; its value cannot be set.`]
  if (name === 'email' && !/^[^@\s]+@[^@\s]+\.[^@\s.]+$/.test(value))
    return ['INVALID_EMAIL', `Email address ${value} is invalid`]
  if (type === 'number' && !Number.isFinite(Number(value)))
    return ['INVALID_DOUBLE', `${value} was not a valid number.`]
  if (type === 'datetime' && Number.isNaN(Date.parse(value)) && !/^-?\d+$/.test(value))
    return ['INVALID_LONG', `${value} was not a valid long.`]
  if (type === 'enumeration' && !options.some((option) => option.value === value)) {
    return [
      'INVALID_OPTION',
      `${value} was not one of the allowed options: [${options.map((option) => option.value).join(', ')}]`,
    ]
  }
  if (value.length > 65_536) return ['PROPERTY_VALUE_TOO_LONG', `Property "${name}" is longer than 65536 characters.`]
  return undefined
}
