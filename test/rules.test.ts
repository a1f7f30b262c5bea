// The rules that keep the laws, each with the tests that find its absence. A world in memory around the real store and queue.
import { spawn } from 'node:child_process'
import path from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { afterEach, describe, expect, test, vi } from 'vitest'
import { type ActionClient, ConnectorError } from '#connector'
import { byCursor } from '../engine/connector/pages/by-cursor.ts'
import { parkEndlessWaits } from '../engine/handoff/waits.ts'
import type { ConnectionClient, Json } from '../engine/hub.ts'
import type { ClaimedItem } from '../engine/intake/claim.ts'
import { collect, collectionOf } from '../engine/intake/collect.ts'
import { type Decider, decide } from '../engine/intake/decide.ts'
import { type Decision, type Draft, draft } from '../engine/intake/draft.ts'
import { identify, lookUp } from '../engine/intake/identify.ts'
import { claimedItems } from '../engine/intake/items.ts'
import { resolve, retry } from '../engine/outcome/retry.ts'
import type { Transaction } from '../engine/platform/store/store.ts'
import { identity, openWorld, payload, type World } from './support/world.ts'

const order = (number: number, more: object = {}) => ({ id: number, number: String(number), status: 'open', ...more })
const lost = () => new ConnectorError('uncertain', 'HUB_HTTP_TIMEOUT', 'no answer')
const resting = (world: World, count = 1) =>
  world.until(
    `${count} handoffs rest`,
    async () => (await rows(world, "select from handoff where state = 'resting'")).length === count,
  )
const rows = (world: World, sql: string) => world.hub.store.query<Json>(sql)
const events = async (world: World, type: string) =>
  (await rows(world, `select from event where type = '${type}'`)).length
const notes = (world: World) => [...world.vendor.things.values()].map((thing) => thing.note)
const creates = (world: World) => world.vendor.writes.filter((write) => write.verb === 'create').length
function gate(): { wait: Promise<void>; open: () => void } {
  let open = () => {}
  const wait = new Promise<void>((resolve) => (open = resolve))
  return { wait, open }
}
/** As if every process had been stopped for so long, with a handoff in flight: both clocks, the database's and the machine's, have gone on. */
async function standStill(world: World, minutes: number): Promise<void> {
  const real = performance.now.bind(performance)
  vi.spyOn(performance, 'now').mockImplementation(() => real() + minutes * 60_000)
  await world.pass(`${minutes} minutes`, { held: 1 })
}
afterEach(() => void vi.restoreAllMocks())

interface Label {
  calls: { request: Json; key: string }[]
  facts: ActionClient['facts']
}
/** A route that buys a label for each order; the answer's number comes back into the record. */
function labels(world: World, answer: (attempt: number) => Promise<void> | void = () => {}): Label {
  const label: Label = {
    calls: [],
    facts: { repeat: 'never', lookup: 'none', lagMs: 0, settleMs: 30_000, idempotent: false, canFind: false },
  }
  const call: ActionClient = {
    facts: label.facts,
    call: async (request, { idempotencyKey }) => {
      label.calls.push({ request, key: idempotencyKey })
      await answer(label.calls.length)
      return { id: `l${label.calls.length}`, tracking: `T${label.calls.length}` }
    },
    find: async () => undefined,
    id: (given) => given.id,
    links: () => ({}),
  }
  const mapper = payload({ run: (record, context) => ({ record: { reference: context.key, note: record.note } }) })
  world.addRoute({ name: 'label', kind: 'call', connection: 'carrier', target: 'buy', mapper, call })
  const back = identity({ partial: true, run: (given) => ({ record: { tracking: given.tracking } }) })
  world.assembly.answers.set('label', {
    name: 'label',
    connection: 'carrier',
    resource: 'buy',
    outputs: [{ type: 'order', resource: 'buy', mapper: back }],
    revision: 'r1',
    lane: 5,
  })
  return label
}
const labelHandoff = async (world: World) => (await rows(world, "select * from handoff where route = 'label'"))[0]

describe('rule 1, calls are owed once, pushes by version', () => {
  test("a label is bought once though the record's version moves before, during and after", async () => {
    await using world = await openWorld()
    const busy = gate()
    const label = labels(world, () => busy.wait)
    await world.arrive([order(1, { note: 'a' })])
    await world.until('it is being bought', () => label.calls.length === 1)
    await world.arrive([order(1, { note: 'b' })])
    busy.open()
    await resting(world, 2)
    await world.arrive([order(1, { note: 'c' })])
    await world.until('the push carried it', () => notes(world)[0] === 'c')
    await resting(world, 2)
    expect(label.calls).toHaveLength(1)
    expect((await rows(world, 'select data from record'))[0].data).toMatchObject({ note: 'c', tracking: 'T1' })
  })

  test('the second attempt asks for the very same thing under the same key', async () => {
    await using world = await openWorld()
    const label = labels(world, (attempt) => {
      if (attempt === 1) throw new ConnectorError('retryable', 'HUB_HTTP_SERVER_ERROR', 'busy')
    })
    await world.arrive([order(1, { note: 'a' })])
    await world.until('it was tried', async () => (await labelHandoff(world))?.attempts === 1)
    await world.arrive([order(1, { note: 'b' })])
    await world.pass('1 minute')
    await resting(world, 2)
    expect(label.calls.map((call) => call.request.note)).toEqual(['a', 'a'])
    expect(new Set(label.calls.map((call) => call.key)).size).toBe(1)
  })

  test('an uncertain call that may not be repeated is held; one that may is repeated', async () => {
    await using world = await openWorld()
    const label = labels(world, (attempt) => {
      if (attempt === 1) throw lost()
    })
    await world.arrive([order(1)])
    await world.until('its answer was lost', async () => (await labelHandoff(world))?.attempts === 1)
    await world.pass('1 minute')
    await world.until('it is held', async () => (await labelHandoff(world))?.state === 'held')
    await world.pass('1 day')
    await world.sweep()
    expect(label.calls).toHaveLength(1)
    label.facts.repeat = 'allow'
    await retry(world.hub.store, { items: [], handoffs: [(await labelHandoff(world)).id] })
    await resting(world, 2)
    expect(label.calls).toHaveLength(2)
  })
})

