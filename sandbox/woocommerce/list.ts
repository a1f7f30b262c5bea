// Collections: filters, order, pages and their headers, the same for orders, products, customers and webhooks.
// https://woocommerce.github.io/woocommerce-rest-api-docs/#pagination
import type { Call } from '../core/router.ts'
import type { Json, Reply } from '../core/types.ts'
import { check, invalid, moment } from './check.ts'

interface Listed {
  id: number
  date_created_gmt: string
  date_modified_gmt: string
}

/** `include=1,2`, `include[]=1&include[]=2` or `include[0]=1`. Of `include=1&include=2` PHP sees the last. */
export function many(query: URLSearchParams, name: string): string[] | undefined {
  const found = query.getAll(name).at(-1)?.split(',') ?? []
  for (const [key, value] of query) {
    if (key.startsWith(`${name}[`)) found.push(value)
  }
  const values = found.map((value) => value.trim()).filter((value) => value !== '')
  return values.length > 0 ? values : undefined
}

function ids(query: URLSearchParams, name: string): Set<number> | undefined {
  const values = many(query, name)
  if (!values) return undefined
  for (const value of values) if (!/^\d+$/.test(value)) invalid(name, `${name}[0] is not of type integer.`)
  return new Set(values.map(Number))
}

/** Answers one page. `show` renders an item; `keep` is the resource's own filter. */
export function list<T extends Listed>(
  call: Call,
  path: string,
  items: readonly T[],
  orderings: readonly string[],
  keep: (item: T) => boolean,
  show: (item: T) => Json,
): Reply {
  const { query, request } = call
  const one = Object.fromEntries(query)
  check(one, { page: 'integer', per_page: 'integer', offset: 'integer', order: ['asc', 'desc'], orderby: orderings })
  const perPage = Number(one.per_page ?? 10)
  if (perPage < 1 || perPage > 100) {
    invalid('per_page', 'per_page must be between 1 (inclusive) and 100 (inclusive)', 'rest_out_of_bounds')
  }
  const page = Number(one.page ?? 1)
  if (page < 1) invalid('page', 'page must be greater than or equal to 1', 'rest_out_of_bounds')

  const found = items.filter(dated(query)).filter(keep)
  sort(found, one.orderby ?? 'date', (one.order ?? 'desc') === 'asc', ids(query, 'include'))
  const offset = one.offset === undefined ? (page - 1) * perPage : Number(one.offset)
  const pages = Math.ceil(found.length / perPage)
  const fields = many(query, '_fields')
  const body = found.slice(offset, offset + perPage).map((item) => narrow(show(item), fields))
  const link = links(`${request.origin}${path}`, query, page, pages)
  return {
    status: 200,
    body,
    headers: { 'X-WP-Total': String(found.length), 'X-WP-TotalPages': String(pages), ...(link && { Link: link }) },
  }
}

/** `after` and the like leave out the moment itself, as WP_Date_Query does unless it is told to be inclusive. */
function dated(query: URLSearchParams): (item: Listed) => boolean {
  const bound = (name: string) => {
    const value = query.get(name)
    return value ? moment(name, value) : undefined
  }
  const [after, before] = [bound('after'), bound('before')]
  const [modifiedAfter, modifiedBefore] = [bound('modified_after'), bound('modified_before')]
  const [include, exclude] = [ids(query, 'include'), ids(query, 'exclude')]
  return (item) => {
    if (include && !include.has(item.id)) return false
    if (exclude?.has(item.id)) return false
    const created = Date.parse(`${item.date_created_gmt}Z`)
    const modified = Date.parse(`${item.date_modified_gmt}Z`)
    if (after !== undefined && !(created > after)) return false
    if (before !== undefined && !(created < before)) return false
    if (modifiedAfter !== undefined && !(modified > modifiedAfter)) return false
    return modifiedBefore === undefined || modified < modifiedBefore
  }
}

function sort<T extends Listed>(items: T[], by: string, ascending: boolean, include: Set<number> | undefined): void {
  if (by === 'include' && include) {
    const place = [...include]
    items.sort((a, b) => place.indexOf(a.id) - place.indexOf(b.id))
    return
  }
  const key = (item: T) => (by === 'modified' ? item.date_modified_gmt : by === 'date' ? item.date_created_gmt : '')
  const sign = ascending ? 1 : -1
  // WooCommerce adds the id as tie-breaker, in the same direction.
  items.sort((a, b) => sign * (key(a) < key(b) ? -1 : key(a) > key(b) ? 1 : a.id - b.id))
}

function narrow(item: Json, fields: string[] | undefined): Json {
  if (!fields) return item
  const top = new Set(fields.map((field) => field.split('.')[0]))
  return Object.fromEntries(Object.entries(item).filter(([name]) => top.has(name)))
}

function links(url: string, query: URLSearchParams, page: number, pages: number): string {
  const to = (n: number, rel: string) => {
    const next = new URLSearchParams(query)
    next.set('page', String(n))
    return `<${url}?${next}>; rel="${rel}"`
  }
  const parts: string[] = []
  if (page > 1) parts.push(to(page - 1, 'prev'))
  if (page < pages) parts.push(to(page + 1, 'next'))
  return parts.join(', ')
}
