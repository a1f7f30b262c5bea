// The fields of the models, as fields_get tells them. https://github.com/odoo/odoo/blob/17.0/ (addons account, product; base)

export interface FieldFact {
  type:
    | 'char'
    | 'text'
    | 'integer'
    | 'float'
    | 'monetary'
    | 'boolean'
    | 'date'
    | 'datetime'
    | 'selection'
    | 'many2one'
    | 'one2many'
    | 'many2many'
  string: string
  relation?: string
  /** For one2many: the field of the other model that points back. */
  inverse?: string
  required?: boolean
  readonly?: boolean
  selection?: [string, string][]
  default?: unknown
}
export interface ModelFacts {
  fields: Record<string, FieldFact>
  order: string
  /** What a record is called in a many2one. */
  nameOf: (record: Record<string, any>) => string
}

const char = (string: string, more: Partial<FieldFact> = {}): FieldFact => ({ type: 'char', string, ...more })
const one = (string: string, relation: string, more: Partial<FieldFact> = {}): FieldFact => ({
  type: 'many2one',
  string,
  relation,
  ...more,
})
const of = (type: FieldFact['type'], string: string, more: Partial<FieldFact> = {}): FieldFact => ({
  type,
  string,
  ...more,
})
const choice = (string: string, values: Record<string, string>, more: Partial<FieldFact> = {}): FieldFact => ({
  type: 'selection',
  string,
  selection: Object.entries(values),
  ...more,
})
const shown = { readonly: true }
const stamps: Record<string, FieldFact> = {
  id: of('integer', 'ID', shown),
  display_name: char('Display Name', shown),
  create_date: of('datetime', 'Created on', shown),
  write_date: of('datetime', 'Last Updated on', shown),
  create_uid: one('Created by', 'res.users', shown),
  write_uid: one('Last Updated by', 'res.users', shown),
}
const active = of('boolean', 'Active', { default: true })
const name = (record: Record<string, any>) => String(record.name || '')

