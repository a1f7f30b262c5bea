// Invoices: sums, posting, numbers. https://www.odoo.com/documentation/17.0/applications/finance/accounting/customer_invoices.html
// Odoo does not look for a second customer invoice with the same reference: whoever creates one twice has two.
import { spaced } from '../core/time.ts'
import type { Json } from '../core/types.ts'
import { missingError, userError } from './errors.ts'
import type { Orm } from './orm.ts'

export function invoices(orm: Orm): Record<string, (ids: number[]) => Json> {
  orm.after = (model, id) => {
    if (model === 'account.move') sum(orm, id)
    if (model === 'account.move.line') {
      const { move_id } = orm.record(model, id)
      if (move_id && orm.collection('account.move').get(move_id)) sum(orm, move_id)
    }
  }
  const each = (ids: number[], change: (move: Json) => Json) => {
    const moves = ids.map((id) => orm.collection('account.move').get(id) ?? fail(id))
    const next = moves.map(change)
    for (const move of next) orm.collection('account.move').put(move.id, { ...move, write_date: spaced(Date.now()) })
    return false
  }
  // The next of `INV/2026/00001`; the numbers of a year have no holes.
  const highest = new Map<string, number>()
  const number = (type: string, year: string): string => {
    const prefix = `${prefixes[type]}/${year}/`
    const last = highest.get(prefix) ?? lastOf(orm, prefix)
    highest.set(prefix, last + 1)
    return `${prefix}${String(last + 1).padStart(5, '0')}`
  }
  const fail = (id: number): never => {
    throw missingError('account.move', [id])
  }
  return {
    action_post: (ids) =>
      each(ids, (move) => {
        if (move.state !== 'draft') throw userError(`The entry ${move.name} (id ${move.id}) must be in draft.`)
        if (orm.many('account.move', move, 'invoice_line_ids').length === 0)
          throw userError('You need to add a line before posting.')
        if (!move.partner_id && move.move_type !== 'entry') {
          throw userError("The field 'Customer' is required, please complete it to validate the Customer Invoice.")
        }
        const date = move.invoice_date || new Date().toISOString().slice(0, 10)
        const name = move.name === '/' ? number(move.move_type, date.slice(0, 4)) : move.name
        return {
          ...move,
          name,
          state: 'posted',
          invoice_date: date,
          date,
          invoice_date_due: move.invoice_date_due || date,
          payment_reference: move.payment_reference || name,
        }
      }),
    button_draft: (ids) => each(ids, (move) => ({ ...move, state: 'draft' })),
    button_cancel: (ids) => each(ids, (move) => ({ ...move, state: 'cancel' })),
  }
}

/** What may not be changed once an invoice is posted. */
export function guardPosted(orm: Orm, ids: number[], values: Json): void {
  const legal = ['invoice_line_ids', 'line_ids', 'partner_id', 'currency_id', 'invoice_date', 'move_type', 'name']
  for (const id of ids) {
    const move = orm.collection('account.move').get(id)
    if (move?.state === 'posted' && legal.some((name) => name in values)) {
      throw userError(
        `You cannot do this modification on a posted journal entry, you can just change some non legal fields. You must revert the journal entry to cancel it.\nEntry: ${move.name}`,
      )
    }
  }
}

const prefixes: Record<string, string> = {
  out_invoice: 'INV',
  out_refund: 'RINV',
  in_invoice: 'BILL',
  in_refund: 'RBILL',
  entry: 'MISC',
}

function lastOf(orm: Orm, prefix: string): number {
  let last = 0
  for (const move of orm.collection('account.move').values()) {
    if (move.name.startsWith(prefix)) last = Math.max(last, Number(move.name.slice(prefix.length)))
  }
  return last
}

function sum(orm: Orm, id: number): void {
  const move = orm.record('account.move', id)
  const places = move.currency_id ? orm.record('res.currency', move.currency_id).decimal_places : 2
  const round = (amount: number) => Math.round((amount + Number.EPSILON) * 10 ** places) / 10 ** places
  let [net, tax] = [0, 0]
  for (const lineId of orm.many('account.move', move, 'invoice_line_ids')) {
    const line = orm.record('account.move.line', lineId)
    const subtotal = round(line.quantity * line.price_unit * (1 - (line.discount ?? 0) / 100))
    const taxes = (line.tax_ids || []).map((taxId: number) =>
      round((subtotal * orm.record('account.tax', taxId).amount) / 100),
    )
    const lineTax = taxes.reduce((a: number, b: number) => a + b, 0)
    const total = round(subtotal + lineTax)
    if (line.price_subtotal !== subtotal || line.price_total !== total) {
      orm.collection('account.move.line').put(lineId, { ...line, price_subtotal: subtotal, price_total: total })
    }
    net += subtotal
    tax += lineTax
  }
  const [untaxed, taxed] = [round(net), round(tax)]
  const total = round(untaxed + taxed)
  if (move.amount_total === total && move.amount_untaxed === untaxed) return
  orm
    .collection('account.move')
    .put(id, { ...move, amount_untaxed: untaxed, amount_tax: taxed, amount_total: total, amount_residual: total })
}
