// https://developers.hubspot.com/docs/api-reference/search/guide: filter groups (or) of filters (and), sorts, 200 a page, 10,000 in
// all, five requests a second and no rate-limit headers. What was just created is found only after a while.
import type { Routes } from '../core/router.ts'
import { milliseconds, precise } from '../core/time.ts'
import type { Json } from '../core/types.ts'
import { invalid } from './errors.ts'
import { show, typeOf } from './objects.ts'
import { type Crm, type CrmObject, modifiedName, type ObjectType } from './state.ts'

const operators = [
  'EQ',
  'NEQ',
  'LT',
  'LTE',
  'GT',
  'GTE',
  'BETWEEN',
  'IN',
  'NOT_IN',
  'HAS_PROPERTY',
  'NOT_HAS_PROPERTY',
  'CONTAINS_TOKEN',
  'NOT_CONTAINS_TOKEN',
]

export function searchRoutes(crm: Crm): Routes {
  return {
    'POST /crm/v3/objects/:type/search': (call) => {
      const type = typeOf(call)
      const { filterGroups = [], sorts = [], query, limit = 10, after = 0, properties } = call.body ?? {}
      if (limit < 1 || limit > 200) invalid('The limit must be between 1 and 200')
      if (Number(after) + limit > 10_000) invalid('The search results are limited to 10,000')
      if (filterGroups.length > 5) invalid('The maximum number of filter groups is 5')
      const groups = filterGroups.map(({ filters = [] }: Json) =>
        filters.map((filter: Json) => compile(crm, type, filter)),
      )
      const visible = Date.now() - milliseconds(crm.settings.searchLag)
      const needle = typeof query === 'string' ? query.toLowerCase() : undefined
      const found = candidates(crm, type, filterGroups).filter(
        (object) =>
          !object.archived &&
          object.created <= visible &&
          (groups.length === 0 ||
            groups.some((tests: ((object: CrmObject) => boolean)[]) => tests.every((test) => test(object)))) &&
          (!needle || Object.values(object.properties).some((value) => value?.toLowerCase().includes(needle))),
      )
      sort(type, found, sorts[0])
      const start = Number(after)
      const results = found.slice(start, start + limit).map((object) => show(type, object, properties))
      const next = start + limit < found.length ? { paging: { next: { after: String(start + limit) } } } : {}
      return { status: 200, body: { total: found.length, results, ...next } }
    },
  }
}

/** All objects, or the few that a unique property names, when every group asks for one. */
function candidates(crm: Crm, type: ObjectType, groups: Json[]): CrmObject[] {
  const named = groups.map(({ filters = [] }) =>
    filters.find(
      ({ propertyName, operator }: Json) =>
        ['EQ', 'IN'].includes(operator) && crm.properties[type].get(propertyName)?.hasUniqueValue,
    ),
  )
  if (groups.length === 0 || named.some((filter) => !filter)) return crm.objects[type].all()
  const values = named.flatMap(({ propertyName, value, values }) =>
    (values ?? [value]).map((one: Json) => [propertyName, String(one).toLowerCase()]),
  )
  const found = values.flatMap(([name, value]) => crm.objects[type].by(name, value))
  return [...new Map(found.map((object) => [object.id, object])).values()]
}

function propertyOf(type: ObjectType, object: CrmObject, name: string): string | null {
  if (name === 'hs_object_id') return object.id
  if (name === 'createdate' && !object.properties.createdate) return precise(object.created)
  if (name === modifiedName(type)) return precise(object.updated)
  return object.properties[name] ?? null
}

function compile(
  crm: Crm,
  type: ObjectType,
  { propertyName, operator, value, highValue, values }: Json,
): (object: CrmObject) => boolean {
  const property = crm.properties[type].get(propertyName)
  if (!property) invalid(`There was a problem with the request. Property "${propertyName}" does not exist`)
  if (!operators.includes(operator)) invalid(`Invalid input JSON: unknown operator ${operator}`)
  const number = (text: Json) => {
    if (property.type === 'datetime') return /^-?\d+$/.test(String(text)) ? Number(text) : Date.parse(text)
    return property.type === 'number' ? Number(text) : String(text).toLowerCase()
  }
  const list = (values ?? []).map((one: Json) => String(one).toLowerCase())
  const pattern = String(value ?? '')
    .toLowerCase()
    .replaceAll('*', '')
  return (object) => {
    const actual = propertyOf(type, object, propertyName)
    if (operator === 'HAS_PROPERTY') return actual !== null
    if (operator === 'NOT_HAS_PROPERTY') return actual === null
    if (actual === null) return ['NEQ', 'NOT_IN', 'NOT_CONTAINS_TOKEN'].includes(operator)
    const at = number(actual)
    switch (operator) {
      case 'EQ':
        return at === number(value)
      case 'NEQ':
        return at !== number(value)
      case 'LT':
        return at < number(value)
      case 'LTE':
        return at <= number(value)
      case 'GT':
        return at > number(value)
      case 'GTE':
        return at >= number(value)
      case 'BETWEEN':
        return at >= number(value) && at <= number(highValue)
      case 'IN':
        return list.includes(actual.toLowerCase())
      case 'NOT_IN':
        return !list.includes(actual.toLowerCase())
      case 'CONTAINS_TOKEN':
        return actual.toLowerCase().includes(pattern)
      default:
        return !actual.toLowerCase().includes(pattern)
    }
  }
}

function sort(type: ObjectType, objects: CrmObject[], given: Json): void {
  const name = typeof given === 'string' ? given.replace(/^-/, '') : given?.propertyName
  if (!name) return
  const sign = given.direction === 'DESCENDING' || (typeof given === 'string' && given.startsWith('-')) ? -1 : 1
  const key = (object: CrmObject) => propertyOf(type, object, name) ?? ''
  objects.sort((a, b) => sign * (key(a) < key(b) ? -1 : key(a) > key(b) ? 1 : Number(a.id) - Number(b.id)))
}
