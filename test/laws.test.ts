// The first five laws, each with the test that finds its absence. Every test runs with the queue on PostgreSQL and on Redis.
import { describe, expect, test } from 'vitest'
import { ConnectorError } from '#connector'
import { type backends as Backends, backends, identity, openWorld } from './support/world.ts'

type Backend = (typeof Backends)[number]
const order = (number: number, more: object = {}) => ({
  id: number,
  number: String(number),
  status: 'open',
  lines: [],
  ...more,
})
const resting = async (world: Awaited<ReturnType<typeof openWorld>>, count: number) =>
  world.until(
    `${count} handoffs rest`,
    async () =>
      (await world.hub.store.query<{ n: number }>("select count(*) as n from handoff where state = 'resting'"))[0]!
        .n === count,
  )

describe.each(backends)('laws, queue on %s', (backend: Backend) => {
  test('law 1, nothing is lost: a queue that was wiped is rebuilt from the ledger', async () => {
    await using world = await openWorld(backend)
    world.vendor.before = () => Promise.reject(new ConnectorError('retryable', 'HUB_HTTP_SERVER', 'away'))
    await world.arrive([order(1), order(2), order(3)])
    await world.until(
      'each was tried',
      async () => (await world.hub.store.query('select from handoff where attempts > 0')).length === 3,
    )
    // Nothing is left in the queue now: only the ledger knows what is owed.
    world.vendor.before = () => {}
    await world.pass('1 hour')
    await resting(world, 3)
    expect(world.vendor.things.size).toBe(3)
  })

  test('law 1, nothing is lost: an item that was stored before a crash is decided by the next process', async () => {
    await using world = await openWorld(backend)
    const source = world.assembly.sources.get('orders')!
    const { collect } = await import('../engine/intake/collect.ts')
    await world.hub.store.transaction((tx) =>
      collect(
        tx,
        {
          source: 'orders',
          connection: 'shop',
          resource: 'orders',
          via: 'pull',
          lane: 5,
          revision: source.revision,
          rereads: false,
        },
        [{ id: '1', text: JSON.stringify(order(1)) }],
      ).then(() => undefined),
    )
    await resting(world, 1)
    expect(world.vendor.count('shop:1')).toBe(1)
  })

  test('law 2, nothing happens twice: a create whose answer was lost is found, not repeated', async () => {
    await using world = await openWorld(backend)
    let lost = 0
    world.vendor.after = () => {
      if (lost++ === 0) throw new ConnectorError('uncertain', 'HUB_HTTP_NO_ANSWER', 'no answer')
    }
    await world.arrive([order(1)])
    await world.until('the answer was lost', async () => lost === 1 && (await world.handoff()).attempts > 0)
    await world.pass('10 minutes')
    await resting(world, 1)
    expect(world.vendor.count('shop:1')).toBe(1)
    expect(world.vendor.writes.filter((write) => write.verb === 'create')).toHaveLength(1)
  })

  test('law 2, nothing happens twice: what is not found yet may still land, and is not created again before that', async () => {
    await using world = await openWorld(backend)
    let landing: unknown
    world.vendor.before = (payload) => {
      if (landing) return
      landing = payload
      throw new ConnectorError('uncertain', 'HUB_HTTP_NO_ANSWER', 'no answer, but it is on its way')
    }
    await world.arrive([order(1)])
    await world.until('it was sent', async () => landing !== undefined && (await world.handoff()).attempts > 0)
    await world.pass('15 seconds')
    await world.until('it was looked up', () => world.vendor.finds >= 2)
    await world.sweep()
    expect(world.vendor.writes).toEqual([])
    world.vendor.things.set('late', landing as object)
    await world.pass('1 minute')
    await resting(world, 1)
    expect(world.vendor.count('shop:1')).toBe(1)
  })

  test('law 2, nothing happens twice: a destination without look-up or idempotency key is held for a person', async () => {
    await using world = await openWorld(backend)
    Object.assign(world.vendor.facts, { canFind: false, lookup: 'none' })
    let sent = 0
    world.vendor.after = () => {
      sent++
      throw new ConnectorError('uncertain', 'HUB_HTTP_NO_ANSWER', 'no answer')
    }
    await world.arrive([order(1)])
    await world.until('it was sent', async () => sent === 1 && (await world.handoff()).attempts > 0)
    await world.pass('1 day')
    await world.until('it is held', async () => (await world.handoff()).state === 'held')
    expect(sent).toBe(1)
  })

  test('law 3, state and not events: ten changes cost one push when the destination is busy', async () => {
    await using world = await openWorld(backend)
    let open: () => void = () => {}
    const gate = new Promise<void>((resolve) => (open = resolve))
    world.vendor.before = () => gate
    await world.arrive([order(1)])
    await world.until('it is being sent', async () => (await world.handoff()).state === 'sending')
    for (let change = 1; change <= 10; change++) await world.arrive([order(1, { note: `change ${change}` })])
    open()
    await resting(world, 1)
    expect(world.vendor.writes).toHaveLength(2)
    expect(world.vendor.writes.at(-1)!.payload.note).toBe('change 10')
  })

  test('law 3, state and not events: a late notice of an older state changes nothing', async () => {
    await using world = await openWorld(backend)
    await world.arrive([order(1, { note: 'new', $stamp: '2026-03-01T12:00:00Z' })])
    await world.arrive([order(1, { note: 'old', $stamp: '2026-03-01T11:00:00Z' })], 'webhook')
    await resting(world, 1)
    expect([...world.vendor.things.values()].map((thing) => thing.note)).toEqual(['new'])
  })

  test('law 3, state and not events: A → B → A is two changes', async () => {
    await using world = await openWorld(backend)
    for (const note of ['a', 'b', 'a']) {
      await world.arrive([order(1, { note })])
      await resting(world, 1)
    }
    expect(world.vendor.writes.map((write) => write.payload.note)).toEqual(['a', 'b', 'a'])
  })

  test('law 4, nothing is silent: every item ends in exactly one outcome with a reason', async () => {
    await using world = await openWorld(backend)
    const source = world.assembly.sources.get('orders')!
    source.outputs[0]!.mapper = identity({
      run: (item) => {
        if (item.note === 'skip') return { skipped: 'a credit note' }
        if (item.note === 'bad')
          return { problems: [{ code: 'HUB_MAP_REQUIRED', at: 'lines[0].sku', message: 'There is no SKU.' }] }
        return { record: { channel: 'shop', ...item } }
      },
    })
    await world.arrive([order(1), order(2, { note: 'skip' }), order(3, { note: 'bad' })])
    await resting(world, 1)
    const items = await world.hub.store.query(
      "select external_id, status, errors->0->>'message' as why from item order by external_id",
    )
    expect(items).toEqual([
      { external_id: '1', status: 'done', why: null },
      { external_id: '2', status: 'skipped', why: 'a credit note' },
      { external_id: '3', status: 'parked', why: 'There is no SKU.' },
    ])
  })

  test('law 4, nothing is silent: a delivery that is given up has failed, with its attempts', async () => {
    await using world = await openWorld(backend)
    world.vendor.before = () =>
      Promise.reject(new ConnectorError('permanent', 'HUB_HTTP_REFUSED', 'The warehouse refuses the postcode.'))
    await world.arrive([order(1)])
    await world.until('it failed', async () => (await world.handoff()).state === 'failed')
    expect((await world.handoff()).reason).toMatchObject([
      { code: 'HUB_HTTP_REFUSED', message: 'The warehouse refuses the postcode.' },
    ])
    expect(await world.hub.store.query('select kind from attempt')).toEqual([{ kind: 'permanent' }])
  })

  test('law 5, one bad record stops only itself, and is released once its cause is gone', async () => {
    await using world = await openWorld(backend)
    const source = world.assembly.sources.get('orders')!
    const strict = identity({
      run: (item) =>
        item.ship === 'drone'
          ? { problems: [{ code: 'HUB_MAP_LOOKUP', message: 'unknown' }] }
          : { record: { channel: 'shop', ...item } },
    })
    source.outputs[0]!.mapper = strict
    const orders = Array.from({ length: 200 }, (_, index) => order(index + 1, index === 77 ? { ship: 'drone' } : {}))
    await world.arrive(orders)
    await resting(world, 199)
    source.outputs[0]!.mapper = identity({ revision: 'r2' })
    source.revision = 'r2'
    expect(await world.retryParked()).toBe(1)
    await resting(world, 200)
    expect(world.vendor.things.size).toBe(200)
  })

  test('law 5, one bad record stops only itself: an item on which the database fails is isolated and parked', async () => {
    await using world = await openWorld(backend)
    const poisoned = (item: { id: number }) =>
      item.id === 5
        ? Object.defineProperty({ channel: 'shop', number: '5' }, 'bad', {
            enumerable: true,
            get: () => {
              throw new Error('poison')
            },
          })
        : undefined
    world.assembly.sources.get('orders')!.outputs[0]!.mapper = identity({
      run: (item) => ({ record: poisoned(item) ?? { channel: 'shop', ...item } }),
    })
    await world.arrive(Array.from({ length: 20 }, (_, index) => order(index + 1)))
    await resting(world, 19)
    expect(await world.hub.store.query("select external_id from item where status = 'parked'")).toEqual([
      { external_id: '5' },
    ])
  })
})
