// What `owners:` overrules is shown: who is not believed, what it says, and who is.
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { describe, expect, test } from 'vitest'
import type { Json } from '../engine/hub.ts'
import { listConflicts, overruled } from '../engine/intake/conflicts.ts'
import { merge } from '../engine/intake/merge.ts'
import { handoff } from './support/command.ts'
import { identity, openWorld } from './support/world.ts'

const said = (connection: string, data: Json) => ({ connection, data })

describe('the rule', () => {
  const shop = said('shop', { status: 'open', total: 5, shipTo: { city: 'Graz', phone: '1' }, lines: [1] })
  const erp = said('erp', { status: 'closed', total: 5, shipTo: { city: 'Wien' }, lines: [1, 2] })

  test('of an owned field the others are overruled, whoever came last; what agrees is no conflict', () => {
    const owners = { 'order.status': 'shop' }
    const status = { field: 'status', connection: 'erp', value: 'closed', owner: 'shop', ownerValue: 'open' }
    expect(overruled('order', [shop, erp], owners)).toEqual([status])
    expect(overruled('order', [erp, shop], owners)).toEqual([status])
    expect(overruled('shipment', [shop, erp], owners)).toEqual([])
  })

  test('of an owned record, where the owner speaks; a field of it may have another owner', () => {
    const owners = { order: 'erp', 'order.lines': 'shop' }
    expect(overruled('order', [shop, erp], owners)).toEqual([
      { field: 'status', connection: 'shop', value: 'open', owner: 'erp', ownerValue: 'closed' },
      { field: 'shipTo.city', connection: 'shop', value: 'Graz', owner: 'erp', ownerValue: 'Wien' },
      { field: 'lines', connection: 'erp', value: [1, 2], owner: 'shop', ownerValue: [1] },
    ])
  })

  test('of an owned object nothing of the others is left', () => {
    expect(overruled('order', [erp, shop], { 'order.shipTo': 'erp' })).toEqual([
      { field: 'shipTo.city', connection: 'shop', value: 'Graz', owner: 'erp', ownerValue: 'Wien' },
      { field: 'shipTo.phone', connection: 'shop', value: '1', owner: 'erp' },
    ])
  })

  test('what is told agrees with what the merge made', () => {
    const rules: Record<string, string>[] = [
      { order: 'erp' },
      { 'order.shipTo': 'erp', order: 'shop' },
      { 'order.status': 'shop' },
    ]
    for (const owners of rules)
      for (const order of [
        [shop, erp],
        [erp, shop],
      ]) {
        const merged = merge('order', order, owners)
        for (const { field, value, ownerValue } of overruled('order', order, owners)) {
          const stands = field.split('.').reduce((at: Json, step) => at?.[step], merged)
          expect(stands).toEqual(ownerValue)
          expect(stands).not.toEqual(value)
        }
      }
  })
})

test('of the records of a hub, until the systems agree', async () => {
  await using world = await openWorld()
  const { store } = world.hub
  const owners = { 'order.status': 'shop' }
  world.hub.facts.owners = owners
  world.addSource({
    name: 'erp-orders',
    connection: 'erp',
    resource: 'orders',
    outputs: [{ type: 'order', resource: 'orders', mapper: identity() }],
  })
  const order = (number: number, status: string) => ({ id: number, number: String(number), status })
  await world.arrive([order(1, 'open'), order(2, 'open'), order(3, 'open')])
  expect(await listConflicts(store, owners, {}, 10)).toEqual({ records: 0, values: 0, conflicts: [] })
  await world.arrive([order(1, 'closed'), order(2, 'open'), order(3, 'closed')], 'pull', { source: 'erp-orders' })
  const found = await listConflicts(store, owners, {}, 1)
  expect(found).toMatchObject({ records: 2, values: 2, conflicts: [{ record: 'order shop:1' }] })
  expect(found.conflicts[0]!.overruled).toEqual([
    { field: 'status', connection: 'erp', value: 'closed', owner: 'shop', ownerValue: 'open' },
  ])
  const [record] = await store.query<{ id: number }>("select id from record where key = 'shop:3'")
  expect((await listConflicts(store, owners, { records: [record!.id] }, 10)).conflicts).toHaveLength(1)
  expect((await listConflicts(store, owners, { types: ['shipment'] }, 10)).records).toBe(0)
  await world.arrive([order(1, 'open')], 'pull', { source: 'erp-orders' })
  await world.arrive([order(3, 'closed')])
  expect((await listConflicts(store, owners, {}, 10)).records).toBe(0)
})

test('`handoff conflicts` and `handoff trace` show them', async () => {
  await using world = await openWorld()
  world.hub.facts.owners = { 'order.status': 'shop' }
  world.addSource({ name: 'erp-orders', connection: 'erp', resource: 'orders' })
  await world.arrive([{ id: 1, number: '1', status: 'open' }])
  await world.arrive([{ id: 1, number: '1', status: 'closed' }], 'pull', { source: 'erp-orders' })
  const folder = mkdtempSync(path.join(tmpdir(), 'handoff-conflicts-'))
  writeFileSync(
    path.join(folder, 'hub.yaml'),
    `connections:
  shop: { connector: woocommerce, settings: { url: https://shop.example.com, key: ck, secret: cs } }
owners: { order.status: shop }
`,
  )
  const run = (...args: string[]) => handoff(world.schema, [...args, '--config', folder])
  try {
    const line = 'status: shop owns it and says "open"; erp says "closed"'
    const { code, output } = await run('conflicts', '--order', '1')
    expect({ code, output }).toEqual({ code: 0, output: expect.stringContaining(`order shop:1\n  ${line}`) })
    expect(output).toContain('1 value of 1 record overruled.')
    expect((await run('conflicts', '--record', 'shipment')).output).toContain('Nothing is overruled.')
    expect(await run('conflicts', '--order', '77')).toMatchObject({ code: 3 })
    expect((await run('trace', '1')).output).toContain(`overruled by \`owners:\`\n    ${line}`)
    expect(JSON.parse((await run('trace', '1', '--json')).output).conflicts).toHaveLength(1)
  } finally {
    rmSync(folder, { recursive: true })
  }
})
