// A plan says what a run would do, and does nothing: no request that writes, no row that differs.
import path from 'node:path'
import { describe, expect, test } from 'vitest'
import { owePast } from '../engine/handoff/past.ts'
import type { ConnectionClient, Json } from '../engine/hub.ts'
import type { Planned } from '../engine/plan/outgoing.ts'
import { planRoute } from '../engine/plan/route.ts'
import { planSource } from '../engine/plan/source.ts'
import type { Store } from '../engine/platform/store/store.ts'
import { handoff } from './support/command.ts'
import { demoPlace } from './support/demo.ts'
import { identity, openWorld, payload, type World } from './support/world.ts'

const ROOT = path.resolve(import.meta.dirname, '..')
const order = (number: number, more: object = {}) => ({ id: number, number: String(number), status: 'open', ...more })

/** Every row of every table of the hub, as text. */
async function everything(store: Store): Promise<Record<string, string>> {
  const tables = await store.query<{ name: string }>(
    'select table_name as name from information_schema.tables where table_schema = current_schema() order by 1',
  )
  const all: Record<string, string> = {}
  for (const { name } of tables) {
    const [row] = await store.query<{ text: string }>(
      `select coalesce(string_agg(t::text, E'\\n' order by t::text), '') as text from "${name}" t`,
    )
    all[name] = row!.text
  }
  return all
}

/** The world with a source that can be read, `gates` counts what was asked of it, and a destination whose things can be fetched. */
function planned(world: World, items: Json[]): Planned & { asked: string[] } {
  const asked: string[] = []
  const shop = {
    name: 'shop',
    resources: { orders: {} },
    pull: async function* (resource: string, position: unknown, options: Json) {
      await options.gate({ write: false, method: 'GET', deadlineMs: 1 })
      asked.push(`${resource} ${JSON.stringify(position ?? null)} ${options.since ?? ''}`)
      yield {
        items: items.map((item) => ({ id: String(item.id), text: JSON.stringify(item) })),
        position: {},
        last: true,
      }
    },
  } as unknown as ConnectionClient
  const wms = {
    name: 'wms',
    resources: { orders: { fetch: () => ({ path: '' }) } },
    fetch: async (_: string, id: string, options: Json) => {
      await options.gate({ write: false, method: 'GET', deadlineMs: 1 })
      const thing = world.vendor.things.get(id)
      return thing && { id, text: JSON.stringify({ ...thing, internal: 'x' }) }
    },
  } as unknown as ConnectionClient
  const { hub, assembly } = world
  const clients = new Map([
    ['shop', shop],
    ['wms', wms],
  ])
  return { store: hub.store, assembly, facts: hub.facts, clients, signal: hub.signal, asked }
}
const resting = (world: World, count: number) =>
  world.until(
    `${count} handoffs rest`,
    async () => (await world.hub.store.query("select from handoff where state = 'resting'")).length === count,
  )

