// Search domains: prefix notation, leaves [field, operator, value], implicit &.
// https://www.odoo.com/documentation/17.0/developer/reference/backend/orm.html#search-domains
import type { Json } from '../core/types.ts'
import { valueError } from './errors.ts'
import type { FieldFact } from './models.ts'

export interface Reader {
  /** The fact of a field, or undefined when the model has none. */
  fact(model: string, field: string): FieldFact | undefined
  record(model: string, id: number): Json
  display(model: string, id: number): string
  /** The ids of a to-many field. */
  many(model: string, record: Json, field: string): number[]
}
type Test = (record: Json) => boolean

export function compile(reader: Reader, model: string, domain: Json): Test {
  if (!Array.isArray(domain)) throw valueError(`Invalid domain: ${JSON.stringify(domain)}`)
  const tokens = [...domain]
  const term = (): Test => {
    const token = tokens.shift()
    if (token === '&' || token === '|') {
      const [a, b] = [term(), term()]
      return token === '&' ? (record) => a(record) && b(record) : (record) => a(record) || b(record)
    }
    if (token === '!') {
      const a = term()
      return (record) => !a(record)
    }
    if (!Array.isArray(token) || token.length !== 3) throw valueError(`Invalid leaf ${JSON.stringify(token ?? null)}`)
    return leaf(reader, model, token as [string, string, Json])
  }
  const tests: Test[] = []
  while (tokens.length > 0) tests.push(term())
  return (record) => tests.every((test) => test(record))
}

function leaf(reader: Reader, model: string, [path, operator, value]: [string, string, Json]): Test {
  const [field, ...rest] = String(path).split('.')
  const fact = reader.fact(model, field!)
  if (!fact)
    throw valueError(
      `Invalid field ${model}.${field} in leaf (${[path, operator, value].map((part) => JSON.stringify(part)).join(', ')})`,
    )
  const many = fact.type === 'one2many' || fact.type === 'many2many'
  if (rest.length > 0) {
    if (!fact.relation) throw valueError(`Invalid field ${model}.${path} in leaf`)
    const test = leaf(reader, fact.relation, [rest.join('.'), operator, value])
    return (record) => {
      const ids = many ? reader.many(model, record, field!) : record[field!] ? [record[field!]] : []
      return ids.some((id: number) => test(reader.record(fact.relation!, id)))
    }
  }
  const compare = comparison(operator, value)
  if (many) return (record) => reader.many(model, record, field!).some((id) => compare(id))
  if (fact.type === 'many2one') {
    // A text is compared with the other record's name.
    const byName = typeof value === 'string'
    return (record) =>
      compare(byName && record[field!] ? reader.display(fact.relation!, record[field!]) : record[field!])
  }
  if (field === 'display_name') return (record) => compare(reader.display(model, record.id))
  return (record) => compare(record[field!])
}

function comparison(operator: string, value: Json): (actual: Json) => boolean {
  const empty = (given: Json) => given === false || given === undefined || given === null || given === ''
  const same = (actual: Json, wanted: Json) =>
    empty(actual) || empty(wanted) ? empty(actual) === empty(wanted) && (empty(actual) || false) : actual === wanted
  const text = (actual: Json) => (empty(actual) ? '' : String(actual))
  const like = (pattern: string, flags: string) =>
    new RegExp(
      `^${pattern
        .replace(/[.*+?^${}()|[\]\\]/g, '\\$&')
        .replaceAll('%', '.*')
        .replaceAll('_', '.')}$`,
      `${flags}su`,
    )
  switch (operator) {
    case '=':
      return (actual) => same(actual, value)
    case '=?':
      return (actual) => empty(value) || same(actual, value)
    case '!=':
    case '<>':
      return (actual) => !same(actual, value)
    case 'in':
      return (actual) => (Array.isArray(value) ? value : [value]).some((wanted) => same(actual, wanted))
    case 'not in':
      return (actual) => !(Array.isArray(value) ? value : [value]).some((wanted) => same(actual, wanted))
    case '>':
      return (actual) => !empty(actual) && actual > value
    case '>=':
      return (actual) => !empty(actual) && actual >= value
    case '<':
      return (actual) => !empty(actual) && actual < value
    case '<=':
      return (actual) => !empty(actual) && actual <= value
    case 'like':
      return (actual) => like(`%${text(value)}%`, '').test(text(actual))
    case 'ilike':
      return (actual) => like(`%${text(value)}%`, 'i').test(text(actual))
    case 'not ilike':
      return (actual) => !like(`%${text(value)}%`, 'i').test(text(actual))
    case 'not like':
      return (actual) => !like(`%${text(value)}%`, '').test(text(actual))
    case '=like':
      return (actual) => like(text(value), '').test(text(actual))
    case '=ilike':
      return (actual) => like(text(value), 'i').test(text(actual))
    default:
      throw valueError(`Invalid operator ${JSON.stringify(operator)} in leaf`)
  }
}