describe('rule 2, a lease is committed, fenced, and outlives what it guards', () => {
  test('a worker that is stopped between look-up and create, past its lease, does not create any more', async () => {
    await using world = await openWorld()
    const stopped = gate()
    let looks = 0
    world.vendor.looked = () => (looks++ === 0 ? stopped.wait : undefined)
    await world.arrive([order(1)])
    await world.until('the first looked', () => looks === 1)
    await standStill(world, 3)
    await world.until(
      'another took over, and waits for what may still land',
      async () => (await world.handoff()).cause === 'HUB_SEND_SETTLING',
    )
    await world.pass('1 minute')
    await resting(world)
    stopped.open()
    await world.calm()
    expect(creates(world)).toBe(1)
    expect(world.vendor.count('shop:1')).toBe(1)
  })

  test('a worker that is stopped in mid-POST, past its lease, and continues: its late outcome is refused', async () => {
    await using world = await openWorld()
    const stopped = gate()
    let answered = 0
    world.vendor.after = () => (answered++ === 0 ? stopped.wait : undefined)
    await world.arrive([order(1)])
    await world.until('the first has posted', () => answered === 1)
    await standStill(world, 3)
    await resting(world)
    stopped.open()
    await world.calm()
    expect(world.vendor.count('shop:1')).toBe(1)
    expect(await events(world, 'handoff.delivered')).toBe(1)
    expect(await events(world, 'link.duplicate')).toBe(0)
    expect((await world.handoff()).state).toBe('resting')
  })

  test('a late external id is kept, and a second id for one record is reported', async () => {
    await using world = await openWorld()
    const stopped = gate()
    let answered = 0
    world.vendor.seen = () => []
    world.vendor.after = () => (answered++ === 0 ? stopped.wait : undefined)
    await world.arrive([order(1)])
    await world.until('the first has posted', () => answered === 1)
    await standStill(world, 3)
    await world.until('another looked', async () => (await world.handoff()).reason?.[0]?.code === 'HUB_SEND_SETTLING')
    await world.pass('1 minute')
    await resting(world)
    stopped.open()
    await world.until(
      'both ids are known',
      async () => (await rows(world, "select from link where connection = 'wms'")).length === 2,
    )
    expect(await events(world, 'link.duplicate')).toBe(1)
  })

  test('two processes deliver each handoff once', async () => {
    await using world = await openWorld()
    await using other = await world.join()
    await world.arrive(Array.from({ length: 200 }, (_, index) => order(index + 1)))
    await Promise.all([world.sweep(), other.sweep()])
    await resting(world, 200)
    expect(creates(world)).toBe(200)
    expect(await events(world, 'handoff.delivered')).toBe(200)
  })

  test('a handoff of a route that is not configured stays owed, untouched', async () => {
    await using world = await openWorld()
    const route = world.assembly.routes.get('out')!
    await world.arrive([])
    world.vendor.before = () => Promise.reject(new ConnectorError('retryable', 'HUB_HTTP_SERVER_ERROR', 'away'))
    await world.arrive([order(1)])
    await world.until('it was tried', async () => (await world.handoff())?.attempts === 1)
    world.assembly.routes.delete('out')
    world.vendor.before = () => {}
    await world.pass('1 hour')
    for (let turn = 0; turn < 5; turn++) await world.sweep()
    expect(await world.handoff()).toMatchObject({ state: 'owed', deaths: 0, uncertain_since: null })
    world.assembly.routes.set('out', route)
    await resting(world)
  })
})

describe('rule 3, "not found" is only as good as the look-up', () => {
  test('a search that lags by 30 s: no second create before settle and lag have passed', async () => {
    await using world = await openWorld()
    Object.assign(world.vendor.facts, { lookup: { lag: '30s' }, lagMs: 30_000 })
    let indexed = false
    world.vendor.seen = () => (indexed ? world.vendor.things : [])
    world.vendor.after = () => {
      if (creates(world) === 1 && !indexed) throw lost()
    }
    await world.arrive([order(1)])
    await world.until('it was sent', async () => creates(world) === 1 && (await world.handoff()).attempts > 0)
    await world.pass('45 seconds')
    await world.until('it was looked up', () => world.vendor.finds >= 2)
    expect(creates(world)).toBe(1)
    indexed = true
    await world.pass('20 seconds')
    await resting(world)
    expect(world.vendor.count('shop:1')).toBe(1)
  })

  test('what never landed is created once the time is over', async () => {
    await using world = await openWorld()
    let sent = 0
    world.vendor.before = () => {
      if (sent++ === 0) throw lost()
    }
    await world.arrive([order(1)])
    await world.until('it was sent', async () => sent === 1 && (await world.handoff()).attempts > 0)
    await world.pass('1 minute')
    await resting(world)
    expect(creates(world)).toBe(1)
  })

  test('without a look-up, a vendor that recognises the key is simply asked again under it', async () => {
    await using world = await openWorld()
    Object.assign(world.vendor.facts, { canFind: false, lookup: 'none', idempotent: true })
    const seen = new Map<string, Json>()
    const { create } = world.vendor.push
    world.vendor.push.create = async (given, options) => {
      if (seen.has(options.idempotencyKey)) return seen.get(options.idempotencyKey)
      const made = await create(given, options)
      seen.set(options.idempotencyKey, made)
      throw lost()
    }
    await world.arrive([order(1)])
    await world.until('it was sent', async () => seen.size === 1 && (await world.handoff()).attempts > 0)
    await world.pass('1 minute')
    await resting(world)
    expect(world.vendor.things.size).toBe(1)
  })

  test('what a person resolved because it is there is not created beside it by a later version', async () => {
    await using world = await openWorld()
    Object.assign(world.vendor.facts, { canFind: false, lookup: 'none' })
    let answers = 0
    world.vendor.after = () => {
      if (answers++ === 0) throw lost()
    }
    const held = () => world.until('it is held', async () => (await world.handoff()).state === 'held')
    await world.arrive([order(1, { note: 'a' })])
    await world.until('it is uncertain', async () => (await world.handoff()).attempts > 0)
    await world.pass('10 seconds')
    await held()
    await resolve(world.hub.store, { items: [], handoffs: [(await world.handoff()).id] }, 'it is there')
    await world.arrive([order(1, { note: 'b' })])
    await world.pass('1 minute')
    await held()
    expect(creates(world)).toBe(1)
  })

  test('what was deleted at the destination is not silently made again: a person is asked', async () => {
    await using world = await openWorld()
    await world.arrive([order(1, { note: 'a' })])
    await resting(world)
    world.vendor.things.clear()
    world.vendor.push.update = () =>
      Promise.reject(new ConnectorError('permanent', 'HUB_VENDOR_REFUSED', 'not there', { status: 404 }))
    await world.arrive([order(1, { note: 'b' })])
    await world.until('it is held', async () => (await world.handoff()).state === 'held')
    expect((await world.handoff()).cause).toBe('HUB_PUSH_GONE')
    await retry(world.hub.store, { items: [], handoffs: [(await world.handoff()).id] })
    await resting(world)
    expect(notes(world)).toEqual(['b'])
  })

  test('a change that gives the thing another id takes the link along', async () => {
    await using world = await openWorld()
    await world.arrive([order(1, { note: 'a' })])
    await resting(world)
    world.vendor.push.update = async (given, id) => {
      world.vendor.things.delete(id)
      world.vendor.things.set('again', given)
      return { id: 'again' }
    }
    await world.arrive([order(1, { note: 'b' })])
    await world.until('it moved', () => world.vendor.things.has('again'))
    await resting(world)
    expect(await rows(world, "select external_id from link where connection = 'wms'")).toEqual([
      { external_id: 'again' },
    ])
    expect(await events(world, 'link.duplicate')).toBe(0)
  })
})

