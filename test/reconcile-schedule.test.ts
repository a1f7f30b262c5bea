// Comparisons on schedule: begun by one process for all, told as a gap and as its end; and the command, as a person meets it.
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { expect, test } from 'vitest'
import { ConnectorError } from '#connector'
import { status } from '../engine/insight/status.ts'
import type { Planned } from '../engine/plan/outgoing.ts'
import { openLog } from '../engine/platform/log.ts'
import { openComparisons } from '../engine/reconcile/schedule.ts'
import { loadHub } from '../engine/setup/load.ts'
import { openAlarm } from './support/alarm.ts'
import { demoPlace } from './support/demo.ts'
import { systems } from './support/two-systems.ts'
import { openWorld, type World } from './support/world.ts'

const DAILY = { orders: { record: 'order', between: ['shop', 'wms'] as [string, string], every: '1d', since: '3650d' } }
const order = (number: number) => ({ id: number, number: String(number), status: 'open' })
const schedule = (
  world: World,
  hub: Planned,
  comparisons: Parameters<typeof openComparisons>[0]['comparisons'] = DAILY,
) =>
  openComparisons({
    comparisons,
    hub: () => hub,
    working: async (connections) =>
      (await world.hub.openConnections()).connections.filter((one) => connections.includes(one)),
    pulled: (source) => source !== 'heard',
    worker: world.hub.worker,
    log: openLog('silent'),
  })
const READ = "insert into source_state (source, last_run_at, last_success_at) values ('orders', hub_now(), hub_now())"
const runs = (world: World) =>
  world.hub.store.query<{ gaps: number | null; message: string | null }>(
    'select gaps, message from reconcile_run where ended_at is not null order by id',
  )

test('two processes compare once when it is due; a gap is told, and that it is over', async () => {
  await using alarm = await openAlarm({ config: { reconcile: DAILY } })
  const { world } = alarm
  await using other = await world.join()
  const all = [order(1), order(2)]
  const hub = systems(world, () => all)
  await world.arrive(all)
  await world.until('they are there', () => world.vendor.things.size === 2)
  await world.pass('1 minute')
  world.vendor.things.delete('v1')

  const [mine, theirs] = [
    schedule(world, hub),
    schedule(
      other,
      systems(other, () => all),
    ),
  ]
  async function tick(): Promise<void> {
    for (const each of [mine, theirs, mine, theirs]) each.tick()
    await Promise.all([mine.idle(), theirs.idle()])
  }
  await tick()
  // Nothing has been read yet: everything would be missing.
  expect(await runs(world)).toEqual([])
  await world.hub.store.query(READ)
  await tick()
  await tick()
  expect(await runs(world)).toEqual([{ gaps: 1, message: null }])
  const [letter] = await alarm.letters(1)
  expect(letter!.headers['subject']).toMatch(/orders found a gap: order shop:[12]/)
  expect(letter!.body).toContain('Cause: 1 missing')
  expect(letter!.body).toContain('handoff reconcile order --between shop,wms --since 3650d --redrive')
  const seen = await status(world.hub.store, ['shop', 'wms'], ['orders'], ['orders', 'never'])
  expect(seen.comparisons).toMatchObject([
    { name: 'orders', gaps: 1, found: '1 missing', running: false, message: null },
    { name: 'never', comparedAt: null, gaps: null },
  ])

  world.vendor.things.set('v1', { ...order(1), channel: 'shop', key: letter!.body.match(/shop:[12]/)![0] })
  await world.pass('1 day')
  await tick()
  expect(await runs(world)).toEqual([
    { gaps: 1, message: null },
    { gaps: 0, message: null },
  ])
  await world.pass('1 minute')
  expect((await alarm.letters(2))[1]!.headers['subject']).toContain('Over after')
})

test('one that cannot be carried through says why, and is begun again within minutes', async () => {
  await using alarm = await openAlarm({
    config: { reconcile: DAILY },
    alerts: { operations: { to: ['mail'], attempts: 3 } },
  })
  const { world } = alarm
  const hub = systems(world, () => [])
  const { pull } = hub.clients.get('shop')!
  // biome-ignore lint/correctness/useYield: it fails before there is anything
  hub.clients.get('shop')!.pull = async function* () {
    throw new ConnectorError('retryable', 'HUB_HTTP_SERVER_ERROR', 'the shop is being moved')
  }
  await world.hub.store.query(READ)
  const comparisons = schedule(world, hub)
  for (let turn = 0; turn < 3; turn++) {
    comparisons.tick()
    await comparisons.idle()
    await world.pass('10 minutes')
  }
  expect(await runs(world)).toMatchObject(Array(3).fill({ gaps: null, message: 'the shop is being moved' }))
  expect((await alarm.letters(1))[0]!.headers['subject']).toContain('orders could not be compared 3 times in a row')
  expect((await status(world.hub.store, [], [], ['orders'])).comparisons).toMatchObject([
    { comparedAt: null, message: 'the shop is being moved' },
  ])
  hub.clients.get('shop')!.pull = pull
  comparisons.tick()
  await comparisons.idle()
  expect((await runs(world)).at(-1)).toEqual({ gaps: 0, message: null })
})

