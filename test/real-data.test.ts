// Real orders, through the front door: a British gift retailer's invoices (UCI "Online Retail") and Northwind's orders. The data
// is not part of the project: HANDOFF_REFERENCE_DIR says where it lies, and without it these tests say that they were skipped.
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import pg from 'pg'
import { describe, expect, test } from 'vitest'
import { readEnvironment } from '../engine/platform/config/environment.ts'
import { demoPlace } from './support/demo.ts'

const folder = readEnvironment().referenceDir
const retail = folder ? path.join(folder, 'datasets', 'uci-online-retail') : ''
const northwind = folder ? path.join(folder, 'datasets', 'northwind', 'northwind_psql.sql') : ''
if (!folder) console.warn('HANDOFF_REFERENCE_DIR is not set: the tests on real orders are skipped')

const QUERY = `select o.order_id, o.customer_id, o.order_date, o.required_date, o.shipped_date, o.freight, o.ship_name, o.ship_address, o.ship_city, o.ship_region,
  o.ship_postal_code, o.ship_country, c.company_name, c.contact_name, c.phone, c.address, c.city, c.region, c.postal_code, c.country, d.product_id, p.product_name,
  d.unit_price, d.quantity, d.discount
  from orders o join order_details d using (order_id) join customers c using (customer_id) join products p using (product_id) order by o.order_id, d.product_id`

async function carry(file: string) {
  await using place = await demoPlace('postgres', 'demo-csv')
  const { code, output } = await place.run('--json', '--orders', file).done
  return { code, report: JSON.parse(output.slice(output.indexOf('{'))) }
}

describe.skipIf(!folder)('real orders', () => {
  test.each(folder ? readdirSync(retail).filter((file) => file.endsWith('.csv')) : [])(
    'every invoice of %s ends in one named outcome',
    { timeout: 120_000 },
    async (file) => {
      const { code, report } = await carry(path.join(retail, file))
      // The first column holds neither quotes nor commas, so the invoices can be counted without a CSV reader.
      const [, ...rows] = readFileSync(path.join(retail, file), 'utf8').trimEnd().split('\n')
      const invoices = new Set(rows.map((row) => row.split(',')[0]))
      expect(report.holds, JSON.stringify(report)).toBe(true)
      expect(code).toBe(0)
      expect(report.outcomes.reduce((sum: number, each: { count: number }) => sum + each.count, 0)).toBe(invoices.size)
      const creditNotes = [...invoices].filter((invoice) => invoice?.startsWith('C')).length
      expect(report.outcomes.find((each: { outcome: string }) => each.outcome === 'skipped: credit note')?.count).toBe(
        creditNotes,
      )
    },
  )

  test("Northwind's 830 orders are carried from a CSV export", { timeout: 180_000 }, async () => {
    const temporary = mkdtempSync(path.join(tmpdir(), 'handoff-northwind-'))
    try {
      const file = path.join(temporary, 'northwind.csv')
      const { orders } = await exportNorthwind(file)
      const { code, report } = await carry(file)
      expect(report.holds, JSON.stringify(report)).toBe(true)
      expect(code).toBe(0)
      expect(report.orders).toBe(orders)
      expect(report.outcomes).toMatchObject([{ outcome: 'carried', count: orders }])
    } finally {
      rmSync(temporary, { recursive: true, force: true })
    }
  })
})

/** What connectors/csv/README.md tells an administrator to do with psql's \copy. */
async function exportNorthwind(file: string): Promise<{ orders: number }> {
  const connectionString = process.env['HANDOFF_TEST_DATABASE']!
  const outside = new pg.Client({ connectionString })
  await outside.connect()
  const name = `northwind_${process.pid}`
  await outside.query(`create database ${name}`)
  try {
    const inside = new pg.Client({ connectionString: connectionString.replace('/postgres?', `/${name}?`) })
    await inside.connect()
    await inside.query(readFileSync(northwind, 'utf8'))
    await inside.query("set search_path to public; set datestyle to 'ISO'")
    const { rows, fields } = await inside.query({
      text: `select ${QUERY.match(/select ([\s\S]*?)\s+from/)![1]!
        .split(',')
        .map((column) => `${column.trim()}::text`)
        .join(', ')} ${QUERY.slice(QUERY.indexOf('from orders'))}`,
      rowMode: 'array',
    })
    const cell = (value: string | null) =>
      value === null ? '' : /[",\n]/.test(value) ? `"${value.replaceAll('"', '""')}"` : value
    writeFileSync(file, [fields.map((field) => field.name), ...rows].map((row) => row.map(cell).join(',')).join('\n'))
    await inside.end()
    return { orders: new Set(rows.map((row) => row[0])).size }
  } finally {
    await outside.query(`drop database ${name} with (force)`)
    await outside.end()
  }
}
