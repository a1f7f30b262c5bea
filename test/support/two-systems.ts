// A shop and a warehouse that can be read as well, for tests that compare them.
import type { ConnectionClient, Json } from '../../engine/hub.ts'
import type { Planned } from '../../engine/plan/outgoing.ts'
import { identity, type World } from './world.ts'

/** The world's two systems as they can be read; `listed`: the warehouse as well, beside taking what it is sent. */
export function systems(world: World, shop: () => Json[], { listed = false, stamp = '' } = {}): Planned {
  const clientOf = (name: string, things: () => { id: string; text: string; stamp?: string }[]) =>
    ({
      name,
      resources: { orders: { pull: () => {}, fetch: () => ({ path: '' }) } },
      pull: async function* (_: string, __: unknown, options: Json) {
        await options.gate({ write: false, method: 'GET', deadlineMs: 1 })
        // Pages of two.
        const all = things()
        for (let at = 0; at === 0 || at < all.length; at += 2)
          yield { items: all.slice(at, at + 2), position: {}, last: at + 2 >= all.length }
      },
      fetch: async (_: string, id: string) => things().find((one) => one.id === id),
    }) as unknown as ConnectionClient
  const here = () =>
    shop().map(({ $stamp, ...item }) => ({
      id: String(item.id),
      text: JSON.stringify(item),
      ...($stamp || stamp ? { stamp: $stamp ?? stamp } : {}),
    }))
  const there = () => [...world.vendor.things].map(([id, thing]) => ({ id, text: JSON.stringify(thing) }))
  const { hub, assembly } = world
  if (listed)
    assembly.sources.set('wms-orders', {
      name: 'wms-orders',
      connection: 'wms',
      resource: 'orders',
      outputs: [
        {
          type: 'order',
          resource: 'orders',
          mapper: identity({
            run: ({ key, id: _, ...thing }) => ({ record: { ...thing, channel: 'wms' } }),
            speaks: ['number', 'status', 'lines', 'lines[].sku', 'lines[].quantity'],
          }),
        },
      ],
      revision: 'w1',
      lane: 5,
    })
  const clients = new Map([
    ['shop', clientOf('shop', here)],
    ['wms', clientOf('wms', there)],
  ])
  return { store: hub.store, assembly, facts: hub.facts, clients, signal: hub.signal }
}
