// Generated from the schemas beside it by tools/record-types.ts; change those instead.

/**
 * Every kind of record by its name.
 */
export interface Records {
  customer: Customer
  fulfillment: Fulfillment
  'inventory-level': InventoryLevel
  invoice: Invoice
  order: Order
  payment: Payment
  product: Product
  return: Return
  shipment: Shipment
}
/**
 * A postal address and who is met there.
 *
 * This interface was referenced by `Records`'s JSON-Schema
 * via the `definition` "Address".
 */
export interface Address {
  /**
   * The person at this address, as printed on a label.
   */
  name?: string
  /**
   * The firm at this address.
   */
  company?: string
  /**
   * Street lines in printing order.
   *
   * Items: One line.
   */
  street?: string[]
  /**
   * Town or city.
   */
  city?: string
  /**
   * State, province or county; a code where the country has codes.
   */
  region?: string
  /**
   * Postal code as written in that country.
   */
  postcode?: string
  /**
   * ISO 3166-1 alpha-2 code.
   */
  country?: string
  /**
   * For the driver.
   */
  phone?: string
  /**
   * For delivery notices.
   */
  email?: string
}
/**
 * The paper on the parcel.
 *
 * This interface was referenced by `Records`'s JSON-Schema
 * via the `definition` "Label".
 */
export interface Label {
  /**
   * What the carrier system calls it; needed to void it.
   */
  id?: string
  /**
   * Where the file is.
   */
  url?: string
  /**
   * What the file is.
   */
  format?: 'PDF' | 'PNG' | 'ZPL' | 'EPL2'
  /**
   * Who carries.
   */
  carrier?: string
  /**
   * The carrier’s product.
   */
  service?: string
  /**
   * What the carrier charges.
   */
  cost?: Money
  /**
   * The number printed on this label.
   */
  trackingNumber?: string
  /**
   * When the label was given back. RFC 3339, UTC.
   */
  voidedAt?: string
}
/**
 * One article of an order or an invoice.
 *
 * This interface was referenced by `Records`'s JSON-Schema
 * via the `definition` "Line".
 */
export interface Line {
  /**
   * What the owning system calls this line.
   */
  lineId?: string
  /**
   * What the shop and the warehouse both call the article.
   */
  sku?: string
  /**
   * The article as the customer read it.
   */
  name?: string
  /**
   * How many pieces.
   */
  quantity: number
  /**
   * Price of one piece before tax, after discounts where the source says so.
   */
  unitPrice?: Money
  /**
   * The whole line before tax.
   */
  total?: Money
  /**
   * Tax of the whole line.
   */
  taxTotal?: Money
  /**
   * What was taken off this line.
   */
  discountTotal?: Money
  /**
   * In per cent.
   */
  taxRate?: number
}
/**
 * An amount as decimal text with its currency; never a float, never minor units.
 *
 * This interface was referenced by `Records`'s JSON-Schema
 * via the `definition` "Money".
 */
export interface Money {
  /**
   * Decimal text, as many decimals as the source has.
   */
  amount: string
  /**
   * ISO 4217 code.
   */
  currency: string
}
/**
 * One box. Grams and millimetres.
 *
 * This interface was referenced by `Records`'s JSON-Schema
 * via the `definition` "Parcel".
 */
export interface Parcel {
  /**
   * Gross weight in grams.
   */
  weight?: number
  /**
   * Longest side in millimetres.
   */
  length?: number
  /**
   * In millimetres.
   */
  width?: number
  /**
   * In millimetres.
   */
  height?: number
  /**
   * What the packing station calls this box.
   */
  reference?: string
}
/**
 * Who is on the other side of an order or an invoice, as known at that moment.
 *
 * This interface was referenced by `Records`'s JSON-Schema
 * via the `definition` "Party".
 */
