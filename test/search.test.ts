// `handoff trace`: a word that a person has leads to everything that it names, and through indexes.
import { expect, test } from 'vitest'
import { trace } from '../engine/insight/trace.ts'
import { identity, openWorld } from './support/world.ts'

const ORDER_FIELDS = [
  { type: 'shipment', path: ['order'] },
  { type: 'invoice', path: ['order'] },
]

test('an order is found by its number, its key and an external id, with what names it as its order', async () => {
  await using world = await openWorld()
  const { store } = world.hub
  await world.arrive([
    { id: 'a1', number: '7' },
    { id: 'a2', number: '77' },
  ])
  await world.until('both are delivered', () => world.vendor.things.size === 2)
  // And written down: the links are what is searched.
  await world.calm()
  for (const [type, key, order] of [
    ['shipment', 'shop:7:S1', 'shop:7'],
    ['shipment', 'shop:77:S1', 'shop:77'],
    ['invoice', 'INV-1', 'shop:7'],
  ])
    await store.query(
      `insert into record (type, key, data, hash, created_at, updated_at) values ($1, $2, jsonb_build_object('order', $3::text), '', hub_now(), hub_now())`,
      [type, key, order],
    )
  const linked = [...world.vendor.things].find(([, thing]) => thing.number === '7')![0]
  for (const word of ['7', 'shop:7', 'a1', linked]) {
    const { records } = await trace(store, word, ORDER_FIELDS)
    expect(records.map((record) => record.key).sort(), word).toEqual(['INV-1', 'shop:7', 'shop:7:S1'])
  }
  expect((await trace(store, '8', ORDER_FIELDS)).records).toEqual([])
})

test('an item that is stuck is found by its id and by what stands in it, also where its text is cut within a character', async () => {
  await using world = await openWorld()
  world.assembly.sources.get('orders')!.outputs[0]!.mapper = identity({
    run: () => ({ problems: [{ code: 'HUB_MAP_REQUIRED', message: 'no SKU' }] }),
  })
  await world.arrive([
    { id: 'b1', number: '9', note: 'ü'.repeat(1500) },
    { id: 'b2', number: '10', note: `x${'ü'.repeat(1500)}` },
  ])
  for (const word of ['b1', '9']) {
    const { items } = await trace(world.hub.store, word, [])
    expect(items, word).toMatchObject([{ externalId: 'b1', status: 'parked' }])
  }
})
