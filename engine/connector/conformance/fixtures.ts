// The fixtures of a connector: hand-written exchanges in the vendor's shape. A fixture may stand inside another one:
// { "$fixture": "order.json", "with": { "id": 2 } }. Every file must be used.
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import path from 'node:path'
import type { Json } from '../contract.ts'

export interface Exchange {
  /** What the request must contain at least. */
  request?: {
    method?: string
    path?: string
    query?: Record<string, string>
    headers?: Record<string, string>
    body?: Json
  }
  response: Response
}
export interface Response {
  status?: number
  headers?: Record<string, string>
  body?: Json
}
export interface PullFixture {
  exchanges: Exchange[]
  /** The external ids that come, in order. */
  ids: string[]
  /** The body of an answer without items. */
  empty: Json
}
export interface FetchFixture {
  id: string
  exchange: Exchange
  /** What the vendor answers when there is none. */
  missing: Response
}
export interface PushFixture {
  payload: Json
  key: string
  id: string
  /** Absent where the vendor has no look-up. */
  find?: { found: Exchange[]; missing: Exchange[] }
  create?: Exchange[]
  update?: Exchange[]
  /** The change of something that was just found, where it takes fewer steps than `update`. */
  adopt?: Exchange[]
  /** The refusal of a create because it is there already. */
  conflict?: Response
  /** The id after an update that gives the thing another one. */
  movedTo?: string
}
export interface ActionFixture {
  request: Json
  call: Exchange[]
  find?: { found: Exchange[]; missing: Exchange[] }
  id: string
  links?: Record<string, string>
}
export interface WebhookFixture {
  headers?: Record<string, string>
  body: Json
  topic: string
  resource: string
  ids: string[]
  stale?: boolean
  deleted?: boolean
}
export interface ErrorFixture {
  name: string
  to: 'read' | 'write'
  response: Response
  kind: string
  retryAfterMs?: number
}

export class Fixtures {
  readonly #folder: string
  readonly #used = new Set<string>()

  constructor(folder: string) {
    this.#folder = folder
  }

  names(): string[] {
    return existsSync(this.#folder) ? readdirSync(this.#folder).sort() : []
  }

  /** The fixture with everything inside of it put in place; undefined when there is no such file. */
  read<T = Json>(name: string): T | undefined {
    if (!this.names().includes(name)) return undefined
    this.#used.add(name)
    return this.#expand(JSON.parse(readFileSync(path.join(this.#folder, name), 'utf8'))) as T
  }

  text(name: string): string {
    return readFileSync(path.join(this.#folder, name), 'utf8')
  }

  /** Files that no test asked for; those that a mapping's test names count as used. */
  unused(mappingTests: string): string[] {
    return this.names().filter((name) => !this.#used.has(name) && !mappingTests.includes(name))
  }

  #expand(value: Json): Json {
    if (Array.isArray(value)) return value.map((one) => this.#expand(one))
    if (value === null || typeof value !== 'object') return value
    if (typeof value.$fixture === 'string') {
      const whole = structuredClone(this.read(value.$fixture))
      if (whole === undefined) throw new Error(`There is no fixture ${value.$fixture}`)
      for (const [at, part] of Object.entries(value.with ?? {})) put(whole, at.split('.'), this.#expand(part))
      return whole
    }
    return Object.fromEntries(Object.entries(value).map(([key, part]) => [key, this.#expand(part)]))
  }
}

function put(target: Json, [step, ...rest]: string[], value: Json): void {
  if (rest.length === 0) target[step!] = value
  else put(target[step!], rest, value)
}