describe('of a source', () => {
  test('says for each record what would come in and go out, with old and new values and why; nothing changes', async () => {
    await using world = await openWorld()
    const { store } = world.hub
    world.assembly.routes.get('out')!.mapper = payload({
      run: (record, context) =>
        record.bad
          ? { problems: [{ code: 'HUB_MAP_REQUIRED', message: 'no name' }] }
          : { record: { ...record, key: context.key } },
    })
    world.assembly.sources.get('orders')!.outputs[0]!.mapper = identity({
      run: (item) => (item.draft ? { skipped: 'a draft' } : { record: { channel: 'shop', ...item } }),
    })
    await world.arrive([order(1, { city: 'A' }), order(2, { city: 'A' }), order(3, { city: 'A' })])
    await resting(world, 3)
    // Somebody changed a copy by hand, and somebody else made an order there that the hub does not know.
    world.vendor.things.get('v2')!.city = 'by hand'
    world.vendor.things.set('v99', { key: 'shop:5', city: 'Z' })
    const before = await everything(store)
    const writes = world.vendor.writes.length
    const hub = planned(world, [
      order(1, { city: 'A' }),
      order(2, { city: 'B' }),
      order(4, { city: 'C' }),
      order(5, { city: 'Y' }),
      order(6, { bad: true }),
      order(7, { draft: true }),
    ])
    const plan = await planSource(hub, 'orders', 10)
    const brief = (steps: Json[]) => steps.map(({ subject, does }) => `${does} ${subject}`).sort()
    expect(brief(plan.in)).toEqual([
      'create order shop:4',
      'create order shop:5',
      'create order shop:6',
      'skip order shop:1',
      'skip orders 7',
      'update order shop:2',
    ])
    expect(plan.in.find((step) => step.does === 'update')!.changes).toEqual([{ path: ['city'], old: 'A', new: 'B' }])
    expect(plan.in.find((step) => step.subject === 'orders 7')!.why).toContain('a draft')
    expect(brief(plan.out)).toEqual([
      'create order shop:4',
      'park order shop:6',
      'update order shop:2',
      'update order shop:5',
    ])
    const updates = plan.out.filter((step) => step.does === 'update')
    // What is really there, not what the hub believes; what is only there is left alone.
    expect(updates.find((step) => step.subject === 'order shop:2')!.changes).toEqual([
      { path: ['city'], old: 'by hand', new: 'B' },
    ])
    expect(updates.find((step) => step.subject === 'order shop:5')!.why).toContain('v99 there has the key shop:5')
    expect(plan.out.find((step) => step.does === 'park')!.why).toContain('no name')
    expect(await everything(store)).toEqual(before)
    expect(world.vendor.writes).toHaveLength(writes)
    // And when it is really run, it is as it was planned.
    await world.arrive([order(2, { city: 'B' }), order(4, { city: 'C' }), order(5, { city: 'Y' })])
    await resting(world, 5)
    expect(
      world.vendor.writes
        .slice(writes)
        .map((write) => write.verb)
        .sort(),
    ).toEqual(['create', 'update', 'update'])
  })

  test('begins where the next run would, or where it is told; reads no more than it is asked for', async () => {
    await using world = await openWorld()
    await world.hub.store.query(
      `insert into source_state (source, position) values ('orders', '{"cursor":"2026-03-01T00:00:00Z"}')`,
    )
    const hub = planned(world, [order(1), order(2), order(3)])
    expect((await planSource(hub, 'orders', 2)).in).toHaveLength(2)
    await planSource(hub, 'orders', 2, '2026-01-01T00:00:00Z')
    expect(hub.asked).toEqual(['orders {"cursor":"2026-03-01T00:00:00Z"} ', 'orders null 2026-01-01T00:00:00Z'])
  })

  test('a connector that would write is stopped before it does', async () => {
    await using world = await openWorld()
    const create = world.vendor.push.create
    world.vendor.push.find = (key, given, options) => create({ ...given, key }, options).then(() => undefined)
    await expect(planSource(planned(world, [order(1)]), 'orders', 5)).rejects.toThrow('a plan must not write')
    expect(world.vendor.writes).toEqual([])
  })

  test('runs beside a hub that works on the same items', async () => {
    await using world = await openWorld()
    const items = Array.from({ length: 200 }, (_, index) => order(index + 1))
    const plans = Promise.all(Array.from({ length: 5 }, () => planSource(planned(world, items), 'orders', 200)))
    await world.arrive(items)
    await plans
    await resting(world, 200)
    expect(world.vendor.things.size).toBe(200)
    expect(world.vendor.writes).toHaveLength(200)
    expect(world.errors).toEqual([])
  })
})