export interface Party {
  /**
   * Key of the customer record. For shops: the e-mail address in lower case.
   */
  number?: string
  /**
   * Full name.
   */
  name?: string
  /**
   * Name of the firm.
   */
  company?: string
  /**
   * E-mail address.
   */
  email?: string
  /**
   * Telephone number.
   */
  phone?: string
  /**
   * VAT or tax number of the firm.
   */
  taxId?: string
}
/**
 * A name in parts, where the source has parts.
 *
 * This interface was referenced by `Records`'s JSON-Schema
 * via the `definition` "PersonName".
 */
export interface PersonName {
  /**
   * First name.
   */
  given?: string
  /**
   * Last name.
   */
  family?: string
  /**
   * The name as one text, where the source does not part it.
   */
  full?: string
}
/**
 * How many pieces of which order line come back, and why.
 *
 * This interface was referenced by `Records`'s JSON-Schema
 * via the `definition` "ReturnedLine".
 */
export interface ReturnedLine {
  /**
   * The order line this belongs to.
   */
  lineId?: string
  /**
   * What the shop and the warehouse both call the article.
   */
  sku: string
  /**
   * The article as the customer read it.
   */
  name?: string
  /**
   * How many pieces.
   */
  quantity: number
  /**
   * Why it comes back, in the hub’s or the shop’s word.
   */
  reason?: string
  /**
   * What the warehouse found.
   */
  condition?: 'new' | 'opened' | 'damaged' | 'missing'
  /**
   * How many pieces arrived.
   */
  receivedQuantity?: number
}
/**
 * How many pieces of which order line.
 *
 * This interface was referenced by `Records`'s JSON-Schema
 * via the `definition` "ShippedLine".
 */
export interface ShippedLine {
  /**
   * The order line this belongs to, where the source knows it.
   */
  lineId?: string
  /**
   * What the shop and the warehouse both call the article.
   */
  sku: string
  /**
   * The article as the customer read it.
   */
  name?: string
  /**
   * How many pieces.
   */
  quantity: number
}
/**
 * Where the parcel is, by the carrier’s word.
 *
 * This interface was referenced by `Records`'s JSON-Schema
 * via the `definition` "Tracking".
 */
export interface Tracking {
  /**
   * The number printed on the parcel.
   */
  number?: string
  /**
   * Where the customer can look.
   */
  url?: string
  /**
   * Who carries.
   */
  carrier?: string
  /**
   * The last event in the hub’s words.
   */
  status?:
    | 'pending'
    | 'picked_up'
    | 'in_transit'
    | 'out_for_delivery'
    | 'ready_for_pickup'
    | 'delivered'
    | 'on_hold'
    | 'delivery_delayed'
    | 'delivery_failed'
    | 'return_to_sender'
    | 'cancelled'
    | 'unknown'
  /**
   * The carrier’s own sentence of the last event.
   */
  message?: string
  /**
   * Where the last event happened.
   */
  place?: string
  /**
   * When the last event happened. RFC 3339, UTC.
   */
  updatedAt?: string
}
/**
 * A person or a firm that buys.
 *
 * This interface was referenced by `Records`'s JSON-Schema
 * via the `definition` "Customer".
 */
export interface Customer {
  /**
   * What identifies the customer everywhere. For shops: the e-mail address in lower case.
   */
  number: string
  /**
   * A person or a firm.
   */
  kind?: 'person' | 'company'
  /**
   * The person’s name.
   */
  name?: PersonName
  /**
   * Name of the firm.
   */
  company?: string
  /**
   * E-mail address.
   */
  email?: string
  /**
   * Telephone number.
   */
  phone?: string
  /**
   * Home page.
   */
  website?: string
  /**
   * VAT or tax number.
   */
  taxId?: string
  /**
   * BCP 47 tag.
   */
  language?: string
  /**
   * ISO 4217 code.
   */
  currency?: string
  /**
   * Main address; invoices go here.
   */
  address?: Address
  /**
   * Usual delivery address, where it differs.
   */
  shipTo?: Address
  /**
   * How much may be open.
   */
  creditLimit?: Money
  /**
   * How long an invoice may stay open, in the ERP’s word.
   */
  paymentTerms?: string
  /**
   * How far the relation has come.
   */
  stage?: 'prospect' | 'customer' | 'former'
  /**
   * First day as a customer. YYYY-MM-DD.
   */
  customerSince?: string
  /**
   * Whether advertising may be sent.
   */
  acceptsMarketing?: boolean
  /**
   * Anything a person wrote about this customer.
   */
  note?: string
  /**
   * Free marks a person or a system put on it.
   *
   * Items: One mark.
   */
  tags?: string[]
  /**
   * When the owning system last changed it. RFC 3339, UTC.
   */
  updatedAt?: string
}
/**
 * The decision which location ships which lines of an order.
 *
 * This interface was referenced by `Records`'s JSON-Schema
 * via the `definition` "Fulfillment".
 */
