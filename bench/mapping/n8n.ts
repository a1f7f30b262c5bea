// The same mapping as fields of n8n's "Edit Fields" node, one expression each, run by n8n's own in-process engine: its fastest
// (the isolate that its server uses by default is slower), and without the rest of an execution.
//
// n8n-workflow has a licence of its own (Sustainable Use License) and is no dependency of Handoff: it is fetched into a folder
// of the system's temporary ones, only when somebody asks for the comparison, and stays there for the next time.
import { createRequire } from 'node:module'
import { join } from 'node:path'
import { installed } from '../peers/install.ts'

type Json = any

/** What n8n 2.41.1 depends on. */
const N8N_WORKFLOW = '2.41.0'

/** By the field's name in the record: n8n's expression for it. */
export const FIELDS: Record<string, string> = {
  number: '={{ $json.number }}',
  status: `={{ ({ pending: 'open', processing: 'open', 'on-hold': 'on_hold', completed: 'fulfilled', cancelled: 'cancelled', refunded: 'refunded' })[$json.status] }}`,
  placedAt: `={{ $json.date_created_gmt + 'Z' }}`,
  paidAt: `={{ $json.date_paid_gmt ? $json.date_paid_gmt + 'Z' : undefined }}`,
  currency: '={{ $json.currency }}',
  total: '={{ ({ amount: $json.total, currency: $json.currency }) }}',
  shippingTotal: '={{ ({ amount: $json.shipping_total, currency: $json.currency }) }}',
  taxTotal: '={{ ({ amount: $json.total_tax, currency: $json.currency }) }}',
  'customer.number': '={{ $json.billing.email.toLowerCase() }}',
  'customer.name': `={{ $json.billing.first_name + ' ' + $json.billing.last_name }}`,
  'customer.phone': '={{ $json.billing.phone || $json.shipping.phone }}',
  'shipTo.name': `={{ $json.shipping.first_name + ' ' + $json.shipping.last_name }}`,
  'shipTo.company': '={{ $json.shipping.company || undefined }}',
  'shipTo.street': '={{ [$json.shipping.address_1, $json.shipping.address_2].filter(line => line) }}',
  'shipTo.city': '={{ $json.shipping.city || undefined }}',
  'shipTo.region': '={{ $json.shipping.state || undefined }}',
  'shipTo.postcode': '={{ $json.shipping.postcode || undefined }}',
  'shipTo.country': '={{ $json.shipping.country.toUpperCase() }}',
  shippingService: `={{ ({ flat_rate: 'standard', free_shipping: 'standard', 'ups:3': 'express' })[$json.shipping_lines[0].method_id] }}`,
  lines:
    '={{ $json.line_items.filter(item => item.quantity > 0).map(item => ({ lineId: String(item.id), sku: item.sku, name: item.name, quantity: item.quantity, total: { amount: item.total, currency: $json.currency }, taxTotal: { amount: item.total_tax, currency: $json.currency } })) }}',
}

/** Fetches n8n-workflow if it is not there yet. Throws what npm said if that does not work. */
export function n8nMapper(connection: string): (item: Json) => Json {
  // The package's ESM entry cannot be loaded by Node 24: files are missing from it.
  const { Workflow } = createRequire(import.meta.url)(
    join(installed('n8n-workflow', N8N_WORKFLOW), 'n8n-workflow/dist/cjs/index.js'),
  )
  const node = { id: '1', name: 'Map', type: 'set', typeVersion: 1, position: [0, 0], parameters: {} }
  const description = { properties: [], defaults: {}, inputs: ['main'], outputs: ['main'] }
  const nodeTypes = { getByNameAndVersion: () => ({ description }), getByName: () => ({ description }) }
  const workflow = new Workflow({ id: '1', nodes: [node], connections: {}, active: false, nodeTypes, settings: {} })
  const fields = Object.entries(FIELDS).map(([name, expression]) => [name.split('.'), expression] as const)
  return (item) => {
    const items = [{ json: item }]
    const record: Json = { channel: connection }
    for (const [[first, second], expression] of fields) {
      const value = workflow.expression.getParameterValue(expression, null, 0, 0, 'Map', items, 'manual', {})
      if (value === undefined) continue
      if (second) {
        record[first!] ??= {}
        record[first!][second] = value
      } else record[first!] = value
    }
    return record
  }
}
