import { type Api, ConnectorError, type Json, type PushFacts, type WriteContext } from '#connector'
import { call, idOf } from './rpc.ts'

const MOVE = 'account.move'
const FIELDS = ['id', 'name', 'state', 'amount_untaxed']

/** A customer invoice: made as a draft, then posted. What is posted is never changed; a credit note does that. */
export const invoicePush: PushFacts = {
  key: (invoice) => invoice.ref,
  lookup: 'strong',
  async find(api, key) {
    const domain = [
      ['ref', '=', key],
      ['move_type', '=', 'out_invoice'],
      ['state', '!=', 'cancel'],
    ]
    const [move] = await call(api, MOVE, 'search_read', [domain], { fields: FIELDS, limit: 1, order: 'id asc' })
    return move && { id: String(move.id), item: move }
  },
  async create(api, invoice, context) {
    const id = await call(api, MOVE, 'create', [await draft(api, invoice, context)])
    await post(api, id)
    return { id: String(id) }
  },
  async update(api, invoice, id, { found }) {
    const move =
      found?.item ??
      (await call(api, MOVE, 'search_read', [[['id', '=', Number(id)]]], { fields: FIELDS, limit: 1 }))[0]
    // A draft is what a lost answer between making and posting leaves behind.
    if (move?.state === 'draft') await post(api, move.id)
    else if (
      move?.state === 'posted' &&
      Math.abs(move.amount_untaxed - sum(invoice)) > 0.01 * (invoice.lines.length + 1)
    )
      throw new ConnectorError(
        'permanent',
        'HUB_ODOO_POSTED',
        `Odoo: invoice ${move.name} is posted over ${move.amount_untaxed} and stays so, but ${sum(invoice)} is due now. Correct it there with a credit note.`,
      )
  },
}

const post = (api: Api, id: number) => call(api, MOVE, 'action_post', [[id]])
const sum = ({ lines }: Json) =>
  Math.round(lines.reduce((all: number, line: Json) => all + line.quantity * line.price_unit, 0) * 100) / 100

async function draft(
  api: Api,
  { currency, lines, partner_id, ...invoice }: Json,
  context: WriteContext,
): Promise<Json> {
  const codes = [...new Set(lines.map((line: Json) => line.default_code).filter(Boolean))]
  const products: Json[] =
    codes.length > 0
      ? await call(api, 'product.product', 'search_read', [[['default_code', 'in', codes]]], {
          fields: ['id', 'default_code'],
        })
      : []
  const idOfCode = new Map(products.map((product) => [product.default_code, product.id]))
  return {
    ...invoice,
    move_type: 'out_invoice',
    partner_id: Number(partner_id),
    currency_id: await idOf(api, context, 'res.currency', 'name', currency),
    // A product that the ERP does not have is invoiced by its words; the line still says its SKU.
    invoice_line_ids: lines.map(({ default_code, name, quantity, price_unit }: Json) => {
      const product = idOfCode.get(default_code)
      return [
        0,
        0,
        {
          ...(product ? { product_id: product } : {}),
          name: product ? name : `[${default_code}] ${name}`,
          quantity,
          price_unit,
        },
      ]
    }),
  }
}
