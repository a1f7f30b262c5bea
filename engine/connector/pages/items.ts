// The items of one answer, each with the bytes it came as.
import type { Answer, Json, PullContext, ReadRequest, SourceItem } from '../contract.ts'
import { instant, moment } from '../duration.ts'
import { ConnectorError } from '../errors.ts'
import { sliceArray, sliceValue, valueAt } from '../json.ts'

/** Where the items stand in an answer. */
export interface Place {
  /** The array: `data`, `data.orders.edges`; empty or absent: the answer itself. */
  items?: string
  /** The item within each element, where it is wrapped: `node`. */
  each?: string
  /** True for an item that the list shows only a part of: it is read whole, one by one. */
  partial?: (item: Json) => boolean
}

/** Reads one page. A list that is not there is a fault, never an empty page. */
export async function readItems(
  context: PullContext,
  request: ReadRequest,
  place: Place,
): Promise<{ answer: Answer; items: SourceItem[] }> {
  const answer = await context.api.read(request)
  const values = valueAt(answer.json, place.items)
  const slices = sliceArray(answer.text, place.items)
  if (!Array.isArray(values) || slices?.length !== values.length)
    throw new ConnectorError(
      'permanent',
      'HUB_VENDOR_SHAPE',
      `No list of items stands at "${place.items ?? ''}" in the answer to ${request.path}.`,
    )
  const items: SourceItem[] = []
  for (const [index, element] of values.entries()) {
    const wrapped = place.each !== undefined
    const value = wrapped ? valueAt(element, place.each) : element
    const text = wrapped ? (sliceValue(slices[index]!, place.each) ?? slices[index]!) : slices[index]!
    const item = toItem(context, value, text)
    // Gone since the list was made: what the list showed is then as good as anything.
    items.push(place.partial?.(value) ? ((await context.fetch?.(item.id)) ?? item) : item)
  }
  return { answer, items }
}

/** One item with the resource's own id and stamp. Throws where the vendor sent none, because nothing could be linked to it. */
export function toItem({ id, stamp }: Pick<PullContext, 'id' | 'stamp'>, value: any, text: string): SourceItem {
  const own = id(value)
  if (own === undefined || own === null || own === '')
    throw new ConnectorError('permanent', 'HUB_VENDOR_SHAPE', `An item without an id came: ${text.slice(0, 200)}`)
  const ms = instant(stamp?.(value))
  return { id: String(own), text, json: value, ...(ms === undefined ? {} : { stamp: moment(ms) }) }
}
