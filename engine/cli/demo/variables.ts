// What config/demo expects in the environment: where the stand-ins are, and the keys they know (sandbox/credentials.ts).
import path from 'node:path'
import { pathToFileURL } from 'node:url'
import { PROJECT } from '../../setup/load.ts'
import type { Systems } from './systems.ts'

export async function demoVariables(addresses: Systems['addresses'], ordersFile: string | undefined): Promise<Record<string, string>> {
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
    ...(ordersFile ? { DEMO_ORDERS_FOLDER: path.dirname(path.resolve(ordersFile)), DEMO_ORDERS_FILE: path.basename(ordersFile) } : {}),
  }
}
