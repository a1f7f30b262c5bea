import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { parseJson } from '../../connector/json.ts'
import { parsePath, type Segment } from '../path.ts'
import { readPath } from '../read.ts'
import type { Json } from '../types.ts'

/** What `given:` may be: a fixture, a fixture with overlays, or the item itself. */
export type Given =
  | string
  | { file: string; at?: string; with?: Record<string, Json>; without?: string[] }
  | Record<string, Json>

/** The item of a test. `places` are the folders where fixtures are looked for. Throws a sentence. */
export function readGiven(given: Given, places: string[]): Json {
  if (typeof given === 'string') return structuredClone(readFixture(given, places))
  const isFile =
    typeof given['file'] === 'string' &&
    Object.keys(given).every((key) => ['file', 'at', 'with', 'without'].includes(key))
  if (!isFile) return structuredClone(given)
  const {
    file,
    at,
    with: overlays = {},
    without = [],
  } = given as { file: string; at?: string; with?: Record<string, Json>; without?: string[] }
  let item = readFixture(file, places)
  if (at !== undefined) {
    item = readPath(item, segmentsOf(at))
    if (item === undefined) throw new Error(`${file} has nothing at \`${at}\`.`)
  }
  item = structuredClone(item)
  for (const [path, value] of Object.entries(overlays))
    item = overlay(item, segmentsOf(path), structuredClone(value), path)
  for (const path of without) item = overlay(item, segmentsOf(path), undefined, path)
  return item
}

function readFixture(name: string, places: string[]): Json {
  const file = places.map((place) => join(place, name)).find((one) => existsSync(one))
  if (!file) throw new Error(`There is no fixture \`${name}\` in ${places.join(' or ')}.`)
  try {
    return parseJson(readFileSync(file, 'utf8'))
  } catch (error) {
    throw new Error(`The fixture \`${name}\` is not JSON: ${(error as Error).message}`)
  }
}

function segmentsOf(text: string): Segment[] {
  const path = parsePath(text)
  if (typeof path === 'string') throw new Error(path)
  return path.segments
}

/** The value with something else at a path; undefined takes it away. Missing parts are made. */
function overlay(value: Json, segments: Segment[], put: Json, text: string): Json {
  const [segment, ...rest] = segments
  if (!segment) return put
  if ('name' in segment) {
    const object = value !== null && typeof value === 'object' && !Array.isArray(value) ? value : {}
    const next = overlay(Object.hasOwn(object, segment.name) ? object[segment.name] : undefined, rest, put, text)
    const { [segment.name]: _, ...others } = object
    if (next === undefined) return others
    return Object.hasOwn(object, segment.name)
      ? { ...object, [segment.name]: next }
      : { ...object, [segment.name]: next }
  }
  const list: Json[] = Array.isArray(value) ? [...value] : []
  const at =
    'index' in segment
      ? segment.index < 0
        ? list.length + segment.index
        : segment.index
      : list.findIndex((item) => String(item?.[segment.field]) === segment.equals)
  if (at < 0) throw new Error(`\`${text}\` of the overlay leads nowhere.`)
  const next = overlay(list[at], rest, put, text)
  if (next === undefined) list.splice(at, 1)
  else list[at] = next
  return list
}
