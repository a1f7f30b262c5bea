// One record out of what several sources said about it. Each source's last contribution is kept whole, so that two
// sources never erase each other: fields are taken from the latest contribution that has them, and an owned field from
// its owner as long as the owner says anything about it. What a person corrected comes last.
import type { Json } from '../hub.ts'
import { valueAt } from '../platform/config/path.ts'
import { applyEdits } from '../platform/edits.ts'

/** The connection of what people say about records; a configuration cannot have one of this name. */
export const PERSON = '$person'

export interface Contribution {
  connection: string
  data: Json
}
/** Who is believed, by record type or `type.path`: `{ shipment: 'warehouse', 'order.status': 'shop' }`. */
export type Owners = Record<string, string>

/** Merges contributions, oldest first, and corrects what a person corrected for as long as the sources say the same. */
export function merge(type: string, said: Contribution[], owners: Owners): Json {
  const merged = mergeSources(
    type,
    said.filter((each) => each.connection !== PERSON),
    owners,
  )
  return applyEdits(merged, said.find((each) => each.connection === PERSON)?.data.edits)
}

function mergeSources(type: string, contributions: Contribution[], owners: Owners): Json {
  const recordOwner = owners[type]
  const ordered = recordOwner
    ? [
        ...contributions.filter((each) => each.connection !== recordOwner),
        ...contributions.filter((each) => each.connection === recordOwner),
      ]
    : contributions
  let merged: Json = {}
  for (const each of ordered) merged = overlay(merged, each.data)
  for (const [owned, owner] of Object.entries(owners)) {
    if (!owned.startsWith(`${type}.`)) continue
    const path = owned.slice(type.length + 1).split('.')
    const said = contributions.findLast((each) => each.connection === owner && valueAt(each.data, path) !== undefined)
    if (said) merged = withValue(merged, path, valueAt(said.data, path))
  }
  return merged
}

/** Objects merge field by field; lists and values are replaced whole. */
function overlay(below: Json, above: Json): Json {
  if (!isObject(below) || !isObject(above)) return above
  const result: Json = { ...below }
  for (const [field, value] of Object.entries(above)) {
    if (value === undefined) continue
    result[field] = field in below ? overlay(below[field], value) : value
  }
  return result
}

export function isObject(value: unknown): value is Record<string, Json> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

function withValue(data: Json, path: string[], value: Json): Json {
  const [step, ...rest] = path
  if (step === undefined) return value
  return { ...data, [step]: withValue(data?.[step] ?? {}, rest, value) }
}
