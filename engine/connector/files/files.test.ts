import { once } from 'node:events'
import { createWriteStream } from 'node:fs'
import { mkdir, mkdtemp, rm, utimes, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { finished } from 'node:stream/promises'
import fc from 'fast-check'
import iconv from 'iconv-lite'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { Position, SourceItem } from '../contract.ts'
import { parseJson } from '../json.ts'
import { type CsvFolder, csvPull } from './folder.ts'

let folder: string
beforeAll(async () => {
  folder = await mkdtemp(path.join(tmpdir(), 'handoff-files-'))
})
afterAll(() => rm(folder, { recursive: true }))

let n = 0
async function own(files: Record<string, string | Buffer>): Promise<string> {
  const at = path.join(folder, String(n++))
  await mkdir(at)
  for (const [name, content] of Object.entries(files)) await writeFile(path.join(at, name), content)
  return at
}

async function read(
  at: string,
  facts: Partial<CsvFolder> = {},
  position: Position = {},
  pages = Number.POSITIVE_INFINITY,
) {
  const pull = csvPull(at, { files: '*.csv', ...facts })
  const items: SourceItem[] = []
  let last: Position = position
  let seen = 0
  const context = {
    api: undefined as never,
    settings: {},
    position,
    signal: new AbortController().signal,
    id: () => undefined,
  }
  for await (const page of pull(context)) {
    items.push(...page.items)
    last = JSON.parse(JSON.stringify(page.position))
    if (++seen === pages) break
  }
  return { items, position: last }
}
const json = (items: SourceItem[]) => items.map((item) => JSON.parse(item.text))

describe('rows', () => {
  test('quotes, delimiters, line ends and doubled quotes inside cells are read as RFC 4180 has them', async () => {
    const at = await own({ 'a.csv': 'sku,name,note\r\nA,"Mug, blue","says ""hi""\nand more"\r\nB,Tea,\r\n' })
    const { items } = await read(at)
    expect(json(items)).toEqual([
      { key: null, rows: [{ sku: 'A', name: 'Mug, blue', note: 'says "hi"\nand more', line: 2 }] },
      { key: null, rows: [{ sku: 'B', name: 'Tea', note: '', line: 4 }] },
    ])
    expect(items.map((item) => item.origin)).toEqual(['a.csv:2', 'a.csv:4'])
  })

  test('whatever is written as RFC 4180 comes back cell by cell, in pieces or whole', async () => {
    const cell = fc.string({ unit: fc.constantFrom('a', 'é', '"', ',', '\n', '\r\n', ' ', '😀', ';') })
    await fc.assert(
      fc.asyncProperty(fc.array(fc.tuple(cell, cell, cell), { minLength: 1, maxLength: 20 }), async (rows) => {
        const kept = rows.filter((row) => row.some((one) => one.trim() !== ''))
        const quoted = (one: string) => `"${one.replaceAll('"', '""')}"`
        const text = ['a,b,c', ...rows.map((row) => row.map(quoted).join(','))].join('\r\n')
        const { items } = await read(await own({ 'x.csv': text }))
        expect(json(items).map(({ rows: [{ line: _, ...row }] }) => Object.values(row))).toEqual(kept)
      }),
      { numRuns: 60 },
    )
  })

  test.each([
    ['a missing cell', 'B,Tea', 'HUB_FILE_BAD_ROW'],
    ['a cell too many', 'B,Tea,3,4', 'HUB_FILE_BAD_ROW'],
    ['a quote that is never closed', 'B,"Tea,3', 'HUB_FILE_BAD_ROW'],
    ['text after a closing quote', 'B,"Tea"x,3', 'HUB_FILE_BAD_ROW'],
    ['a quote inside of a bare cell', 'B,5" pipe,3', 'HUB_FILE_BAD_ROW'],
  ])('%s stops this row only, with its line and its text', async (_what, row, code) => {
    const { items } = await read(await own({ 'a.csv': `sku,name,count\nA,Mug,1\n${row}\nC,"Cup",2\nD,Jug,3\n` }))
    expect(items).toHaveLength(4)
    expect(items[1]).toMatchObject({ origin: 'a.csv:3', problem: { code } })
    expect(items[1]!.problem!.message).toContain('a.csv:3')
    expect(items[1]!.text).toContain(JSON.stringify(row).slice(1, -1))
    expect(json([items[0]!, items[2]!, items[3]!]).map(({ rows }) => rows[0].sku)).toEqual(['A', 'C', 'D'])
  })

  test('bytes that are not of the named encoding are a problem of their row, not question marks', async () => {
    const { items } = await read(
      await own({ 'a.csv': Buffer.concat([Buffer.from('sku,name\nA,'), Buffer.from([0xe9]), Buffer.from('\nB,b\n')]) }),
    )
    expect(items[0]!.problem?.message).toContain('encoding')
    expect(items[1]!.problem).toBeUndefined()
  })

  test.each(['utf-8', 'windows-1252', 'utf-16le', 'utf-16'])(
    'reads %s, with and without a byte order mark',
    async (encoding) => {
      const text = 'sku;name\nA;Größe\n'
      for (const addBOM of [false, true]) {
        if (addBOM && encoding === 'windows-1252') continue
        const { items } = await read(await own({ 'a.csv': iconv.encode(text, encoding, { addBOM }) }), {
          encoding,
          delimiter: ';',
        })
        expect(json(items)).toEqual([{ key: null, rows: [{ sku: 'A', name: 'Größe', line: 2 }] }])
      }
    },
  )

  test('tabs, single quotes, lines that end with CR alone, and files without a header', async () => {
    const at = await own({ 'a.csv': "A\t'x\ty'\rB\tz\r" })
    const { items } = await read(at, { delimiter: 'tab', quote: "'", header: ['sku', 'name'], id: 'sku' })
    expect(items.map((item) => [item.id, item.origin])).toEqual([
      ['A', 'a.csv:1'],
      ['B', 'a.csv:2'],
    ])
  })

  test('what comes as a value beside the text is what the text says', async () => {
    const at = await own({ 'a.csv': '__proto__,sku,2\n1,"é ""x""",\n3,\u2028😀,-0\n' })
    const { items } = await read(at)
    expect(items.map((item) => item.json)).toEqual(items.map((item) => parseJson(item.text)))
    expect(json(items)[0].rows).toEqual([{ '__proto__ (2)': '1', sku: 'é "x"', '2': '', line: 2 }])
  })

  test('rows longer than what is read at once are read whole, wherever the pieces end', async () => {
    const sizes = [1, 131_060, 131_072, 131_080, 300_000, 5, 900_000, 65_536]
    const at = await own({ 'a.csv': `no,text\n${sizes.map((n, i) => `${i % 3},"${'x'.repeat(n)}\n"\n`).join('')}` })
    const rows = json((await read(at)).items).map((item) => item.rows[0])
    expect(rows.map(({ text, line }) => [text.length - 1, line])).toEqual(sizes.map((n, i) => [n, 2 + i * 2]))
    const groups = json((await read(at, { groupBy: 'no' })).items)
    expect(groups.map((group) => group.rows.map((row: any) => row.text.length - 1))).toEqual(
      [0, 1, 2].map((no) => sizes.filter((_, i) => i % 3 === no)),
    )
  })

  test('columns with the same name, without one, or called "line" are all kept', async () => {
    const { items } = await read(await own({ 'a.csv': 'sku,sku,,line\n1,2,3,4\n' }))
    expect(json(items)[0].rows).toEqual([{ sku: '1', 'sku (2)': '2', 'column 3': '3', 'line (2)': '4', line: 2 }])
  })
})

describe('groups', () => {
  const rows = 'no,sku\n1,A\n2,B\n1,C\n3,D\n2,E\n'

  test('rows of one key are one item, wherever they stand', async () => {
    const { items } = await read(await own({ 'a.csv': rows }), { groupBy: 'no' })
    expect(json(items)).toEqual([
      {
        key: '1',
        rows: [
          { no: '1', sku: 'A', line: 2 },
          { no: '1', sku: 'C', line: 4 },
        ],
      },
      {
        key: '2',
        rows: [
          { no: '2', sku: 'B', line: 3 },
          { no: '2', sku: 'E', line: 6 },
        ],
      },
      { key: '3', rows: [{ no: '3', sku: 'D', line: 5 }] },
    ])
    expect(items.map((item) => item.id)).toEqual(['1', '2', '3'])
  })

  test('whatever stands in a file, grouping loses no line of it', async () => {
    const row = fc.tuple(fc.constantFrom('1', '2', '3', ' 1 ', ''), fc.constantFrom('A', '"B\n"', '"C', 'D,x', ''))
    await fc.assert(
      fc.asyncProperty(fc.array(row, { maxLength: 40 }), async (rows) => {
        const at = await own({ 'x.csv': `no,sku\n${rows.map((cells) => cells.join(',')).join('\n')}\n` })
        const lines = (items: SourceItem[]) =>
          json(items)
            .flatMap((item) => [...item.rows, ...(item.problems ?? [])].map((each) => each.line))
            .sort((a, b) => a - b)
        expect(lines((await read(at, { groupBy: 'no' })).items)).toEqual(lines((await read(at)).items))
      }),
      { numRuns: 60 },
    )
  })

  test('of a group with too many rows the first ten thousand are kept, and it says so', async () => {
    const at = await own({ 'a.csv': `no,n\n${Array.from({ length: 10_005 }, (_, i) => `1,${i}\n2,x\n`).join('')}` })
    const { items } = await read(at, { groupBy: 'no' })
    expect(items.map((item) => item.problem?.code)).toEqual(['HUB_FILE_TOO_MANY_ROWS', 'HUB_FILE_TOO_MANY_ROWS'])
    expect(json(items)[0].rows).toHaveLength(10_000)
    expect(json(items)[0].rows[9_999]).toEqual({ no: '1', n: '9999', line: 20_000 })
  })

  test('one broken row stops the whole group, and no other', async () => {
    const { items } = await read(await own({ 'a.csv': `${rows}1,F,x\n` }), { groupBy: 'no' })
    expect(items.map((item) => [item.id, item.problem?.message])).toEqual([
      ['1', 'a.csv:7: it has 3 cells, but the header has 2.'],
      ['2', undefined],
      ['3', undefined],
    ])
  })

  test('a row without a key is an item with a problem', async () => {
    const { items } = await read(await own({ 'a.csv': `${rows},G\n` }), { groupBy: 'no' })
    expect(items[3]).toMatchObject({ id: 'a.csv:7', problem: { code: 'HUB_FILE_NO_KEY' } })
  })

  test('an unknown column names the columns that are there', async () => {
    await expect(read(await own({ 'a.csv': rows }), { groupBy: 'order' })).rejects.toThrow(
      'a.csv has no column "order". Its columns: no, sku.',
    )
  })
})

describe('what was read', () => {
  test('an unchanged file is not read again, a changed one is, a new one is', async () => {
    const at = await own({ 'a.csv': 'no\n1\n', 'b.csv': 'no\n2\n' })
    const first = await read(at, { id: 'no' })
    expect(first.items.map((item) => item.id)).toEqual(['1', '2'])
    expect((await read(at, { id: 'no' }, first.position)).items).toEqual([])

    await writeFile(path.join(at, 'b.csv'), 'no\n2\n3\n')
    await utimes(path.join(at, 'b.csv'), new Date(), new Date(Date.now() + 5000))
    await writeFile(path.join(at, 'c.csv'), 'no\n4\n')
    expect((await read(at, { id: 'no' }, first.position)).items.map((item) => item.id)).toEqual(['2', '3', '4'])
  })

  test.each([{ groupBy: 'no' }, { id: 'no' }])(
    'a run that stops between pages goes on where it stopped (%j)',
    async (facts) => {
      const numbers = Array.from({ length: 1000 }, (_, i) => String(i))
      const at = await own({ 'a.csv': `no,x\n${numbers.map((one) => `${one},y`).join('\n')}\n` })
      const first = await read(at, facts, {}, 2)
      expect(first.items).toHaveLength(400)
      const second = await read(at, facts, first.position)
      expect([...first.items, ...second.items].map((item) => item.id)).toEqual(numbers)
    },
  )

  test('a page ends after a million characters, however few its items are', async () => {
    const at = await own({
      'a.csv': `no,text\n${'1,2,3,4,5'
        .split(',')
        .map((no) => `${no},${'x'.repeat(400_000)}\n`)
        .join('')}`,
    })
    const first = await read(at, { groupBy: 'no' }, {}, 1)
    expect(first.items.map((item) => item.id)).toEqual(['1', '2', '3'])
    expect((await read(at, { groupBy: 'no' }, first.position)).items.map((item) => item.id)).toEqual(['4', '5'])
  })

  test('files outside of the folder are not touched', async () => {
    const at = await own({ 'outside.csv': 'no\n1\n' })
    await mkdir(path.join(at, 'in'))
    expect((await read(path.join(at, 'in'), { files: '../*.csv' })).items).toEqual([])
  })

  test('a million rows, none beside its like, stay within 300 MB', async () => {
    const at = await own({})
    const out = createWriteStream(path.join(at, 'big.csv'))
    out.write('no,sku,name,quantity\n')
    for (let block = 0; block < 100; block++) {
      const part = Array.from(
        { length: 10_000 },
        (_, i) => `${(block * 10_000 + i) % 250_000},SKU-${i},A thing of some sort,${i % 7}\n`,
      ).join('')
      if (!out.write(part)) await once(out, 'drain')
    }
    await finished(out.end())
    const before = process.memoryUsage.rss()
    let peak = 0
    let items = 0
    const pull = csvPull(at, { files: '*.csv', groupBy: 'no' })
    for await (const page of pull({
      api: undefined as never,
      settings: {},
      position: {},
      signal: new AbortController().signal,
      id: () => undefined,
    })) {
      items += page.items.length
      peak = Math.max(peak, process.memoryUsage.rss())
    }
    expect(items).toBe(250_000)
    expect((peak - before) / 1024 / 1024).toBeLessThan(300)
  }, 120_000)
})
