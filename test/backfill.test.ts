// A part of a source is read again: beside its own runs, in the bulk lane, resumed where it was killed, and never faster than it is
// worked off. And the lanes: what is urgent waits for less than one chunk of it.
import path from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { describe, expect, test } from 'vitest'
import { ConnectorError } from '#connector'
import type { ConnectionClient, Json } from '../engine/hub.ts'
import { type BackfillReport, type BackfillWish, backfill } from '../engine/intake/backfill.ts'
import { handoff, startHandoff } from './support/command.ts'
import { demoPlace } from './support/demo.ts'
import { identity, openWorld, type World } from './support/world.ts'

const DAY = 86_400_000
const START = Date.parse('2026-01-01T00:00:00Z')
const at = (number: number) => new Date(START + number * 60_000).toISOString()
const rows = (world: World, sql: string) => world.hub.store.query<Json>(sql)
const count = async (world: World, sql: string) => (await rows(world, `select count(*) as n from ${sql}`))[0].n

/** A shop of `size` orders, one changed each minute, read in pages of 100 in that order; it counts what was asked. */
function shopOf(size: number, fault: (page: number) => void = () => {}) {
  const shop = { pages: 0, fetched: [] as string[] }
  const order = (number: number) => ({
    id: String(number),
    text: JSON.stringify({ id: number, number: String(number), status: 'open', lines: [] }),
    stamp: at(number),
  })
  const client = {
    name: 'shop',
    resources: { orders: { fetch: () => ({ path: '' }) } },
    pull: async function* (_: string, position: Json, { since }: { since: string }) {
      let next = position?.next ?? Math.max(1, Math.ceil((Date.parse(since) - START) / 60_000))
      while (next <= size) {
        fault(++shop.pages)
        const items = Array.from({ length: Math.min(100, size - next + 1) }, (_, index) => order(next + index))
        next += items.length
        yield { items, position: { next }, last: next > size, through: items.at(-1)!.stamp }
      }
    },
    fetch: async (_: string, id: string) => {
      shop.fetched.push(id)
      return Number(id) <= size ? order(Number(id)) : undefined
    },
  } as unknown as ConnectionClient
  return Object.assign(shop, { client })
}

interface Ways {
  most?: { undecided: number; owed: number }
  progress?: (report: BackfillReport) => void
  signal?: AbortSignal
}
function readAgain(world: World, client: ConnectionClient, wish: BackfillWish, ways: Ways = {}) {
  const { hub, pipeline, assembly } = world
  return backfill(hub.store, client, assembly.sources.get('orders')!, hub.worker, wish, {
    signal: ways.signal ?? hub.signal,
    onPage: () => pipeline.decideSoon('orders'),
    progress: ways.progress ?? (() => {}),
    ...(ways.most ? { most: ways.most } : {}),
  })
}
const delivered = (world: World, many: number, ms = 60_000) =>
  world.until(
    `${many} are delivered`,
    async () => (await count(world, "handoff where outcome = 'delivered' and state = 'resting'")) === many,
    ms,
  )

