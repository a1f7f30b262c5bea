// The GraphQL documents. ShipHero prices a question before it answers: 1 + first × (1 + inner first), of 4,004 credits that
// grow back by 60 a second. So lists show few lines of each item, and what has more is read whole, one by one.
// https://developer.shiphero.com/getting-started/#optimizing-a-query
import type { Api, Json } from '#connector'

const PATH = '/graphql'

/** A question, as data. */
export const asked = (query: string, variables: Json = {}) => ({
  method: 'POST' as const,
  path: PATH,
  body: { query, variables },
})

/** Asks, and answers what stands under `data`. */
export async function ask(api: Api, query: string, variables: Json = {}): Promise<Json> {
  return (await api.query(PATH, { query, variables })).data
}

/** Runs a mutation on its one argument `data`. */
export async function write(api: Api, mutation: string, data: Json): Promise<Json> {
  return (await api.post(PATH, { query: mutation, variables: { data } })).data
}

export const nodes = (connection: Json): Json[] => (connection?.edges ?? []).map((edge: Json) => edge.node)

const INFO = 'pageInfo { hasNextPage endCursor }'
const ADDRESS = 'first_name last_name company address1 address2 city state zip country email phone'

const HEAD = 'id order_number partner_order_id'

const order = (
  lines: number,
) => `id legacy_id order_number partner_order_id shop_name fulfillment_status order_date total_tax subtotal
  total_discounts total_price currency email packing_note updated_at tags
  shipping_lines { title carrier method price }
  shipping_address { ${ADDRESS} }
  billing_address { ${ADDRESS} }
  line_items(first: ${lines}) { ${INFO} edges { node {
    id sku partner_line_item_id product_name quantity quantity_pending_fulfillment quantity_shipped price fulfillment_status
  } } }`

const shipment = (lines: number) => `id legacy_id order_id warehouse_id created_date shipped_off_shiphero completed
  order { order_number partner_order_id shop_name }
  address { name address1 address2 city state zip country phone }
  line_items(first: ${lines}) { ${INFO} edges { node { id quantity line_item { id sku partner_line_item_id product_name } } } }
  shipping_labels {
    id tracking_number tracking_url carrier shipping_name shipping_method cost created_date
    dimensions { weight height width length }
  }`

const STOCK = `id account_id sku warehouse_id warehouse_identifier on_hand allocated available backorder reserve_inventory updated_at`

const page = 'request_id complexity data(first: 25, after: $after)'

export const ORDERS = `query ($since: ISODateTime, $after: String) {
  orders(updated_from: $since) { ${page} { ${INFO} edges { node { ${order(25)} } } } } }`

export const ORDER_BY_ID = `query ($id: String!) { order(id: $id) { request_id complexity data { ${order(1000)} } } }`

export const ORDERS_BY_PARTNER = `query ($key: String!) {
  orders(partner_order_id: $key) { request_id complexity data(first: 2) { edges { node { ${HEAD} } } } } }`

export const SHIPMENTS = `query ($since: ISODateTime, $after: String) {
  shipments(date_from: $since) { ${page} { ${INFO} edges { node { ${shipment(25)} } } } } }`

export const SHIPMENT_BY_ID = `query ($id: String!) { shipment(id: $id) { request_id complexity data { ${shipment(1000)} } } }`

export const INVENTORY = `query ($since: ISODateTime, $after: String) {
  warehouse_products(updated_from: $since) { request_id complexity data(first: 100, after: $after) { ${INFO} edges { node { ${STOCK} } } } } }`

export const STOCK_OF = `query ($warehouse: String!, $sku: String!) {
  warehouse_products(warehouse_id: $warehouse, sku: $sku) {
    request_id complexity data(first: 1) { edges { node { ${STOCK} } } } } }`

export const CHECK = 'query { account { request_id complexity data { id email } } }'

const mutation = (name: string, input: string, answer = '') =>
  `mutation ($data: ${input}!) { ${name}(data: $data) { request_id complexity ${answer} } }`

export const ORDER_CREATE = mutation('order_create', 'CreateOrderInput', 'order { id order_number partner_order_id }')
export const ORDER_UPDATE = mutation('order_update', 'UpdateOrderInput', 'order { id }')
export const LINES_ADD = mutation('order_add_line_items', 'AddLineItemsInput')
export const LINES_UPDATE = mutation('order_update_line_items', 'UpdateLineItemsInput')
export const LINES_REMOVE = mutation('order_remove_line_items', 'RemoveLineItemsInput')

export const WEBHOOKS = `query { webhooks { request_id complexity data(first: 100) {
  edges { node { id name url shop_name enabled } } } } }`
export const WEBHOOK_CREATE = mutation('webhook_create', 'CreateWebhookInput', 'webhook { id shared_signature_secret }')
export const WEBHOOK_DELETE = mutation('webhook_delete', 'DeleteWebhookInput')
