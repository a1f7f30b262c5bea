// What the stand-ins hold, asked through their control interface.
import type { Json } from '../../hub.ts'
import type { Collections } from './audit.ts'
import type { Systems } from './systems.ts'

export async function collect(systems: Systems): Promise<Collections> {
  const all = (what: string): Promise<Json[]> => systems.get(`state/${what}`)
  const [
    warehouseOrders,
    warehouseShipments,
    warehouseProducts,
    labels,
    trackings,
    shopOrders,
    shopProducts,
    invoices,
    invoiceLines,
    contacts,
    deals,
  ] = await Promise.all([
    all('shiphero/orders'),
    all('shiphero/shipments'),
    all('shiphero/products'),
    all('easypost/shipments'),
    all('woocommerce/trackings'),
    all('woocommerce/orders'),
    all('woocommerce/products'),
    all('odoo/account.move'),
    all('odoo/account.move.line'),
    all('hubspot/contacts'),
    all('hubspot/deals'),
  ])
  return {
    warehouseOrders,
    warehouseShipments,
    warehouseProducts,
    labels,
    trackings,
    shopOrders,
    shopProducts,
    invoices,
    invoiceLines,
    contacts,
    deals,
  } as Collections
}
