import { mkdtempSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { ask, calls } from './calls.ts'
import type { Json } from './core/types.ts'
import { credentials } from './credentials.ts'
import { type Sandbox, startSandbox } from './sandbox.ts'

let sandbox: Sandbox
/** The result, or the error's class and words. */
let erp: (model: string, method: string, args: Json[], kwargs?: Json) => Promise<Json>

beforeAll(async () => {
  sandbox = await startSandbox({ dir: mkdtempSync(path.join(tmpdir(), 'sandbox-erp-')) })
  sandbox.seed({ orders: 10, seed: 3 })
  erp = async (...args) => {
    const { status, body } = await calls(sandbox).erp(...args)
    expect(status).toBe(200)
    return body.error ? { error: body.error.data.name, message: body.error.data.message } : body.result
  }
})
afterAll(() => sandbox.close())

test('a login answers the user, a wrong one false, and a wrong password is denied', async () => {
  const { database, login, password } = credentials.odoo
  const common = (method: string, args: Json[]) =>
    ask(
      `${sandbox.systems.odoo}/jsonrpc`,
      'POST',
      {},
      { jsonrpc: '2.0', method: 'call', id: 7, params: { service: 'common', method, args } },
    )
  expect((await common('authenticate', [database, login, password, {}])).body).toEqual({
    jsonrpc: '2.0',
    id: 7,
    result: 2,
  })
  expect((await common('authenticate', [database, login, 'wrong', {}])).body.result).toBe(false)
  expect((await common('version', [])).body.result.server_serie).toBe('17.0')
  sandbox.auth('odoo', true)
  expect(await erp('res.partner', 'search', [[]])).toEqual({
    error: 'odoo.exceptions.AccessDenied',
    message: 'Access Denied',
  })
  sandbox.auth('odoo', false)
})

test('a partner is created, found by domains, read and written', async () => {
  const [germany] = await erp('res.country', 'search', [[['code', '=', 'DE']]])
  const id = await erp('res.partner', 'create', [
    { name: 'Käthe Voß', email: 'kaethe@example.org', ref: 'C-1', country_id: germany },
  ])
  const ids = await erp('res.partner', 'create', [[{ name: 'One' }, { name: 'Two', active: false }]])
  expect(ids).toEqual([id + 1, id + 2])
  expect(await erp('res.partner', 'search', [[['email', '=ilike', 'KAETHE@example.org']]])).toEqual([id])
  expect(
    await erp('res.partner', 'search', [['|', ['ref', '=', 'C-1'], ['name', 'ilike', 'on']]], { order: 'id' }),
  ).toEqual([id, id + 1])
  expect(await erp('res.partner', 'search_count', [[['name', '=', 'Two']]])).toBe(0)
  expect(await erp('res.partner', 'search_count', [[['name', '=', 'Two']]], { context: { active_test: false } })).toBe(
    1,
  )
  expect(await erp('res.partner', 'search', [[['country_id.code', '=', 'DE']]])).toEqual([id])
  const [partner] = await erp('res.partner', 'read', [[id], ['name', 'country_id', 'phone', 'is_company']])
  expect(partner).toEqual({ id, name: 'Käthe Voß', country_id: [germany, 'Germany'], phone: false, is_company: false })
  expect(await erp('res.partner', 'write', [[id], { phone: '+49 1' }])).toBe(true)
  expect((await erp('res.partner', 'search_read', [[['ref', '=', 'C-1']], ['phone']]))[0].phone).toBe('+49 1')
})

test('what Odoo refuses is refused with the class of its exception', async () => {
  expect(await erp('res.partner', 'create', [{ name: 'X', colour: 1 }])).toEqual({
    error: 'builtins.ValueError',
    message: "Invalid field 'colour' on model 'res.partner'",
  })
  expect((await erp('res.partner', 'search', [[['colour', '=', 1]]])).message).toContain(
    'Invalid field res.partner.colour in leaf',
  )
  expect((await erp('res.partner', 'create', [{ email: 'nobody@example.org' }])).error).toBe(
    'odoo.exceptions.ValidationError',
  )
  expect((await erp('res.partner', 'write', [[999], { name: 'X' }])).error).toBe('odoo.exceptions.MissingError')
  expect((await erp('res.partner', 'create', [{ name: 'X', country_id: 'DE' }])).message).toContain(
    'Wrong value for res.partner.country_id',
  )
  expect((await erp('sale.order', 'search', [[]])).error).toBe('builtins.KeyError')
  expect((await erp('res.partner', 'explode', [[1]])).error).toBe('builtins.AttributeError')
  expect(await erp('res.partner', 'fields_get', [['email'], ['type', 'required']])).toEqual({
    email: { type: 'char', required: false },
  })
})

test('an invoice is a draft without a number, then posted with the next one of its year', async () => {
  const partner = await erp('res.partner', 'create', [{ name: 'Buyer' }])
  const [eur] = await erp('res.currency', 'search', [[['name', '=', 'EUR']]])
  const [tax] = await erp('account.tax', 'search', [[['amount', '=', 19]]])
  const [product] = await erp('product.product', 'search', [[['default_code', '=', 'TENT-101']]])
  const values = {
    move_type: 'out_invoice',
    partner_id: partner,
    currency_id: eur,
    ref: 'shop:1001/1',
    invoice_date: '2026-03-05',
    invoice_line_ids: [
      [0, 0, { product_id: product, quantity: 3, price_unit: 10.01, tax_ids: [[6, 0, [tax]]] }],
      [0, 0, { name: 'Shipping', quantity: 1, price_unit: 4.9 }],
    ],
  }
  const id = await erp('account.move', 'create', [values])
  const read = async () =>
    (
      await erp('account.move', 'read', [
        [id],
        ['name', 'state', 'amount_untaxed', 'amount_tax', 'amount_total', 'invoice_line_ids'],
      ])
    )[0]
  expect(await read()).toMatchObject({
    name: '/',
    state: 'draft',
    amount_untaxed: 34.93,
    amount_tax: 5.71,
    amount_total: 40.64,
  })
  expect(await erp('account.move', 'action_post', [[id]])).toBe(false)
  expect(await read()).toMatchObject({ name: 'INV/2026/00001', state: 'posted' })
  expect((await read()).invoice_line_ids).toHaveLength(2)
  expect(await erp('account.move', 'action_post', [[id]])).toMatchObject({ error: 'odoo.exceptions.UserError' })
  expect(await erp('account.move', 'write', [[id], { invoice_line_ids: [[5, 0, 0]] }])).toMatchObject({
    error: 'odoo.exceptions.UserError',
  })
  const second = await erp('account.move', 'create', [values])
  await erp('account.move', 'action_post', [[second]])
  expect((await erp('account.move', 'read', [[second], ['name']]))[0].name).toBe('INV/2026/00002')
  expect(await erp('account.move', 'search_count', [[['ref', '=', 'shop:1001/1']]])).toBe(2)
})

test('yen have no cents, and a faulty line leaves no invoice behind', async () => {
  const partner = await erp('res.partner', 'create', [{ name: 'Buyer' }])
  const [yen] = await erp('res.currency', 'search', [[['name', '=', 'JPY']]])
  const count = await erp('account.move', 'search_count', [[]])
  const bad = await erp('account.move', 'create', [
    { move_type: 'out_invoice', partner_id: partner, invoice_line_ids: [[0, 0, { price: 1 }]] },
  ])
  expect(bad.message).toBe("Invalid field 'price' on model 'account.move.line'")
  expect(await erp('account.move', 'search_count', [[]])).toBe(count)
  const id = await erp('account.move', 'create', [
    {
      move_type: 'out_invoice',
      partner_id: partner,
      currency_id: yen,
      invoice_line_ids: [[0, 0, { name: 'A', quantity: 3, price_unit: 33.4 }]],
    },
  ])
  expect((await erp('account.move', 'read', [[id], ['amount_total']]))[0].amount_total).toBe(100)
})
