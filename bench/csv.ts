// A file of a million rows: it comes in with bounded memory, and as fast at its end as at its beginning.

import { once } from 'node:events'
import { createWriteStream, mkdirSync } from 'node:fs'
import path from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import type { BenchOptions, Section } from './figures.ts'
import { startHubChild } from './rig/children.ts'
import { settled } from './rig/ledger-state.ts'
import { type Machines, openMachines } from './rig/machines.ts'

const ROWS_AN_ORDER = 5
const MAPPING = `
from: csv.orders
to: order
blank: absent
fields:
  channel: $connection
  number: key
  status: { const: open }
  placedAt: { from: "rows[0].date", as: datetime, format: yyyy-MM-dd, zone: UTC }
  currency: { const: EUR }
  customer: { fields: { number: { from: "rows[0].email", as: lowercase }, name: "rows[0].customer" } }
  shipTo:
    fields:
      name: "rows[0].customer"
      street: { list: ["rows[0].street"] }
      city: "rows[0].city"
      postcode: "rows[0].postcode"
      country: "rows[0].country"
  lines:
    each: rows
    required: true
    fields:
      sku: { from: sku, required: true }
      name: product
      quantity: { from: quantity, as: integer }
      unitPrice: { from: price, as: money, currency: EUR }
`

export async function run({ quick }: BenchOptions): Promise<Section> {
  const rows = quick ? 20_000 : 1_000_000
  const orders = rows / ROWS_AN_ORDER
  await using machines = await openMachines({ settings: { max_wal_size: '4GB' } })
  const folder = path.join(machines.folder, 'files')
  mkdirSync(folder)
  const bytes = await writeFile(path.join(folder, 'orders.csv'), rows)
  await using hub = await startHubChild(machines, {
    connections: {
      files: { connector: 'csv', settings: { folder, resources: { orders: { files: '*.csv', groupBy: 'order' } } } },
    },
    sources: { orders: { pull: 'files.orders', into: 'order' } },
    routes: {},
    mappings: { 'csv/orders': MAPPING },
  })
  const idle = await hub.usage()
  const began = performance.now()
  let finished = false
  const work = hub.ask({ do: 'pull', source: 'orders' }).then(() => settled(machines))
  const watching = progress(machines, () => finished)
  await work.finally(() => (finished = true))
  const seconds = (performance.now() - began) / 1000
  const moments = await watching
  const usage = await hub.usage()
  const [found] = await machines.sql<{ records: number; stuck: number }>(
    "select (select count(*) from handoff.record) as records, (select count(*) from handoff.item where status <> 'done') as stuck",
  )
  if (found!.records !== orders || found!.stuck !== 0)
    throw new Error(`${found!.records} of ${orders} orders, ${found!.stuck} stuck`)
  const early = rateBetween(moments, orders, 0.0, 0.1, began) * ROWS_AN_ORDER
  const late = rateBetween(moments, orders, 0.9, 1, began) * ROWS_AN_ORDER
  return {
    title: 'CSV',
    what: `A file of ${rows.toLocaleString('en')} rows (${Math.round(bytes / 1e6)} MB), ${orders.toLocaleString('en')} orders of ${ROWS_AN_ORDER} rows, read, mapped and kept as records.`,
    figures: [
      { name: 'rows', unit: 'rows/s', value: rows / seconds, note: `${Math.round(seconds)} s` },
      {
        name: 'peak memory of the hub',
        unit: 'MB',
        value: usage.peakMb,
        target: { most: 350 },
        note: `${Math.round(idle.peakMb)} MB before`,
      },
      { name: 'first tenth', unit: 'rows/s', value: early },
      {
        name: 'last tenth',
        unit: 'rows/s',
        value: late,
        baseline: 'of the first',
        ratio: late / early,
        target: { least: 0.9, of: 'ratio' },
      },
      { name: 'CPU of the hub', unit: 's per 1,000 rows', value: ((usage.cpuSeconds - idle.cpuSeconds) / rows) * 1000 },
    ],
    caveats: [
      'A rate is that of records kept, seen from the outside five times a second; the first tenth holds the reading of the whole file once, to find the rows that belong together.',
    ],
  }
}

/** How many records there were when. */
async function progress({ sql }: Machines, ended: () => boolean): Promise<[records: number, at: number][]> {
  const moments: [number, number][] = []
  for (; ; await sleep(200)) {
    const last = ended()
    // Ids are given in turn: the highest is the number of records, without counting them.
    const [row] = await sql<{ records: number }>('select coalesce(max(id), 0) as records from handoff.record')
    moments.push([row!.records, performance.now()])
    if (last) return moments
  }
}

function rateBetween(moments: [number, number][], total: number, from: number, to: number, began: number): number {
  const highest = moments.at(-1)![0]
  const when = (share: number) =>
    share === 0 ? began : (moments.find(([records]) => records >= highest * share) ?? moments.at(-1)!)[1]
  return (total * (to - from)) / ((when(to) - when(from)) / 1000)
}

async function writeFile(file: string, rows: number): Promise<number> {
  const out = createWriteStream(file)
  out.write('order,date,customer,email,street,postcode,city,country,sku,product,quantity,price\n')
  for (let row = 0; row < rows; row++) {
    const order = Math.floor(row / ROWS_AN_ORDER) + 1
    const line = `${order},2026-03-${String((order % 28) + 1).padStart(2, '0')},"Example, Ann",Ann.${order % 9000}@example.com,Harbour Lane ${order % 200},20457,Hamburg,DE,SKU-${row % 4000},Mug no. ${row % 4000},${(row % 9) + 1},${(row % 90) + 1}.95\n`
    if (!out.write(line)) await once(out, 'drain')
  }
  out.end()
  await once(out, 'close')
  return out.bytesWritten
}
