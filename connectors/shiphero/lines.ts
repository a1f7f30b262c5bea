import type { Json } from '#connector'
import { LINES_ADD, LINES_REMOVE, LINES_UPDATE } from './queries.ts'

/**
 * The mutations that turn the lines of an order into the wanted ones; order_update does not touch lines. Lines are known
 * by `partner_line_item_id`. A line that has begun to ship is never taken away or made smaller than what has left.
 */
export function changeLines(current: Json[], wanted: Json[] | undefined): [string, Json][] {
  if (!wanted) return []
  const keyOf = (line: Json) => line.partner_line_item_id ?? line.sku
  const known = new Map(current.map((line) => [keyOf(line), line]))
  const keep = new Set(wanted.map(keyOf))

  const added = wanted.filter((line) => !known.has(keyOf(line)))
  const changed = wanted.flatMap((line) => {
    const old = known.get(keyOf(line))
    const quantity = Math.max(line.quantity, old?.quantity_shipped ?? 0)
    return old && old.quantity !== quantity ? [{ id: old.id, quantity }] : []
  })
  const removed = current.filter((line) => !keep.has(keyOf(line)) && !line.quantity_shipped).map((line) => line.id)

  const changes: [string, Json][] = []
  if (added.length > 0) changes.push([LINES_ADD, { line_items: added }])
  if (changed.length > 0) changes.push([LINES_UPDATE, { line_items: changed }])
  if (removed.length > 0) changes.push([LINES_REMOVE, { line_item_ids: removed }])
  return changes
}
