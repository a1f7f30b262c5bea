// The paging strategies against small vendors that change while they are read.
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import type { Answer, Pull, PulledPage, ReadRequest, SourceItem } from '../contract.ts'
import { moment } from '../duration.ts'
import { ConnectorError } from '../errors.ts'
import { byCursor } from './by-cursor.ts'
import { byOffset } from './by-offset.ts'
import { byLink, byToken } from './by-token.ts'

interface Row {
  id: number
  changed: number
  version: number
}
const START = Date.UTC(2026, 2, 1)

/** A vendor with whole-second stamps, a "later than" filter, ids to leave out and offsets, as WooCommerce has them. */
class Shop {
  rows = new Map<number, Row>()
  now = START
  asked: Record<string, any>[] = []
  size = 3

  put(id: number, changed = Math.floor(this.now / 1000) * 1000): void {
    this.rows.set(id, { id, changed, version: (this.rows.get(id)?.version ?? 0) + 1 })
  }

  read = ({ query = {} }: ReadRequest): Answer => {
    this.asked.push(query)
    const { since, exclude = [], offset = 0 } = query as { since?: string; exclude?: string[]; offset?: number }
    const rows = [...this.rows.values()]
      .filter((row) => (since === undefined || row.changed > Date.parse(since)) && !exclude.includes(String(row.id)))
      .sort((a, b) => a.changed - b.changed || a.id - b.id)
      .slice(offset, offset + this.size)
    this.now += 1000
    const text = JSON.stringify(rows)
    return { status: 200, headers: {}, text, json: JSON.parse(text), clock: this.now }
  }
}

const pullOf = (exclude: number) =>
  byCursor({
    step: '1s',
    overlap: '10s',
    exclude,
    request: ({ since, seen, offset }) => ({ path: '/', query: { since, exclude: seen, offset } }),
  })

async function run(
  pull: Pull,
  read: (request: ReadRequest) => Answer | Promise<Answer>,
  position: any = {},
  between: () => void = () => {},
  most = 1000,
) {
  const items: SourceItem[] = []
  let last = position
  let pages = 0
  const context = {
    api: { read: async (request: ReadRequest) => read(request) } as never,
    settings: {},
    position,
    signal: new AbortController().signal,
    id: (row: Row) => row.id,
    stamp: (row: Row) => row.changed,
  }
  for await (const page of pull(context) as AsyncGenerator<PulledPage>) {
    items.push(...page.items)
    last = JSON.parse(JSON.stringify(page.position))
    between()
    if (++pages >= most) break
  }
  return { items, position: last }
}

describe('byCursor', () => {
  test.each([0, 2, 300])('twenty items of one moment all come, with room to leave out %i ids', async (exclude) => {
    const shop = new Shop()
    for (let id = 1; id <= 20; id++) shop.put(id, START)
    shop.now = START + 3_600_000
    const { items } = await run(pullOf(exclude), shop.read)
    expect(new Set(items.map((item) => item.id)).size).toBe(20)
  })

  test('a stamp of 2099 moves nothing', async () => {
    const shop = new Shop()
    shop.put(1)
    shop.put(2, Date.UTC(2099, 0, 1))
    const first = await run(pullOf(300), shop.read)
    expect(Date.parse(first.position.cursor)).toBeLessThan(shop.now)
    shop.now += 60_000
    shop.put(3)
    const second = await run(pullOf(300), shop.read, first.position)
    expect(second.items.map((item) => item.id)).toContain('3')
  })

  test('whatever changes while it is read, and wherever a run stops, the last version of everything comes in the end', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.tuple(fc.integer({ min: 1, max: 12 }), fc.integer({ min: 0, max: 3 })), { maxLength: 40 }),
        fc.array(fc.integer({ min: 1, max: 6 }), { minLength: 1, maxLength: 6 }),
        fc.constantFrom(0, 1, 300),
        async (changes, stops, exclude) => {
          const shop = new Shop()
          for (let id = 1; id <= 12; id++) shop.put(id)
          const seen = new Map<string, number>()
          let position = {}
          const todo = [...changes]
          const happen = () => {
            const [change] = todo.splice(0, 1)
            if (!change) return
            shop.now += change[1] * 400
            shop.put(change[0])
          }
          const keep = (items: SourceItem[]) => {
            for (const item of items) seen.set(item.id, Math.max(seen.get(item.id) ?? 0, JSON.parse(item.text).version))
          }
          for (const most of stops) {
            const part = await run(pullOf(exclude), shop.read, position, happen, most)
            keep(part.items)
            position = part.position
          }
          while (todo.length > 0) happen()
          shop.now += 60_000
          keep((await run(pullOf(exclude), shop.read, position)).items)
          for (const row of shop.rows.values()) expect(seen.get(String(row.id))).toBe(row.version)
        },
      ),
      { numRuns: 300 },
    )
  })

  test('a slow run leaves nothing out that changed again meanwhile', async () => {
    const shop = new Shop()
    shop.put(1)
    shop.put(2)
    const { items } = await run(pullOf(300), shop.read, {}, () => {
      shop.now += 9_000
      if (shop.asked.length === 1) shop.put(1)
    })
    expect(Math.max(...items.filter((item) => item.id === '1').map((item) => JSON.parse(item.text).version))).toBe(2)
  })
})