describe('rule 4, "unchanged" compares with what was last exchanged', () => {
  test('stock 5 → 4 → 5 is three pushes, the middle one lost without an answer', async () => {
    await using world = await openWorld()
    await world.arrive([order(1, { note: '5' })])
    await resting(world)
    let sent = 0
    world.vendor.before = () => {
      if (sent++ === 0) throw lost()
    }
    await world.arrive([order(1, { note: '4' })])
    await world.until('it was sent', async () => sent === 1 && (await world.handoff()).attempts > 0)
    await world.arrive([order(1, { note: '5' })])
    await world.pass('1 minute')
    await resting(world)
    expect(sent).toBe(2)
    expect(notes(world)).toEqual(['5'])
  })

  test('a mended mapping makes an unchanged item new', async () => {
    await using world = await openWorld()
    await world.arrive([order(1)])
    await resting(world)
    const source = world.assembly.sources.get('orders')!
    source.revision = 'r2'
    source.outputs[0]!.mapper = identity({
      revision: 'r2',
      run: (item) => ({ record: { channel: 'shop', ...item, note: 'mended' } }),
    })
    await world.arrive([order(1)])
    await world.until('it arrived', () => notes(world)[0] === 'mended')
  })

  test('the same content again costs nothing', async () => {
    await using world = await openWorld()
    await world.arrive([order(1)])
    await resting(world)
    for (let turn = 0; turn < 3; turn++) await world.arrive([order(1)], 'webhook')
    await world.sweep()
    expect(world.vendor.writes).toHaveLength(1)
    expect((await rows(world, 'select version from record'))[0].version).toBe(1)
  })
})

describe('rule 5, a stale read never beats a fresh one', () => {
  test('a page that was read before a webhook came and is stored after it is read again at the source', async () => {
    await using world = await openWorld()
    const truth = { ...order(1, { note: 'new' }) }
    world.assembly.sources.get('orders')!.fetch = async (id) => ({ id, text: JSON.stringify(truth) })
    await world.arrive([order(1, { note: 'old' })])
    const asOf = await world.now()
    await world.arrive([order(1, { note: 'new' })], 'webhook')
    await world.arrive([order(1, { note: 'older' })], 'pull', { asOf })
    await resting(world)
    await world.until('the truth arrived', () => notes(world)[0] === 'new')
    expect((await rows(world, 'select data from record'))[0].data.note).toBe('new')
  })

  test('a source that cannot be read again keeps what came since', async () => {
    await using world = await openWorld()
    await world.arrive([order(1, { note: 'old' })])
    const asOf = await world.now()
    await world.arrive([order(1, { note: 'new' })], 'webhook')
    await world.arrive([order(1, { note: 'older' })], 'pull', { asOf })
    await resting(world)
    await world.until('the newer arrived', () => notes(world)[0] === 'new')
  })

  test('a record that somebody else changes while it is waited for is merged from what it is then', async () => {
    await using world = await openWorld()
    const { store } = world.hub
    // Often enough for the server to settle on a plan for whatever parameters.
    for (let turn = 0; turn < 8; turn++)
      await world.arrive([order(1, { note: `old ${turn}` }), order(2, { note: `old ${turn}` })])
    let arriving: Promise<void> | undefined
    await store.transaction(async (tx) => {
      await tx.query("update record set updated_at = hub_now() where key = 'shop:1'")
      arriving = world.arrive([order(1, { note: 'new' }), order(2, { note: 'new' })])
      const locked =
        "select from pg_stat_activity where wait_event_type = 'Lock' and query like '%from record%for no key update%'"
      while ((await store.query(locked)).length === 0) await sleep(10)
    })
    await arriving
    await world.until('both arrived', () => notes(world).filter((note) => note === 'new').length === 2)
    expect((await rows(world, 'select data from record')).map((row) => row.data.note)).toEqual(['new', 'new'])
  })

  test('an equal stamp with other content is read again, from a webhook and within one batch', async () => {
    await using world = await openWorld()
    const truth = { note: 'b' }
    world.assembly.sources.get('orders')!.fetch = async (id) => ({ id, text: JSON.stringify(order(Number(id), truth)) })
    const $stamp = '2026-03-01T12:00:00Z'
    await world.arrive([order(1, { note: 'b', $stamp })])
    await world.arrive([order(1, { note: 'a', $stamp })], 'webhook')
    await world.arrive([order(2, { note: 'b', $stamp }), order(2, { note: 'a', $stamp })], 'webhook')
    await resting(world, 2)
    expect(notes(world)).toEqual(['b', 'b'])
  })

  test('of two webhooks in one batch, the older stamp does not win by coming last', async () => {
    await using world = await openWorld()
    await world.arrive(
      [
        order(1, { note: 'new', $stamp: '2026-03-01T12:00:00Z' }),
        order(1, { note: 'old', $stamp: '2026-03-01T11:00:00Z' }),
      ],
      'webhook',
    )
    await resting(world)
    expect(notes(world)).toEqual(['new'])
  })

  test('what says the same as before, but later, is remembered: what came in between is older', async () => {
    await using world = await openWorld()
    await world.arrive([order(1, { note: 'a', $stamp: '2026-03-01T10:00:00Z' })], 'webhook')
    await world.arrive([order(1, { note: 'a', $stamp: '2026-03-01T12:00:00Z' })], 'webhook')
    await world.arrive([order(1, { note: 'b', $stamp: '2026-03-01T11:00:00Z' })], 'webhook')
    await resting(world)
    expect(notes(world)).toEqual(['a'])
  })

  test('a decision that was overtaken by a newer item, decided by another process, changes nothing', async () => {
    await using world = await openWorld()
    await using other = await world.join()
    const slow = gate()
    let runs = 0
    world.assembly.sources.get('orders')!.outputs[0]!.mapper = identity({
      run: async (item) => {
        if (runs++ === 0) await slow.wait
        return { record: { channel: 'shop', ...item } }
      },
    })
    const first = world.arrive([order(1, { note: 'old' })])
    while (runs === 0) await sleep(5)
    await other.arrive([order(1, { note: 'new' })], 'webhook')
    slow.open()
    await first
    await resting(world)
    await world.until('the newer arrived', () => notes(world)[0] === 'new')
    expect((await rows(world, 'select data from record'))[0].data.note).toBe('new')
  })

  test('of two states of an item that came to hand in the wrong order, the stored one is decided', async () => {
    await using world = await openWorld()
    const { store, worker, facts } = world.hub
    const source = world.assembly.sources.get('orders')!
    const into = collectionOf(source, 'webhook', worker)
    const arrives = async (note: string) =>
      (await store.transaction((tx) => collect(tx, into, [{ id: '1', text: JSON.stringify(order(1, { note })) }])))[0]!
    const items = [await arrives('first'), await arrives('second')].reverse()
    const nothing = async () => {}
    const decider: Decider = { ...facts, owe: nothing, release: nothing, routesTo: () => [], hold: nothing }
    await decide(store, decider, source, await draft(store, source, items), claimedItems(source, items, worker))
    expect((await rows(world, 'select data from record'))[0].data.note).toBe('second')
    expect((await rows(world, 'select version from record'))[0].version).toBe(1)
    expect((await rows(world, "select from item where status = 'done'")).length).toBe(1)
  })

  test('two sources never erase each other, and owners are believed', async () => {
    await using world = await openWorld()
    Object.assign(world.hub.facts.owners, { 'order.status': 'shop' })
    world.addSource({ name: 'tracking', connection: 'carrier', resource: 'parcels' })
    await world.arrive([order(1, { note: 'shop', status: 'open' })])
    await world.arrive([{ id: 'p1', number: '1', parcel: 'x', status: 'carrier says' }], 'pull', { source: 'tracking' })
    await world.arrive([order(1, { note: 'shop again', status: 'closed' })])
    await world.arrive([{ id: 'p1', number: '1', parcel: 'y', status: 'carrier says so' }], 'pull', {
      source: 'tracking',
    })
    expect((await rows(world, 'select data from record'))[0].data).toMatchObject({
      note: 'shop again',
      status: 'closed',
      parcel: 'y',
    })
  })

  test('an item that its source does not hand out waits alone and is asked for again', async () => {
    await using world = await openWorld()
    let down = true
    world.assembly.sources.get('orders')!.fetch = async (id) => {
      if (down) throw new ConnectorError('retryable', 'HUB_HTTP_SERVER_ERROR', 'away')
      return { id, text: JSON.stringify(order(Number(id), { note: 'fetched' })) }
    }
    const $stamp = '2026-03-01T12:00:00Z'
    await world.arrive([order(1, { note: 'a', $stamp })])
    await world.arrive([order(1, { note: 'b', $stamp }), order(2)], 'webhook')
    await world.until('the other is there', () => world.vendor.count('shop:2') === 1)
    down = false
    await world.pass('1 minute')
    await world.until('it was fetched', () => notes(world).includes('fetched'))
  })
})