test('a source that only hears webhooks is not waited for', async () => {
  await using world = await openWorld()
  const { sources } = world.assembly
  sources.set('heard', { ...sources.get('orders')!, name: 'heard' })
  sources.delete('orders')
  const comparisons = schedule(
    world,
    systems(world, () => []),
  )
  comparisons.tick()
  await comparisons.idle()
  expect(await runs(world)).toEqual([{ gaps: 0, message: null }])
})

test('a cron line waits for its moment', async () => {
  await using world = await openWorld()
  const { every: _, ...daily } = DAILY.orders
  const at = new Date(Date.now() + 3 * 3_600_000)
  const comparisons = schedule(
    world,
    systems(world, () => []),
    {
      orders: { ...daily, cron: `${at.getUTCMinutes()} ${at.getUTCHours()} * * *` },
    },
  )
  await world.hub.store.query(READ)
  const tick = async () => {
    comparisons.tick()
    await comparisons.idle()
  }
  await tick()
  expect(await runs(world)).toEqual([])
  await world.pass('3 hours')
  await tick()
  await tick()
  expect(await runs(world)).toHaveLength(1)
})

test('what can never be compared is found before it is needed', async () => {
  const folder = mkdtempSync(path.join(tmpdir(), 'handoff-reconcile-'))
  const hub = `
connections:
  shop: { connector: woocommerce, settings: { url: "https://shop.example.com", key: k, secret: s } }
  warehouse: { connector: shiphero, settings: { token: t } }
sources: { shop-orders: { pull: shop.orders, into: order, every: 2m } }
routes: { to-warehouse: { record: order, push: warehouse.orders } }
reconcile:
  good: { record: order, between: [shop, warehouse], every: 1h }
  a: { record: order, between: [shop, warehous], every: 1h }
  b: { record: order, between: [warehouse, shop], every: 1h }
  c: { record: order, between: [shop, warehouse] }
  d: { record: order, between: [shop, warehouse], every: 1h, cron: "1 1 * * *" }
  e: { record: invoice, between: [shop, warehouse], every: 1h }
  f: { record: order, between: [shop, warehouse], cron: "61 3 * * *", zone: Europe/Berln }
`
  writeFileSync(path.join(folder, 'hub.yaml'), hub)
  const { diagnostics } = await loadHub({ configDir: folder, variable: () => undefined, offline: true })
  rmSync(folder, { recursive: true })
  expect(diagnostics.map(({ line, code }) => [line, code])).toEqual([
    [9, 'HUB_CONFIG_UNKNOWN_CONNECTION'],
    [10, 'HUB_CONFIG_CANNOT_COMPARE'],
    [11, 'HUB_CONFIG_NO_SCHEDULE'],
    [12, 'HUB_CONFIG_TWO_SCHEDULES'],
    [13, 'HUB_CONFIG_CANNOT_COMPARE'],
    [14, 'HUB_CONFIG_UNKNOWN_ZONE'],
    [14, 'HUB_CONFIG_WRONG_CRON'],
  ])
  expect(diagnostics[0]!.hint).toBe('warehouse')
  expect(diagnostics[1]!.cure).toContain('[shop, warehouse]')
})

test('the command: what differs, what was sent again, and what it does not understand', {
  timeout: 120_000,
}, async () => {
  await using place = await demoPlace('postgres')
  expect((await place.run('--count', '40').done).code).toBe(0)
  const compare = (...more: string[]) =>
    place.handoff('reconcile', 'order', '--between', 'shop,warehouse', '--since', '3650d', ...more)
  // Two orders of the demo are parked: the store sends a ship method, and an item without a SKU, that nobody knows.
  const seen = await compare()
  expect(seen.code).toBe(1)
  expect(seen.output).toContain('2 unmapped')
  expect(seen.output).not.toContain('different  ')
  expect(seen.output).toContain('does not know `drone_delivery`')
  const json = JSON.parse((await compare('--json', '--limit', '1')).output)
  expect(json).toMatchObject({ record: 'order', between: ['shop', 'warehouse'], gaps: 2, unmapped: 2, missing: 0 })
  expect(json.samples).toHaveLength(1)
  const again = await compare('--redrive')
  expect(again.output).toContain('2 sent through again')
  expect(again.code).toBe(1)
  const people = await place.handoff('reconcile', 'customer', '--between', 'shop,crm', '--since', '3650d')
  expect(people).toMatchObject({ code: 0, output: expect.stringContaining('No gap.') })

  for (const [args, code] of [
    [['order', '--between', 'shop'], 'HUB_RECONCILE_BETWEEN'],
    [['order', '--between', 'shop,warehous'], 'HUB_RECONCILE_BETWEEN'],
    [['order', '--between', 'crm,shop'], 'HUB_RECONCILE_CANNOT'],
    [['order', '--between', 'shop,warehouse', '--since', 'yesterday'], 'HUB_RECONCILE_SINCE'],
    [['order', '--between', 'shop,warehouse', '--limit', 'x'], 'HUB_RECONCILE_LIMIT'],
  ] as const)
    expect(await place.handoff('reconcile', ...args)).toMatchObject({ code: 2, output: expect.stringContaining(code) })
})
