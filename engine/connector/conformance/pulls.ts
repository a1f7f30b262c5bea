import { describe, expect, test } from 'vitest'
import type { Position, PulledPage, SourceItem } from '../contract.ts'
import { parseJson } from '../json.ts'
import { type Case, errorOf } from './case.ts'
import { schemasOf } from './definition.ts'
import type { FetchFixture, PullFixture } from './fixtures.ts'

const FAR_TOO_MANY = 40

export function pullTests(one: Case): void {
  const { fixtures, resources, folder, vendor } = one
  if (!vendor) return
  const schemas = schemasOf(folder)

  for (const [name, { pull, fetch, schema }] of Object.entries(resources)) {
    const fixture = fixtures.read<PullFixture>(`${name}.pull.json`)
    if (pull)
      describe(`pull of ${name}`, () => {
        test(`has a fixture, ${name}.pull.json`, () => expect(fixture).toBeDefined())
        if (fixture) pullOf(one, name, schema, fixture)
      })
    if (!fetch) continue
    const single = fixtures.read<FetchFixture>(`${name}.fetch.json`)
    describe(`fetch of ${name}`, () => {
      test('reads one item whole, and finds nothing where there is none', async () => {
        expect(single, `${name}.fetch.json`).toBeDefined()
        vendor.play(single!.exchange, { response: single!.missing })
        const client = one.open()
        const item = await client.fetch(name, single!.id)
        expect(item!.id).toBe(single!.id)
        expect(schemas.validate(schema, parseJson(item!.text))).toEqual([])
        expect(await client.fetch(name, single!.id)).toBeUndefined()
        vendor.done()
      })
    })
  }
}

function pullOf(one: Case, name: string, schema: string, fixture: PullFixture): void {
  const vendor = one.vendor!
  const schemas = schemasOf(one.folder)
  const { stamp } = one.resources[name]!

  test('brings every item once, as the bytes that came, and stops', async () => {
    vendor.play(...fixture.exchanges)
    const { items, pages } = await run(one, name)
    expect(items.map((item) => item.id)).toEqual(fixture.ids)
    expect(pages.at(-1)!.last).toBe(true)
    expect(pages.slice(0, -1).some((page) => page.last)).toBe(false)
    for (const item of items) expect(schemas.validate(schema, parseJson(item.text)), item.id).toEqual([])
    vendor.done()
  })

  test('the schema demands what the id is made of', async () => {
    vendor.play(...fixture.exchanges)
    const { items } = await run(one, name)
    const { id } = one.resources[name]!
    const value = parseJson(items[0]!.text)
    const demanded = (schemas.get(schema)?.required ?? []) as string[]
    expect(String(id(Object.fromEntries(demanded.map((field) => [field, value[field]]))))).toBe(items[0]!.id)
  })

  if (stamp)
    test('keeps both of two items that changed at the same moment', async () => {
      vendor.play(...fixture.exchanges)
      const { items } = await run(one, name)
      const stamps = items.map((item) => item.stamp)
      expect(new Set(stamps).size, 'the fixture needs two items with one stamp').toBeLessThan(stamps.length)
      expect(stamps.every((text) => /^\d{4}-\d\d-\d\dT[\d:.]+Z$/.test(text ?? ''))).toBe(true)
    })

  test('goes on after a crash between any two pages, and asks from where it stopped', async () => {
    vendor.play(...fixture.exchanges)
    await run(one, name)
    const first = JSON.stringify([vendor.asked[0]!.url.href, vendor.asked[0]!.body])
    const requests = vendor.asked.length
    for (let pages = 1; pages < requests; pages++) {
      vendor.play(...fixture.exchanges)
      const before = await run(one, name, undefined, pages)
      if (before.pages.length < pages) break
      const used = vendor.asked.length
      const left = fixture.exchanges.slice(used).map(({ response }) => ({ response }))
      vendor.repeat({ response: { body: fixture.empty } }, ...left)
      const after = await run(one, name, before.position)
      expect(new Set([...before.items, ...after.items].map((item) => item.id))).toEqual(new Set(fixture.ids))
      if (vendor.asked[0]) expect(JSON.stringify([vendor.asked[0].url.href, vendor.asked[0].body])).not.toBe(first)
    }
  })

  test('a second run asks only for what changed since', async () => {
    vendor.play(...fixture.exchanges)
    const before = await run(one, name)
    const first = JSON.stringify([vendor.asked[0]!.url.href, vendor.asked[0]!.body])
    vendor.repeat({ response: { body: fixture.empty } })
    const { items } = await run(one, name, before.position)
    expect(items).toEqual([])
    expect(JSON.stringify([vendor.asked[0]!.url.href, vendor.asked[0]!.body])).not.toBe(first)
  })

  test('an answer without items ends the run', async () => {
    vendor.repeat({ response: { body: fixture.empty } })
    const { items, pages } = await run(one, name)
    expect(items).toEqual([])
    expect(pages.at(-1)!.last).toBe(true)
    expect(vendor.asked.length).toBeLessThanOrEqual(2)
  })

  test('a vendor that shows one page for ever does not keep it running', async () => {
    vendor.repeat(fixture.exchanges[0]!.request ? { response: fixture.exchanges[0]!.response } : fixture.exchanges[0]!)
    await run(one, name)
    expect(vendor.asked.length).toBeLessThan(FAR_TOO_MANY)
  })

  test('a list that is not there is a fault, never "nothing changed"', async () => {
    vendor.repeat({ response: { status: 404, body: { message: 'no such address' } } })
    expect((await errorOf(one, run(one, name)))?.kind).toBe('permanent')
  })

  test('an error on the way keeps the pages before it', async () => {
    if (fixture.exchanges.length < 2) return
    vendor.play(fixture.exchanges[0]!, { trouble: { status: 500, body: {} } })
    const pages: PulledPage[] = []
    const error = await errorOf(one, run(one, name, undefined, undefined, pages))
    expect(error?.kind).toBe('retryable')
    expect(pages).toHaveLength(1)
  })
}

async function run(one: Case, name: string, position?: Position, most = FAR_TOO_MANY, pages: PulledPage[] = []) {
  const items: SourceItem[] = []
  let last = position
  for await (const page of one.open().pull(name, position, {})) {
    pages.push(page)
    items.push(...page.items)
    last = JSON.parse(JSON.stringify(page.position))
    if (pages.length >= most) break
  }
  return { items, pages, position: last }
}
