// The order of a search's results: `write_date desc, id`.
import type { Json } from '../core/types.ts'
import { valueError } from './errors.ts'
import { models } from './models.ts'

/** True when a domain says something about a field. */
export function mentions(domain: Json, field: string): boolean {
  return domain.some((token: Json) => Array.isArray(token) && token[0] === field)
}

export function sort(records: Record<string, Json>[], order: string, model: string): void {
  const keys = order.split(',').map((part) => {
    const [name, direction = 'asc'] = part.trim().split(/\s+/) as [string, string?]
    if (!models[model]!.fields[name]) throw valueError(`Invalid field '${name}' on model '${model}'`)
    return { name, sign: direction.toLowerCase() === 'desc' ? -1 : 1 }
  })
  const plain = (value: Json) => (value === false || value === undefined ? '' : value)
  records.sort((a, b) => {
    for (const { name, sign } of keys) {
      const [x, y] = [plain(a[name]), plain(b[name])]
      if (x !== y) return sign * (x < y ? -1 : 1)
    }
    return 0
  })
}
