// The systems at the other end: what they hold, what is on the wire, and how long a lost write may still land. Each request stops
// before it is sent and before its answer, so that anything may happen in between.
import { ConnectorError } from '#connector'
import type { ActionClient, Json, PushClient } from '../../engine/hub.ts'
import type { Process } from './process.ts'

/** What a destination offers against doubles. */
export type Kind = 'strong' | 'lagging' | 'unique' | 'keyed' | 'blind'
/** What becomes of a request. `late` and `slow` writes may land until their settle time has passed; `stale`: a look-up that lags. */
export type Fault = 'none' | 'stale' | 'refused' | 'limited' | 'lost before' | 'lost after' | 'late' | 'slow'

interface Thing {
  id: string
  key: string
  note: string
  made: number
}
interface Flying {
  process: Process
  name: string
  until: number
  /** Carries it out, where that has not happened yet. */
  carry: (() => void) | undefined
}
export class Violation extends Error {}

const DEADLINE_MS = 20_000
const SETTLE_MS = 30_000
const LAG_MS = 30_000

export class Destination {
  readonly name: string
  readonly kind: Kind
  readonly #now: () => number
  readonly #tell: (line: string) => void
  /** Whether a request asks its lease first. */
  readonly #gated: boolean
  things: Thing[] = []
  /** Of a destination for calls: what was done under which key. */
  done: { id: string; key: string; request: string; made: number }[] = []
  /** Lost writes that may still land, each until a moment. */
  wire: { until: number; carry: () => void }[] = []
  broken: Violation[] = []
  #flying = new Set<Flying>()
  #made = 0
  #landsAt = Number.POSITIVE_INFINITY

  constructor(name: string, kind: Kind, now: () => number, tell: (line: string) => void, gated = true) {
    this.name = name
    this.kind = kind
    this.#now = now
    this.#tell = tell
    this.#gated = gated
  }

