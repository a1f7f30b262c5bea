// State that survives kill -9: collections in memory, every change a line in an append-only journal. Lines are written
// (not synced to disk: a killed process loses nothing that the kernel has) before the request that caused them is answered.
import {
  closeSync,
  existsSync,
  ftruncateSync,
  openSync,
  readFileSync,
  renameSync,
  writeFileSync,
  writeSync,
} from 'node:fs'
import type { Json } from './types.ts'

/** One request that a stand-in has seen. `status` 0 means that no answer was sent. */
export interface RequestEntry {
  n: number
  at: string
  method: string
  /** Path and query. */
  path: string
  operation: string
  write: boolean
  status: number
  /** False when a fault kept the request from being carried out. */
  executed: boolean
  /** The id of the fault rule that struck, if one did. */
  fault?: string
}

/** Objects of one kind by id, in the order of their creation, with look-ups by other keys. */
export class Collection<T = Json> {
  readonly name: string
  readonly #items = new Map<string, T>()
  readonly #indexes = new Map<
    string,
    { key: (item: T) => string | undefined; ids: Map<string, Set<string>>; of: Map<string, string> }
  >()
  readonly #write: (line: Json[]) => void
  #highest = 0

  constructor(name: string, write: (line: Json[]) => void) {
    this.name = name
    this.#write = write
  }

  get size(): number {
    return this.#items.size
  }

  get(id: string | number): T | undefined {
    return this.#items.get(String(id))
  }

  all(): T[] {
    return [...this.#items.values()]
  }

  values(): IterableIterator<T> {
    return this.#items.values()
  }

  /** Stores an object and journals it. The object must not be changed afterwards without another `put`. */
  put(id: string | number, item: T): T {
    this.#write([this.name, String(id), item])
    this.restore(String(id), item)
    return item
  }

  remove(id: string | number): void {
    if (!this.#items.has(String(id))) return
    this.#write([this.name, String(id)])
    this.restore(String(id), undefined)
  }

  /** The next numeric id: never one that was ever used, also after a removal or a restart. */
  next(from = 1): number {
    const id = Math.max(this.#highest + 1, from)
    this.#highest = id
    return id
  }

  /** Declares a look-up by another key. Call it once, before it is used. */
  index(name: string, key: (item: T) => string | undefined): void {
    const index = { key, ids: new Map<string, Set<string>>(), of: new Map<string, string>() }
    this.#indexes.set(name, index)
    for (const [id, item] of this.#items) place(index, id, item)
  }

  /** All objects with this key, oldest first. */
  by(name: string, key: string): T[] {
    const ids = this.#indexes.get(name)?.ids.get(key)
    return ids ? [...ids].map((id) => this.#items.get(id)!) : []
  }

  restore(id: string, item: T | undefined): void {
    const number = Number(id)
    if (number > this.#highest) this.#highest = number
    if (item === undefined) this.#items.delete(id)
    else this.#items.set(id, item)
    for (const index of this.#indexes.values()) place(index, id, item)
  }

  *lines(): Generator<Json[]> {
    for (const [id, item] of this.#items) yield [this.name, id, item]
    yield ['#highest', this.name, this.#highest]
  }

  setHighest(value: number): void {
    if (value > this.#highest) this.#highest = value
  }
}

function place<T>(
  index: { key: (item: T) => string | undefined; ids: Map<string, Set<string>>; of: Map<string, string> },
  id: string,
  item: T | undefined,
): void {
  const before = index.of.get(id)
  const now = item === undefined ? undefined : index.key(item)
  if (before === now) return
  if (before !== undefined) index.ids.get(before)?.delete(id)
  if (now === undefined) index.of.delete(id)
  else {
    index.of.set(id, now)
    const ids = index.ids.get(now)
    if (ids) ids.add(id)
    else index.ids.set(now, new Set([id]))
  }
}

export class Store {
  readonly #collections = new Map<string, Collection>()
  readonly #file: number
  #buffer: string[] = []
  #requests: RequestEntry[] = []
  #n = 0

  /** Opens the journal, replays it, and rewrites it when most of its lines are history. */
  constructor(path: string) {
    const lines = existsSync(path) ? this.#replay(readFileSync(path, 'utf8')) : 0
    let live = this.#requests.length
    for (const collection of this.#collections.values()) live += collection.size + 1
    if (lines > 1000 && lines > live * 2) this.#rewrite(path)
    this.#file = openSync(path, 'a')
    // A process killed while writing leaves half a line; what follows it would be unreadable.
    if (existsSync(path)) {
      const text = readFileSync(path)
      const end = text.lastIndexOf(10) + 1
      if (end < text.length) ftruncateSync(this.#file, end)
    }
  }

  collection<T = Json>(name: string): Collection<T> {
    let collection = this.#collections.get(name)
    if (!collection) {
      collection = new Collection(name, (line) => this.#buffer.push(`${JSON.stringify(line)}\n`))
      this.#collections.set(name, collection)
    }
    return collection as Collection<T>
  }

  /** The names of all collections that hold something. */
  names(): string[] {
    return [...this.#collections.values()].filter((collection) => collection.size > 0).map(({ name }) => name)
  }

  log(entry: Omit<RequestEntry, 'n'>): void {
    this.#n += 1
    const numbered = { n: this.#n, ...entry }
    this.#requests.push(numbered)
    this.#buffer.push(`${JSON.stringify(['#request', numbered])}\n`)
  }

  requests(): readonly RequestEntry[] {
    return this.#requests
  }

  clearRequests(): void {
    this.#requests = []
    this.#buffer.push('["#clear"]\n')
    this.flush()
  }

  /** Writes what has changed. Called before every answer, and after every change that no request caused. */
  flush(): void {
    if (this.#buffer.length === 0) return
    const text = Buffer.from(this.#buffer.join(''))
    this.#buffer = []
    for (let at = 0; at < text.length; ) at += writeSync(this.#file, text, at)
  }

  close(): void {
    this.flush()
    closeSync(this.#file)
  }

  #replay(text: string): number {
    const lines = text.split('\n')
    lines.pop() // what follows the last newline: nothing, or half a line of a killed process
    for (const line of lines) {
      const [name, id, item] = JSON.parse(line)
      if (name === '#request') {
        this.#requests.push(id)
        this.#n = id.n
      } else if (name === '#clear') this.#requests = []
      else if (name === '#highest') this.collection(id).setHighest(item)
      else this.collection(name).restore(id, item)
    }
    return lines.length
  }

  #rewrite(path: string): void {
    const lines: string[] = []
    for (const collection of this.#collections.values()) {
      for (const line of collection.lines()) lines.push(`${JSON.stringify(line)}\n`)
    }
    for (const entry of this.#requests) lines.push(`${JSON.stringify(['#request', entry])}\n`)
    writeFileSync(`${path}.new`, lines.join(''))
    renameSync(`${path}.new`, path)
  }
}