export interface Fulfillment {
  /**
   * Key of the order: channel and number.
   */
  order: string
  /**
   * Which part of the order, counted from 1.
   */
  number: string
  /**
   * How far it is.
   */
  status: 'planned' | 'released' | 'picking' | 'fulfilled' | 'cancelled'
  /**
   * The warehouse or store, in the hub’s word.
   */
  location: string
  /**
   * The hub’s word for how it shall travel; see mappings/tables/shipping-services.yaml.
   */
  shippingService?: string
  /**
   * Where the parcels go.
   */
  shipTo?: Address
  /**
   * What this location ships.
   */
  lines: ShippedLine[]
  /**
   * Why this location was chosen.
   */
  reason?: string
  /**
   * When it was decided. RFC 3339, UTC.
   */
  decidedAt?: string
  /**
   * When the parcels must have left. RFC 3339, UTC.
   */
  shipBy?: string
  /**
   * When the owning system last changed it. RFC 3339, UTC.
   */
  updatedAt?: string
}
/**
 * How many pieces of a product are at one location.
 *
 * This interface was referenced by `Records`'s JSON-Schema
 * via the `definition` "InventoryLevel".
 */
export interface InventoryLevel {
  /**
   * What the shop and the warehouse both call the article.
   */
  sku: string
  /**
   * The warehouse or store, in the hub’s word.
   */
  location: string
  /**
   * Can be promised to a customer now.
   */
  available?: number
  /**
   * Lie on the shelf.
   */
  onHand?: number
  /**
   * Promised to open orders.
   */
  committed?: number
  /**
   * Ordered from suppliers.
   */
  incoming?: number
  /**
   * When the owning system last changed it. RFC 3339, UTC.
   */
  updatedAt?: string
}
/**
 * What a customer owes, or gets back (credit note).
 *
 * This interface was referenced by `Records`'s JSON-Schema
 * via the `definition` "Invoice".
 */
export interface Invoice {
  /**
   * The invoice number.
   */
  number: string
  /**
   * An invoice or a credit note.
   */
  kind: 'invoice' | 'credit_note'
  /**
   * Where it stands.
   */
  status: 'draft' | 'open' | 'partially_paid' | 'paid' | 'cancelled'
  /**
   * Key of the order: channel and number.
   */
  order?: string
  /**
   * Key of the shipment it bills, where it bills one.
   */
  shipment?: string
  /**
   * The invoice that a credit note takes back.
   */
  credits?: string
  /**
   * Who owes.
   */
  customer?: Party
  /**
   * Where it is sent.
   */
  billTo?: Address
  /**
   * ISO 4217 code.
   */
  currency?: string
  /**
   * Everything, tax included.
   */
  total?: Money
  /**
   * Before tax.
   */
  subtotal?: Money
  /**
   * All tax.
   */
  taxTotal?: Money
  /**
   * Still to be paid.
   */
  amountDue?: Money
  /**
   * The date on the invoice. YYYY-MM-DD.
   */
  issuedOn?: string
  /**
   * When it must be paid. YYYY-MM-DD.
   */
  dueOn?: string
  /**
   * When the last payment came. RFC 3339, UTC.
   */
  paidAt?: string
  /**
   * The customer’s own number for the order.
   */
  purchaseOrder?: string
  /**
   * A sentence on the invoice.
   */
  note?: string
  /**
   * Where the document is.
   */
  url?: string
  /**
   * What is billed.
   */
  lines?: Line[]
  /**
   * When the owning system last changed it. RFC 3339, UTC.
   */
  updatedAt?: string
}
/**
 * What a customer ordered through one channel.
 *
 * This interface was referenced by `Records`'s JSON-Schema
 * via the `definition` "Order".
 */