describe('rule 6, echo', () => {
  const echo = (world: World) => world.addSource({ name: 'echo', connection: 'wms', resource: 'orders' })

  test('an item that arrives before the create was answered waits, and is then the same record', async () => {
    await using world = await openWorld()
    echo(world)
    const slow = gate()
    world.vendor.after = () => slow.wait
    await world.arrive([order(1)])
    await world.until('it is there', () => world.vendor.things.has('v1'))
    // The warehouse numbers it in its own way: no key tells that it is the order 1.
    await world.arrive([{ id: 'v1', number: 'W-77' }], 'webhook', { source: 'echo' })
    expect(await rows(world, "select status, waiting_for from item where source = 'echo'")).toEqual([
      { status: 'waiting', waiting_for: `create:${(await world.handoff()).id}` },
    ])
    slow.open()
    await world.until(
      'it was recognised',
      async () => (await rows(world, "select from item where source = 'echo' and status = 'done'")).length === 1,
    )
    expect(await rows(world, 'select from record')).toHaveLength(1)
  })

  test('an answer that is committed between the look-ups is not missed', async () => {
    await using world = await openWorld()
    const source = echo(world)
    const slow = gate()
    world.vendor.after = () => slow.wait
    await world.arrive([order(1)])
    await world.until('it is being created', () => world.vendor.things.has('v1'))
    const answered = async () => {
      slow.open()
      await resting(world)
    }
    const item = { externalId: 'v1', receivedAt: await world.now() } as ClaimedItem
    const drafts: Draft[] = [
      { item, type: 'order', resource: 'orders', data: { channel: 'shop', number: 'W-77' }, partial: false },
    ]
    // One look-up after another, and the answer behind the first of them.
    let turn: Promise<unknown> = Promise.resolve()
    let asked = 0
    const query = (text: string, values?: unknown[]) => {
      const first = asked++ === 0
      const answer = turn.then(() => world.hub.store.query(text, values))
      turn = first ? answer.then(answered) : answer
      return answer
    }
    const decider = { keyFields: world.hub.facts.keyFields, routesTo: () => ['out'] } as unknown as Decider
    const known = await lookUp({ query, send: () => {} } as Transaction, decider, source, drafts)
    expect(asked).toBe(3)
    const [target] = identify(decider, source, drafts, known, new Map<ClaimedItem, Decision>())
    expect(target!.recordId).toBe((await rows(world, 'select id from record'))[0].id)
  })

  test('it waits as well while the create is uncertain', async () => {
    await using world = await openWorld()
    echo(world)
    let sent = 0
    world.vendor.after = () => {
      if (sent++ === 0) throw lost()
    }
    await world.arrive([order(1)])
    await world.until('it was lost', async () => (await world.handoff())?.uncertain_since != null)
    await world.arrive([{ id: 'v1', number: 'W-77' }], 'webhook', { source: 'echo' })
    await world.pass('1 minute')
    await world.until(
      'it was recognised',
      async () => (await rows(world, "select from item where source = 'echo' and status = 'done'")).length === 1,
    )
    expect(await rows(world, 'select from record')).toHaveLength(1)
    expect(world.vendor.things.size).toBe(1)
  })

  test('an item of the same kind that came before the create was begun does not wait', async () => {
    await using world = await openWorld()
    echo(world)
    const slow = gate()
    world.vendor.before = () => slow.wait
    await world.arrive([{ id: 'x9', number: 'W-9' }], 'pull', { source: 'echo' })
    expect(await rows(world, "select status from item where source = 'echo'")).toEqual([{ status: 'done' }])
    slow.open()
  })

  test('our own write that comes back changes nothing', async () => {
    await using world = await openWorld()
    echo(world).outputs[0]!.mapper = identity({
      run: ({ id, key, ...item }) => ({ record: { channel: 'shop', ...item } }),
    })
    await world.arrive([order(1, { note: 'a' })])
    await resting(world)
    const [[id, thing]] = [...world.vendor.things] as [[string, Json]]
    await world.arrive([{ ...thing, id }], 'webhook', { source: 'echo' })
    await resting(world)
    expect(world.vendor.writes).toHaveLength(1)
    expect((await rows(world, 'select version from record'))[0].version).toBe(1)
  })
})

