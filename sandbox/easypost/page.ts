// Lists: newest first, `before_id` and `after_id`, `page_size` 20 (100 at most), `has_more`. https://docs.easypost.com/docs/pagination
import type { Call } from '../core/router.ts'
import type { Json, Reply } from '../core/types.ts'
import { invalid } from './check.ts'

export function page(call: Call, name: string, oldestFirst: readonly Json[], show: (item: Json) => Json): Reply {
  const { query } = call
  const size = Number(query.get('page_size') ?? 20)
  if (!Number.isInteger(size) || size < 1 || size > 100) invalid('page_size', 'must be between 1 and 100')
  const [start, end] = [moment(query, 'start_datetime'), moment(query, 'end_datetime')]
  const items = oldestFirst.filter((item) => {
    const at = Date.parse(item.created_at)
    return (start === undefined || at >= start) && (end === undefined || at <= end)
  })
  const at = (key: string) => items.findIndex(({ id }) => id === query.get(key))
  let [low, high] = [0, items.length]
  if (query.get('before_id')) high = Math.max(0, at('before_id'))
  let kept: Json[]
  let more: boolean
  if (query.get('after_id')) {
    // What came after an id: the items next to it, still newest first.
    low = at('after_id') + 1
    kept = items.slice(low, low + size)
    more = low + size < high
  } else {
    kept = items.slice(Math.max(low, high - size), high)
    more = high - size > low
  }
  return { status: 200, body: { [name]: kept.reverse().map(show), has_more: more } }
}

function moment(query: URLSearchParams, name: string): number | undefined {
  const value = query.get(name)
  if (!value) return undefined
  const at = Date.parse(value)
  if (Number.isNaN(at)) invalid(name, 'must be a date')
  return at
}