export interface Order {
  /**
   * Name of the connection it came from.
   */
  channel: string
  /**
   * The order number that customer and shop use.
   */
  number: string
  /**
   * Where the order stands for the shop.
   */
  status: 'draft' | 'open' | 'on_hold' | 'cancelled' | 'fulfilled' | 'refunded'
  /**
   * When the customer ordered. RFC 3339, UTC.
   */
  placedAt?: string
  /**
   * When the money was received or promised. Absent: not paid. RFC 3339, UTC.
   */
  paidAt?: string
  /**
   * When it was cancelled. RFC 3339, UTC.
   */
  cancelledAt?: string
  /**
   * When the owning system last changed it. RFC 3339, UTC.
   */
  updatedAt?: string
  /**
   * ISO 4217 code.
   */
  currency?: string
  /**
   * What the customer pays, everything included.
   */
  total?: Money
  /**
   * Sum of the lines before tax, shipping and order discounts.
   */
  subtotal?: Money
  /**
   * What the customer pays for shipping, before tax.
   */
  shippingTotal?: Money
  /**
   * All tax.
   */
  taxTotal?: Money
  /**
   * All discounts.
   */
  discountTotal?: Money
  /**
   * Who ordered.
   */
  customer?: Party
  /**
   * Where the invoice goes.
   */
  billTo?: Address
  /**
   * Where the parcels go.
   */
  shipTo?: Address
  /**
   * The hub’s word for how it shall travel; see mappings/tables/shipping-services.yaml.
   */
  shippingService?: string
  /**
   * The warehouse that shall ship, where the channel decides it.
   */
  location?: string
  /**
   * The customer’s own number for this order.
   */
  purchaseOrder?: string
  /**
   * What the customer asked for.
   */
  note?: string
  /**
   * How it is paid, in the channel’s word.
   */
  paymentMethod?: string
  /**
   * The transaction at the payment provider; needed to capture or refund.
   */
  paymentReference?: string
  /**
   * What was ordered.
   */
  lines: Line[]
  /**
   * Free marks a person or a system put on it.
   *
   * Items: One mark.
   */
  tags?: string[]
}
/**
 * One movement of money for an order.
 *
 * This interface was referenced by `Records`'s JSON-Schema
 * via the `definition` "Payment".
 */
export interface Payment {
  /**
   * Key of the order: channel and number.
   */
  order: string
  /**
   * What the payment provider calls it.
   */
  reference: string
  /**
   * What moved.
   */
  kind: 'authorization' | 'capture' | 'refund' | 'void'
  /**
   * How it ended.
   */
  status: 'pending' | 'succeeded' | 'failed' | 'cancelled' | 'expired'
  /**
   * How much.
   */
  amount?: Money
  /**
   * What the provider keeps.
   */
  fee?: Money
  /**
   * How it was paid.
   */
  method?: string
  /**
   * Reference of the authorization that a capture or refund belongs to.
   */
  authorization?: string
  /**
   * Number of the invoice it pays.
   */
  invoice?: string
  /**
   * Why it failed, or why it was refunded.
   */
  reason?: string
  /**
   * When it happened. RFC 3339, UTC.
   */
  occurredAt?: string
  /**
   * When an authorization lapses. RFC 3339, UTC.
   */
  expiresAt?: string
  /**
   * When the owning system last changed it. RFC 3339, UTC.
   */
  updatedAt?: string
}
/**
 * Something that can be ordered and stocked.
 *
 * This interface was referenced by `Records`'s JSON-Schema
 * via the `definition` "Product".
 */
