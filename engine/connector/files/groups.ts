// Which rows of a file belong together, in memory that a million rows do not fill: a row costs some twenty bytes here, and
// adjacent rows of one group together as much as one.

/** Runs of rows by group, groups in the order of their first rows. */
export class GroupIndex {
  #offset = new Float64Array(1024)
  #length = new Uint32Array(1024)
  #line = new Uint32Array(1024)
  #next = new Int32Array(1024)
  #runs = 0
  #first = new Int32Array(256)
  #last = new Int32Array(256)
  #groups = 0
  #slots = new Int32Array(1024).fill(-1)
  #hashes = new Float64Array(256)

  get size(): number {
    return this.#groups
  }

  /** Adds a row. Two keys may, very rarely, share a group: whoever reads the rows looks at their keys again. */
  add(key: string, offset: number, length: number, line: number): void {
    const group = this.#groupOf(hash(key))
    const last = this.#last[group]!
    if (last !== -1 && last === this.#runs - 1 && this.#offset[last]! + this.#length[last]! === offset) {
      this.#length[last]! += length
      return
    }
    if (this.#runs === this.#offset.length) this.#growRuns()
    const run = this.#runs++
    this.#offset[run] = offset
    this.#length[run] = length
    this.#line[run] = line
    this.#next[run] = -1
    if (last === -1) this.#first[group] = run
    else this.#next[last] = run
    this.#last[group] = run
  }

  /** The pieces of the file that hold a group's rows. */
  *runs(group: number): Generator<{ offset: number; length: number; line: number }> {
    for (let run = this.#first[group]!; run !== -1; run = this.#next[run]!)
      yield { offset: this.#offset[run]!, length: this.#length[run]!, line: this.#line[run]! }
  }

  #groupOf(hashed: number): number {
    if (this.#groups * 2 >= this.#slots.length) this.#growSlots()
    const slot = this.#slotOf(hashed)
    const known = this.#slots[slot]!
    if (known !== -1) return known
    if (this.#groups === this.#hashes.length) this.#growGroups()
    const group = this.#groups++
    this.#slots[slot] = group
    this.#hashes[group] = hashed
    this.#first[group] = -1
    this.#last[group] = -1
    return group
  }

  #slotOf(hashed: number): number {
    const mask = this.#slots.length - 1
    let slot = hashed % this.#slots.length
    while (this.#slots[slot] !== -1 && this.#hashes[this.#slots[slot]!] !== hashed) slot = (slot + 1) & mask
    return slot
  }

  #growSlots(): void {
    this.#slots = new Int32Array(this.#slots.length * 2).fill(-1)
    for (let group = 0; group < this.#groups; group++) this.#slots[this.#slotOf(this.#hashes[group]!)] = group
  }

  #growGroups(): void {
    this.#hashes = grown(this.#hashes, Float64Array)
    this.#first = grown(this.#first, Int32Array)
    this.#last = grown(this.#last, Int32Array)
  }

  #growRuns(): void {
    this.#offset = grown(this.#offset, Float64Array)
    this.#length = grown(this.#length, Uint32Array)
    this.#line = grown(this.#line, Uint32Array)
    this.#next = grown(this.#next, Int32Array)
  }
}

function grown<T extends { length: number; set(from: any): void }>(array: T, Type: new (length: number) => T): T {
  const larger = new Type(array.length * 2)
  larger.set(array)
  return larger
}

/** 52 bits of a text, from two FNV-1a sums with different seeds. */
function hash(text: string): number {
  let a = 0x811c9dc5
  let b = 0x01000193
  for (let i = 0; i < text.length; i++) {
    const c = text.charCodeAt(i)
    a = Math.imul(a ^ c, 0x01000193)
    b = Math.imul(b ^ c, 0x5bd1e995) ^ (b >>> 13)
  }
  return (a >>> 0) * 0x100000 + (b >>> 12)
}
