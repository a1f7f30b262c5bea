// A WooCommerce store with the Shipment Tracking extension, its time zone UTC, two decimals for every currency.
// https://woocommerce.github.io/woocommerce-rest-api-docs/
import { Deliveries } from '../core/deliver.ts'
import { basic, guarded, retryHeader, router } from '../core/router.ts'
import type { Store } from '../core/store.ts'
import type { Reply, Request, System } from '../core/types.ts'
import { credentials } from '../credentials.ts'
import { error } from './check.ts'
import { list } from './list.ts'
import { orderRoutes } from './orders.ts'
import { productRoutes } from './products.ts'
import { linked, Shop } from './shop.ts'
import { trackingRoutes } from './tracking.ts'
import { webhookRoutes } from './webhooks.ts'

const customersPath = '/wp-json/wc/v3/customers'

export interface WooCommerce extends System {
  shop: Shop
}

export function woocommerce(store: Store, revoked: () => boolean): WooCommerce {
  const shop = new Shop(store)
  const deliveries = new Deliveries()
  const find = router({
    ...trackingRoutes(shop),
    ...orderRoutes(shop),
    ...productRoutes(shop),
    ...webhookRoutes(shop, deliveries),
    // https://woocommerce.github.io/woocommerce-rest-api-docs/#list-all-customers
    [`GET ${customersPath}`]: (call) => {
      const email = call.query.get('email')?.toLowerCase()
      const keep = (customer: { email: string }) => !email || customer.email.toLowerCase() === email
      const show = (customer: unknown) => linked(customer, call.request.origin, 'customers')
      return list(
        call,
        customersPath,
        shop.customers.all(),
        ['id', 'include', 'name', 'registered_date', 'date'],
        keep,
        show,
      )
    },
    [`GET ${customersPath}/:id`]: (call) => {
      const customer = shop.customers.get(call.params.id!)
      if (!customer) return error(404, 'woocommerce_rest_invalid_id', 'Invalid resource ID.')
      return { status: 200, body: linked(customer, call.request.origin, 'customers') }
    },
  })

  return {
    name: 'woocommerce',
    store,
    deliveries,
    shop,
    handle: (request) => {
      const found = find(request.method, request.path)
      if (found.kind !== 'found') {
        return error(404, 'rest_no_route', 'No route was found matching the URL and request method.')
      }
      const refused = unauthorized(request, revoked())
      if (refused) return refused
      let body: unknown
      try {
        body = request.text === '' ? undefined : JSON.parse(request.text)
      } catch {
        return error(400, 'rest_invalid_json', 'Invalid JSON body passed.', {
          json_error_code: 4,
          json_error_message: 'Syntax error',
        })
      }
      return guarded(() => found.handler({ request, params: found.params, query: request.query, body }))
    },
    meaning: ({ method, path }) => ({ operation: `${method} ${path}`, write: method !== 'GET' }),
    failure: (status, retryAfter) => ({
      ...error(
        status,
        'woocommerce_rest_error',
        status === 429 ? 'Too many requests.' : 'There has been a critical error on this website.',
      ),
      headers: retryHeader(retryAfter),
    }),
    resume: () => {},
    close: () => deliveries.close(),
  }
}

/** Consumer key and secret by basic authentication, or in the query. The real one wants HTTPS for either. */
function unauthorized(request: Request, revoked: boolean): Reply | undefined {
  const { key, secret } = credentials.woocommerce
  const given = basic(request)
  const user = given?.user ?? request.query.get('consumer_key')
  const password = given?.password ?? request.query.get('consumer_secret')
  if (user === null || user === undefined || user !== key || revoked) {
    const verb = request.method === 'GET' ? 'view' : 'create'
    const what = request.method === 'GET' ? 'list resources' : 'create resources'
    return error(401, `woocommerce_rest_cannot_${verb}`, `Sorry, you cannot ${what}.`)
  }
  if (password !== secret) return error(401, 'woocommerce_rest_authentication_error', 'Consumer secret is invalid.')
  return undefined
}
