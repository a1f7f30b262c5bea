// What config/demo and config/demo-csv expect in the environment: where the stand-ins are, the keys they know
// (sandbox/credentials.ts), and of a CSV file its folder, its key column and its mapping.
import { closeSync, openSync, readSync } from 'node:fs'
import path from 'node:path'
import { pathToFileURL } from 'node:url'
import { PROJECT } from '../../setup/load.ts'
import { CommandError, EXIT } from '../exit.ts'
import type { Systems } from './systems.ts'

export async function systemVariables(addresses: Systems['addresses']): Promise<Record<string, string>> {
  const { credentials } = await import(pathToFileURL(path.join(PROJECT, 'sandbox', 'credentials.ts')).href)
  return {
    DEMO_SHOP_URL: addresses.woocommerce,
    DEMO_SHOP_KEY: credentials.woocommerce.key,
    DEMO_SHOP_SECRET: credentials.woocommerce.secret,
    DEMO_SHOP_WEBHOOK_SECRET: credentials.woocommerce.webhookSecret,
    DEMO_WAREHOUSE_URL: addresses.shiphero,
    DEMO_WAREHOUSE_TOKEN: credentials.shiphero.token,
    DEMO_CARRIER_URL: addresses.easypost,
    DEMO_CARRIER_KEY: credentials.easypost.apiKey,
    DEMO_CARRIER_WEBHOOK_SECRET: credentials.easypost.webhookSecret,
    DEMO_ERP_URL: addresses.odoo,
    DEMO_ERP_DATABASE: credentials.odoo.database,
    DEMO_ERP_LOGIN: credentials.odoo.login,
    DEMO_ERP_PASSWORD: credentials.odoo.password,
    DEMO_CRM_URL: addresses.hubspot,
    DEMO_CRM_TOKEN: credentials.hubspot.token,
  }
}

/** Exports that the project brings a mapping for: the columns that tell them, the column of the order's number. */
const KNOWN_EXPORTS = [
  { columns: ['InvoiceNo', 'StockCode'], groupBy: 'InvoiceNo', mapping: 'csv/online-retail' },
  { columns: ['order_id', 'product_id'], groupBy: 'order_id', mapping: 'csv/northwind' },
]

export function fileVariables(file: string, chosen: { mapping?: string; groupBy?: string }): Record<string, string> {
  const header = firstLine(file)
  const columns = header.split(/[,;\t|]/).map((column) => column.trim().replace(/^"|"$/g, ''))
  const known = KNOWN_EXPORTS.find((each) => each.columns.every((column) => columns.includes(column)))
  const mapping = chosen.mapping ?? known?.mapping
  const groupBy = chosen.groupBy ?? known?.groupBy
  if (!mapping || !groupBy) {
    throw new CommandError(
      EXIT.usage,
      `HUB_DEMO_COLUMNS ${file}: the demo has no mapping for the columns ${columns.join(', ')}.\nWrite one under mappings/csv/ and name it: --mapping csv/mine --group-by Column`,
    )
  }
  return {
    DEMO_ORDERS_FOLDER: path.dirname(path.resolve(file)),
    DEMO_ORDERS_FILE: path.basename(file),
    DEMO_ORDERS_KEY: groupBy,
    DEMO_ORDERS_MAPPING: mapping,
  }
}

function firstLine(file: string): string {
  let handle: number
  try {
    handle = openSync(file, 'r')
  } catch (error) {
    throw new CommandError(
      EXIT.notFound,
      `HUB_DEMO_COLUMNS ${file} cannot be read: ${(error as NodeJS.ErrnoException).code}.`,
    )
  }
  const start = Buffer.alloc(8192)
  const size = readSync(handle, start)
  closeSync(handle)
  return start
    .toString('utf8', 0, size)
    .replace(/^\uFEFF/, '')
    .split(/\r?\n/)[0]!
}
