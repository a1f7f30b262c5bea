import { hash } from 'node:crypto'

/** The same short text for the same JSON value, in whatever order its fields stand: the database gives them back in another one. */
export function fingerprint(value: unknown): string {
  return hash('sha256', spelled(value), 'base64')
}

/** Unambiguous, and cheaper than JSON: texts carry their length instead of escapes. Fields without a value count for nothing. */
function spelled(value: unknown): string {
  if (typeof value === 'string') return `${value.length}"${value}`
  if (typeof value !== 'object' || value === null) return `${value ?? null};`
  let text = ''
  if (Array.isArray(value)) {
    for (const each of value) text += spelled(each)
    return `[${text}]`
  }
  const fields = value as Record<string, unknown>
  for (const field of inOrder(Object.keys(fields)))
    if (fields[field] !== undefined) text += `${field.length}:${field}${spelled(fields[field])}`
  return `{${text}}`
}

/** Fields mostly stand in the order of the mapping that made them, or of the database: looking is cheaper than sorting. */
function inOrder(names: string[]): string[] {
  for (let at = 1; at < names.length; at++) if (names[at - 1]! > names[at]!) return names.sort()
  return names
}
