import { byCursor, ConnectorError, defineConnector, field } from '#connector'
import { invoicePush } from './invoices.ts'
import { partnerPush, productPush } from './keyed.ts'
import { call, RPC, readOne } from './rpc.ts'

const PRODUCT = ['default_code', 'name', 'list_price', 'barcode', 'weight', 'active', 'write_date']
const PARTNER = ['ref', 'name', 'email', 'phone', 'write_date']

export default defineConnector({
  name: 'odoo',
  title: 'Odoo',
  kind: 'erp',
  docs: 'https://www.odoo.com/documentation/18.0/developer/reference/external_api.html',

  settings: {
    url: field.url('Odoo address', { example: 'https://erp.example.com' }),
    database: field.text('Database', {
      hint: 'Settings › General Settings shows it; on odoo.com it is the first part of the address.',
    }),
    login: field.text('Login', { hint: 'The e-mail address of the user that the hub works as.' }),
    password: field.secret('API key or password', { hint: 'My Profile › Account Security › New API Key.' }),
  },

  http: (settings) => ({
    baseUrl: settings.url.replace(/\/$/, ''),
    limit: { requests: 10, per: '1s' }, // Odoo states none; its workers are few
    timeout: '60s',
    async login(api) {
      const { database, login, password } = settings
      const { result } = await api.query(RPC, {
        service: 'common',
        method: 'authenticate',
        args: [database, login, password, {}],
      })
      if (!result)
        throw new ConnectorError(
          'auth',
          'HUB_HTTP_AUTH',
          'Odoo does not know this login, or the API key is wrong or expired.',
        )
      return result
    },
    envelope: (body, user) => ({
      jsonrpc: '2.0',
      method: 'call',
      id: 1,
      params: body.service
        ? body
        : {
            service: 'object',
            method: 'execute_kw',
            args: [settings.database, user, settings.password, ...body.execute],
          },
    }),
  }),

  check: (api) => call(api, 'res.partner', 'search_read', [[]], { fields: ['id'], limit: 1 }),

  // Failures come with status 200 and the name of the Python exception. A failed call has been rolled back.
  errors: {
    failed: (body) => body?.error !== undefined,
    code: (body) => body?.error?.data?.name,
    message: (body) => body?.error?.data?.message ?? body?.error?.message,
    rules: [
      { code: /AccessDenied|SessionExpired/, kind: 'auth', say: 'the login was refused: check user and API key.' },
      { code: /AccessError/, kind: 'permanent', say: 'this user may not do that; give the user the group for it.' },
      { code: /MissingError/, kind: 'permanent', say: 'the record was deleted there.' },
      { code: /UniqueViolation|IntegrityError/, kind: 'conflict', say: 'it exists already.' },
      {
        code: /SerializationFailure|LockNotAvailable|OperationalError|ConcurrencyError/,
        kind: 'retryable',
        say: 'another user changed the same record at that moment.',
      },
      { code: /ValidationError|ValueError/, kind: 'invalid', say: 'a value was not accepted.' },
      { code: /UserError|RedirectWarning/, kind: 'permanent', say: 'the request was refused.' },
      { message: /database .* does not exist/i, kind: 'auth', say: 'this database does not exist there.' },
    ],
  },

  resources: {
    partners: {
      schema: 'partner.json',
      pushSchema: 'partner-input.json',
      id: (partner) => partner.id,
      stamp: (partner) => partner.write_date,
      fetch: (id) => readOne('res.partner', id, PARTNER),
      push: partnerPush,
    },

    invoices: {
      schema: 'invoice.json',
      pushSchema: 'invoice-input.json',
      id: (invoice) => invoice.id,
      stamp: (invoice) => invoice.write_date,
      fetch: (id) =>
        readOne('account.move', id, [
          'name',
          'ref',
          'state',
          'amount_untaxed',
          'amount_total',
          'payment_state',
          'write_date',
        ]),
      push: invoicePush,
    },

    products: {
      schema: 'product.json',
      pushSchema: 'product-input.json',
      id: (product) => product.id,
      stamp: (product) => product.write_date,
      // write_date is shown in whole seconds but kept finer, so the filter says "from … on".
      pull: byCursor({
        items: 'result',
        exclude: 1000,
        request: ({ since, seen, offset }) => {
          const domain = [
            ...(since ? [['write_date', '>=', since.slice(0, 19).replace('T', ' ')]] : []),
            ...(seen.length > 0 ? [['id', 'not in', seen.map(Number)]] : []),
          ]
          const kwargs = {
            fields: PRODUCT,
            order: 'write_date asc, id asc',
            limit: 200,
            offset,
            context: { active_test: false },
          }
          return { method: 'POST', path: RPC, body: { execute: ['product.product', 'search_read', [domain], kwargs] } }
        },
      }),
      fetch: (id) => readOne('product.product', id, PRODUCT),
      push: productPush,
    },
  },
})
