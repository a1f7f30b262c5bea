import type { PushClient } from '#connector'
import type { Json } from '../../engine/hub.ts'

export const DEADLINE_MS = 20_000

/** A destination that keeps what it is told. `before` and `after` run around each write and may throw or wait. */
export class Vendor {
  things = new Map<string, Json>()
  writes: { verb: 'create' | 'update'; payload: Json }[] = []
  finds = 0
  private made = 0
  before: (payload: Json) => Promise<void> | void = () => {}
  /** After a look-up has seen what there is, before it answers. */
  looked: () => Promise<void> | void = () => {}
  check: () => Promise<void> = async () => {}
  after: (payload: Json) => Promise<void> | void = () => {}
  /** What the look-up sees; a lagging index shows an older state. */
  seen: () => Iterable<[string, Json]> = () => this.things
  facts: PushClient['facts'] = {
    lookup: 'strong',
    lagMs: 0,
    settleMs: 30_000,
    idempotent: false,
    canFind: true,
    canCreate: true,
    canUpdate: true,
  }

  count(key: string): number {
    return [...this.things.values()].filter((thing) => thing.key === key).length
  }

  readonly push: PushClient = {
    facts: this.facts,
    key: (payload) => String(payload.key),
    find: async (key, _payload, options) => {
      await options.gate?.({ write: false, method: 'GET', deadlineMs: DEADLINE_MS })
      this.finds++
      const found = [...this.seen()].find(([, thing]) => thing.key === key)
      await this.looked()
      return found && { id: found[0] }
    },
    create: async (payload, options) => {
      await options.gate?.({ write: true, method: 'POST', deadlineMs: DEADLINE_MS })
      await this.before(payload)
      const id = `v${++this.made}`
      this.things.set(id, payload)
      this.writes.push({ verb: 'create', payload })
      await this.after(payload)
      return { id }
    },
    update: async (payload, id, options) => {
      await options.gate?.({ write: true, method: 'PUT', deadlineMs: DEADLINE_MS })
      await this.before(payload)
      this.things.set(id, payload)
      this.writes.push({ verb: 'update', payload })
      await this.after(payload)
      return undefined
    },
  }
}
