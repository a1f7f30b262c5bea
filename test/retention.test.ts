// What is old is forgotten in bounded batches while the walk goes on; what is not at rest stays, and what has not changed is still recognised.
import { mkdirSync, mkdtempSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { expect, test } from 'vitest'
import { ConnectorError } from '#connector'
import type { Json } from '../engine/hub.ts'
import { forecast, prune } from '../engine/outcome/retention.ts'
import { doChore } from '../engine/platform/store/chores.ts'
import { retentionOf } from '../engine/setup/retention.ts'
import { handoff } from './support/command.ts'
import { openWorld, type World } from './support/world.ts'

const order = (number: number, more: object = {}) => ({ id: number, number: String(number), status: 'open', ...more })
const rows = (world: World, sql: string) => world.hub.store.query<Json>(sql)
const count = async (world: World, from: string) =>
  Number((await rows(world, `select count(*) as n from ${from}`))[0]!.n)
const kept = retentionOf({})

/** Five orders: four that rest (with an old attempt each), one that failed. */
async function fiveOrders(world: World): Promise<void> {
  world.vendor.before = ({ number }) => {
    if (number === '5') throw new ConnectorError('permanent', 'HUB_VENDOR_REFUSED', 'no')
  }
  await world.arrive([1, 2, 3, 4, 5].map((number) => order(number)))
  await world.until(
    'four rest and one failed',
    async () =>
      (await count(world, "handoff where state = 'resting'")) === 4 &&
      (await count(world, "handoff where state = 'failed'")) === 1,
  )
  await rows(
    world,
    `insert into webhook (connection, topic, body, status, received_at) select 'shop', 'orders', 'x', 'read', hub_now() from generate_series(1, 3)`,
  )
  await rows(
    world,
    `insert into run (source, started_at, ended_at) select 'orders', hub_now(), case when n > 1 then hub_now() end from generate_series(1, 3) n`,
  )
}

test('what is old and at rest goes, what is stuck stays, and nothing young is touched', async () => {
  await using world = await openWorld()
  await fiveOrders(world)
  await rows(world, "update item set status = 'parked' where external_id = '4'")
  const stuck = await count(world, "attempt join handoff h on h.id = handoff_id where h.state = 'failed'")
  expect(stuck).toBeGreaterThan(0)
  expect(await prune(world.hub.store, kept)).toBeUndefined()
  expect(await count(world, 'attempt')).toBe(4 + stuck)
  expect(await count(world, 'item where body is null')).toBe(0)

  await world.pass('91 days')
  await world.arrive([order(6)])
  await world.until('the sixth rests', async () => (await count(world, "handoff where state = 'resting'")) === 5)
  const eventsBefore = await count(world, 'event')
  const said = await forecast(world.hub.store, kept)
  expect(said.find((one) => one.kept === 'attempts')).toMatchObject({ goes: 4, stays: stuck, young: 1 })
  expect(said.find((one) => one.kept === 'payloads')).toMatchObject({ goes: 4, stays: 1, young: 1 })
  expect(said.find((one) => one.kept === 'runs')).toMatchObject({ goes: 2, stays: 1, young: 0 })
  const removed = {}
  expect(await prune(world.hub.store, kept, undefined, { removed })).toBeUndefined()
  expect(removed).toEqual({ payloads: 4, attempts: 4, webhooks: 3, runs: 2 })
  expect(await count(world, 'attempt')).toBe(1 + stuck)
  expect(await count(world, "attempt join handoff h on h.id = handoff_id where h.state = 'failed'")).toBe(stuck)
  expect(
    (await rows(world, 'select external_id from item where body is not null order by 1')).map((row) => row.external_id),
  ).toEqual(['4', '6'])
  expect(await count(world, 'event')).toBe(eventsBefore)

  await world.pass('310 days')
  await prune(world.hub.store, kept)
  expect(
    await count(world, "event e where record_id in (select record_id from handoff where state = 'failed')"),
  ).toBeGreaterThan(0)
  expect(
    await count(
      world,
      "event e where record_id in (select record_id from handoff where state = 'resting') and at < hub_now() - interval '400 days'",
    ),
  ).toBe(0)
})

test('an item whose payload is gone is recognised when it comes unchanged, taken when it changed, and not decided on anew', async () => {
  await using world = await openWorld()
  await world.arrive([order(1), order(2)])
  await world.until('both rest', async () => (await count(world, "handoff where state = 'resting'")) === 2)
  await world.pass('91 days')
  await prune(world.hub.store, kept)
  expect(await count(world, 'item where body is null')).toBe(2)
  const again = await handoff(world.schema, ['replay', '--from', 'start', '--all', '--config', 'none'])
  expect(again.output).toContain('2 left alone: what came was pruned, read it again with handoff backfill')
  await world.arrive([order(1), order(2, { status: 'paid' })])
  await world.until('the changed one went out', () => world.vendor.writes.length === 3)
  expect(await count(world, "item where body is null and status = 'done'")).toBe(1)
  expect(world.errors).toEqual([])
})

test('no batch is larger than it may be, a turn ends in time, and the next one goes on where it stood', async () => {
  await using world = await openWorld('postgres', undefined, { idle: true })
  await rows(
    world,
    `insert into attempt (handoff_id, at, ms, step) select n, hub_now() - interval '100 days', 1, 'create' from generate_series(1, 950) n`,
  )
  const sizes: number[] = []
  const { store } = world.hub
  const watched = {
    ...store,
    query: async (sql: string, values?: unknown[]) => {
      const found = await store.query<Json>(sql, values)
      if (found[0]?.removed) sizes.push(found[0].removed)
      return found
    },
  } as typeof store
  const first = await prune(watched, kept, { step: 1, after: 0 }, { batch: 100, mostMs: 0 })
  expect(first).toEqual({ step: 1, after: 0 })
  const left = await prune(watched, kept, first, { batch: 100, pauseMs: 60, mostMs: 200 })
  expect(left).toMatchObject({ step: 1 })
  expect(left!.after).toBeGreaterThan(0)
  expect(await prune(watched, kept, left, { batch: 100, pauseMs: 1 })).toBeUndefined()
  expect(Math.max(...sizes)).toBe(100)
  expect(sizes.reduce((sum, one) => sum + one, 0)).toBe(950)
})

test('orders are carried on while much is forgotten, and no batch reads a whole table', {
  timeout: 120_000,
}, async () => {
  await using world = await openWorld()
  const { store } = world.hub
  await store.query(`insert into handoff (route, record_id, kind, connection, wanted, state, due_at, owed_at, updated_at)
    select 'old', 1000000 + n, 'push', 'wms', 1, 'resting', hub_now(), hub_now(), hub_now() from generate_series(1, 100000) n`)
  await store.query(
    `insert into attempt (handoff_id, at, ms, step, exchanges) select h.id, hub_now() - interval '100 days', 1, 'create', '[{"method":"POST"}]' from handoff h, generate_series(1, 2)`,
  )
  await store.query(`insert into attempt (handoff_id, at, ms, step) select h.id, hub_now(), 1, 'create' from handoff h`)
  await store.query(`insert into item (connection, resource, external_id, source, via, body, hash, status, received_at, decided_at)
    select 'shop', 'orders', 'old' || n, 'orders', 'pull', decode(repeat('ab', 300), 'hex'), 'h', 'done', hub_now() - interval '100 days', hub_now() - interval '100 days' from generate_series(1, 100000) n`)
  await store.query('analyze')
  const plans: string[] = []
  const watched = {
    ...store,
    query: async (sql: string, values?: unknown[]) => {
      if (plans.length < 600 && sql.includes('removed'))
        plans.push(
          await store.transaction(async (tx) => {
            const plan = await tx.query<Json>(`explain (analyze, buffers, format json) ${sql}`, values)
            return JSON.stringify(plan)
          }),
        )
      return store.query<Json>(sql, values)
    },
  } as typeof store
  const removed: Json = {}
  const pruned = prune(watched, kept, undefined, { removed, pauseMs: 1 })
  await world.arrive([1, 2, 3].map((number) => order(number)))
  await world.until('the new ones went out', () => world.vendor.writes.length === 3)
  await pruned
  expect(await count(world, 'item where body is null')).toBe(100_000)
  expect(await count(world, 'attempt')).toBe(100_003)
  const scans = plans.filter((plan) =>
    /"Node Type":"Seq Scan"[^}]*"Relation Name":"(attempt|item|handoff|event)"/.test(plan),
  )
  expect(plans.length).toBeGreaterThan(50)
  expect(scans).toEqual([])
})

