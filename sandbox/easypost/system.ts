// An EasyPost test account with three carriers. https://docs.easypost.com/docs
import { Deliveries } from '../core/deliver.ts'
import { basic, bearer, guarded, retryHeader, router } from '../core/router.ts'
import type { Store } from '../core/store.ts'
import { Timers } from '../core/time.ts'
import type { Json, System } from '../core/types.ts'
import { credentials } from '../credentials.ts'
import { addressRoutes } from './addresses.ts'
import { Events, eventRoutes } from './events.ts'
import { shipmentRoutes } from './shipments.ts'
import { Carrier } from './state.ts'
import { Trackers, trackerRoutes } from './trackers.ts'

export interface EasyPost extends System {
  carrier: Carrier
}

export function easypost(store: Store, revoked: () => boolean): EasyPost {
  const carrier = new Carrier(store)
  const [deliveries, timers] = [new Deliveries(), new Timers()]
  const events = new Events(carrier, deliveries, timers)
  const trackers = new Trackers(carrier, events)
  const find = router({
    ...addressRoutes(carrier),
    ...shipmentRoutes(carrier, (shipment: Json) =>
      trackers.make(shipment.tracking_code, shipment.selected_rate.carrier, shipment.id),
    ),
    ...trackerRoutes(carrier, trackers),
    ...eventRoutes(carrier),
  })
  const failed = (status: number, code: string, message: string) => ({
    status,
    body: { error: { code, message, errors: [] } },
  })

  return {
    name: 'easypost',
    store,
    deliveries,
    carrier,
    handle: (request) => {
      // The key is the user name of basic authentication, without a password; a bearer token works as well.
      const key = basic(request)?.user ?? bearer(request)
      if (!key) return failed(401, 'APIKEY.MISSING', 'An API key is required to access this resource.')
      if (key !== credentials.easypost.apiKey || revoked()) {
        return failed(
          403,
          'APIKEY.INACTIVE',
          'This api key is no longer active. Please use a different api key or reactivate this key.',
        )
      }
      const found = find(request.method, request.path)
      if (found.kind !== 'found') return failed(404, 'NOT_FOUND', 'The requested resource could not be found.')
      let body: Json
      try {
        body = request.text === '' ? undefined : JSON.parse(request.text)
      } catch {
        return failed(400, 'BAD_REQUEST', 'The request was unacceptable: the body is no JSON.')
      }
      return guarded(() => found.handler({ request, params: found.params, query: request.query, body }))
    },
    meaning: ({ method, path }) => ({ operation: `${method} ${path}`, write: method !== 'GET' }),
    failure: (status, retryAfter) => ({
      ...(status === 429
        ? failed(429, 'RATE_LIMITED', 'Too many requests were sent in a short time.')
        : failed(status, 'INTERNAL_SERVER_ERROR', 'We are sorry, something went wrong on our end.')),
      headers: retryHeader(retryAfter),
    }),
    resume: () => trackers.resume(),
    close: () => {
      trackers.close()
      timers.close()
      deliveries.close()
    },
  }
}