describe('rule 7, no wait without a re-check', () => {
  /** An order that waits until the record named in `after` is at the warehouse. */
  const waitsForLink = payload({
    links: (record) => (record.after ? [{ resource: 'orders', value: `shop:${record.after}` }] : []),
    run: (record, context) => {
      const need = record.after && { resource: 'orders', value: `shop:${record.after}` }
      if (need && context.link(need) === undefined)
        return { problems: [{ code: 'HUB_MAP_LINK', message: 'missing' }], waitFor: need }
      return { record: { ...record, key: context.key } }
    },
  })

  test('parent and child that cross: the child waits and goes by itself', async () => {
    await using world = await openWorld()
    world.assembly.routes.get('out')!.mapper = waitsForLink
    await world.arrive([order(2, { after: '1' })])
    await world.until('it waits', async () => (await world.handoff('shop:2'))?.state === 'waiting')
    await world.arrive([order(1)])
    await resting(world, 2)
  })

  test('what arrives while the wait is being written ends it', async () => {
    await using world = await openWorld()
    const mapping = gate()
    let runs = 0
    world.assembly.routes.get('out')!.mapper = {
      ...waitsForLink,
      run: async (record, context) => {
        const result = await waitsForLink.run(record, context)
        if (record.after && runs++ === 0) await mapping.wait
        return result
      },
    }
    await world.arrive([order(2, { after: '1' })])
    await world.until('it is being mapped', () => runs === 1)
    await world.arrive([order(1)])
    await world.until('the parent is there', () => world.vendor.count('shop:1') === 1)
    await resting(world, 1)
    mapping.open()
    await resting(world, 2)
  })

  test('two that wait for each other are parked, with the chain', async () => {
    await using world = await openWorld()
    world.assembly.routes.get('out')!.mapper = waitsForLink
    await world.arrive([order(1, { after: '2' }), order(2, { after: '1' })])
    await world.until(
      'both wait',
      async () => (await rows(world, "select from handoff where state = 'waiting'")).length === 2,
    )
    await world.pass('1 minute')
    await parkEndlessWaits(world.hub.store, [...world.assembly.routes.values()])
    const parked = await rows(world, "select cause, reason from handoff where state = 'parked' order by id")
    expect(parked.map((row) => row.cause)).toContain('HUB_WAIT_CIRCLE')
    expect(parked[0].reason[0].message).toMatch(/handoff \d+ → handoff \d+ → handoff \d+/)
  })

  test('a wait of a week is parked, names what it waited for, and still ends when that comes', async () => {
    await using world = await openWorld()
    world.assembly.routes.get('out')!.mapper = waitsForLink
    await world.arrive([order(2, { after: '1' })])
    await world.until('it waits', async () => (await world.handoff('shop:2'))?.state === 'waiting')
    await world.pass('6 days')
    expect(await parkEndlessWaits(world.hub.store, [...world.assembly.routes.values()])).toBe(0)
    await world.pass('2 days')
    expect(await parkEndlessWaits(world.hub.store, [...world.assembly.routes.values()])).toBe(1)
    const late = await world.handoff('shop:2')
    expect(late).toMatchObject({ state: 'parked', cause: 'HUB_WAIT_EXPIRED' })
    expect(late.reason[0].message).toContain('sent:wms.orders:shop:1')
    await world.arrive([order(1)])
    await resting(world, 2)
  })

  test('an item that waits for a link is parked after a week as well', async () => {
    await using world = await openWorld()
    const { outputs } = world.addSource({ name: 'tracking', connection: 'carrier', resource: 'parcels' })
    outputs[0]!.mapper = identity({ partial: true })
    await world.arrive([{ id: 'p1', parcel: 'x' }], 'pull', { source: 'tracking' })
    await world.pass('8 days')
    expect(await parkEndlessWaits(world.hub.store, [...world.assembly.routes.values()])).toBe(1)
    expect(await rows(world, "select status, cause from item where source = 'tracking'")).toEqual([
      { status: 'parked', cause: 'HUB_WAIT_EXPIRED' },
    ])
  })
})

