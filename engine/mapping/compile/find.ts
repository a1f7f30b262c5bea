import { type Condition, evaluate } from '../condition.ts'
import { segmentsText } from '../path.ts'
import { readPath } from '../read.ts'
import type { Naming } from '../rule.ts'
import type { Json } from '../types.ts'
import type { Run } from './run.ts'

/**
 * The item of another list that belongs to this one (`with: { $name: { in, by, where } }`). Lists are indexed on first
 * use, so that an order of 100,000 lines takes as many steps and not their square.
 */
export class Finder {
  readonly name: string
  readonly find: NonNullable<Naming['find']>
  #indexes = new WeakMap<object, Map<number, Map<string, Json[]>>>()
  #condition: Condition | undefined

  constructor(name: string, find: NonNullable<Naming['find']>) {
    this.name = name
    this.find = find
    this.#condition = find.where
  }

  /** `here` reads the fields of the current item that `by` names. Answers the item, or undefined (and tells why). */
  search(run: Run, list: Json[] | undefined, here: Json[], at: string, from: string): Json {
    const { by, missing, several } = this.find
    const at0 = by.findIndex((_, i) => here[i] !== undefined && here[i] !== null && here[i] !== '')
    const matches = !list
      ? []
      : by.length === 0
        ? this.#matching(list)
        : at0 < 0
          ? []
          : (this.#index(list, at0).get(String(here[at0])) ?? [])
    const named = by[at0] && `\`${segmentsText(by[at0].there.segments)}\` ${String(here[at0])}`
    if (matches.length === 0) {
      if (missing === 'absent') return undefined
      return run.error({
        code: 'HUB_MAP_NOT_FOUND',
        at,
        from,
        message: `\`${this.name}\`: no item of \`${this.find.in.text}\` has ${named ?? 'what it asks for'}.`,
      })
    }
    if (matches.length > 1 && several === 'park') {
      return run.error({
        code: 'HUB_MAP_SEVERAL',
        at,
        from,
        message: `\`${this.name}\`: ${matches.length} items of \`${this.find.in.text}\` have ${named ?? 'what it asks for'}.`,
      })
    }
    return matches[0]
  }

  #matching(list: Json[]): Json[] {
    return list.filter(
      (item) =>
        item !== null &&
        typeof item === 'object' &&
        (!this.#condition || evaluate(this.#condition, (path) => readPath(item, path.segments))),
    )
  }

  #index(list: Json[], field: number): Map<string, Json[]> {
    const indexes = this.#indexes.get(list) ?? new Map<number, Map<string, Json[]>>()
    this.#indexes.set(list, indexes)
    let index = indexes.get(field)
    if (!index) {
      index = new Map()
      indexes.set(field, index)
      for (const item of this.#matching(list)) {
        const value = readPath(item, this.find.by[field]!.there.segments)
        if (value === undefined || typeof value === 'object') continue
        const same = index.get(String(value))
        if (same) same.push(item)
        else index.set(String(value), [item])
      }
    }
    return index
  }
}