test('one process at a time forgets, and another takes over from one that died', async () => {
  await using world = await openWorld('postgres', undefined, { idle: true })
  const { store } = world.hub
  let running = 0
  let most = 0
  const chore = {
    name: 'test',
    everyMs: 60_000,
    turnMs: 30_000,
    work: async () => {
      most = Math.max(most, ++running)
      await new Promise((resolve) => setTimeout(resolve, 50))
      running--
      return undefined
    },
  }
  expect((await Promise.all([1, 2, 3].map(() => doChore(store, chore)))).filter(Boolean)).toHaveLength(1)
  expect(most).toBe(1)
  expect(await doChore(store, chore)).toBe(false)
  await world.pass('61 seconds')
  const dies = { ...chore, work: () => Promise.reject(new Error('died')) }
  await expect(doChore(store, dies)).rejects.toThrow('died')
  expect(await doChore(store, chore)).toBe(false)
  await world.pass('31 seconds')
  expect(await doChore(store, chore)).toBe(true)
})

test('the command shows what would go, and what is no age is refused with its place', async () => {
  await using world = await openWorld()
  await fiveOrders(world)
  await world.pass('40 days')
  const folder = mkdtempSync(path.join(tmpdir(), 'handoff-'))
  mkdirSync(folder, { recursive: true })
  writeFileSync(path.join(folder, 'hub.yaml'), 'retention: { webhooks: 60d }\n')
  const dry = await handoff(world.schema, ['prune', '--dry-run', '--config', folder])
  expect(dry.output).toMatch(/webhooks +\S+ \S+ +0 +0 +3|webhooks .* 0 +0 +3/)
  writeFileSync(path.join(folder, 'hub.yaml'), 'retention: { webhooks: 30d }\n')
  const done = await handoff(world.schema, ['prune', '--config', folder])
  expect(done.output).toMatch(/webhooks .* 3 +0 +0/)
  expect(await count(world, 'webhook')).toBe(0)
  writeFileSync(path.join(folder, 'hub.yaml'), 'retention: { webhooks: ever, payload: 3d }\n')
  const wrong = await handoff(world.schema, ['validate', '--config', folder])
  expect(wrong.code).toBe(2)
  expect(wrong.output).toContain('hub.yaml:1:')
  expect(wrong.output).toContain('payloads')
})