describe('rule 8, cursors move by what was read', () => {
  /** A shop that is asked for what changed since a moment. */
  function shop(world: World, orders: Json[], clock: () => number, onRead: (turn: number) => void = () => {}): void {
    let turn = 0
    const read = async (request: Json) => {
      onRead(++turn)
      const since = request.query.since ?? ''
      const page = orders.filter((each) => each.changed >= since && !request.query.not.includes(String(each.id)))
      const text = JSON.stringify(page.sort((a, b) => (a.changed < b.changed ? -1 : 1)).slice(0, 2))
      return { status: 200, headers: {}, text, json: JSON.parse(text), clock: clock() }
    }
    const pages = byCursor({
      request: ({ since, seen }: { since?: string; seen: string[] }) => ({
        path: '/orders',
        query: { ...(since ? { since } : {}), not: seen },
      }),
      exclude: 100,
      items: '',
    } as never)
    const client = {
      pull: (_resource: string, position: Json, options: Json) =>
        pages({
          api: { read },
          settings: {},
          position: position ?? {},
          signal: options.signal,
          id: (item: Json) => item.id,
          stamp: (item: Json) => item.changed,
        } as never),
    }
    world.hub.clients.set('shop', client as never as ConnectionClient)
  }
  const at = (minute: number) => `2026-03-01T12:${String(minute).padStart(2, '0')}:00Z`
  const position = async (world: World) => (await rows(world, 'select position from source_state'))[0].position

  test('a stamp from 2099 moves no cursor and outlives no later change', async () => {
    await using world = await openWorld()
    const orders = [order(1, { changed: at(0) }), order(2, { changed: '2099-01-01T00:00:00Z', note: 'future' })]
    shop(world, orders, () => Date.parse(at(10)))
    await world.pipeline.pull('orders')
    await world.pipeline.idle()
    expect(Date.parse((await position(world)).cursor)).toBeLessThanOrEqual(Date.parse(at(10)))
    orders[1] = order(2, { changed: at(9), note: 'mended' })
    orders.push(order(3, { changed: at(9) }))
    await world.pipeline.pull('orders')
    await resting(world, 3)
    await world.until('the mended one has arrived', () => notes(world).includes('mended'))
  })

  test('a run that dies between two pages is resumed where it stood', async () => {
    await using world = await openWorld()
    const orders = Array.from({ length: 7 }, (_, index) => order(index + 1, { changed: at(index) }))
    shop(
      world,
      orders,
      () => Date.parse(at(59)),
      (turn) => {
        if (turn === 3) throw new ConnectorError('retryable', 'HUB_HTTP_SERVER_ERROR', 'away')
      },
    )
    await expect(world.pipeline.pull('orders')).rejects.toThrow('away')
    expect((await position(world)).cursor).toMatch('12:03')
    await world.pipeline.pull('orders')
    await resting(world, 7)
  })

  test('an item that changes between two pages is neither skipped nor taken twice', async () => {
    await using world = await openWorld()
    const orders = Array.from({ length: 5 }, (_, index) => order(index + 1, { changed: at(index) }))
    shop(
      world,
      orders,
      () => Date.parse(at(59)),
      (turn) => {
        if (turn === 2) orders[0] = order(1, { changed: at(30), note: 'changed' })
      },
    )
    await world.pipeline.pull('orders')
    await resting(world, 5)
    await world.until('the change has arrived', () => notes(world).includes('changed'))
  })

  test('one run of a source at a time, and a run that another process took over writes no more', async () => {
    await using world = await openWorld()
    const orders = Array.from({ length: 6 }, (_, index) => order(index + 1, { changed: at(index) }))
    const store = world.hub.store
    const reads: Promise<unknown>[] = []
    shop(
      world,
      orders,
      () => Date.parse(at(59)),
      (turn) => {
        if (turn === 2) reads.push(store.query('update source_state set running_by = -1'))
      },
    )
    const first = world.pipeline.pull('orders')
    expect(await world.pipeline.pull('orders')).toBeUndefined()
    await expect(first).rejects.toThrow('HUB_PULL_TAKEN_OVER')
    await Promise.all(reads)
  })
})

describe('rule 9, a batch that fails is split; a row that kills is isolated', () => {
  const child = (world: World, kills: 'item' | 'handoff') =>
    new Promise<string>((resolve) => {
      const file = path.join(import.meta.dirname, 'support', 'deadly.ts')
      const process_ = spawn(process.execPath, [file, world.schema, kills], { stdio: 'inherit' })
      process_.on('exit', (code, signal) => resolve(signal ?? String(code)))
    })

  test('an item that kills the process is parked after three deaths, and the others go on', {
    timeout: 60_000,
  }, async () => {
    await using world = await openWorld()
    const { hub } = world
    await world.store(Array.from({ length: 30 }, (_, index) => order(index + 1)))
    const ends: string[] = []
    for (let turn = 0; turn < 6 && ends.at(-1) !== '0'; turn++) ends.push(await child(world, 'item'))
    expect(ends).toEqual(['SIGKILL', 'SIGKILL', 'SIGKILL', '0'])
    const parked = await hub.store.query('select external_id, cause from item where status = $1', ['parked'])
    expect(parked).toEqual([{ external_id: '5', cause: 'HUB_INTAKE_DEADLY' }])
    expect(await rows(world, "select from item where status = 'done'")).toHaveLength(29)
  })

  /** A shop that has these orders on one page. */
  const onePage = (world: World, orders: Json[]) => {
    async function* pull() {
      const items = orders.map((each) => ({ id: String(each.id), text: JSON.stringify(each) }))
      yield { items, position: { at: 1 }, last: true }
    }
    world.hub.clients.set('shop', { pull } as never)
  }

  test('a page whose decision fails is stored, and decided item by item; the others go on', async () => {
    await using world = await openWorld()
    onePage(world, [order(1), order(2), order(3)])
    world.hub.facts.faults = (_, data) => {
      if (data.number === '2') throw new Error('nobody thought of this')
      return []
    }
    await world.pipeline.pull('orders')
    await resting(world, 2)
    await world.until('the one is parked', async () => (await world.hub.store.query(PARKED)).length === 1)
    expect(await rows(world, PARKED)).toEqual([{ external_id: '2', cause: 'HUB_INTAKE_DEFECT' }])
  })
  const PARKED = "select external_id, cause from item where status = 'parked'"

  test('after a run that died, a page is stored before anything is made of it', async () => {
    await using world = await openWorld()
    const stored: number[] = []
    const run = async (item: Json) => {
      stored.push((await rows(world, 'select from item')).length)
      return { record: { channel: 'shop', ...item } }
    }
    world.assembly.sources.get('orders')!.outputs[0]!.mapper = identity({ run })
    onePage(world, [order(1)])
    await world.pipeline.pull('orders')
    expect(stored).toEqual([0])
    await world.hub.store.query("update source_state set running_by = 999999 where source = 'orders'")
    onePage(world, [order(2)])
    await world.pipeline.pull('orders')
    await resting(world, 2)
    expect(stored).toEqual([0, 2])
  })

  test('so is a handoff, after four: two of them alone', { timeout: 60_000 }, async () => {
    // Takes no jobs itself.
    await using world = await openWorld('postgres', undefined, { idle: true })
    await world.store(Array.from({ length: 30 }, (_, index) => order(index + 1)))
    const ends: string[] = []
    for (let turn = 0; turn < 6 && ends.at(-1) !== '0'; turn++) ends.push(await child(world, 'handoff'))
    expect(ends).toEqual(['SIGKILL', 'SIGKILL', 'SIGKILL', 'SIGKILL', '0'])
    expect(
      await rows(
        world,
        "select r.key, h.cause from handoff h join record r on r.id = h.record_id where state = 'parked'",
      ),
    ).toEqual([{ key: 'shop:5', cause: 'HUB_DELIVERY_DEADLY' }])
    expect(await rows(world, "select from handoff where state = 'resting'")).toHaveLength(29)
  })

  test('a mapping that fails in its own code parks one handoff, not its chunk', async () => {
    await using world = await openWorld()
    world.assembly.routes.get('out')!.mapper = payload({
      run: (record, context) => {
        if (record.number === '5') throw new Error('a slip')
        return { record: { ...record, key: context.key } }
      },
    })
    await world.arrive(Array.from({ length: 30 }, (_, index) => order(index + 1)))
    await resting(world, 29)
    expect(await world.handoff('shop:5')).toMatchObject({ state: 'parked', cause: 'HUB_DELIVERY_DEFECT' })
  })
})

