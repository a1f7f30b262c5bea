// A HubSpot account seen through a private app's token. https://developers.hubspot.com/docs/api-reference
// Limits and their headers: https://developers.hubspot.com/docs/developer-tooling/platform/usage-guidelines
import { bearer, guarded, retryHeader, router } from '../core/router.ts'
import type { Store } from '../core/store.ts'
import type { Json, Reply, System } from '../core/types.ts'
import { credentials } from '../credentials.ts'
import { associationRoutes } from './associations.ts'
import { error } from './errors.ts'
import { objectRoutes } from './objects.ts'
import { propertyRoutes } from './properties.ts'
import { searchRoutes } from './search.ts'
import { Crm } from './state.ts'

export interface HubSpot extends System {
  crm: Crm
}

export function hubspot(store: Store, revoked: () => boolean): HubSpot {
  const crm = new Crm(store)
  const find = router({ ...searchRoutes(crm), ...propertyRoutes(crm), ...associationRoutes(crm), ...objectRoutes(crm) })
  const requests = new Window(10_000)
  const searches = new Window(1000)
  const daily = { day: '', used: 0 }
  const overrun = (policyName: string, words: string): Reply => {
    const more = { errorType: 'RATE_LIMIT', policyName, groupName: 'publicapi:private-apps:api-calls-per-10-seconds' }
    return error(429, 'RATE_LIMITS', `You have reached your ${words} limit.`, more)
  }

  return {
    name: 'hubspot',
    store,
    crm,
    handle: (request) => {
      const found = find(request.method, request.path)
      if (found.kind === 'no-path') return { status: 404, text: '<html><body><h1>404 Not Found</h1></body></html>' }
      if (found.kind === 'no-method')
        return { status: 405, body: { status: 'error', message: 'HTTP 405 Method Not Allowed' } }
      const refused = unauthorized(bearer(request), revoked())
      if (refused) return refused

      const { requestsPerTenSeconds, searchesPerSecond } = crm.settings
      const isSearch = request.path.endsWith('/search')
      if (isSearch && searches.add() > searchesPerSecond) return overrun('SECONDLY', 'secondly')
      const used = requests.add()
      const today = new Date().toISOString().slice(0, 10)
      daily.used = daily.day === today ? daily.used + 1 : 1
      daily.day = today
      const headers = {
        'X-HubSpot-RateLimit-Daily': '1000000',
        'X-HubSpot-RateLimit-Daily-Remaining': String(Math.max(0, 1_000_000 - daily.used)),
        'X-HubSpot-RateLimit-Interval-Milliseconds': '10000',
        'X-HubSpot-RateLimit-Max': String(requestsPerTenSeconds),
        'X-HubSpot-RateLimit-Remaining': String(Math.max(0, requestsPerTenSeconds - used)),
      }
      if (used > requestsPerTenSeconds) return { ...overrun('TEN_SECONDLY_ROLLING', 'ten_secondly_rolling'), headers }
      const reply = answered(request.text, (body) =>
        found.handler({ request, params: found.params, query: request.query, body }),
      )
      // Search answers carry no rate-limit headers.
      return isSearch ? reply : { ...reply, headers: { ...headers, ...reply.headers } }
    },
    meaning: ({ method, path }) => ({
      operation: `${method} ${path}`,
      write: method !== 'GET' && !path.endsWith('/search') && !path.endsWith('/batch/read'),
    }),
    failure: (status, retryAfter) => ({
      ...(status === 429
        ? overrun('TEN_SECONDLY_ROLLING', 'ten_secondly_rolling')
        : {
            status,
            body: { status: 'error', message: 'internal error', correlationId: 'c0ffee00-0000-4000-8000-000000000000' },
          }),
      headers: retryHeader(retryAfter),
    }),
    resume: () => {},
    close: () => {},
  }
}

function answered(text: string, run: (body: Json) => Reply): Reply {
  let body: Json
  try {
    body = text === '' ? undefined : JSON.parse(text)
  } catch {
    return error(400, 'VALIDATION_ERROR', 'Invalid input JSON on line 1, column 1: the body is no JSON')
  }
  return guarded(() => run(body))
}

function unauthorized(token: string | undefined, revoked: boolean): Reply | undefined {
  if (token === undefined) {
    return error(
      401,
      'INVALID_AUTHENTICATION',
      'Authentication credentials not found. This API supports OAuth 2.0 authentication and you can find more details at https://developers.hubspot.com/docs/methods/auth/oauth-overview',
    )
  }
  if (token === credentials.hubspot.token && !revoked) return undefined
  return error(
    401,
    'EXPIRED_AUTHENTICATION',
    'The token used to make the request is expired, revoked or does not belong to this account.',
  )
}

/** How many happened in the last so many milliseconds. */
class Window {
  readonly #length: number
  #times: number[] = []

  constructor(length: number) {
    this.#length = length
  }

  add(): number {
    const now = Date.now()
    if (this.#times.length > 0 && this.#times[0]! <= now - this.#length) {
      const from = this.#times.findIndex((time) => time > now - this.#length)
      this.#times = from < 0 ? [] : this.#times.slice(from)
    }
    this.#times.push(now)
    return this.#times.length
  }
}