describe('a backfill', () => {
  test("reads the window and no further, in the bulk lane; the source's own position stays", async () => {
    await using world = await openWorld()
    await rows(world, `insert into source_state (source, position) values ('orders', '{"next":900}')`)
    const shop = shopOf(1000)
    const report = await readAgain(world, shop.client, { from: at(201), to: at(450) })
    expect(report).toMatchObject({ items: 300, changed: 250, resumed: false, missing: [] })
    expect(shop.pages).toBe(3)
    await delivered(world, 250)
    const numbers = (
      await rows(world, "select min((data->>'number')::int) as first, max((data->>'number')::int) as last from record")
    )[0]
    expect(numbers).toEqual({ first: 201, last: 450 })
    expect(await rows(world, 'select distinct lane from handoff')).toEqual([{ lane: 9 }])
    expect(await rows(world, 'select source, position from source_state')).toEqual([
      { source: 'orders', position: { next: 900 } },
    ])
    expect(await count(world, 'backfill where ended_at is not null')).toBe(1)
    // Read once more: nothing is new, nothing is sent.
    expect(await readAgain(world, shop.client, { from: at(201), to: at(450) })).toMatchObject({ changed: 0 })
    expect(world.vendor.writes).toHaveLength(250)
  })

  test('reads single ids, says which are not there, and goes on after a fault of the source', async () => {
    await using world = await openWorld()
    const shop = shopOf(100)
    let faults = 0
    const { fetch } = shop.client
    shop.client.fetch = async (...args) => {
      if (args[1] === '25' && faults++ < 1)
        throw new ConnectorError('retryable', 'HUB_HTTP_SERVER', 'away', { retryAfterMs: 1 })
      return fetch(...args)
    }
    const ids = [...Array.from({ length: 50 }, (_, index) => String(index + 1)), '777', '888']
    expect(await readAgain(world, shop.client, { ids })).toMatchObject({
      items: 52,
      changed: 50,
      missing: ['777', '888'],
    })
    await delivered(world, 50)
    expect(faults).toBe(2)
    expect(shop.fetched.filter((id) => id === '1')).toHaveLength(1)
  })

  test('that was killed goes on where it was, and one that runs is not run twice', async () => {
    await using world = await openWorld()
    const wish = { from: at(1) }
    const dies = shopOf(1000, (page) => {
      if (page === 4) throw new Error('killed')
    })
    await expect(readAgain(world, dies.client, wish)).rejects.toThrow('killed')
    // As a process leaves it that is killed with SIGKILL: nobody lives under that number.
    await rows(world, 'update backfill set running_by = 999999')
    const shop = shopOf(1000)
    const report = await readAgain(world, shop.client, wish)
    expect(report).toMatchObject({ resumed: true, items: 1000, pages: 10 })
    expect(shop.pages).toBe(7)
    await delivered(world, 1000)
    expect(world.vendor.writes).toHaveLength(1000)
    await using other = await world.join()
    await rows(
      world,
      `insert into backfill (source, asked, running_by, started_at, updated_at) values ('orders', '{"from":"x"}', ${other.hub.worker}, now(), now())`,
    )
    expect(await readAgain(world, shop.client, { from: 'x' })).toBeUndefined()
  })

  test('waits while too much is undecided or owed, and goes on when it is worked off', async () => {
    await using world = await openWorld()
    let open = () => {}
    const blocked = new Promise<void>((resolve) => (open = resolve))
    world.vendor.before = () => blocked
    const shop = shopOf(3000)
    const seen: BackfillReport[] = []
    const running = readAgain(
      world,
      shop.client,
      { from: at(1) },
      {
        most: { undecided: 200, owed: 300 },
        progress: (report) => seen.push(structuredClone(report)),
      },
    )
    await world.until('it waits', () => seen.at(-1)?.behind !== undefined && seen.length > 12)
    await sleep(1_000)
    const most = await count(world, "handoff where state = 'owed'")
    // What was allowed, and what was under way when it was looked at.
    expect(most + (await count(world, "item where status = 'new'"))).toBeLessThan(300 + 200 + 200)
    expect(shop.pages).toBeLessThan(12)
    open()
    expect(await running).toMatchObject({ items: 3000, changed: 3000 })
    await delivered(world, 3000)
  }, 120_000)
})

/** HANDOFF_LANES_RECORDS=100000 for the long form. */
const size = Number(process.env['HANDOFF_LANES_RECORDS'] ?? 4000)

describe('lanes', () => {
  const urgent = (id: number) => ({ id, number: String(id), status: 'open', lines: [] })

  test('a webhook is decided on before what a backfill of the same source brought earlier', async () => {
    await using world = await openWorld()
    const decided: number[] = []
    world.assembly.sources.get('orders')!.outputs[0]!.mapper = identity({
      run: (item) => {
        decided.push(item.id)
        return { record: { channel: 'shop', ...item } }
      },
    })
    const decideSoon = world.pipeline.decideSoon
    world.pipeline.decideSoon = () => {}
    await readAgain(world, shopOf(3000).client, { from: at(1) }, { most: { undecided: 5000, owed: 5000 } })
    const { collect, collectionOf } = await import('../engine/intake/collect.ts')
    const source = world.assembly.sources.get('orders')!
    await world.hub.store.transaction((tx) =>
      collect(tx, collectionOf(source, 'webhook'), [{ id: '90001', text: JSON.stringify(urgent(90001)) }]),
    )
    world.pipeline.decideSoon = decideSoon
    await delivered(world, 3001)
    expect(decided.indexOf(90001)).toBeLessThan(500)
    expect((await world.handoff('shop:90001')).lane).toBe(1)
    expect((await world.handoff('shop:17')).lane).toBe(9)
  }, 120_000)

  test(
    'a backfill delays an urgent handoff by less than one chunk',
    async () => {
      await using world = await openWorld()
      world.vendor.before = () => sleep(40)
      const chunks: { from: number; to: number }[] = []
      const { deliver } = world.pipeline
      world.pipeline.deliver = async (...args) => {
        const from = performance.now()
        await deliver(...args)
        if (args[1].length > 1) chunks.push({ from, to: performance.now() })
      }
      const owed = new Map<string, number>()
      const sent = new Map<string, number>()
      const { before } = world.vendor
      world.vendor.before = (given) => {
        sent.set(given.key, performance.now())
        return before(given)
      }
      world.assembly.routes.get('out')!.matches = (record: Json) => {
        const key = `shop:${record.number}`
        // Asked once more when it is mapped out.
        if (Number(record.number) > 900_000 && !owed.has(key)) owed.set(key, performance.now())
        return true
      }
      const delays = async (first: number) => {
        const found: { ms: number; whole: number }[] = []
        for (let number = first; number < first + 8; number++) {
          await world.arrive([urgent(number)], 'webhook')
          const key = `shop:${number}`
          await world.until('it is sent', () => sent.has(key))
          const [from, to] = [owed.get(key)!, sent.get(key)!]
          await sleep(60)
          found.push({ ms: to - from, whole: chunks.filter((chunk) => chunk.from >= from && chunk.to <= to).length })
        }
        return found
      }
      const alone = await delays(900_001)
      const running = readAgain(world, shopOf(size).client, { from: at(1) }, { most: { undecided: 2000, owed: 1000 } })
      await world.until('the backfill is in full flow', async () => chunks.length > 4)
      const beside = await delays(910_001)
      const backlog = await count(world, "handoff where state = 'owed' and lane = 9")
      const lengths = chunks.map((chunk) => chunk.to - chunk.from).sort((a, b) => a - b)
      const chunk = lengths[Math.floor(lengths.length / 2)]!
      const middle = (all: { ms: number }[]) =>
        all.map(({ ms }) => ms).sort((a, b) => a - b)[Math.floor(all.length / 2)]!
      console.info(
        `urgent handoff, from owed to sent: ${Math.round(middle(alone))} ms alone, ${Math.round(middle(beside))} ms beside a backfill of ${size} ` +
          `(${(middle(beside) / middle(alone)).toFixed(1)} times; ${(middle(beside) / chunk).toFixed(2)} of a chunk of ${Math.round(chunk)} ms); ` +
          `whole chunks that went before one: ${beside.map(({ whole }) => whole).join(' ')}`,
      )
      // A chunk that began after it was owed and ended before it was sent went before it.
      expect(beside.filter(({ whole }) => whole > 0)).toEqual([])
      expect(backlog).toBeGreaterThan(100)
      await running
      await delivered(world, size + 16, size * 30)
      expect(world.vendor.writes).toHaveLength(size + 16)
    },
    size * 40,
  )
})

