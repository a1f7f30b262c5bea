// The part of ShipHero's public schema that an order's way to the doorstep needs, names and types as on
// https://developer.shiphero.com/schema/ (order input: types/create-order-input.html; shipments: queries/shipments.html).
// ShipHero publishes no machine-readable schema, so this is written from its pages and not checked against one.
import { buildSchema } from 'graphql'

export const schema = buildSchema(/* GraphQL */ `
  scalar ISODateTime
  scalar Decimal

  type Query {
    account(analyze: Boolean): AccountQueryResult
    order(id: String!, analyze: Boolean): OrderQueryResult
    orders(
      shop_name: String, partner_order_id: String, order_number: String, fulfillment_status: String, email: String,
      sku: String, tag: String, has_hold: Boolean, warehouse_id: String, customer_account_id: String,
      order_date_from: ISODateTime, order_date_to: ISODateTime, updated_from: ISODateTime, updated_to: ISODateTime, analyze: Boolean
    ): OrdersQueryResult
    shipment(id: String!, analyze: Boolean): ShipmentQueryResult
    shipments(
      customer_account_id: String, order_id: String, date_from: ISODateTime, date_to: ISODateTime, order_date_from: ISODateTime,
      order_date_to: ISODateTime, tracking_number: String, alternate_tracking_id: String, voided: Boolean, analyze: Boolean
    ): ShipmentsQueryResult
    product(id: String, sku: String, customer_account_id: String, analyze: Boolean): ProductQueryResult
    products(sku: String, created_from: ISODateTime, created_to: ISODateTime, updated_from: ISODateTime, updated_to: ISODateTime, customer_account_id: String, analyze: Boolean): ProductsQueryResult
    warehouse_products(
      sku: String, warehouse_id: String, active: Boolean, customer_account_id: String, updated_from: ISODateTime, updated_to: ISODateTime, analyze: Boolean
    ): WarehouseProductsQueryResult
    webhooks(shop_name: String, analyze: Boolean): WebhooksQueryResult
    user_quota: UserQuota
  }

  type Mutation {
    order_create(data: CreateOrderInput!, analyze: Boolean): CreateOrderOutput
    order_update(data: UpdateOrderInput!, analyze: Boolean): UpdateOrderOutput
    order_cancel(data: CancelOrderInput!, analyze: Boolean): CancelOrderOutput
    order_add_line_items(data: AddLineItemsInput!, analyze: Boolean): OrderMutationOutput
    order_update_line_items(data: UpdateLineItemsInput!, analyze: Boolean): OrderMutationOutput
    order_remove_line_items(data: RemoveLineItemsInput!, analyze: Boolean): OrderMutationOutput
    inventory_add(data: UpdateInventoryInput!, analyze: Boolean): InventoryAddOutput
    inventory_remove(data: UpdateInventoryInput!, analyze: Boolean): InventoryRemoveOutput
    inventory_replace(data: ReplaceInventoryInput!, analyze: Boolean): InventoryReplaceOutput
    webhook_create(data: CreateWebhookInput!, analyze: Boolean): CreateWebhookOutput
    webhook_delete(data: DeleteWebhookInput!, analyze: Boolean): DeleteWebhookOutput
  }

  type UserQuota { is_expired: Boolean credits_remaining: Int max_available: Int increment_rate: Int }

  type PageInfo { hasNextPage: Boolean! hasPreviousPage: Boolean! startCursor: String endCursor: String }

  type AccountQueryResult { request_id: String complexity: Int data: Account }
  type Account { id: String legacy_id: Int email: String username: String status: String is_3pl: Boolean warehouses: [Warehouse] }

  type Warehouse { id: String legacy_id: Int account_id: String identifier: String profile: String address: Address }
  type Address { name: String address1: String address2: String city: String state: String country: String zip: String phone: String company: String email: String }

  type OrderQueryResult { request_id: String complexity: Int data: Order }
  type OrdersQueryResult { request_id: String complexity: Int data(sort: String, first: Int, last: Int, before: String, after: String): OrderConnection }
  type OrderConnection { pageInfo: PageInfo! edges: [OrderEdge]! }
  type OrderEdge { node: Order cursor: String! }
  type Order {
    id: String legacy_id: Int order_number: String partner_order_id: String shop_name: String fulfillment_status: String
    order_date: ISODateTime updated_at: ISODateTime total_tax: String subtotal: String total_discounts: String total_price: String
    currency: String email: String profile: String tags: [String] packing_note: String gift_note: String required_ship_date: ISODateTime
    priority_flag: Boolean allow_partial: Boolean allow_split: Boolean account_id: String source: String flagged: Boolean
    ready_to_ship: Boolean tax_id: String tax_type: String incoterms: String hold_until_date: ISODateTime
    shipping_lines: OrderShippingLines shipping_address: OrderAddress billing_address: OrderAddress holds: OrderHolds
    line_items(sort: String, first: Int, last: Int, before: String, after: String): LineItemConnection
    shipments: [Shipment] allocations: [OrderWarehouseAllocation]
  }
  type OrderShippingLines { title: String carrier: String method: String price: String }
  type OrderAddress {
    first_name: String last_name: String company: String address1: String address2: String city: String state: String state_code: String
    zip: String country: String country_code: String email: String phone: String
  }
  type OrderHolds { fraud_hold: Boolean payment_hold: Boolean operator_hold: Boolean address_hold: Boolean shipping_method_hold: Boolean client_hold: Boolean }
  type LineItemConnection { pageInfo: PageInfo! edges: [LineItemEdge]! }
  type LineItemEdge { node: LineItem cursor: String! }
  type LineItem {
    id: String legacy_id: Int sku: String partner_line_item_id: String quantity: Int price: String product_name: String
    option_title: String fulfillment_status: String quantity_pending_fulfillment: Int quantity_shipped: Int quantity_allocated: Int
    backorder_quantity: Int warehouse_id: String barcode: String order_id: String customs_value: String product: Product
    created_at: ISODateTime updated_at: ISODateTime
  }
  type OrderWarehouseAllocation { order_id: String warehouse_id: String allocated_at: ISODateTime allocation_reference: String ready_to_ship: Boolean is_locked: Boolean line_items: [OrderLineItemAllocation] }
  type OrderLineItemAllocation { line_item_id: String sku: String quantity_allocated: Int allocated_at: ISODateTime allocation_reference: String is_kit_component: Boolean warehouse_id: String }

  type ShipmentQueryResult { request_id: String complexity: Int data: Shipment }
  type ShipmentsQueryResult { request_id: String complexity: Int data(sort: String, first: Int, last: Int, before: String, after: String): ShipmentConnection }
  type ShipmentConnection { pageInfo: PageInfo! edges: [ShipmentEdge]! }
  type ShipmentEdge { node: Shipment cursor: String! }
  type Shipment {
    id: String legacy_id: Int order_id: String user_id: String warehouse_id: String pending_shipment_id: String address: Address
    profile: String dropshipment: Boolean shipped_off_shiphero: Boolean completed: Boolean created_date: ISODateTime total_packages: Int
    order: Order warehouse: Warehouse shipping_labels: [ShipmentShippingLabel]
    line_items(sort: String, first: Int, last: Int, before: String, after: String): ShipmentLineItemConnection
  }
  type ShipmentLineItemConnection { pageInfo: PageInfo! edges: [ShipmentLineItemEdge]! }
  type ShipmentLineItemEdge { node: ShipmentLineItem cursor: String! }
  type ShipmentLineItem { id: String legacy_id: Int line_item_id: String line_item: LineItem shipment_id: String shipping_label_id: String quantity: Int shipping_label: ShipmentShippingLabel }
  type ShipmentShippingLabel {
    id: String legacy_id: Int account_id: String shipment_id: String order_id: String box_id: String box_name: String status: String
    tracking_number: String order_number: String carrier: String shipping_name: String shipping_method: String cost: String
    profile: String warehouse: String warehouse_id: String tracking_url: String tracking_status: String package_number: Int
    created_date: ISODateTime dimensions: Dimensions
  }
  type Dimensions { weight: String height: String width: String length: String }

  type ProductQueryResult { request_id: String complexity: Int data: Product }
  type ProductsQueryResult { request_id: String complexity: Int data(sort: String, first: Int, last: Int, before: String, after: String): ProductConnection }
  type ProductConnection { pageInfo: PageInfo! edges: [ProductEdge]! }
  type ProductEdge { node: Product cursor: String! }
  type Product { id: String legacy_id: Int account_id: String sku: String name: String barcode: String active: Boolean dimensions: Dimensions created_at: ISODateTime updated_at: ISODateTime warehouse_products: [WarehouseProduct] }

  type WarehouseProductsQueryResult { request_id: String complexity: Int data(sort: String, first: Int, last: Int, before: String, after: String): WarehouseProductConnection }
  type WarehouseProductConnection { pageInfo: PageInfo! edges: [WarehouseProductEdge]! }
  type WarehouseProductEdge { node: WarehouseProduct cursor: String! }
  type WarehouseProduct {
    id: String legacy_id: Int account_id: String sku: String warehouse_id: String warehouse_identifier: String warehouse: Warehouse
    product: Product on_hand: Int allocated: Int available: Int backorder: Int reserve_inventory: Int reorder_level: Int
    reorder_amount: Int active: Boolean inventory_bin: String price: String value: String created_at: ISODateTime updated_at: ISODateTime
  }

  type WebhooksQueryResult { request_id: String complexity: Int data(sort: String, first: Int, last: Int, before: String, after: String): WebhookConnection }
  type WebhookConnection { pageInfo: PageInfo! edges: [WebhookEdge]! }
  type WebhookEdge { node: Webhook cursor: String! }
  type Webhook { id: String legacy_id: Int account_id: String shop_name: String name: String url: String source: String enabled: Boolean shared_signature_secret: String }

  input CreateOrderInput {
    customer_account_id: String order_number: String partner_order_id: String shop_name: String fulfillment_status: String
    order_date: ISODateTime total_tax: String subtotal: String total_discounts: String total_price: String box_name: String
    currency: String ready_to_ship: Boolean insurance_amount: Decimal shipping_lines: CreateShippingLinesInput
    shipping_address: CreateOrderAddressInput! billing_address: CreateOrderAddressInput from_name: String
    note_attributes: [OrderNoteAttributeInput] tags: [String] line_items: [CreateLineItemInput] gift_note: String
    gift_invoice: Boolean require_signature: Boolean adult_signature_required: Boolean alcohol: Boolean insurance: Boolean
    allow_partial: Boolean allow_split: Boolean custom_invoice_url: String email: String profile: String packing_note: String
    required_ship_date: ISODateTime auto_print_return_label: Boolean hold_until_date: ISODateTime incoterms: String tax_id: String
    tax_type: String flagged: Boolean saturday_delivery: Boolean ignore_address_validation_errors: Boolean
    skip_address_validation: Boolean priority_flag: Boolean allocation_priority: Int holds: HoldsInput dry_ice_weight_in_lbs: String
    ftr_exemption: Decimal address_is_business: Boolean tote_qa: Boolean do_not_print_invoice: Boolean
    ignore_payment_capture_errors: Boolean partner_source_name: String
  }
  input CreateShippingLinesInput { title: String! price: String! carrier: String method: String }
  input CreateOrderAddressInput {
    first_name: String last_name: String company: String address1: String address2: String city: String state: String state_code: String
    zip: String country: String country_code: String email: String phone: String
  }
  input OrderNoteAttributeInput { name: String value: String }
  input CreateLineItemInput {
    sku: String! partner_line_item_id: String! quantity: Int! price: String! product_name: String option_title: String
    fulfillment_status: String quantity_pending_fulfillment: Int custom_options: String custom_barcode: String
    eligible_for_return: Boolean customs_value: String warehouse_id: String
  }
  input HoldsInput { payment_hold: Boolean operator_hold: Boolean fraud_hold: Boolean address_hold: Boolean client_hold: Boolean }
  input UpdateOrderInput {
    order_id: String! customer_account_id: String order_number: String partner_order_id: String fulfillment_status: String
    order_date: ISODateTime total_tax: String total_discounts: String box_name: String currency: String insurance_amount: Decimal
    shipping_lines: CreateShippingLinesInput shipping_address: CreateOrderAddressInput billing_address: CreateOrderAddressInput
    note_attributes: [OrderNoteAttributeInput] tags: [String] gift_note: String gift_invoice: Boolean require_signature: Boolean
    adult_signature_required: Boolean alcohol: Boolean insurance: Boolean allow_partial: Boolean allow_split: Boolean
    priority_flag: Boolean custom_invoice_url: String email: String profile: String packing_note: String
    required_ship_date: ISODateTime auto_print_return_label: Boolean hold_until_date: ISODateTime incoterms: String tax_id: String
    tax_type: String flagged: Boolean saturday_delivery: Boolean ignore_address_validation_errors: Boolean
    skip_address_validation: Boolean allocation_priority: Int holds: HoldsInput address_is_business: Boolean
    do_not_print_invoice: Boolean ignore_payment_capture_errors: Boolean
  }
  input AddLineItemsInput { order_id: String! line_items: [CreateLineItemInput]! customer_account_id: String }
  input UpdateLineItemsInput { order_id: String! line_items: [UpdateLineItemInput]! customer_account_id: String }
  input UpdateLineItemInput {
    id: String! quantity: Int price: String quantity_backordered: Int quantity_pending_fulfillment: Int fulfillment_status: String
    option_title: String custom_options: String custom_barcode: String
  }
  input RemoveLineItemsInput { order_id: String! line_item_ids: [String]! customer_account_id: String }
  input CancelOrderInput { order_id: String! reason: String void_on_platform: Boolean force: Boolean customer_account_id: String }
  input UpdateInventoryInput { sku: String! warehouse_id: String! quantity: Int! reason: String customer_account_id: String location_id: String }
  input ReplaceInventoryInput { sku: String! warehouse_id: String! quantity: Int! reason: String includes_non_sellable: Boolean customer_account_id: String location_id: String }
  input CreateWebhookInput { name: String! url: String! shop_name: String customer_account_id: String }
  input DeleteWebhookInput { name: String! shop_name: String customer_account_id: String }

  type CreateOrderOutput { request_id: String complexity: Int order: Order }
  type OrderMutationOutput { request_id: String complexity: Int order: Order }
  type UpdateOrderOutput { request_id: String complexity: Int order: Order }
  type CancelOrderOutput { request_id: String complexity: Int order: Order }
  type InventoryAddOutput { request_id: String complexity: Int warehouse_product: WarehouseProduct }
  type InventoryRemoveOutput { request_id: String complexity: Int warehouse_product: WarehouseProduct }
  type InventoryReplaceOutput { request_id: String complexity: Int warehouse_product: WarehouseProduct }
  type CreateWebhookOutput { request_id: String complexity: Int webhook: Webhook }
  type DeleteWebhookOutput { request_id: String complexity: Int }
`)
