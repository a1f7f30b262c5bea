// Faults by rule: which requests, what goes wrong with them, and how often. Rules live in memory; a restart forgets them.
import { type Random, random } from './random.ts'
import type { Meaning, Request, SystemName } from './types.ts'

const effects = [
  'latency', // waits `ms`, then goes on as usual
  'status', // answers `status` in the vendor's shape, not carried out (carried out with `executed: true`)
  'timeout-before', // never carried out, never answered
  'timeout-after', // carried out, never answered
  'reset-before', // never carried out, the connection is reset
  'reset-after', // carried out, the connection is reset
  'cut-json', // carried out, half of the answer's body arrives
  'html-200', // a web page with status 200, not carried out (carried out with `executed: true`)
] as const
type Effect = (typeof effects)[number]

export interface FaultRule {
  /** Without it the rule holds for all systems. */
  system?: SystemName
  method?: string
  /** A regular expression over path and query. */
  path?: string
  /** A regular expression over the operation: `order_create`, `account\.move\.create`, `POST /v2/shipments`. */
  operation?: string
  /** True: only requests that may change something. */
  writes?: boolean
  effect: Effect
  /** For `latency`; for `timeout-*` how long the connection hangs before it is closed (default: until the client gives up). */
  ms?: number
  /** For `status`. */
  status?: number
  /** For `status`: seconds in the Retry-After header. */
  retryAfter?: number
  executed?: boolean
  /** Strikes at most this often. */
  times?: number
  /** Lets this many matching requests pass first. */
  skip?: number
  /** Strikes with this probability (with `seed`, the same requests each time). */
  probability?: number
  seed?: number
}
export interface Fault extends FaultRule {
  id: string
  /** How many requests matched. */
  matched: number
  /** How many requests it struck. */
  struck: number
}

export class Faults {
  #rules: { fault: Fault; path?: RegExp; operation?: RegExp; random: Random }[] = []
  #n = 0

  /** Adds a rule and answers its id. Throws when the rule makes no sense. */
  add(rule: FaultRule): Fault {
    if (!effects.includes(rule.effect)) throw new Error(`effect is one of ${effects.join(', ')}; not "${rule.effect}".`)
    this.#n += 1
    const fault: Fault = { ...rule, id: `fault-${this.#n}`, matched: 0, struck: 0 }
    this.#rules.push({
      fault,
      path: rule.path === undefined ? undefined : new RegExp(rule.path),
      operation: rule.operation === undefined ? undefined : new RegExp(rule.operation),
      random: random(rule.seed ?? 1),
    })
    return fault
  }

  list(): Fault[] {
    return this.#rules.map(({ fault }) => ({ ...fault }))
  }

  /** Removes one rule, or all. */
  clear(id?: string): void {
    this.#rules = id === undefined ? [] : this.#rules.filter(({ fault }) => fault.id !== id)
  }

  /** The first rule that strikes this request, counted. */
  strike(system: SystemName, request: Request, meaning: Meaning): Fault | undefined {
    for (const { fault, path, operation, random } of this.#rules) {
      if (fault.system !== undefined && fault.system !== system) continue
      if (fault.method !== undefined && fault.method !== request.method) continue
      if (fault.writes === true && !meaning.write) continue
      if (path && !path.test(pathAndQuery(request))) continue
      if (operation && !operation.test(meaning.operation)) continue
      fault.matched += 1
      if (fault.matched <= (fault.skip ?? 0)) continue
      if (fault.times !== undefined && fault.struck >= fault.times) continue
      if (fault.probability !== undefined && !random.chance(fault.probability)) continue
      fault.struck += 1
      return fault
    }
    return undefined
  }
}

export function pathAndQuery(request: Request): string {
  const query = request.query.toString()
  return query === '' ? request.path : `${request.path}?${query}`
}
