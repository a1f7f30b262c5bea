// Dead letters: a person corrects what a handoff or an item failed on, and it goes through; a later success ends it by itself.
import { chmodSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { describe, expect, test } from 'vitest'
import { type ActionClient, ConnectorError } from '#connector'
import { recordFacts } from '../engine/cli/record-facts.ts'
import type { Json } from '../engine/hub.ts'
import { listFailures } from '../engine/insight/failures.ts'
import { trace } from '../engine/insight/trace.ts'
import { correctItem, correctRecord, personSource } from '../engine/intake/correct.ts'
import { retry } from '../engine/outcome/retry.ts'
import { handoff } from './support/command.ts'
import { identity, openWorld, payload, type World } from './support/world.ts'

const order = (number: number, postcode: string, more: object = {}) => ({
  id: number,
  number: String(number),
  status: 'open',
  lines: [{ sku: 'A-1', quantity: 2 }],
  shipTo: { name: 'Ada Example', city: 'Testville', postcode, country: 'US' },
  ...more,
})
const refused = (text: string) => new ConnectorError('invalid', 'HUB_VENDOR_REFUSED', text)
const postcode = (...path: string[]) => ['shipTo', 'postcode', ...path]
const rows = (world: World, sql: string) => world.hub.store.query<Json>(sql)
const record = async (world: World) => (await rows(world, "select * from record where type = 'order'"))[0]
const fine = () => []

/** A world whose records fit their schema and whose warehouse refuses postcodes that are not five digits. */
async function strictWorld(): Promise<World> {
  const world = await openWorld()
  world.hub.facts.faults = recordFacts().facts.faults
  const mapper = identity({ run: ({ id: _, ...item }) => ({ record: { channel: 'shop', ...item } }) })
  world.assembly.sources.get('orders')!.outputs[0]!.mapper = mapper
  world.assembly.answers.set('person.order', personSource('order'))
  world.vendor.before = ({ shipTo }) => {
    if (!/^\d{5}$/.test(shipTo.postcode)) throw refused(`${shipTo.postcode} is no postcode`)
  }
  return world
}
const parked = async (world: World) => {
  await world.until('it is parked', async () => (await world.handoff())?.state === 'parked')
  return world.handoff()
}
const delivered = (world: World) =>
  world.until('it is delivered', async () => (await world.handoff())?.state === 'resting')
const sent = (world: World) => [...world.vendor.things.values()].map((thing) => thing.shipTo.postcode)

describe('a record that a destination refuses', () => {
  test('is corrected on the command line: a new version is owed, and the timeline says who changed what', {
    timeout: 120_000,
  }, async () => {
    await using world = await strictWorld()
    await world.arrive([order(1, '9021')])
    const { id } = await parked(world)
    const args = ['failures', 'edit', String(id), '--set', 'shipTo.postcode=90210', '--by', 'anna', '--config', 'none']
    const { code, output } = await handoff(world.schema, args)
    expect(output).toContain('shipTo.postcode: "9021" → "90210"')
    expect(code).toBe(0)
    await delivered(world)
    expect(sent(world)).toEqual(['90210'])
    expect(await record(world)).toMatchObject({
      version: 2,
      data: { shipTo: { postcode: '90210', city: 'Testville' } },
    })
    expect(await listFailures(world.hub.store)).toEqual([])
    const traced = await handoff(world.schema, ['trace', '1', '--config', 'none'])
    expect(traced.output).toMatch(/record\.corrected +order shop:1, anna\n +shipTo\.postcode: "9021" → "90210"/)
    expect(traced.output).not.toContain('$person')
  })

  test('holds against the source saying the same again, and yields to what the source changes itself', async () => {
    await using world = await strictWorld()
    await world.arrive([order(1, '9021')])
    await parked(world)
    const changed = await correctRecord(
      world.hub.store,
      (await record(world)).id,
      [{ path: postcode(), now: '90210' }],
      'anna',
      fine,
    )
    expect(changed).toMatchObject({ told: [{ path: postcode(), old: '9021', new: '90210' }] })
    await delivered(world)
    await world.arrive([order(1, '9021', { note: 'ring twice' })])
    expect((await record(world)).data).toMatchObject({ note: 'ring twice', shipTo: { postcode: '90210' } })
    await world.arrive([order(1, '10115', { note: 'ring twice' })])
    expect((await record(world)).data.shipTo.postcode).toBe('10115')
    await world.until('the warehouse has it', () => sent(world)[0] === '10115')
  })

  test('is not stored when the record would not fit its schema any more, or when it would get another name', {
    timeout: 120_000,
  }, async () => {
    await using world = await strictWorld()
    await world.arrive([order(1, '9021')])
    const { id } = await parked(world)
    const edit = (...args: string[]) =>
      handoff(world.schema, ['failures', 'edit', String(id), ...args, '--config', 'none'])
    const before = await rows(world, 'select connection, external_id, hash, status from item')
    const wrong = await edit('--set', 'status=opne', '--set', 'lines[0].quantity=many', '--set', 'lines[7].sku=B')
    expect(wrong.code).toBe(1)
    expect(wrong.output).toContain('HUB_EDIT_REFUSED')
    expect(wrong.output).toContain('status: "opne" is not one of')
    expect(wrong.output).toContain('lines[0].quantity')
    expect(wrong.output).toContain('There is no lines[7].sku')
    const key = await edit('--set', 'number=2')
    expect(key.code).toBe(2)
    expect(key.output).toContain('HUB_EDIT_KEY')
    expect((await edit('--set', 'shipTo')).output).toContain('HUB_EDIT_PATH')
    expect((await edit()).output).toContain('HUB_EDIT_NOTHING')
    expect(await rows(world, 'select connection, external_id, hash, status from item')).toEqual(before)
    expect(await rows(world, "select from event where type = 'record.corrected'")).toEqual([])
  })

  test('of another type that it hangs on can be corrected as well; then what needed it is sent again', {
    timeout: 120_000,
  }, async () => {
    await using world = await strictWorld()
    world.assembly.answers.set('person.customer', personSource('customer'))
    world.addSource({
      name: 'people',
      connection: 'crm',
      resource: 'people',
      outputs: [
        {
          type: 'customer',
          resource: 'people',
          mapper: identity({ run: ({ id: _, ...person }) => ({ record: person }) }),
        },
      ],
    })
    world.hub.facts.keyFields = recordFacts().facts.keyFields
    world.hub.facts.parents = recordFacts().facts.parents
    const out = world.assembly.routes.get('out')!
    out.with = ['customer']
    out.mapper = payload({
      run: (record, { key, related }) =>
        related!['customer'].taxId
          ? { record: { ...record, key, taxId: related!['customer'].taxId } }
          : { problems: [{ code: 'HUB_MAP_REQUIRED', message: 'no tax id' }] },
    })
    await world.arrive([{ id: 1, number: 'ada@example.com', email: 'ada@example.com' }], 'pull', { source: 'people' })
    await world.arrive([order(1, '90210', { customer: { number: 'ada@example.com' } })])
    const { id } = await parked(world)
    const edit = (...args: string[]) =>
      handoff(world.schema, ['failures', 'edit', String(id), ...args, '--config', 'none'])
    const { output } = await edit('--record', 'customer', '--set', 'taxId=DE123456789')
    expect(output).toContain('customer ada@example.com')
    expect(output).toContain(`handoff failures retry ${id}`)
    await world.until(
      'it is corrected',
      async () => (await rows(world, "select from record where data->>'taxId' = 'DE123456789'")).length === 1,
    )
    await retry(world.hub.store, { items: [], handoffs: [id] })
    await delivered(world)
    expect([...world.vendor.things.values()]).toMatchObject([{ taxId: 'DE123456789' }])
  })

  test('can be corrected in an editor; numbers stay numbers', { timeout: 120_000 }, async () => {
    await using world = await strictWorld()
    await world.arrive([order(1, '9021')])
    const { id } = await parked(world)
    const folder = mkdtempSync(path.join(tmpdir(), 'handoff-editor-'))
    const editor = path.join(folder, 'editor.sh')
    writeFileSync(editor, '#!/bin/sh\nsed -i -e \'s/"9021"/"90210"/\' -e \'s/"quantity": 2/"quantity": 3/\' "$1"\n')
    chmodSync(editor, 0o755)
    const args = ['failures', 'edit', String(id), '--config', 'none', '--json']
    const { output } = await handoff(world.schema, args, { EDITOR: editor, VISUAL: '' })
    rmSync(folder, { recursive: true })
    expect(JSON.parse(output).changes).toEqual([
      { path: ['lines', 0, 'quantity'], old: 2, new: 3 },
      { path: postcode(), old: '9021', new: '90210' },
    ])
    await delivered(world)
    expect((await record(world)).data.lines).toEqual([{ sku: 'A-1', quantity: 3 }])
  })

  test('two corrections before the hub decides are both kept; one that is taken back leaves nothing', async () => {
    await using world = await strictWorld()
    await world.arrive([order(1, '9021')])
    await parked(world)
    const { id } = await record(world)
    const say = (field: string[], now: string) =>
      correctRecord(world.hub.store, id, [{ path: field, now }], 'anna', fine)
    await say(postcode(), '90210')
    await say(['shipTo', 'city'], 'Beverly Hills')
    await say(['note'], 'x')
    await delivered(world)
    expect((await record(world)).data).toMatchObject({
      note: 'x',
      shipTo: { postcode: '90210', city: 'Beverly Hills' },
    })
    await say(['shipTo', 'city'], 'Testville')
    await world.until('it is taken back', async () => (await record(world)).data.shipTo.city === 'Testville')
    await world.arrive([order(1, '9021', { shipTo: { city: 'Elsewhere', postcode: '9021', country: 'US' } })])
    expect((await record(world)).data.shipTo).toMatchObject({ city: 'Elsewhere', postcode: '90210' })
  })

  test('a source can still delete what a person corrected', async () => {
    await using world = await strictWorld()
    await world.arrive([order(1, '9021')])
    await parked(world)
    await correctRecord(world.hub.store, (await record(world)).id, [{ path: postcode(), now: '90210' }], 'anna', fine)
    await delivered(world)
    await world.arrive([{ ...order(1, '9021'), $deleted: true }])
    expect((await record(world)).deleted).toBe(true)
  })
})

describe('an item that does not map', () => {
  const mapsOnly = (known: RegExp) =>
    identity({
      run: ({ id: _, ...item }) =>
        known.test(item.shipTo.postcode)
          ? { record: { channel: 'shop', ...item } }
          : { problems: [{ code: 'HUB_MAP_REQUIRED', message: 'no postcode', at: 'shipTo.postcode' }] },
    })

  test('is corrected and decided again; the bytes that came stay; reading it again changes nothing', {
    timeout: 120_000,
  }, async () => {
    await using world = await strictWorld()
    const source = world.assembly.sources.get('orders')!
    source.outputs[0]!.mapper = mapsOnly(/^\d{5}$/)
    await world.arrive([order(1, '9021')])
    const [failure] = await listFailures(world.hub.store)
    expect(failure).toMatchObject({ id: 'orders/1', state: 'parked' })
    const args = ['failures', 'edit', 'orders/1', '--set', 'shipTo.postcode=90210', '--by', 'anna', '--config', 'none']
    expect(await handoff(world.schema, args)).toMatchObject({ code: 0 })
    await delivered(world)
    expect(sent(world)).toEqual(['90210'])
    expect(await listFailures(world.hub.store)).toEqual([])
    const [item] = await rows(world, 'select body from item')
    expect(JSON.parse(item.body.toString()).shipTo.postcode).toBe('9021')
    // A pull that overlaps, and another mapping that decides on it again.
    await world.arrive([order(1, '9021')])
    source.revision = 'r2'
    await world.arrive([order(1, '9021')])
    expect(await listFailures(world.hub.store)).toEqual([])
    expect((await record(world)).data.shipTo.postcode).toBe('90210')
    const { events } = await trace(world.hub.store, '1', [])
    expect(events.find((event) => event.type === 'item.corrected')).toMatchObject({
      by: 'anna',
      record: 'order shop:1',
    })
    await world.arrive([order(1, '10115')])
    expect((await record(world)).data.shipTo.postcode).toBe('10115')
  })

  test('a place that is not there, and an item that cannot be read, are refused', async () => {
    await using world = await strictWorld()
    world.assembly.sources.get('orders')!.outputs[0]!.mapper = mapsOnly(/^\d{5}$/)
    await world.arrive([order(1, '9021'), order(2, '9021')])
    await rows(world, "update item set body = '{' where external_id = '2'")
    const say = (id: string, field: (string | number)[]) =>
      correctItem(world.hub.store, { source: 'orders', externalId: id }, [{ path: field, now: 'x' }], 'anna')
    expect(await say('1', ['lines', 5, 'sku'])).toMatchObject({ refused: [{ code: 'HUB_EDIT_NOWHERE' }] })
    expect(await say('2', ['note'])).toMatchObject({ refused: [{ code: 'HUB_EDIT_UNREADABLE' }] })
    expect(await say('3', ['note'])).toBeUndefined()
    expect(await listFailures(world.hub.store)).toHaveLength(2)
  })
})

describe('a call that was refused for certain', () => {
  function labels(world: World, refuse: (request: Json) => ConnectorError | undefined) {
    const calls: { request: Json; key: string }[] = []
    const call: ActionClient = {
      facts: { repeat: 'never', lookup: 'none', lagMs: 0, settleMs: 30_000, idempotent: true, canFind: false },
      call: async (request, { idempotencyKey }) => {
        calls.push({ request, key: idempotencyKey })
        const error = refuse(request)
        if (error) throw error
        return { id: 'l1' }
      },
      find: async () => undefined,
      id: (given) => given.id,
      links: () => ({}),
    }
    const mapper = payload({ run: (given) => ({ record: { postcode: given.shipTo.postcode } }) })
    world.addRoute({ name: 'label', kind: 'call', connection: 'carrier', target: 'buy', mapper, call })
    return calls
  }
  const label = async (world: World) => (await rows(world, "select * from handoff where route = 'label'"))[0]
  const state = (world: World, wanted: string) =>
    world.until(`the label is ${wanted}`, async () => (await label(world))?.state === wanted)

  test('is asked for anew, with what was corrected and under another key', async () => {
    await using world = await strictWorld()
    const calls = labels(world, ({ postcode: at }) => (at === '90210' ? undefined : refused('no such address')))
    await world.arrive([order(1, '9021')])
    await state(world, 'parked')
    await correctRecord(world.hub.store, (await record(world)).id, [{ path: postcode(), now: '90210' }], 'anna', fine)
    await state(world, 'resting')
    expect(calls.map((each) => each.request.postcode)).toEqual(['9021', '90210'])
    expect(new Set(calls.map((each) => each.key)).size).toBe(2)
  })

  test("a retry asks on today's mapping; one that may have happened keeps its request and its key", async () => {
    await using world = await strictWorld()
    let answer: ConnectorError | undefined = refused('no such address')
    const calls = labels(world, () => answer)
    await world.arrive([order(1, '90210')])
    await state(world, 'parked')
    world.assembly.routes.get('label')!.mapper = payload({ run: () => ({ record: { postcode: 'mended' } }) })
    answer = new ConnectorError('uncertain', 'HUB_HTTP_TIMEOUT', 'no answer')
    await retry(world.hub.store, { items: [], handoffs: [(await label(world)).id] })
    await world.until('it is uncertain', async () => (await label(world)).uncertain_since !== null)
    expect(calls.at(-1)!.request.postcode).toBe('mended')
    answer = refused('already there')
    await world.pass('1 hour')
    await state(world, 'parked')
    const { key } = calls.at(-1)!
    answer = undefined
    await world.arrive([order(1, '90210', { note: 'new' })])
    await retry(world.hub.store, { items: [], handoffs: [(await label(world)).id] })
    await state(world, 'resting')
    expect(calls.at(-1)!.key).toBe(key)
  })
})

describe('a later success', () => {
  test('ends an earlier failure by itself, of a handoff and of an item', async () => {
    await using world = await strictWorld()
    world.vendor.before = ({ note }) => {
      if (note === 'bad') throw new ConnectorError('permanent', 'HUB_VENDOR_REFUSED', 'no')
    }
    await world.arrive([order(1, '90210', { note: 'bad' })])
    await world.until('it failed', async () => (await world.handoff()).state === 'failed')
    expect(await listFailures(world.hub.store)).toHaveLength(1)
    await world.arrive([order(1, '90210', { note: 'good' })])
    await delivered(world)
    expect(await listFailures(world.hub.store)).toEqual([])
    await world.arrive([order(2, '90210', { lines: 'none' })])
    expect(await listFailures(world.hub.store)).toMatchObject([{ id: 'orders/2' }])
    await world.arrive([order(2, '90210')])
    expect(await listFailures(world.hub.store)).toEqual([])
  })
})