  /** The client as one process has it. */
  push(process: Process): PushClient {
    const finds = this.kind === 'strong' || this.kind === 'lagging' || this.kind === 'unique'
    return {
      facts: { ...this.#facts(finds), canCreate: true, canUpdate: true },
      key: (payload) => payload.key,
      find: async (key, _payload, options) => {
        const found = await this.#request(process, `find ${key}`, false, options, (stale) => this.#look(key, stale))
        return found && { id: found.id }
      },
      create: (payload, options) =>
        this.#request(process, `create ${payload.key} ${payload.note}`, true, options, () =>
          this.#create(payload, options.idempotencyKey),
        ),
      update: async (payload, id, options) => {
        await this.#request(process, `update ${payload.key} ${payload.note}`, true, options, () => {
          this.things.find((thing) => thing.id === id)!.note = payload.note
        })
        return undefined
      },
    }
  }

  call(process: Process): ActionClient {
    const finds = this.kind === 'strong' || this.kind === 'lagging' || this.kind === 'unique'
    return {
      facts: { ...this.#facts(finds), repeat: 'never' },
      call: (request, options) =>
        this.#request(process, `call ${options.idempotencyKey}`, true, options, () =>
          this.#act(options.idempotencyKey, request),
        ),
      find: async (key, _request, options) =>
        this.#request(process, `find ${key}`, false, options, (stale) =>
          this.done.find((each) => each.key === key && !(stale && this.#isFresh(each.made))),
        ),
      id: (answer) => answer.id,
      links: () => ({}),
    }
  }

  /** Time has passed: what was lost lands at the last moment at which it may, however far the clock has jumped past that. */
  landed(): void {
    for (const each of this.#flying) {
      if (each.until + SETTLE_MS > this.#now()) continue
      if (each.carry) this.#at(each.until + SETTLE_MS, each.carry)
      each.carry = undefined
    }
    const due = this.wire.filter((each) => each.until <= this.#now()).sort((a, b) => a.until - b.until)
    for (const each of due) this.land(this.wire.indexOf(each))
  }
  land(index: number): void {
    const [lost] = this.wire.splice(index, 1)
    if (lost) this.#at(lost.until, lost.carry)
  }
  #at(moment: number, carry: () => void): void {
    this.#landsAt = moment
    carry()
    this.#landsAt = Number.POSITIVE_INFINITY
  }
  /** When what is carried out now has happened. */
  #moment = () => Math.min(this.#landsAt, this.#now())
  /** The keys of requests whose answer may still come. */
  underWay(): string[] {
    return [...this.#flying].flatMap((each) => (each.until >= this.#now() ? [each.name] : []))
  }
  /** A process died: what it had sent may still land. */
  abandon(process: Process): void {
    for (const each of this.#flying) {
      if (each.process !== process) continue
      this.#flying.delete(each)
      if (each.carry) this.#lose(each.carry, Math.min(this.#now(), each.until) + SETTLE_MS)
    }
  }

  /** Kept, because the engine takes what a client throws for an answer that was lost. */
  #broken(law: string): Violation {
    const violation = new Violation(law)
    this.broken.push(violation)
    return violation
  }
  #facts(canFind: boolean) {
    const lookup: PushClient['facts']['lookup'] = !canFind
      ? 'none'
      : this.kind === 'lagging'
        ? { lag: '30s' }
        : 'strong'
    const lagMs = this.kind === 'lagging' ? LAG_MS : 0
    return { lookup, lagMs, settleMs: SETTLE_MS, idempotent: this.kind === 'keyed', canFind }
  }
  #isFresh(made: number): boolean {
    return this.kind === 'lagging' && made > this.#now() - LAG_MS
  }
  #look(key: string, stale: boolean): Thing | undefined {
    return this.things.find((thing) => thing.key === key && !(stale && this.#isFresh(thing.made)))
  }
  #lose(carry: () => void, until: number): void {
    this.wire.push({ until, carry })
    this.landed()
  }

  #create({ key, note }: Json, idempotencyKey: string): { id: string } {
    const same = this.things.find((thing) => thing.key === key)
    if (same && this.kind === 'unique') throw new ConnectorError('conflict', 'HUB_VENDOR_CONFLICT', 'it is there')
    if (this.kind === 'keyed') {
      const before = this.done.find((each) => each.key === idempotencyKey)
      if (before) return { id: before.id }
    }
    if (same) throw this.#broken(`nothing happens twice: ${key} was created a second time at ${this.name}`)
    const id = `${this.name}${++this.#made}`
    this.things.push({ id, key, note, made: this.#moment() })
    this.done.push({ id, key: idempotencyKey, request: '', made: this.#moment() })
    this.#tell(`    ${this.name}: ${key} ${note} is there, ${id}`)
    return { id }
  }
  #act(key: string, asked: Json): { id: string } {
    const request = JSON.stringify(asked)
    // What was refused is asked for anew under a key of its own: key~2.
    const before = this.done.find((each) => each.key.split('~')[0] === key.split('~')[0])
    if (before && before.request !== request)
      throw this.#broken(
        `a repeated call asks for the very same thing: ${key} asked ${request} after ${before.request}`,
      )
    if (before && this.kind === 'keyed') return { id: before.id }
    if (before) throw this.#broken(`nothing happens twice: ${key} was called a second time`)
    const id = `${this.name}${++this.#made}`
    this.done.push({ id, key, request, made: this.#moment() })
    this.#tell(`    ${this.name}: ${key} is done, ${id}`)
    return { id }
  }

  async #request<T>(
    process: Process,
    what: string,
    write: boolean,
    options: { gate?: ((request: { write: boolean; method: string; deadlineMs: number }) => unknown) | undefined },
    run: (stale: boolean) => T,
  ): Promise<T> {
    const fault = await process.step(what)
    if (this.#gated) await options.gate?.({ write, method: write ? 'POST' : 'GET', deadlineMs: DEADLINE_MS })
    if (fault === 'refused') throw new ConnectorError('retryable', 'HUB_HTTP_CONNECT', 'no connection')
    if (fault === 'limited') throw new ConnectorError('rate_limited', 'HUB_HTTP_RATE_LIMIT', 'too many')
    const name = what.split(' ')[1]!
    const sent = this.#now()
    for (const other of this.#flying)
      if (other.name === name && other.until >= sent)
        throw this.#broken(`one attempt at a time: ${what} while another request for ${name} is under way`)
    let outcome: { value: T } | { error: unknown } | undefined
    const carry = () => {
      try {
        outcome = { value: run(fault === 'stale') }
      } catch (error) {
        if (error instanceof Violation) throw error
        outcome = { error }
      }
    }
    const slow = fault === 'slow' || fault === 'late'
    const flying: Flying = { process, name, until: sent + DEADLINE_MS, carry: slow && write ? carry : undefined }
    if (fault !== 'lost before' && !flying.carry) carry()
    this.#flying.add(flying)
    await process.step(`answer to ${what}`)
    this.#flying.delete(flying)
    const tooLate = this.#now() > flying.until
    const lost = fault === 'late' || fault === 'lost before' || fault === 'lost after' || tooLate
    if (flying.carry && lost) this.#lose(flying.carry, Math.min(this.#now(), flying.until) + SETTLE_MS)
    else flying.carry?.()
    if (lost) throw new ConnectorError(write ? 'uncertain' : 'retryable', 'HUB_HTTP_TIMEOUT', 'no answer')
    if ('error' in outcome!) throw outcome.error
    return (outcome as { value: T }).value
  }
}
