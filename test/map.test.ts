// `handoff map` as a person runs it: with files, and with live items of configured connections.
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { afterAll, beforeAll, expect, test, vi } from 'vitest'
import { CommandError } from '../engine/cli/exit.ts'
import { buildProgram } from '../engine/cli/program.ts'
import { credentials } from '../sandbox/credentials.ts'
import { type Sandbox, startSandbox } from '../sandbox/sandbox.ts'

let dir: string
let sandbox: Sandbox

beforeAll(async () => {
  dir = mkdtempSync(path.join(tmpdir(), 'handoff-map-'))
  sandbox = await startSandbox({ dir: path.join(dir, 'systems') })
  sandbox.seed({ orders: 3, seed: 7 })
  const retail = 'InvoiceNo;StockCode;Quantity\n536365;85123A;6\n536365;71053;2\n536366;22633;6\n'
  writeFileSync(path.join(dir, 'retail-1.csv'), retail)
  writeFileSync(path.join(dir, 'broken.csv'), 'a;b\n1;2;3\n')
  const { key, secret } = credentials.woocommerce
  writeFileSync(
    path.join(dir, 'hub.yaml'),
    `connections:
  shop: { connector: woocommerce, settings: { url: "${sandbox.systems.woocommerce}", key: ${key}, secret: ${secret} } }
  files:
    connector: csv
    settings:
      folder: ${dir}
      resources:
        retail: { files: "retail-*.csv", groupBy: InvoiceNo, delimiter: ";" }
        broken: { files: broken.csv, delimiter: ";" }
`,
  )
})
afterAll(async () => {
  await sandbox.close()
  rmSync(dir, { recursive: true })
})

async function map(...args: string[]): Promise<{ code: number; out: string; err: string }> {
  let out = ''
  const spy = vi.spyOn(process.stdout, 'write').mockImplementation((text) => {
    out += text
    return true
  })
  try {
    await buildProgram().parseAsync(['map', ...args], { from: 'user' })
    return { code: 0, out, err: '' }
  } catch (error) {
    if (!(error instanceof CommandError)) throw error
    return { code: error.exit, out, err: error.message }
  } finally {
    spy.mockRestore()
  }
}
const live = (name: string, ...args: string[]) => map(name, '--config', dir, ...args)

test('a live order of the shop: by its id, and the first there is', async () => {
  const first = await live('woocommerce/orders', '--from-connection', 'shop', '--json')
  const { record } = JSON.parse(first.out)
  expect(record).toMatchObject({ channel: 'shop', lines: expect.any(Array) })
  const item = JSON.parse((await live('woocommerce/orders', '--from-connection', 'shop', '--item')).out)
  const args = ['--from-connection', 'shop', '--resource', 'orders', '--id', String(item.id)]
  const again = await live('woocommerce/orders', ...args, '--json')
  expect(JSON.parse(again.out).record).toEqual(record)
  const told = await live('woocommerce/orders', ...args, '--explain')
  expect(told.code).toBe(0)
  expect(told.out).toMatch(/^number = ".+"\n {4}mappings\/woocommerce\/orders\.yaml:\d+ {2}number: /m)
})

test('the rows of a file, as their connection says they belong together', async () => {
  const { out } = await live('csv/online-retail', '--from-connection', 'files', '--resource', 'retail', '--item')
  expect(JSON.parse(out)).toMatchObject({ key: '536365', rows: [{ StockCode: '85123A' }, { StockCode: '71053' }] })
  const by = ['--from-connection', 'files', '--resource', 'retail', '--id']
  expect(JSON.parse((await live('csv/online-retail', ...by, '536366', '--item')).out).rows).toHaveLength(1)
})

test('a record that does not fit its schema names the rule that gave nothing', async () => {
  writeFileSync(path.join(dir, 'item.json'), '{ "key": null, "rows": [] }')
  const { code, out } = await map('csv/northwind', path.join(dir, 'item.json'))
  expect(code).toBe(1)
  expect(out).toMatch(/HUB_MAP_\w+ .*\(mappings\/csv\/northwind\.yaml:\d+\)/)
})

test.each([
  [['csv/nortwind', 'x.json'], 3, 'HUB_MAP_NO_MAPPING There is no mapping csv/nortwind. Did you mean csv/northwind?'],
  [['mappings/csv/northwind.yaml', 'x.json'], 3, 'HUB_MAP_NO_FILE There is no file x.json, neither here nor in'],
  [['csv/northwind', 'FOLDER/retail-1.csv'], 2, 'HUB_MAP_NOT_JSON'],
  [['csv/northwind', '--out', 'x.json'], 2, 'HUB_MAP_NO_WAY csv/northwind has no way out.'],
  [['odoo/invoices', '--from-connection', 'shop'], 2, 'HUB_MAP_NO_WAY odoo/invoices maps records of the hub'],
  [
    ['woocommerce/orders', '--from-connection', 'shp'],
    3,
    'HUB_MAP_NO_CONNECTION There is no connection "shp". Did you mean shop?',
  ],
  [
    ['csv/northwind', '--from-connection', 'files'],
    2,
    'HUB_MAP_WHICH_ITEM Say which resource: --resource <name>. Known: retail, broken.',
  ],
  [
    ['woocommerce/orders', '--from-connection', 'shop', '--resource', 'order'],
    2,
    'HUB_MAP_WHICH_ITEM shop has no resource "order". Did you mean orders?',
  ],
  [
    ['woocommerce/orders', '--from-connection', 'shop', '--id', '999999'],
    3,
    'HUB_MAP_NO_ITEM shop.orders has nothing with the id 999999.',
  ],
  [['csv/northwind', '--from-connection', 'files', '--resource', 'retail', '--id', '1'], 3, 'HUB_MAP_NO_ITEM'],
  [['csv/northwind', '--from-connection', 'files', '--resource', 'broken'], 1, 'broken.csv:2: '],
])('%j', async (args, code, message) => {
  const ran = await live(args[0]!, ...args.slice(1).map((one) => one.replace('FOLDER', dir)))
  expect({ code: ran.code, err: ran.err }).toEqual({ code, err: expect.stringContaining(message) })
})