describe('rule 10, delivered is the version that was sent', () => {
  test('a version overtaken in flight is not called delivered', async () => {
    await using world = await openWorld()
    const slow = gate()
    world.vendor.before = () => slow.wait
    await world.arrive([order(1, { note: 'a' })])
    await world.until('it is being sent', async () => (await world.handoff())?.state === 'sending')
    await world.arrive([order(1, { note: 'b' })])
    expect(await world.handoff()).toMatchObject({ delivered: null, wanted: 2 })
    slow.open()
    await resting(world)
    expect(await world.handoff()).toMatchObject({ delivered: 2, wanted: 2 })
    expect(world.vendor.writes.map((write) => write.payload.note)).toEqual(['a', 'b'])
  })

  test.each(['permanent', 'invalid', 'retryable'] as const)('a newer version clears what ended %s', async (kind) => {
    await using world = await openWorld()
    world.vendor.before = (given) => {
      if (given.note === 'bad') throw new ConnectorError(kind, 'HUB_VENDOR_REFUSED', 'no')
    }
    await world.arrive([order(1, { note: 'bad' })])
    await world.until('it was refused', async () => (await world.handoff())?.reason !== null)
    await world.arrive([order(1, { note: 'good' })])
    await resting(world)
    expect(notes(world)).toEqual(['good'])
  })

  test('a newer version does not clear what is uncertain', async () => {
    await using world = await openWorld()
    let sent = 0
    world.vendor.after = () => {
      if (sent++ === 0) throw lost()
    }
    await world.arrive([order(1, { note: 'a' })])
    await world.until('it was lost', async () => (await world.handoff())?.uncertain_since != null)
    await world.arrive([order(1, { note: 'b' })])
    expect((await world.handoff()).uncertain_since).not.toBeNull()
    await world.pass('1 minute')
    await resting(world)
    expect(world.vendor.count('shop:1')).toBe(1)
    expect(notes(world)).toEqual(['b'])
  })

  test('a change whose answer was lost, and which may still land, is not overtaken by a newer one', async () => {
    await using world = await openWorld()
    await world.arrive([order(1, { note: 'a' })])
    await resting(world)
    let landing: (() => void) | undefined
    world.vendor.before = (given) => {
      if (given.note !== 'b' || landing) return
      landing = () => void world.vendor.things.set('v1', given)
      throw lost()
    }
    await world.arrive([order(1, { note: 'b' })])
    await world.until('it is on its way', async () => landing !== undefined && (await world.handoff()).attempts > 0)
    await world.arrive([order(1, { note: 'c' })])
    await world.pass('10 seconds')
    await world.until('it settles', async () => (await world.handoff()).reason?.[0]?.code === 'HUB_SEND_SETTLING')
    landing!()
    await world.pass('1 minute')
    await resting(world)
    expect(notes(world)).toEqual(['c'])
  })

  test('nor is one that was repeated with success in the meantime', async () => {
    await using world = await openWorld()
    await world.arrive([order(1, { note: 'a' })])
    await resting(world)
    let landing: (() => void) | undefined
    world.vendor.before = (given) => {
      if (given.note !== 'b' || landing) return
      landing = () => void world.vendor.things.set('v1', given)
      throw lost()
    }
    await world.arrive([order(1, { note: 'b' })])
    await world.until('it is on its way', async () => landing !== undefined && (await world.handoff()).attempts > 0)
    await world.pass('5 seconds')
    await world.until('it was repeated', async () => (await world.handoff()).delivered === 2)
    await world.arrive([order(1, { note: 'c' })])
    await world.until('it settles', async () => (await world.handoff()).reason?.[0]?.code === 'HUB_SEND_SETTLING')
    landing!()
    await world.pass('1 minute')
    await resting(world)
    expect(notes(world)).toEqual(['c'])
  })

  test('nor when a process died with the newer one before it was sent', async () => {
    await using world = await openWorld('postgres', undefined, { idle: true })
    const { store } = world.hub
    await world.arrive([order(1, { note: 'a' })])
    await store.query("update handoff set state = 'resting', delivered = 1, lost_version = 1, lost_at = hub_now()")
    await world.arrive([order(1, { note: 'b' })])
    await store.query(
      "update handoff set state = 'sending', sending = 2, fence = fence + 1, worker = 0, lease_until = hub_now() + interval '1 minute'",
    )
    await world.sweep()
    expect(await world.handoff()).toMatchObject({ state: 'owed', lost_version: 0, sending: null })
  })

  test('a vendor that recognises the key of an earlier version is told the newer one as well', async () => {
    await using world = await openWorld()
    Object.assign(world.vendor.facts, { idempotent: true, canFind: false, lookup: 'none' })
    const { push } = world.vendor
    const create = push.create.bind(push)
    const known = new Map<string, string>()
    push.create = async (given, options) => {
      const before = known.get(options.idempotencyKey)
      if (before) return { id: before }
      const made = await create(given, options)
      known.set(options.idempotencyKey, made.id)
      throw lost()
    }
    await world.arrive([order(1, { note: 'a' })])
    await world.until(
      'it is uncertain',
      async () => (await world.handoff()).uncertain_since !== null && (await world.handoff()).attempts > 0,
    )
    await world.arrive([order(1, { note: 'b' })])
    await world.until('it settles', async () => (await world.handoff()).cause === 'HUB_SEND_SETTLING')
    await world.pass('1 minute')
    await resting(world)
    expect(notes(world)).toEqual(['b'])
  })
})

