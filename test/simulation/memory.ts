// The ledger in memory: what the statements of intake, handoff, delivery and outcome do to its rows, and nothing else. What is
// sent, and what a result means, is the engine's own code. `parity.test.ts` holds it against PostgreSQL.
import type { Ledger } from '../../engine/delivery/ledger.ts'
import type { Straight } from '../../engine/handoff/owe.ts'
import type { Claimed, Route, Settlement } from '../../engine/hub.ts'
import { moveFor } from '../../engine/outcome/move.ts'
import { type Books, byName, type Job, type Lack, type Notice } from './books.ts'
import { claimedOf, fresh, type Handoff, type Known, rowOf } from './handoff.ts'

interface Item extends Notice {
  status: 'new' | 'done'
}
const SUSPECT = 2
const WEIGHT = 3
const LOST_AFTER = 15_000
const GIVEN_UP_AFTER = 600_000
const NEARLY_EMPTY = 8
const HOUR = 3_600_000

export function memoryBooks(routes: Map<string, Route>, lacks: ReadonlySet<Lack> = new Set()): Books {
  const items = new Map<number, Item>()
  const records = new Map<number, Known>()
  const handoffs: Handoff[] = []
  const links: { connection: string; id: string; record: Known }[] = []
  const alive = new Set<number>()
  let workers = 0
  let now = 0

  /** Answers what was claimed straight: what is new or at rest, where there is room. */
  function owe(record: Known, straight: Straight): Claimed[] {
    const claimed: Claimed[] = []
    for (const route of routes.values()) {
      const room = straight.room.has(route.connection)
      const known = handoffs.find((each) => each.route === route.name && each.record === record)
      if (!known) {
        const each = fresh(handoffs.length + 1, route, record, now)
        handoffs.push(each)
        if (room) claimed.push({ ...claimStraight(each, straight), unlinked: record.version === 1 })
      } else if (route.kind === 'push' && known.wanted < record.version) {
        const rests =
          (known.state === 'resting' || lacks.has('rest before a straight claim')) &&
          (known.uncertain === null || lacks.has('certainty before a straight claim'))
        const busy = known.state === 'sending' || known.state === 'held'
        known.wanted = record.version
        Object.assign(known, { queued: null, waitingFor: null })
        if (room && rests) {
          Object.assign(known, { state: 'owed', due: now, attempts: 0, cause: null })
          claimed.push(claimStraight(known, straight))
          continue
        }
        if (busy) continue
        known.state = 'owed'
        known.cause = null
        if (known.uncertain === null) Object.assign(known, { due: now, attempts: 0 })
      } else if (route.kind === 'call' && ['parked', 'failed'].includes(known.state)) {
        if (known.request !== null && !askAnew(known)) continue
        Object.assign(known, {
          wanted: record.version,
          state: 'owed',
          due: now,
          attempts: 0,
          queued: null,
          cause: null,
        })
      }
    }
    return claimed
  }
  function claimStraight(each: Handoff, { worker, leaseMs }: Straight): Claimed {
    const claimed = { ...claimedOf(each, now, lacks.has('lost versions')), deaths: 0, uncertainMs: null }
    if (lacks.has('sending before a straight write')) return claimed
    hold(each, worker, leaseMs)
    return { ...claimed, fence: each.fence }
  }
  function hold(each: Handoff, worker: number, leaseMs: number): void {
    each.state = 'sending'
    each.fence++
    each.worker = worker
    each.lease = now + leaseMs
    each.sending = each.record.version
    each.queued = null
  }
  /** A call that was refused for certain is asked for with another request, under another key. */
  function askAnew(each: Handoff): boolean {
    if (each.request === null || each.uncertain !== null || each.doubted) return false
    each.request = null
    each.idempotencyKey += `~${each.fence}`
    return true
  }

  const isDue = (each: Handoff) => each.state === 'owed' && each.due <= now
  function jobsOf(rows: Handoff[]): Job[] {
    for (const each of rows) each.queued = now
    const sorted = rows.toSorted((a, b) => byName({ ...a, key: a.record.key }, { ...b, key: b.record.key }))
    // What two processes died with runs alone.
    const chunks = Map.groupBy(sorted, (each) => (each.deaths >= SUSPECT ? each.id : each.connection))
    return [...chunks.values()].map((group) => ({
      connection: group[0]!.connection,
      ids: group.map((each) => each.id),
      alone: group[0]!.deaths >= SUSPECT,
    }))
  }

  /** A write whose answer is lost may still land: since when, and of which version; 0 stands for several. */
  function lose(each: Handoff, version: number | null): void {
    each.lostVersion = each.lost !== null && each.lost > now - HOUR && each.lostVersion !== version ? 0 : version
    each.lost = now
  }

  function ledger(worker: number, connection: string, alone: boolean): Ledger {
    return {
      claim: async (ids, leaseMs) =>
        handoffs
          .filter((each) => ids.includes(each.id) && isDue(each) && (alone || each.deaths < SUSPECT))
          .map((each) => {
            const claimed = claimedOf(each, now, lacks.has('lost versions'))
            hold(each, worker, leaseMs)
            if (alone) each.deaths += WEIGHT
            return { ...claimed, fence: each.fence }
          })
          .sort(byName),
      related: async (claimed) => new Map(claimed.map((each) => [each, { records: {} }])),
      links: async () => (need) =>
        links.findLast((link) => link.connection === connection && link.record.key === need.value)?.id,
      ownLinks: async (claimed) =>
        new Map(
          claimed.flatMap((each) => {
            const link = links.find((link) => link.connection === connection && link.record.id === each.recordId)
            return link && each.kind === 'push' ? [[each, link.id] as const] : []
          }),
        ),
      freeze: async (calls) => {
        const mine = calls.filter(({ handoff }) => current(handoff))
        for (const { handoff, request, idempotencyKey } of mine) {
          const each = handoffs[handoff.id - 1]!
          each.request ??= request
          each.idempotencyKey ??= idempotencyKey
        }
        return new Set(mine.map(({ handoff }) => handoff.id))
      },
      mapped: async (claimed) => {
        for (const each of claimed.filter(current)) handoffs[each.id - 1]!.deaths -= WEIGHT
      },
    }
  }
  const current = (claimed: Claimed) => lacks.has('fence') || handoffs[claimed.id - 1]!.fence === claimed.fence

  function write({ handoff, result }: Settlement): void {
    const each = handoffs[handoff.id - 1]!
    const move = moveFor(result, handoff.attempts)
    const version = handoff.version
    const newer = each.wanted > version
    if (result.result === 'error' && (result.error.kind === 'uncertain' || result.error.kind === 'conflict'))
      each.doubted = true
    if (move.to === 'rest') each.state = newer ? 'owed' : 'resting'
    else each.state = newer && ['parked', 'failed', 'waiting'].includes(move.to) ? 'owed' : move.to
    each.outcome = move.outcome ?? each.outcome
    if (move.outcome === 'delivered' || move.outcome === 'unchanged') each.delivered = version
    each.due = now + (move.delayMs ?? 0)
    each.queued = null
    each.attempts = move.to === 'rest' ? 0 : move.attempt ? each.attempts + 1 : each.attempts
    each.deaths = 0
    if (result.result === 'sent' && result.image !== null) each.image = result.image
    else if (move.uncertain === 'mark' || move.attempt) each.image = null
    if (move.uncertain === 'mark') {
      each.uncertain = lacks.has('uncertainty') ? null : now
      lose(each, version)
    }
    if (move.uncertain === 'clear') each.uncertain = null
    each.cause = move.problems?.[0] ? `${move.problems[0].code} ${move.problems[0].at ?? ''}`.trim() : null
    Object.assign(each, { waitingFor: move.waitingFor ?? null, sending: null, worker: null, lease: null })
  }

  const hasArrived = (each: Handoff) =>
    each.state === 'waiting' &&
    !lacks.has('ends of waits') &&
    links.some((link) => each.waitingFor === `sent:${link.connection}.orders:${link.record.key}`)
  const goOn = (each: Handoff) =>
    Object.assign(each, { state: 'owed', due: now, queued: null, waitingFor: null, cause: null })

  return {
    start: async () => {
      alive.add(++workers)
      return workers
    },
    end: async (worker) => void alive.delete(worker),
    pass: async (ms) => {
      now += ms
    },
    store: async (notice) => {
      const known = items.get(notice.id)
      if (known && known.note === notice.note && known.stamp >= notice.stamp) return
      if (known && known.stamp > notice.stamp && !lacks.has('stamps')) return
      items.set(notice.id, { ...notice, status: 'new' })
    },
    decide: async (straight) => {
      const claimed: Claimed[] = []
      for (const item of [...items.values()].sort((a, b) => a.id - b.id)) {
        if (item.status === 'done') continue
        item.status = 'done'
        const known = records.get(item.id)
        if (known?.note === item.note) continue
        const record = known ?? { id: item.id, key: `shop:${item.id}`, version: 0, note: '' }
        records.set(item.id, record)
        record.version++
        record.note = item.note
        claimed.push(...owe(record, straight))
      }
      return claimed.sort(byName)
    },
    wake: async () => jobsOf(handoffs.filter((each) => isDue(each) && each.queued === null)),
    wakeLost: async (depth) => {
      const after = depth < NEARLY_EMPTY ? LOST_AFTER : GIVEN_UP_AFTER
      const lost = handoffs.filter((each) => isDue(each) && each.queued !== null && each.queued < now - after)
      return lacks.has('recovery of the queue') ? [] : jobsOf(lost)
    },
    reclaim: async () => {
      for (const each of handoffs) {
        if (each.state !== 'sending') continue
        const expired = lacks.has('live leases') || each.lease! < now
        if (!expired && alive.has(each.worker!)) continue
        lose(each, each.sending)
        Object.assign(each, { state: 'owed', due: now, queued: null, image: null, worker: null, lease: null })
        Object.assign(each, { sending: null, uncertain: lacks.has('uncertainty') ? null : now })
        each.fence++
        each.deaths++
      }
    },
    sweepWaits: async () => {
      for (const each of handoffs) if (hasArrived(each)) goOn(each)
    },
    ledger,
    settle: async (connection, settlements) => {
      const mine = settlements.filter(({ handoff }) => current(handoff))
      for (const settlement of settlements) {
        if (mine.includes(settlement)) write(settlement)
        const { result, handoff } = settlement
        if (result.result !== 'sent') continue
        if (links.some((link) => link.connection === connection && link.id === result.externalId)) continue
        links.push({ connection, id: result.externalId, record: handoffs[handoff.id - 1]!.record })
        for (const each of handoffs) if (hasArrived(each)) goOn(each)
      }
      // What it waits for may have arrived while the wait was being written.
      for (const { handoff } of mine) {
        const each = handoffs[handoff.id - 1]!
        if (hasArrived(each)) Object.assign(each, { state: 'owed', waitingFor: null, due: now })
      }
    },
    person: async (ids, does) => {
      for (const each of handoffs.filter((each) => ids.includes(each.id))) {
        if (!['parked', 'failed', 'held'].includes(each.state)) continue
        if (does === 'resolve') Object.assign(each, { state: 'resting', outcome: 'skipped', cause: null })
        else {
          if (each.state === 'held') each.uncertain = null
          else askAnew(each)
          Object.assign(each, { state: 'owed', due: now, queued: null, attempts: 0, deaths: 0 })
        }
      }
    },
    rows: async () => handoffs.map(rowOf).sort(byName),
    links: async () => links.map((link) => `${link.connection} ${link.id} ${link.record.key}`).sort(),
  }
}
