// Many are sent through again: from the start on today's mapping, or from the delivery, and nothing that must not happen twice.
import { describe, expect, test } from 'vitest'
import { type ActionClient, ConnectorError } from '#connector'
import type { Json } from '../engine/hub.ts'
import { replay } from '../engine/outcome/replay.ts'
import { handoff } from './support/command.ts'
import { identity, openWorld, payload, type World } from './support/world.ts'

const order = (number: number, more: object = {}) => ({ id: number, number: String(number), status: 'open', ...more })
const many = (count: number, more: object = {}) => Array.from({ length: count }, (_, index) => order(index + 1, more))
const rows = (world: World, sql: string) => world.hub.store.query<Json>(sql)
const resting = (world: World, count: number) =>
  world.until(
    `${count} handoffs rest`,
    async () => (await rows(world, "select from handoff where state = 'resting'")).length === count,
  )
const refuses = (world: World, bad: (payload: Json) => boolean) => {
  world.vendor.before = (given) => {
    if (bad(given)) throw new ConnectorError('permanent', 'HUB_VENDOR_REFUSED', 'no')
  }
}
const dump = (world: World) =>
  rows(world, 'select h.*, r.version from handoff h join record r on r.id = h.record_id order by h.id')
const run = (world: World, ...args: string[]) => handoff(world.schema, ['replay', ...args, '--config', 'none'])

describe('from the delivery', () => {
  test('what failed goes again, chosen by a condition on the record, in the bulk lane; the rest stays', {
    timeout: 120_000,
  }, async () => {
    await using world = await openWorld()
    refuses(world, () => true)
    await world.arrive([...many(6, { city: 'A' }), order(7, { city: 'B' })])
    await world.until(
      'all failed',
      async () => (await rows(world, "select from handoff where state = 'failed'")).length === 7,
    )
    const before = await dump(world)
    const dry = await run(world, '--from', 'delivery', '--state', 'failed', '--where', 'city: A', '--dry-run')
    expect(dry.output).toContain('6 would be sent again; nothing was written.')
    expect(dry.output).toMatch(/out +failed +HUB_VENDOR_REFUSED +6/)
    expect(dry.output.match(/order shop:/g)).toHaveLength(5)
    expect(dry.code).toBe(0)
    expect(await dump(world)).toEqual(before)
    refuses(world, () => false)
    const done = await run(world, '--from', 'delivery', '--state', 'failed', '--where', 'city: A')
    expect(done.output).toContain('6 are sent again.')
    expect(
      (await rows(world, "select distinct lane from handoff where state <> 'failed'")).map((row) => row.lane),
    ).toEqual([9])
    await resting(world, 6)
    expect(world.vendor.things.size).toBe(6)
    expect((await world.handoff('shop:7')).state).toBe('failed')
    expect(await rows(world, "select from event where type = 'handoff.replayed'")).toHaveLength(6)
  })

  test('what was delivered is sent again though nothing changed, once, and calls are not', async () => {
    await using world = await openWorld()
    let calls = 0
    const call: ActionClient = {
      facts: { repeat: 'never', lookup: 'none', lagMs: 0, settleMs: 30_000, idempotent: false, canFind: false },
      call: async () => ({ id: `l${++calls}` }),
      find: async () => undefined,
      id: (given) => given.id,
      links: () => ({}),
    }
    world.addRoute({ name: 'label', kind: 'call', connection: 'carrier', target: 'buy', mapper: payload(), call })
    await world.arrive(many(3))
    await resting(world, 6)
    const { count, left } = await replay(world.hub.store, 'delivery', {}, false)
    expect({ count, left }).toEqual({ count: 3, left: 3 })
    await resting(world, 6)
    expect(world.vendor.writes.map((write) => write.verb)).toEqual([
      'create',
      'create',
      'create',
      'update',
      'update',
      'update',
    ])
    expect(world.vendor.things.size).toBe(3)
    expect(calls).toBe(3)
  })

  test('what its route does not want any more is left alone, unless it is stuck', async () => {
    await using world = await openWorld()
    refuses(world, (given) => given.number === '2')
    await world.arrive([order(1), order(2), order(3)])
    await world.until(
      'one failed',
      async () => (await rows(world, "select from handoff where state = 'failed'")).length === 1,
    )
    await resting(world, 2)
    const matches = (_: string, record: Json) => record.number === '3'
    expect(await replay(world.hub.store, 'delivery', { matches }, true)).toMatchObject({ count: 2, left: 1 })
  })

  test('what is held is left alone unless it is asked for; what is uncertain is looked up first', async () => {
    await using world = await openWorld()
    world.vendor.facts.lookup = 'none'
    world.vendor.after = () => {
      throw new ConnectorError('uncertain', 'HUB_HTTP_TIMEOUT', 'no answer')
    }
    await world.arrive([order(1)])
    await world.until('it was tried', async () => (await world.handoff()).attempts === 1)
    await world.pass('1 hour')
    await world.until('it is held', async () => (await world.handoff()).state === 'held')
    expect((await replay(world.hub.store, 'delivery', {}, false)).count).toBe(0)
    expect((await world.handoff()).state).toBe('held')
    world.vendor.after = () => {}
    expect((await replay(world.hub.store, 'delivery', { states: ['held'] }, false)).count).toBe(1)
    await resting(world, 1)
  })
})