export interface Product {
  /**
   * What the shop and the warehouse both call the article.
   */
  sku: string
  /**
   * As customers read it.
   */
  name?: string
  /**
   * Longer text, plain or HTML as the source has it.
   */
  description?: string
  /**
   * List price of one piece before tax.
   */
  price?: Money
  /**
   * What one piece costs us.
   */
  cost?: Money
  /**
   * Of one piece, in grams.
   */
  weight?: number
  /**
   * In millimetres.
   */
  length?: number
  /**
   * In millimetres.
   */
  width?: number
  /**
   * In millimetres.
   */
  height?: number
  /**
   * GTIN, EAN or UPC.
   */
  barcode?: string
  /**
   * Whether it can be ordered.
   */
  active?: boolean
  /**
   * Whether the warehouse counts it; a voucher is not stocked.
   */
  stocked?: boolean
  /**
   * Customs (HS) code.
   */
  tariffNumber?: string
  /**
   * ISO 3166-1 alpha-2 code.
   */
  originCountry?: string
  /**
   * The source’s own grouping.
   */
  category?: string
  /**
   * Where the main picture is.
   */
  imageUrl?: string
  /**
   * Free marks a person or a system put on it.
   *
   * Items: One mark.
   */
  tags?: string[]
  /**
   * When the owning system last changed it. RFC 3339, UTC.
   */
  updatedAt?: string
}
/**
 * Goods that come back (RMA).
 *
 * This interface was referenced by `Records`'s JSON-Schema
 * via the `definition` "Return".
 */
export interface Return {
  /**
   * Key of the order: channel and number.
   */
  order: string
  /**
   * The RMA number.
   */
  number: string
  /**
   * How far it is.
   */
  status: 'requested' | 'approved' | 'in_transit' | 'received' | 'refunded' | 'rejected' | 'cancelled'
  /**
   * Why, in one sentence.
   */
  reason?: string
  /**
   * Where the goods go back to.
   */
  location?: string
  /**
   * What comes back.
   */
  lines?: ReturnedLine[]
  /**
   * What the customer gets back.
   */
  refund?: Money
  /**
   * The return label, once bought.
   */
  label?: Label
  /**
   * Where the goods are.
   */
  tracking?: Tracking
  /**
   * When the customer asked. RFC 3339, UTC.
   */
  requestedAt?: string
  /**
   * When the warehouse had the goods. RFC 3339, UTC.
   */
  receivedAt?: string
  /**
   * When the owning system last changed it. RFC 3339, UTC.
   */
  updatedAt?: string
}
/**
 * Parcels on their way from one location to one address.
 *
 * This interface was referenced by `Records`'s JSON-Schema
 * via the `definition` "Shipment".
 */
export interface Shipment {
  /**
   * Key of the order: channel and number.
   */
  order: string
  /**
   * What the warehouse calls this shipment.
   */
  number: string
  /**
   * How far the parcels are.
   */
  status: 'pending' | 'packed' | 'shipped' | 'delivered' | 'cancelled'
  /**
   * Where it leaves from.
   */
  location?: string
  /**
   * The hub’s word for how it shall travel; see mappings/tables/shipping-services.yaml.
   */
  shippingService?: string
  /**
   * Where the parcels go.
   */
  shipTo?: Address
  /**
   * The boxes.
   */
  parcels?: Parcel[]
  /**
   * The paper on the parcel, once bought.
   */
  label?: Label
  /**
   * Where the parcel is.
   */
  tracking?: Tracking
  /**
   * What is in the parcels.
   */
  lines?: ShippedLine[]
  /**
   * With this shipment the warehouse has sent all it will send for the order.
   */
  completesOrder?: boolean
  /**
   * When packing was done. RFC 3339, UTC.
   */
  packedAt?: string
  /**
   * When the carrier took it. RFC 3339, UTC.
   */
  shippedAt?: string
  /**
   * When it arrived. RFC 3339, UTC.
   */
  deliveredAt?: string
  /**
   * When the owning system last changed it. RFC 3339, UTC.
   */
  updatedAt?: string
}