describe('rule 11, deletion has an owner', () => {
  const deleted = async (world: World) => (await rows(world, 'select deleted from record'))[0].deleted

  test('the owner deletes: what is still owed is not sent', async () => {
    await using world = await openWorld()
    world.vendor.before = () => Promise.reject(new ConnectorError('retryable', 'HUB_HTTP_SERVER_ERROR', 'away'))
    await world.arrive([order(1)])
    await world.until('it was tried', async () => (await world.handoff())?.attempts === 1)
    world.vendor.before = () => {}
    await world.arrive([{ id: 1, $deleted: true }], 'webhook')
    expect(await deleted(world)).toBe(true)
    await world.pass('1 hour')
    await resting(world)
    expect(await world.handoff()).toMatchObject({ outcome: 'skipped' })
    expect(world.vendor.things.size).toBe(0)
  })

  test('another system deletes its copy: the link breaks, the record stays, and a person is asked', async () => {
    await using world = await openWorld()
    Object.assign(world.hub.facts.owners, { order: 'shop' })
    world.addSource({ name: 'echo', connection: 'wms', resource: 'orders' })
    await world.arrive([order(1)])
    await resting(world)
    await world.arrive([{ id: 'v1', $deleted: true }], 'webhook', { source: 'echo' })
    expect(await deleted(world)).toBe(false)
    expect(await world.handoff()).toMatchObject({ state: 'held', cause: 'HUB_INTAKE_COPY_DELETED' })
    expect(await rows(world, "select from link where connection = 'wms'")).toEqual([])
    world.vendor.things.clear()
    await retry(world.hub.store, { items: [], handoffs: [(await world.handoff()).id] })
    await resting(world)
    expect(world.vendor.count('shop:1')).toBe(1)
  })

  test('what another system says does not revive; a stale word of the owner is read again; a fresh one revives', async () => {
    await using world = await openWorld()
    Object.assign(world.hub.facts.owners, { order: 'shop' })
    let there = true
    const source = world.assembly.sources.get('orders')!
    source.fetch = async (id) => (there ? { id, text: JSON.stringify(order(1, { note: 'back' })) } : undefined)
    world.addSource({ name: 'tracking', connection: 'carrier', resource: 'parcels' })
    await world.arrive([order(1)])
    const asOf = await world.now()
    there = false
    await world.arrive([{ id: 1, $deleted: true }], 'webhook')
    await world.arrive([{ id: 'p1', number: '1', parcel: 'x' }], 'pull', { source: 'tracking' })
    expect(await deleted(world)).toBe(true)
    await world.arrive([order(1)], 'pull', { asOf })
    expect(await deleted(world)).toBe(true)
    there = true
    await world.arrive([order(1, { note: 'back' })])
    expect(await deleted(world)).toBe(false)
    expect([await events(world, 'record.deleted'), await events(world, 'record.restored')]).toEqual([1, 1])
  })
})

describe('rule 12, events come from fenced rows', () => {
  test('one event a delivery, however often it was woken', async () => {
    await using world = await openWorld()
    await world.arrive(Array.from({ length: 10 }, (_, index) => order(index + 1)))
    const ids = (await rows(world, 'select id from handoff')).map((row) => row.id)
    const job = { name: 'deliver', data: { ids, alone: false }, lane: 5 }
    await world.hub.queues.add('wms', [job, job, job, job, job])
    await resting(world, 10)
    expect(creates(world)).toBe(10)
    expect(await events(world, 'handoff.delivered')).toBe(10)
  })

  test('a job that was lost hides nothing: it is woken again', async () => {
    await using world = await openWorld()
    await world.hub.store.query("update clock set shift = '0'")
    world.vendor.before = () => Promise.reject(new ConnectorError('retryable', 'HUB_HTTP_SERVER_ERROR', 'away'))
    await world.arrive([order(1)])
    await world.until('it was tried', async () => (await world.handoff())?.attempts === 1)
    world.vendor.before = () => {}
    // As if it had been woken, and the queue had lost the job.
    await world.hub.store.query('update handoff set due_at = hub_now(), queued_at = hub_now()')
    await world.sweep()
    expect((await world.handoff()).state).toBe('owed')
    await world.pass('20 seconds')
    await resting(world)
  })
})

describe('a connection that fails everything', () => {
  const state = async (world: World) =>
    (await rows(world, "select state from connection_state where connection = 'wms'"))[0]?.state

  test('opens its circuit: few attempts, one event; half-open, then closed by itself', async () => {
    await using world = await openWorld()
    const away = () => Promise.reject(new ConnectorError('retryable', 'HUB_HTTP_UNREACHABLE', 'cannot be reached'))
    world.vendor.before = away
    world.vendor.check = away
    await world.arrive(Array.from({ length: 400 }, (_, index) => order(index + 1)))
    await world.until('it is open', async () => (await state(world)) === 'open')
    const spent = async () => (await rows(world, 'select sum(attempts)::int as n from handoff'))[0].n
    for (let turn = 0; turn < 20; turn++) {
      await world.pass('5 minutes')
      await world.probe()
      await world.sweep()
    }
    expect(await spent()).toBeLessThan(60)
    expect(await rows(world, "select from handoff where state = 'failed'")).toEqual([])
    expect(await events(world, 'connection.down')).toBe(1)

    world.vendor.before = () => {}
    world.vendor.check = async () => {}
    await world.pass('2 minutes')
    await world.probe()
    expect(await state(world)).toBe('half-open')
    await resting(world, 400)
    expect(await state(world)).toBe('ok')
    expect(await events(world, 'connection.up')).toBe(1)
    expect(world.vendor.things.size).toBe(400)
  })

  test('half-open, and still failing: three are tried, and it opens again without a second event', async () => {
    await using world = await openWorld()
    let tried = 0
    world.vendor.before = () => {
      tried++
      throw new ConnectorError('retryable', 'HUB_HTTP_SERVER_ERROR', 'writes fail')
    }
    await world.arrive(Array.from({ length: 100 }, (_, index) => order(index + 1)))
    await world.until('it is open', async () => (await state(world)) === 'open')
    await world.calm()
    const before = tried
    await world.pass('2 minutes')
    await world.probe()
    await world.until('it is open again', async () => (await state(world)) === 'open' && tried > before)
    expect(tried - before).toBeLessThanOrEqual(3)
    expect(await events(world, 'connection.down')).toBe(1)
  })

  test('one bad record does not open it', async () => {
    await using world = await openWorld()
    world.vendor.before = (given) => {
      if (given.number === '1') throw new ConnectorError('retryable', 'HUB_HTTP_SERVER_ERROR', 'this one fails')
    }
    await world.arrive([order(1)])
    for (let turn = 1; turn <= 8; turn++) {
      await world.until(`attempt ${turn}`, async () => (await world.handoff())?.attempts >= turn)
      await world.pass('7 hours')
    }
    expect((await state(world)) ?? 'ok').toBe('ok')
  })

  test('a refused key pauses it at once, and spends no attempt', async () => {
    await using world = await openWorld()
    let asked = 0
    const refused = () => {
      asked++
      return Promise.reject(new ConnectorError('auth', 'HUB_HTTP_AUTH', 'unknown key'))
    }
    world.vendor.before = refused
    world.vendor.check = refused
    await world.arrive(Array.from({ length: 200 }, (_, index) => order(index + 1)))
    await world.until('it is paused', async () => (await state(world)) === 'paused')
    await world.calm()
    expect(asked).toBeLessThan(40)
    world.vendor.before = () => {}
    world.vendor.check = async () => {}
    await world.pass('1 minute')
    await world.probe()
    await resting(world, 200)
    expect(await rows(world, 'select from attempt where kind is null')).toHaveLength(200)
    expect(await events(world, 'connection.down')).toBe(1)
    expect(await events(world, 'connection.up')).toBe(1)
  })
})