export const models: Record<string, ModelFacts> = {
  'res.partner': {
    order: 'name, id desc',
    nameOf: name,
    fields: {
      ...stamps,
      active,
      name: char('Name'),
      ref: char('Reference'),
      email: char('Email'),
      phone: char('Phone'),
      mobile: char('Mobile'),
      website: char('Website Link'),
      street: char('Street'),
      street2: char('Street2'),
      city: char('City'),
      zip: char('Zip'),
      state_id: one('State', 'res.country.state'),
      country_id: one('Country', 'res.country'),
      vat: char('Tax ID'),
      lang: char('Language'),
      comment: of('text', 'Notes'),
      function: char('Job Position'),
      is_company: of('boolean', 'Is a Company', { default: false }),
      company_type: choice('Company Type', { person: 'Individual', company: 'Company' }, { default: 'person' }),
      company_name: char('Company Name'),
      type: choice(
        'Address Type',
        { contact: 'Contact', invoice: 'Invoice Address', delivery: 'Delivery Address', other: 'Other Address' },
        { default: 'contact' },
      ),
      parent_id: one('Related Company', 'res.partner'),
      child_ids: of('one2many', 'Contact', { relation: 'res.partner', inverse: 'parent_id' }),
      customer_rank: of('integer', 'Customer Rank', { default: 0 }),
      supplier_rank: of('integer', 'Supplier Rank', { default: 0 }),
    },
  },
  'product.product': {
    order: 'default_code, name, id',
    nameOf: (record) => (record.default_code ? `[${record.default_code}] ${record.name}` : name(record)),
    fields: {
      ...stamps,
      active,
      name: char('Name', { required: true }),
      default_code: char('Internal Reference'),
      barcode: char('Barcode'),
      list_price: of('float', 'Sales Price', { default: 1 }),
      standard_price: of('float', 'Cost', { default: 0 }),
      weight: of('float', 'Weight', { default: 0 }),
      description_sale: of('text', 'Sales Description'),
      detailed_type: choice(
        'Product Type',
        { consu: 'Consumable', service: 'Service', product: 'Storable Product' },
        { default: 'consu' },
      ),
      sale_ok: of('boolean', 'Can be Sold', { default: true }),
      taxes_id: of('many2many', 'Customer Taxes', { relation: 'account.tax' }),
    },
  },
  'account.move': {
    order: 'date desc, name desc, id desc',
    nameOf: (record) => (record.name === '/' ? `Draft Invoice (* ${record.id})` : name(record)),
    fields: {
      ...stamps,
      name: char('Number', { default: '/' }),
      move_type: choice(
        'Type',
        {
          entry: 'Journal Entry',
          out_invoice: 'Customer Invoice',
          out_refund: 'Customer Credit Note',
          in_invoice: 'Vendor Bill',
          in_refund: 'Vendor Credit Note',
        },
        { default: 'entry', required: true },
      ),
      state: choice(
        'Status',
        { draft: 'Draft', posted: 'Posted', cancel: 'Cancelled' },
        { default: 'draft', readonly: true },
      ),
      partner_id: one('Partner', 'res.partner'),
      partner_shipping_id: one('Delivery Address', 'res.partner'),
      ref: char('Reference'),
      payment_reference: char('Payment Reference'),
      invoice_origin: char('Origin'),
      narration: of('text', 'Terms and Conditions'),
      invoice_date: of('date', 'Invoice/Bill Date'),
      invoice_date_due: of('date', 'Due Date'),
      delivery_date: of('date', 'Delivery Date'),
      date: of('date', 'Date'),
      currency_id: one('Currency', 'res.currency'),
      journal_id: one('Journal', 'account.journal', { default: 1 }),
      company_id: one('Company', 'res.company', { default: 1 }),
      invoice_line_ids: of('one2many', 'Invoice lines', { relation: 'account.move.line', inverse: 'move_id' }),
      line_ids: of('one2many', 'Journal Items', { relation: 'account.move.line', inverse: 'move_id' }),
      amount_untaxed: of('monetary', 'Untaxed Amount', shown),
      amount_tax: of('monetary', 'Tax', shown),
      amount_total: of('monetary', 'Total', shown),
      amount_residual: of('monetary', 'Amount Due', shown),
      payment_state: choice(
        'Payment Status',
        {
          not_paid: 'Not Paid',
          in_payment: 'In Payment',
          paid: 'Paid',
          partial: 'Partially Paid',
          reversed: 'Reversed',
        },
        { default: 'not_paid', readonly: true },
      ),
    },
  },
  'account.move.line': {
    order: 'id',
    nameOf: name,
    fields: {
      ...stamps,
      move_id: one('Journal Entry', 'account.move'),
      sequence: of('integer', 'Sequence', { default: 10 }),
      display_type: choice(
        'Display Type',
        { product: 'Product', line_section: 'Section', line_note: 'Note' },
        { default: 'product' },
      ),
      product_id: one('Product', 'product.product'),
      name: char('Label'),
      quantity: of('float', 'Quantity', { default: 1 }),
      price_unit: of('float', 'Unit Price', { default: 0 }),
      discount: of('float', 'Discount (%)', { default: 0 }),
      tax_ids: of('many2many', 'Taxes', { relation: 'account.tax' }),
      account_id: one('Account', 'account.account'),
      price_subtotal: of('monetary', 'Subtotal', shown),
      price_total: of('monetary', 'Total', shown),
    },
  },
  'account.tax': {
    order: 'sequence, id',
    nameOf: name,
    fields: {
      ...stamps,
      active,
      name: char('Tax Name', { required: true }),
      amount: of('float', 'Amount'),
      amount_type: choice(
        'Tax Computation',
        { percent: 'Percentage of Price', fixed: 'Fixed' },
        { default: 'percent' },
      ),
      type_tax_use: choice('Tax Type', { sale: 'Sales', purchase: 'Purchases', none: 'None' }, { default: 'sale' }),
      price_include: of('boolean', 'Included in Price', { default: false }),
      sequence: of('integer', 'Sequence', { default: 1 }),
    },
  },
  'res.country': {
    order: 'name',
    nameOf: name,
    fields: {
      ...stamps,
      name: char('Country Name', { required: true }),
      code: char('Country Code', { required: true }),
      phone_code: of('integer', 'Country Calling Code'),
    },
  },
  'res.country.state': {
    order: 'code',
    nameOf: name,
    fields: {
      ...stamps,
      name: char('State Name', { required: true }),
      code: char('State Code', { required: true }),
      country_id: one('Country', 'res.country', { required: true }),
    },
  },
  'res.currency': {
    order: 'name',
    nameOf: name,
    fields: {
      ...stamps,
      active,
      name: char('Currency', { required: true }),
      symbol: char('Symbol'),
      decimal_places: of('integer', 'Decimal Places', shown),
      rounding: of('float', 'Rounding Factor'),
    },
  },
}
