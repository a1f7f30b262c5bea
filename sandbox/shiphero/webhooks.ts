// https://developer.shiphero.com/webhooks/: one address for each type and shop, signed with the secret that webhook_create
// showed once. Wanted back is {"code": "200", "Status": "Success"} within ten seconds; five more attempts otherwise.
import { createHmac } from 'node:crypto'
import type { Deliveries } from '../core/deliver.ts'
import { hexId } from '../core/random.ts'
import { spaced, type Timers } from '../core/time.ts'
import type { Json } from '../core/types.ts'
import {
  accountId,
  accountNumber,
  type Order,
  type Shipment,
  uuid,
  type Warehouse,
  type Webhook,
  warehouseId,
  warehouseNumber,
} from './state.ts'

export const webhookTypes = [
  'Inventory Update', 'Inventory Change', 'Shipment Update', 'Automation Rules', 'Order Canceled', 'Capture Payment', 'PO Update',
  'Return Update', 'Tote Complete', 'Tote Cleared', 'Order Packed Out', 'Package Added', 'Print Barcode', 'Order Allocated',
  'Order Deallocated', 'Shipment ASN', 'Generate Label', 'Work Order Status Update',
] // biome-ignore format: a list of names

/** Tells all addresses of a type. The payload is that of this moment. */
export function tell(
  warehouse: Warehouse,
  deliveries: Deliveries,
  timers: Timers,
  type: string,
  payload: () => Json,
): void {
  const webhooks = warehouse.webhooks.by('name', type)
  if (webhooks.length === 0) return
  const body = JSON.stringify({ account_id: accountNumber, account_uuid: accountId, webhook_type: type, ...payload() })
  for (const webhook of webhooks) {
    attempt(warehouse, deliveries, timers, webhook, body, hexId(`${type}${body}${Date.now()}`), 0)
  }
}

function attempt(
  warehouse: Warehouse,
  deliveries: Deliveries,
  timers: Timers,
  webhook: Webhook,
  body: string,
  message: string,
  n: number,
): void {
  const headers = {
    'content-type': 'application/json',
    'x-shiphero-hmac-sha256': createHmac('sha256', webhook.secret).update(body).digest('base64'),
    'x-shiphero-message-id': message,
  }
  deliveries.queue(
    () => (warehouse.webhooks.get(webhook.number) ? { url: webhook.url, headers, body, timeout: 10_000 } : undefined),
    (status) => {
      if ((status >= 200 && status < 300) || n >= 5) return
      timers.after(200 * 2 ** n, () => attempt(warehouse, deliveries, timers, webhook, body, message, n + 1))
    },
  )
}

export function shipmentPayload(warehouse: Warehouse, shipment: Shipment): Json {
  const order = warehouse.orders.get(shipment.order)!
  const to = order.data.shipping_address
  return {
    test: '0',
    fulfillment: {
      shipment_id: shipment.number,
      shipment_uuid: uuid('Shipment', shipment.number),
      warehouse: 'Primary',
      warehouse_id: warehouseNumber,
      warehouse_uuid: warehouseId,
      partner_order_id: order.data.partner_order_id ?? null,
      order_number: order.data.order_number,
      tracking_number: '',
      line_items: shipment.lines.map((item) => {
        const line = order.lines.find(({ number }) => number === item.line)!
        return {
          id: line.partner_line_item_id,
          shiphero_id: line.number,
          quantity: item.quantity,
          sku: line.sku,
          serial_numbers: [],
          customs_description: '',
          package: 'Package #1',
          lot_id: null,
          lot_name: null,
          lot_expiration: null,
        }
      }),
      custom_tracking_url: '',
      shipping_method: order.data.shipping_lines?.method ?? '',
      shipping_carrier: order.data.shipping_lines?.carrier ?? '',
      shipping_address: {
        name: [to.first_name, to.last_name].filter(Boolean).join(' '),
        address1: to.address1 ?? '',
        address2: to.address2 ?? '',
        address_city: to.city ?? '',
        address_zip: to.zip ?? '',
        address_state: to.state ?? '',
        address_country: to.country ?? '',
      },
      completed: shipment.completed,
      created_at: spaced(shipment.created),
      order_uuid: uuid('Order', order.number),
      order_gift_note: order.data.gift_note ?? '',
    },
    total_packages: 1,
    packages: [],
  }
}

export function inventoryPayload(warehouse: Warehouse, promised: number, sku: string): Json {
  const { on_hand } = warehouse.products.get(sku)!
  const inventory = { inventory: String(on_hand - promised), backorder_quantity: '0', on_hand: String(on_hand) }
  const place = { warehouse_id: warehouseNumber, warehouse_uuid: warehouseId, identifier: 'Primary' }
  return { inventory: [{ sku, ...inventory, virtual: false, updated_warehouse: { ...place, ...inventory } }] }
}

export function orderPayload(order: Order): Json {
  const names = { order_number: order.data.order_number, partner_order_id: order.data.partner_order_id ?? null }
  return {
    allocation: {
      warehouse: 'Primary',
      warehouse_id: warehouseNumber,
      warehouse_uuid: warehouseId,
      order_id: order.number,
      order_uuid: uuid('Order', order.number),
      ...names,
      allocated_at: spaced(order.updated),
      ready_to_ship: order.due === undefined ? 0 : 1,
      line_items: order.lines.map((line) => ({
        id: line.number,
        partner_line_item_id: line.partner_line_item_id,
        sku: line.sku,
        quantity_allocated: line.allocated,
      })),
    },
  }
}

export function canceledPayload(order: Order): Json {
  return {
    order_id: order.number,
    order_uuid: uuid('Order', order.number),
    order_number: order.data.order_number,
    partner_order_id: order.data.partner_order_id ?? null,
  }
}
