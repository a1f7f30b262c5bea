// What a source begins to send otherwise is told once, with the mappings that it touches, until a person accepts it.
import { afterAll, beforeAll, beforeEach, expect, test, vi } from 'vitest'
import type { Json } from '../engine/hub.ts'
import { acceptDrift, listDrift } from '../engine/insight/drift.ts'
import { openAlarm } from './support/alarm.ts'
import { identity, openWorld, type World } from './support/world.ts'

let world: World
let places = 0
let source: string
let next = 1

beforeAll(async () => {
  vi.useFakeTimers({ toFake: ['Date'] })
  world = await openWorld('postgres', undefined, { idle: true })
})
afterAll(async () => {
  vi.useRealTimers()
  await world[Symbol.asyncDispose]()
})
beforeEach(() => {
  source = `source-${++places}`
  const reads = (name: string, fields: Record<string, 'reads' | 'ignores'>) =>
    identity({ name, concern: (field) => fields[field], run: () => ({ skipped: 'only looked at' }) })
  world.addSource({
    name: source,
    connection: 'shop',
    resource: source,
    outputs: [
      {
        type: 'order',
        resource: source,
        mapper: reads('shop/orders', { total: 'reads', 'lines[].sku': 'reads', _links: 'ignores' }),
      },
      {
        type: 'customer',
        resource: `${source}.customer`,
        mapper: reads('shop/orders.customer', { email: 'reads', _links: 'ignores' }),
      },
    ],
  })
})

const usual = () => ({ number: String(next), total: '9.90', email: 'a@b.example', lines: [{ sku: 'A' }], note: null })
/** So many items, with something else in them. */
const send = (many: number, more: (i: number) => Json = () => ({})) =>
  world.arrive(
    Array.from({ length: many }, (_, i) => ({ id: next++, ...usual(), ...more(i) })),
    'pull',
    { source },
  )
/** The seconds pass after which counts are written. */
async function later(more: (i: number) => Json = () => ({})): Promise<void> {
  vi.setSystemTime(Date.now() + 11_000)
  await send(1, more)
}
const drift = async () =>
  (await listDrift(world.hub.store))
    .filter((one) => one.resource === source)
    .map(({ field, change, old, new: now, mappings }) => [field, change, old, now, mappings.join(' ')])
    .sort()
const events = async () =>
  (
    await world.hub.store.query<{ type: string; field: string }>(
      "select type, detail->>'field' as field from event where detail->>'resource' = $1 order by id",
      [source],
    )
  ).map(({ type, field }) => `${type} ${field}`)

test('what is usual is learned in silence', async () => {
  await send(50)
  await send(50, () => ({ coupon: { code: 'X' } }))
  await send(10, () => ({ note: 'now a text', coupon: { code: 'X' } }))
  expect(await drift()).toEqual([])
  expect(await events()).toEqual([])
})

test('a new field is told once, the whole object as one, and only to mappings that neither read nor ignore it', async () => {
  await send(100)
  await send(3, () => ({ coupon: { code: 'X', value: { amount: 1 } }, _links: { self: 'x' } }))
  await send(3, () => ({ coupon: { code: 'X' }, note: 'a text' }))
  expect(await drift()).toEqual([['coupon', 'new', null, 'object', 'shop/orders shop/orders.customer']])
  expect(await events()).toEqual(['source.drifted coupon'])
})

test('another type is told with both types, and the mappings that read the field', async () => {
  await send(100)
  await send(2, () => ({ total: 9.9, lines: [{ sku: 12 }] }))
  await send(2, () => ({ total: null }))
  await send(2, () => ({ total: 9.9 }))
  expect(await drift()).toEqual([
    ['lines[].sku', 'retyped', 'text', 'number', 'shop/orders'],
    ['total', 'retyped', 'text', 'number', 'shop/orders'],
  ])
})

test('a field that was always there and is missing from 100 items in a row has vanished; one that came and went has not', async () => {
  await send(150, (i) => (i % 3 ? { coupon: 'X' } : {}))
  await later()
  const without = () => ({ email: undefined, lines: undefined })
  await send(98, without)
  await later(without)
  expect(await drift()).toEqual([])
  await later(without)
  const told = [
    ['email', 'vanished', 'text', null, 'shop/orders.customer'],
    ['lines', 'vanished', 'list', null, ''],
  ]
  expect(await drift()).toEqual(told)
  await send(200, without)
  await later(without)
  expect(await drift()).toEqual(told)
  expect(await events()).toEqual(['source.drifted email', 'source.drifted lines'])
  await later()
  expect(await drift(), 'what is back needs no looking at').toEqual([])
})

test('what is accepted is usual; a field that was accepted as gone is new when it comes back', async () => {
  await send(150)
  await later()
  await send(120, () => ({ email: undefined, coupon: 'X' }))
  await later(() => ({ email: undefined, coupon: 'X' }))
  expect((await drift()).map(([field, change]) => `${change} ${field}`).sort()).toEqual([
    'new coupon',
    'vanished email',
  ])
  expect(await acceptDrift(world.hub.store, `shop.${source}`)).toBe(2)
  expect(await drift()).toEqual([])
  await later(() => ({ email: undefined, coupon: 'X' }))
  expect(await drift()).toEqual([])
  await send(5, () => ({ coupon: 'X' }))
  expect((await drift()).map(([field, change]) => `${change} ${field}`)).toEqual(['new email'])
  expect(await events()).toEqual([
    'source.drifted coupon',
    'source.drifted email',
    'drift.accepted coupon',
    'drift.accepted email',
    'source.drifted email',
  ])
})

test('two processes tell it once', async () => {
  await send(150)
  const other = await world.join()
  try {
    await Promise.all([
      send(5, () => ({ coupon: 'X' })),
      other.arrive(
        Array.from({ length: 5 }, () => ({ id: next++, ...usual(), coupon: 'X' })),
        'pull',
        { source },
      ),
    ])
    expect(await drift()).toHaveLength(1)
    expect(await events()).toEqual(['source.drifted coupon'])
  } finally {
    await other[Symbol.asyncDispose]()
  }
})

test('an alert tells it once, with the fields and the mappings, and is over when it is accepted', async () => {
  vi.useRealTimers()
  await using alarm = await openAlarm({ alerts: { operations: { on: ['drift'], to: ['chat'] } } })
  const { store } = alarm.world.hub
  await store.query(
    `insert into drift (connection, resource, path, change, old_type, new_type, mappings, at) values
       ('shop', 'orders', 'total', 'retyped', 'text', 'number', '{shop/orders}', hub_now()),
       ('shop', 'orders', 'coupon', 'new', null, 'object', '{}', hub_now() + interval '1 ms')`,
  )
  await alarm.world.until('it is told', async () => {
    await alarm.tick()
    return alarm.chat.length > 0
  })
  expect(alarm.chat[0]).toMatchObject({
    severity: 'warning',
    title: 'shop.orders sends 2 fields otherwise than before: total is number, was text and 1 more',
    text: expect.stringContaining('Fields: total is number, was text (It touches shop/orders); coupon is new: object'),
  })
  expect(alarm.chat[0]!.text).toContain('To do: handoff drift list | handoff drift accept shop.orders')
  expect(await acceptDrift(store, 'shop.orders')).toBe(2)
  await alarm.world.until('it is over', async () => {
    await alarm.world.pass('20 seconds')
    await alarm.tick()
    return alarm.chat.length > 1
  })
  expect(alarm.chat.map(({ state }) => state)).toEqual(['open', 'recovered'])
})