describe('on the command line', () => {
  test('reads again at a real store, and carries what it brings', { timeout: 180_000 }, async () => {
    await using place = await demoPlace('postgres')
    expect((await place.run('--count', '10').done).code).toBe(0)
    const { systemVariables } = await import('../engine/cli/demo/variables.ts')
    const variables = await systemVariables(place.systems.addresses)
    const config = path.resolve(import.meta.dirname, '..', 'config', 'demo')
    const run = (...args: string[]) => handoff(place.store.schema, ['backfill', ...args, '--config', config], variables)
    await place.systems.post('orders/1002', { customer_note: 'ring twice' })
    const ids = await run('shop-orders', '--ids', '1001,1002,4711')
    // The source's own schedule is still in the queue, and may have read the change first.
    expect(ids.output).toMatch(/shop-orders: 3 read again, [01] new or changed\./)
    const [changed] = await place.store.query<Json>(
      "select data from record where type = 'order' and key = 'shop:1002'",
    )
    expect(JSON.stringify(changed.data)).toContain('ring twice')
    expect(ids.output).toContain('Not at the source (any more): 4711')
    expect(ids.code).toBe(0)
    const tomorrow = new Date(Date.now() + DAY).toISOString()
    const window = await run('shop-orders', '--from', '2026-01-01', '--to', tomorrow, '--json')
    expect(JSON.parse(window.output)).toMatchObject({ source: 'shop-orders', changed: 0, missing: [] })
    expect(await run('shop-orders')).toMatchObject({ code: 2, output: expect.stringContaining('HUB_BACKFILL_WHICH') })
    expect((await run('shop-orders', '--from', 'once')).output).toContain('HUB_BACKFILL_MOMENT')
    expect((await run('stock', '--ids', '1')).output).toMatch(/HUB_BACKFILL_NO_IDS|Not at the source/)
    expect((await run('orders', '--from', '2026-01-01')).output).toContain('HUB_SOURCE_UNKNOWN')

    // Killed in the middle, as the machine is when it loses its power: what is left goes on, what was read is not read again.
    await place.systems.post('faults', { system: 'woocommerce', path: 'orders/9\\d+', effect: 'latency', ms: 150 })
    const many = Array.from({ length: 160 }, (_, index) => String(9000 + index)).join()
    const { child, done } = startHandoff(
      place.store.schema,
      ['backfill', 'shop-orders', '--ids', many, '--config', config],
      variables,
    )
    const pages = async () =>
      (await place.store.query<{ pages: number }>('select pages from backfill where ended_at is null'))[0]?.pages ?? 0
    for (let turn = 0; turn < 400 && (await pages()) < 2; turn++) await sleep(50)
    child.kill('SIGKILL')
    await done
    const read = await pages()
    expect(read).toBeGreaterThanOrEqual(2)
    expect(read).toBeLessThan(8)
    expect((await handoff(place.store.schema, ['status', '--config', config], variables)).output).toContain(
      'goes on with handoff backfill shop-orders',
    )
    const rest = await run('shop-orders')
    expect(rest.output).toContain('shop-orders: 160 read again, the earlier part included, 0 new or changed.')
    const asked = (await place.systems.get('requests/woocommerce')).filter((each: Json) =>
      /orders\/90(0|1)\d$/.test(each.path),
    )
    expect(asked).toHaveLength(20)
  })
})