describe('from the start', () => {
  test("stored items are decided on again under today's mapping; only what changes is owed", async () => {
    await using world = await openWorld()
    await world.arrive(many(5, { city: 'A' }))
    await resting(world, 5)
    const source = world.assembly.sources.get('orders')!
    const run1 = await replay(world.hub.store, 'start', { sources: ['orders'] }, false)
    expect(run1).toMatchObject({ count: 5, groups: [{ where: 'orders', state: 'done', count: 5 }] })
    await world.until(
      'all are decided',
      async () => (await rows(world, "select from item where status = 'new'")).length === 0,
    )
    expect(await rows(world, 'select from record where version > 1')).toHaveLength(0)
    // The mapping is another one now, of two orders.
    source.outputs[0]!.mapper = identity({
      run: (item) => ({ record: { channel: 'shop', ...item, ...(item.id < 3 ? { city: 'mended' } : {}) } }),
    })
    await replay(world.hub.store, 'start', { where: (record) => record.city === 'A' }, false)
    await world.until(
      'two are new',
      async () => (await rows(world, 'select from record where version = 2')).length === 2,
    )
    await resting(world, 5)
    expect(world.vendor.writes.filter((write) => write.verb === 'update')).toHaveLength(2)
    expect((await rows(world, 'select distinct lane from handoff order by lane')).map((row) => row.lane)).toEqual([
      5, 9,
    ])
  })

  test('more than a batch, narrowed by route, cause and order number', { timeout: 120_000 }, async () => {
    await using world = await openWorld()
    refuses(world, (given) => Number(given.number) <= 3)
    await world.arrive(many(2300))
    await world.until(
      'all are through',
      async () => (await rows(world, "select from handoff where state in ('resting', 'failed')")).length === 2300,
      60_000,
    )
    const { store } = world.hub
    expect((await replay(store, 'start', { sources: ['orders'] }, true)).count).toBe(2300)
    expect((await replay(store, 'start', { routes: ['out'], states: ['failed'] }, true)).count).toBe(3)
    expect((await replay(store, 'start', { cause: 'REFUSED' }, true)).count).toBe(3)
    expect((await replay(store, 'start', { routes: ['other'] }, true)).count).toBe(0)
    expect((await replay(store, 'delivery', { sources: ['orders'], states: ['delivered'] }, true)).count).toBe(2297)
    expect((await replay(store, 'delivery', { since: new Date(Date.now() + 60_000) }, true)).count).toBe(0)
    const one = await run(world, '--from', 'start', '--order', '17', '--dry-run', '--json')
    expect(JSON.parse(one.output)).toMatchObject({ count: 1, sample: [{ subject: 'order shop:17' }] })
  })

  test('says what it needs when it is not told', { timeout: 120_000 }, async () => {
    await using world = await openWorld()
    expect(await run(world)).toMatchObject({ code: 2, output: expect.stringContaining('HUB_REPLAY_FROM') })
    expect((await run(world, '--from', 'start')).output).toContain('HUB_REPLAY_WHICH')
    expect((await run(world, '--from', 'start', '--state', 'faled')).output).toContain('HUB_REPLAY_STATE')
    expect((await run(world, '--from', 'start', '--since', 'once')).output).toContain('HUB_REPLAY_MOMENT')
    const where = await run(world, '--from', 'start', '--record', 'order', '--where', 'statuss: open')
    expect(where.output).toContain('HUB_REPLAY_WHERE')
    expect(where.output).toContain('Perhaps `status`?')
  })
})