describe('of a route', () => {
  test('says what of the records that are there goes along it; a new one owes nothing for the past without since', async () => {
    await using world = await openWorld()
    const { store } = world.hub
    await world.arrive([...[1, 2, 3].map((id) => order(id)), order(4, { status: 'cancelled' })])
    await resting(world, 4)
    await store.query("update record set updated_at = '2026-01-01' where key = 'shop:1'")
    const route = world.addRoute({ name: 'new', matches: (record) => record.status === 'open', target: 'copies' })
    const before = await everything(store)
    const hub = planned(world, [])
    const plan = await planRoute(hub, route, undefined, 2)
    expect(plan).toMatchObject({ records: 4, matching: 3, never: 3, past: 0, states: [] })
    expect(plan.out).toHaveLength(2)
    expect((await planRoute(hub, route, '2026-02-01T00:00:00Z', 1)).past).toBe(2)
    const old = await planRoute(hub, world.assembly.routes.get('out')!, undefined, 5)
    expect(old).toMatchObject({ matching: 4, never: 0, states: [{ state: 'delivered', count: 4 }] })
    expect(old.out.map((step) => `${step.does} ${step.why}`)).toEqual(
      Array(4).fill('skip the destination was sent exactly this last'),
    )
    expect(await everything(store)).toEqual(before)
    // What `since` says is what is owed then, once, in the bulk lane.
    expect(await owePast(store, route, '2026-02-01T00:00:00Z', world.hub.signal)).toBe(2)
    expect(await owePast(store, route, '2026-02-01T00:00:00Z', world.hub.signal)).toBe(0)
    const owed = await store.query<Json>("select lane from handoff where route = 'new'")
    expect(owed).toEqual([{ lane: 9 }, { lane: 9 }])
  })

  test('a changed mapping shows what it would change at the destination', async () => {
    await using world = await openWorld()
    await world.arrive([order(1, { city: 'A' })])
    await resting(world, 1)
    const route = world.assembly.routes.get('out')!
    route.mapper = payload({
      run: (record, { key }) => ({ record: { ...record, key, city: record.city.toLowerCase() } }),
    })
    const { out } = await planRoute(planned(world, []), route, undefined, 5)
    expect(out).toMatchObject([{ does: 'update', changes: [{ path: ['city'], old: 'A', new: 'a' }] }])
  })
})

describe('of a whole hub', () => {
  test('reads at the store, the warehouse, the ERP and the CRM with reads alone', { timeout: 180_000 }, async () => {
    await using place = await demoPlace('postgres')
    expect((await place.run('--count', '12').done).code).toBe(0)
    const [{ number, billing, shipping, line_items, shipping_lines }] = (
      await place.systems.get('state/woocommerce/orders')
    ).filter((each: Json) => each.status === 'processing')
    await place.systems.post(`orders/${number}`, { shipping: { city: 'Plantown' } })
    const more = line_items.map(({ product_id, quantity }: Json) => ({ product_id, quantity }))
    await place.systems.post('orders', { billing, shipping, line_items: more, shipping_lines })
    const { systemVariables } = await import('../engine/cli/demo/variables.ts')
    const variables = await systemVariables(place.systems.addresses)
    const before = await everything(place.store)
    const counted = async () => ({ writes: await place.writes(), all: await place.systems.get('requests') })
    const requests = await counted()
    const config = path.join(ROOT, 'config', 'demo')
    const plan = async (...args: string[]) => {
      const { output } = await handoff(place.store.schema, ['plan', ...args, '--config', config], variables)
      return output
    }
    const source = await plan('shop-orders', '--limit', '20')
    expect(source).toMatch(/shipTo\.city: ".*" → "Plantown"/)
    expect(source).toMatch(/create {2}order shop:\d+ {2}shop-orders/)
    expect(source).toMatch(/create {2}order shop:\d+ {2}to-warehouse/)
    expect(source).toMatch(/create {2}order shop:\d+ {2}order-to-crm\n +nothing there has the key/)
    expect(source).toContain('Nothing was written.')
    const route = await plan('customer-to-erp', '--limit', '3')
    expect(route).toMatch(/customer-to-erp: \d+ of \d+ records match/)
    expect(await plan('shop-order')).toContain('Did you mean shop-orders?')
    expect(await everything(place.store)).toEqual(before)
    const after = await counted()
    expect(after.writes).toBe(requests.writes)
    for (const system of ['woocommerce', 'shiphero', 'hubspot'])
      expect(after.all[system], system).toBeGreaterThan(requests.all[system])
  })
})
