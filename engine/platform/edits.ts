// What a person corrects in a record or in an item: "where it says X here, it says Y". A correction holds for as long as the
// source says X there; what the source changes itself counts again. So it does not matter in which order things come.
import { isDeepStrictEqual } from 'node:util'

type Json = any
export type EditPath = (string | number)[]
export interface Edit {
  path: EditPath
  /** What the source says; absent where it says nothing. */
  was?: Json
  /** What a person says instead; absent: nothing. */
  now?: Json
  by: string
  /** RFC 3339 UTC. */
  at: string
}
export interface Difference {
  path: EditPath
  old?: Json
  new?: Json
}

/** The corrected value. Corrections of what the source says otherwise by now change nothing. */
export function applyEdits(data: Json, edits: readonly Edit[] | null | undefined): Json {
  let corrected = data
  for (const { path, was, now } of edits ?? [])
    if (isDeepStrictEqual(readAt(corrected, path), was)) corrected = putAt(corrected, path, now)
  return corrected
}

/**
 * One more correction. `data` is what is there now, with the earlier `edits` in it or not yet; answers all corrections, what the
 * value is then, and what was changed in the eyes of the person.
 */
export function amend(
  data: Json,
  edits: readonly Edit[],
  changes: readonly { path: EditPath; now?: Json }[],
  { by, at }: { by: string; at: string },
): { edits: Edit[]; result: Json; told: Difference[] } {
  const all = [...edits]
  const told: Difference[] = []
  let result = applyEdits(data, edits)
  for (const { path, now } of changes) {
    const old = readAt(result, path)
    if (isDeepStrictEqual(old, now)) continue
    told.push(difference(path, old, now))
    result = putAt(result, path, now)
    const place = all.findIndex((each) => isDeepStrictEqual(each.path, path))
    const earlier = all[place]
    const stands = earlier && isDeepStrictEqual(old, earlier.now)
    const edit = { path, ...(stands ? pick('was', earlier.was) : pick('was', old)), ...pick('now', now), by, at }
    if (!earlier) all.push(edit)
    // Back to what the source says: there is nothing left to correct.
    else if (stands && isDeepStrictEqual(earlier.was, now)) all.splice(place, 1)
    else all[place] = edit
  }
  return { edits: all, result, told }
}

/** Where two values differ, down to single fields; lists of another length differ as a whole. */
export function differences(before: Json, after: Json, path: EditPath = []): Difference[] {
  if (isDeepStrictEqual(before, after)) return []
  if (Array.isArray(before) && Array.isArray(after) && before.length === after.length)
    return after.flatMap((each, index) => differences(before[index], each, [...path, index]))
  if (isObject(before) && isObject(after)) {
    const fields = [...new Set([...Object.keys(before), ...Object.keys(after)])]
    return fields.flatMap((field) => differences(before[field], after[field], [...path, field]))
  }
  return [difference(path, before, after)]
}

/** `lines[0].sku` → `['lines', 0, 'sku']`; undefined when it is no path. */
export function editPath(text: string): EditPath | undefined {
  if (!/^[^.[\]\s]+(\.[^.[\]\s]+|\[\d+\])*$/.test(text)) return undefined
  return [...text.matchAll(/\[(\d+)\]|([^.[\]]+)/g)].map(([, index, name]) => (index ? Number(index) : name!))
}

/** What stands at a path; undefined where nothing does. */
export function readAt(data: Json, path: EditPath): Json {
  let value = data
  for (const step of path) {
    if (typeof value !== 'object' || value === null || !Object.hasOwn(value, step)) return undefined
    value = value[step]
  }
  return value
}

function putAt(data: Json, path: EditPath, value: Json): Json {
  const [step, ...rest] = path
  if (step === undefined) return value
  if (typeof step === 'number') {
    // A place that a list does not have cannot be corrected.
    if (!Array.isArray(data) || step >= data.length) return data
    return data.with(step, putAt(data[step], rest, value))
  }
  const { [step]: below, ...others } = isObject(data) ? data : {}
  const inner = putAt(below, rest, value)
  if (inner === undefined) return others
  return isObject(data) && step in data ? { ...data, [step]: inner } : { ...others, [step]: inner }
}

const difference = (path: EditPath, old: Json, now: Json): Difference => ({
  path,
  ...pick('old', old),
  ...pick('new', now),
})
const pick = <Name extends string>(name: Name, value: Json) => (value === undefined ? {} : { [name]: value })

function isObject(value: unknown): value is Record<string, Json> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}