describe('byToken', () => {
  const answer = (rows: number[], headers: Record<string, string> = {}, clock = START): Answer => {
    const text = JSON.stringify(rows.map((id) => ({ id, changed: START, version: 1 })))
    return { status: 200, headers, text, json: JSON.parse(text), clock }
  }
  const pull = byToken({
    overlap: '1m',
    request: ({ since, token }) => ({ path: '/', query: { since, token } }),
    next: ({ headers }) => headers['x-next'],
  })

  test("the next run begins where this one began, by the vendor's clock, and not where it ended", async () => {
    let n = 0
    const { position } = await run(pull, () =>
      n++ === 0 ? answer([1], { 'x-next': 'b' }, START) : answer([2], {}, START + 3_600_000),
    )
    expect(position).toEqual({ since: moment(START - 60_000) })
  })

  test('a token that has run out begins the pass again', async () => {
    const asked: any[] = []
    const { items } = await run(
      pull,
      ({ query }) => {
        asked.push(query?.token)
        if (query?.token) throw new ConnectorError('permanent', 'HUB_VENDOR_REFUSED', 'unknown token')
        return answer([1, 2])
      },
      { since: '2026-01-01T00:00:00Z', until: '2026-02-01T00:00:00Z', token: 'old' },
    )
    expect(asked).toEqual(['old', undefined])
    expect(items).toHaveLength(2)
  })

  test('a vendor that repeats itself ends the run without moving on', async () => {
    const { position } = await run(pull, () => answer([1], { 'x-next': 'same' }), { since: '2026-01-01T00:00:00Z' })
    expect(position).toEqual({ since: '2026-01-01T00:00:00Z' })
  })

  test('byLink follows the next link of the header', async () => {
    const asked: string[] = []
    const link = byLink({ request: () => ({ path: '/rows' }) })
    const { items } = await run(link, ({ path }) => {
      asked.push(path)
      return path === '/rows'
        ? answer([1], {
            link: '<https://x.example.com/rows?page=1>; rel="prev", <https://x.example.com/rows?page=2>; rel="next"',
          })
        : answer([2])
    })
    expect(asked).toEqual(['/rows', 'https://x.example.com/rows?page=2'])
    expect(items).toHaveLength(2)
  })
})

describe('byOffset', () => {
  const pull = byOffset({
    limit: 5,
    again: 2,
    overlap: '1m',
    request: ({ since, offset, limit }) => ({ path: '/', query: { since, offset, limit } }),
  })
  const vendor = (rows: number[], before: (n: number) => void = () => {}) => {
    let n = 0
    return ({ query }: ReadRequest): Answer => {
      before(n++)
      const part = rows.slice(query!.offset as number, (query!.offset as number) + (query!.limit as number))
      const text = JSON.stringify(part.map((id) => ({ id, changed: START, version: 1 })))
      return { status: 200, headers: {}, text, json: JSON.parse(text), clock: START }
    }
  }

  test('brings every row once, pages overlapping, and moves on only after the whole pass', async () => {
    const rows = Array.from({ length: 23 }, (_, i) => i)
    const { items, position } = await run(pull, vendor(rows))
    expect(items.map((item) => Number(item.id))).toEqual(rows)
    expect(position).toEqual({ since: moment(START - 60_000) })
    expect((await run(pull, vendor(rows), {}, () => {}, 2)).position).toEqual({})
  })

  test('rows that are taken away in front lose nothing', async () => {
    const rows = Array.from({ length: 23 }, (_, i) => i)
    const { items } = await run(
      pull,
      vendor(rows, (n) => n === 2 && rows.splice(0, 4)),
    )
    expect(new Set(items.map((item) => Number(item.id))).size).toBe(23)
  })
})
