// The examples of docs/reference/mapping.md. Each is run by docs-mapping.test.ts, errors included.

export interface MappingExample {
  /** Under which heading it stands. */
  topic: string
  title: string
  /** What stands above `fields:`, when it matters. */
  head?: string
  /** The lines under `fields:`. */
  rules: string
  direction?: 'out'
  given: unknown
  /** Tables by name, as YAML. */
  tables?: Record<string, string>
  blocks?: string
  related?: Record<string, unknown>
  links?: Record<string, Record<string, string>>
  key?: string
  gives?: unknown
  fails?: { code: string; at: string }
  skipped?: string
}

export const mappingExamples: MappingExample[] = [
  {
    topic: 'paths',
    title: 'A bare text is a source path',
    rules:
      'number: Order Number\nnote: customer.remark\nlocation: "sites[-1].code"\npurchaseOrder: "meta[key=_po].value"',
    given: {
      'Order Number': '1001',
      customer: { remark: 'Ring twice.' },
      sites: [{ code: 'north' }, { code: 'main' }],
      meta: [{ key: '_po', value: 'PO-7' }],
    },
    gives: { number: '1001', note: 'Ring twice.', location: 'main', purchaseOrder: 'PO-7' },
  },
  {
    topic: 'paths',
    title: 'From the top, and the connection',
    rules:
      'channel: $connection\nlines: { each: items, fields: { sku: sku, quantity: quantity, name: { join: [name, $.edition] } } }',
    given: { edition: '2026', items: [{ sku: 'CAL', name: 'Calendar', quantity: 1 }] },
    gives: { channel: 'shop', lines: [{ sku: 'CAL', quantity: 1, name: 'Calendar 2026' }] },
  },
  {
    topic: 'sources',
    title: '`first`: the first that is there',
    rules: 'customer.phone: { first: [billing.phone, shipping.phone, { const: unknown }] }',
    given: { billing: {}, shipping: { phone: '+44 20 7946 0000' } },
    gives: { customer: { phone: '+44 20 7946 0000' } },
  },
  {
    topic: 'sources',
    title: '`join`: what is there, as one text',
    rules:
      'customer.name: { join: [first, middle, last] }\nnote: { join: [{ const: "Table " }, table], separator: "" }',
    given: { first: 'Ada', last: 'Lovelace' },
    gives: { customer: { name: 'Ada Lovelace' } },
  },
  {
    topic: 'sources',
    title: '`list`: what is there, as a list',
    rules: 'shipTo.street: { list: [address_1, address_2] }',
    head: 'blank: absent',
    given: { address_1: "12 St James's Square", address_2: '' },
    gives: { shipTo: { street: ["12 St James's Square"] } },
  },
  {
    topic: 'sources',
    title: '`each`: item by item; `where` leaves some out',
    rules:
      'lines:\n  each: line_items\n  where: { quantity: { above: 0 } }\n  fields:\n    sku: { from: sku, required: The warehouse knows items by SKU only. }\n    quantity: { from: quantity, as: integer }',
    given: {
      line_items: [
        { sku: 'MUG-01', quantity: '2' },
        { sku: 'GONE', quantity: 0 },
      ],
    },
    gives: { lines: [{ sku: 'MUG-01', quantity: 2 }] },
  },
  {
    topic: 'sources',
    title: '`each` with `item`: a list of single values; steps after it see the whole list',
    direction: 'out',
    rules: 'skus: { each: lines, item: sku }\npieces: { each: lines, item: quantity, as: sum }',
    given: {
      lines: [
        { sku: 'MUG-01', quantity: 2 },
        { sku: 'TEA-07', quantity: 1 },
      ],
    },
    gives: { skus: ['MUG-01', 'TEA-07'], pieces: 3 },
  },
  {
    topic: 'sources',
    title: '`fields`: an object; the whole path on the left says the same',
    rules:
      'customer:\n  fields:\n    number: client.id\n    email: { from: client.mail, as: lowercase }\nshipTo.city: client.town\nbillTo: { from: client.office, fields: { city: town } }',
    given: { client: { id: 'K-1033', mail: 'Ada@example.com', town: 'London', office: { town: 'Leeds' } } },
    gives: {
      customer: { number: 'K-1033', email: 'ada@example.com' },
      shipTo: { city: 'London' },
      billTo: { city: 'Leeds' },
    },
  },
  {
    topic: 'files',
    title: 'Two rows, one order: what all of them say is read from the first',
    head: 'blank: absent',
    rules: `number: key
placedAt: { from: "rows[0].Bestelldatum", as: datetime, format: dd.MM.yyyy, zone: Europe/Berlin }
customer.number: "rows[0].Kundennr"
shippingService: { from: "rows[0].Lieferart", lookup: services }
note: "rows[0].Bemerkung"
lines:
  each: rows
  fields:
    sku: Artikel
    quantity: { from: Menge, as: number }
    unitPrice: { from: Einzelpreis, as: money, format: "1.234,56", currency: Währung }`,
    tables: { services: 'DHL Paket: standard\n' },
    given: {
      key: 'A-20417',
      rows: [
        {
          Auftragsnr: 'A-20417',
          Kundennr: 'K-1033',
          Artikel: 'KAF-250',
          Menge: '2',
          Einzelpreis: '8,90',
          Währung: 'EUR',
          Bestelldatum: '03.11.2026',
          Lieferart: 'DHL Paket',
          Bemerkung: '',
          line: 2,
        },
        { Artikel: 'MAS-1', Menge: '1', Einzelpreis: '2.500,00', Währung: 'EUR', line: 3 },
      ],
    },
    gives: {
      number: 'A-20417',
      placedAt: '2026-11-02T23:00:00Z',
      customer: { number: 'K-1033' },
      shippingService: 'standard',
      lines: [
        { sku: 'KAF-250', quantity: 2, unitPrice: { amount: '8.90', currency: 'EUR' } },
        { sku: 'MAS-1', quantity: 1, unitPrice: { amount: '2500.00', currency: 'EUR' } },
      ],
    },
  },
  {
    topic: 'sources',
    title: '`use`: a block of rules; an object that was not filled in is absent, whatever it requires',
    head: 'blank: absent',
    blocks:
      'address:\n  name: { join: [first_name, last_name] }\n  city: city\n  country: { from: country, as: uppercase, required: true }\n',
    rules: 'billTo: { from: billing, use: address }\nshipTo: { from: shipping, use: address }',
    given: {
      billing: { first_name: 'Ada', last_name: 'Lovelace', city: 'London', country: 'gb' },
      shipping: { first_name: '', city: '', country: '' },
    },
    gives: { billTo: { name: 'Ada Lovelace', city: 'London', country: 'GB' } },
  },
  {
    topic: 'sources',
    title: 'Targets are paths, too',
    direction: 'out',
    rules: 'properties.email: customer.email\n"meta_data[key=_hub_order].value": $key',
    key: 'shop:1001',
    given: { customer: { email: 'ada@example.com' } },
    gives: { properties: { email: 'ada@example.com' }, meta_data: [{ key: '_hub_order', value: 'shop:1001' }] },
  },
  {
    topic: 'sources',
    title: '`expr`: the last resort',
    direction: 'out',
    rules: 'weight: { expr: "$sum(lines.(quantity * 350))" }',
    given: { lines: [{ quantity: 2 }, { quantity: 4 }] },
    gives: { weight: 2100 },
  },
  {
    topic: 'steps',
    title: '`default` and `required`',
    rules:
      'status: { from: state, default: new, map: { new: open } }\nnumber: { from: no, required: An order without a number cannot be found again. }',
    given: {},
    fails: { code: 'HUB_MAP_REQUIRED', at: 'number' },
  },
  {
    topic: 'steps',
    title: '`map`: a value of null means absent, an unknown value stops the record',
    rules: 'status: { from: state, map: { processing: open, completed: fulfilled, trash: null } }',
    given: { state: 'wc-lost' },
    fails: { code: 'HUB_MAP_UNKNOWN_VALUE', at: 'status' },
  },
  {
    topic: 'steps',
    title: '`unmapped`: looseness is written down',
    rules: 'paymentMethod: { from: gateway, map: { cod: cash }, unmapped: keep }',
    given: { gateway: 'klarna' },
    gives: { paymentMethod: 'klarna' },
  },
  {
    topic: 'steps',
    title: '`lookup`: a table; `column` of a wide one',
    tables: {
      'shipping-services': 'flat_rate: standard\n"ups:3": express\n',
      countries: 'Germany: { iso2: DE, iso3: DEU }\nFrance: { iso2: FR, iso3: FRA }\n',
    },
    rules:
      'shippingService: { from: method, lookup: shipping-services }\nshipTo.country: { from: land, lookup: countries, column: iso2 }',
    given: { method: 'ups:3', land: 'Germany' },
    gives: { shippingService: 'express', shipTo: { country: 'DE' } },
  },
  {
    topic: 'steps',
    title: '`link`: an id there becomes a key here',
    links: { customers: { 42: 'ada@example.com' } },
    rules: 'customer.number: { from: customer_id, link: customers, missing: wait, when: { customer_id: { not: 0 } } }',
    given: { customer_id: 42 },
    gives: { customer: { number: 'ada@example.com' } },
  },
  {
    topic: 'steps',
    title: '`link`, writing: a key here becomes an id there; `$customer` is the linked record itself',
    direction: 'out',
    links: { partners: { 'ada@example.com': '17' } },
    related: { customer: { key: 'ada@example.com', id: '0198' } },
    rules:
      'partner_id: { from: $customer, link: partners, as: integer }\nbuyer: { from: customer.number, link: partners, record: customer }',
    given: { customer: { number: 'ada@example.com' } },
    gives: { partner_id: 17, buyer: '17' },
  },
  {
    topic: 'steps',
    title: '`as`: a chain of conversions',
    direction: 'out',
    rules: 'amount: { from: total, as: [money, number] }\ncents: { from: total, as: money, unit: minor }',
    given: { total: { amount: '31.15', currency: 'EUR' } },
    gives: { amount: 31.15, cents: 3115 },
  },
  {
    topic: 'conditions',
    title: '`when`: the rule counts only if this holds',
    rules:
      'note: { from: gift_message, when: { gift: yes, any: [{ total: { atLeast: 50 } }, { customer.group: { in: [b2b, vip] } }] } }',
    given: { gift: 'yes', gift_message: 'Happy birthday', total: '49.90', customer: { group: 'vip' } },
    gives: { note: 'Happy birthday' },
  },
  {
    topic: 'conditions',
    title: '`skip`: an item that is not wanted ends as skipped, with the reason',
    head: 'skip: [{ when: { type: refund }, say: credit note }]',
    rules: 'number: number',
    given: { type: 'refund', number: '7' },
    skipped: 'credit note',
  },
  {
    topic: 'with',
    title: '`with`: the lines of one record with the prices of another',
    direction: 'out',
    related: {
      order: { key: 'shop:1001', lines: [{ sku: 'MUG-01', unitPrice: { amount: '10.4167', currency: 'EUR' } }] },
    },
    rules:
      'lines:\n  each: lines\n  with: { $ordered: { in: $order.lines, by: [lineId, sku] } }\n  fields:\n    code: sku\n    price: { from: $ordered.unitPrice, as: money }\n    total: { from: $ordered.unitPrice, as: [multiply, money], args: { by: quantity } }',
    given: { lines: [{ sku: 'MUG-01', quantity: 2 }] },
    gives: { lines: [{ code: 'MUG-01', price: '10.4167', total: '20.8334' }] },
  },
  {
    topic: 'with',
    title: '`with`: none found stops the record, unless `missing: absent`',
    direction: 'out',
    related: { order: { key: 'shop:1001', lines: [] } },
    rules:
      'lines: { each: lines, with: { $ordered: { in: $order.lines, by: [sku] } }, fields: { name: $ordered.name } }',
    given: { lines: [{ sku: 'MUG-01', quantity: 2 }] },
    fails: { code: 'HUB_MAP_NOT_FOUND', at: 'lines[0]' },
  },
]
