import type { Segment } from './path.ts'
import type { Json } from './types.ts'

/** The value at a path, read with nothing assumed: own properties only, `undefined` for whatever is not there. */
export function readPath(value: Json, segments: readonly Segment[]): Json {
  let at = value
  for (const segment of segments) {
    if (at === null || typeof at !== 'object') return undefined
    if ('name' in segment) at = !Array.isArray(at) && Object.hasOwn(at, segment.name) ? at[segment.name] : undefined
    else if (!Array.isArray(at)) return undefined
    else if ('index' in segment) at = at.at(segment.index)
    else
      at = at.find(
        (item) =>
          item !== null &&
          typeof item === 'object' &&
          Object.hasOwn(item, segment.field) &&
          String(item[segment.field]) === segment.equals,
      )
  }
  return at === null ? undefined : at
}
