// What two systems hold is compared, by key and content: what is missing, extra or different is found, what is on its way is none
// of these, nothing is written by looking, and what is sent through again arrives.
import { expect, test } from 'vitest'
import type { Json } from '../engine/hub.ts'
import { reconcile } from '../engine/reconcile/reconcile.ts'
import { systems } from './support/two-systems.ts'
import { openWorld, type World } from './support/world.ts'

const SINCE = '2026-01-01T00:00:00Z'
const order = (number: number, more: object = {}) => ({ id: number, number: String(number), status: 'open', ...more })
const BETWEEN: [string, string] = ['shop', 'wms']
const orders = { record: 'order', between: BETWEEN, since: SINCE }
const look = { limit: 10, redrive: false }

const delivered = (world: World, count: number) =>
  world.until(
    `${count} are delivered`,
    async () => (await world.hub.store.query("select from handoff where state = 'resting'")).length >= count,
  )
const idOf = (world: World, number: number) =>
  [...world.vendor.things].find(([, thing]) => thing.number === String(number))![0]

for (const listed of [true, false]) {
  const how = listed ? 'listed' : 'looked up'
  test(`finds what is missing and what is different, and mends it (${how})`, async () => {
    await using world = await openWorld()
    const all = [1, 2, 3, 4, 5].map((number) => order(number, { city: 'A' }))
    const hub = systems(world, () => all, { listed })
    await world.arrive(all)
    await delivered(world, 5)
    await world.pass('1 minute')
    const clean = (await reconcile(hub, orders, look))!
    expect(clean).toMatchObject({ how, same: 5, gaps: 0, samples: [] })

    world.vendor.things.get(idOf(world, 2))!.status = 'by hand'
    world.vendor.things.delete(idOf(world, 3))
    // The hub has never heard of it.
    all.push(order(6))
    const before = JSON.stringify([...world.vendor.things])
    const handoffs = await world.hub.store.query('select * from handoff order by id')
    const seen = (await reconcile(hub, orders, look))!
    expect(seen).toMatchObject({ same: 3, missing: 2, different: 1, extra: 0, gaps: 3 })
    expect(seen.samples.map((gap) => `${gap.what} ${gap.record}`).sort()).toEqual([
      'different order shop:2',
      'missing order shop:3',
      'missing order shop:6',
    ])
    const different = seen.samples.find((gap) => gap.what === 'different')!
    expect(different.changes).toEqual([{ path: ['status'], old: 'by hand', new: 'open' }])
    expect(different.ids).toEqual({ 'shop.orders': ['2'], 'wms.orders': [idOf(world, 2)] })
    expect(JSON.stringify([...world.vendor.things])).toBe(before)
    expect(await world.hub.store.query('select * from handoff order by id')).toEqual(handoffs)
    for (const table of ['reconcile_item', 'reconcile_run'])
      expect(await world.hub.store.query(`select from ${table}`)).toEqual([])

    expect((await reconcile(hub, orders, { ...look, redrive: true }))!.redriven).toBe(3)
    await world.until('they are there', () => {
      const things = [...world.vendor.things.values()]
      return things.length === 6 && things.every((thing) => thing.status === 'open')
    })
    expect([...world.vendor.things.values()].map((thing) => thing.number)).toContain('6')
    expect(world.errors).toEqual([])
  })

  test(`what is on its way or not wanted there is no gap (${how})`, async () => {
    await using world = await openWorld()
    world.assembly.routes.get('out')!.matches = (record) => record.status === 'open'
    const all = [order(1), order(2, { status: 'draft' }), order(3)]
    const hub = systems(world, () => all, { listed })
    await world.arrive(all)
    await delivered(world, 2)
    await world.pass('1 minute')
    // Owed, and the warehouse does not have it yet.
    world.vendor.things.delete(idOf(world, 3))
    await world.hub.store.query(
      `update handoff set state = 'owed', due_at = hub_now() + interval '1 hour' where record_id = (select id from record where key = 'shop:3')`,
    )
    expect(await reconcile(hub, orders, look)).toMatchObject({ same: 1, onItsWay: 1, aside: 1, missing: 0, gaps: 0 })
    await world.hub.store.query(
      `update handoff set state = 'failed', reason = '[{"message":"no such postcode"}]' where state = 'owed'`,
    )
    const stuck = (await reconcile(hub, orders, look))!
    expect(stuck).toMatchObject({ missing: 1, onItsWay: 0, gaps: 1 })
    expect(stuck.samples[0]!.why).toMatch(/failed along out: no such postcode \(handoff failures show \d+\)/)
  })

  test(`what changed after the source was read last is on its way (${how})`, async () => {
    await using world = await openWorld()
    const late = new Date(Date.now() + 3_600_000).toISOString()
    const hub = systems(world, () => [order(9, { $stamp: late })], { listed })
    expect(await reconcile(hub, orders, look)).toMatchObject({ missing: 1, gaps: 1 })
    await world.hub.store.query(
      `insert into source_state (source, last_run_at, last_success_at) values ('orders', hub_now(), hub_now())`,
    )
    expect(await reconcile(hub, orders, look)).toMatchObject({ onItsWay: 1, gaps: 0 })
  })
}

test('sees what is extra or doubled there, and whose order of lines differs only', async () => {
  await using world = await openWorld()
  const lines = (...skus: string[]) => ({ lines: skus.map((sku) => ({ sku, quantity: 1, note: 'ours' })) })
  const all = [order(1, lines('a', 'b')), order(2, lines('a')), order(3)]
  const hub = systems(world, () => all, { listed: true })
  await world.arrive(all)
  await delivered(world, 3)
  await world.pass('1 minute')
  const first = world.vendor.things.get(idOf(world, 1))!
  world.vendor.things.set(idOf(world, 1), { ...first, lines: [...first.lines].reverse() })
  world.vendor.things.get(idOf(world, 2))!.lines = [{ sku: 'a', quantity: 2, bin: 'theirs' }]
  world.vendor.things.set('v90', { number: '90', status: 'open' })
  world.vendor.things.set('v91', { number: '3', status: 'open' })
  const seen = (await reconcile(hub, orders, look))!
  expect(seen).toMatchObject({ extra: 1, different: 1, doubled: 1, missing: 0 })
  expect(seen.samples.map((gap) => [gap.what, gap.record, gap.changes])).toEqual([
    ['doubled', 'order shop:3', []],
    ['extra', 'order wms:90', []],
    ['different', 'order shop:2', [{ path: ['lines', 0, 'quantity'], old: 2, new: 1 }]],
  ])
})

test('what only one of them changed in the window is read at the other one', async () => {
  await using world = await openWorld()
  const all = [order(1)]
  const hub = systems(world, () => all, { listed: true })
  await world.arrive(all)
  await delivered(world, 1)
  await world.pass('1 minute')
  hub.clients.get('wms')!.pull = async function* () {
    yield { items: [], position: {}, last: true }
  }
  expect(await reconcile(hub, orders, look)).toMatchObject({ same: 1, missing: 0, gaps: 0 })
  delete (hub.clients.get('wms')!.resources['orders'] as Json).fetch
  expect(await reconcile(hub, orders, look)).toMatchObject({ same: 0, unread: 1, gaps: 0 })
})

test('refuses what cannot be compared, and says which way round it can', async () => {
  await using world = await openWorld()
  const hub = systems(world, () => [])
  await expect(reconcile(hub, { ...orders, between: ['wms', 'shop'] }, look)).rejects.toThrow('--between shop,wms')
  await expect(reconcile(hub, { ...orders, between: ['shop', 'carrier'] }, look)).rejects.toThrow('no route pushes')
})
