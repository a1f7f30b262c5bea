// A ShipHero account with one warehouse: GraphQL over POST /graphql. https://developer.shiphero.com/getting-started/
// Errors of an operation come with status 200 in `errors`, the field being null: /troubleshooting/error-glossary/
import { type DocumentNode, execute, GraphQLError, Kind, parse, validate } from 'graphql'
import { Deliveries } from '../core/deliver.ts'
import { hexId } from '../core/random.ts'
import { bearer, retryHeader } from '../core/router.ts'
import type { Store } from '../core/store.ts'
import { Timers } from '../core/time.ts'
import type { Json, Meaning, Reply, Request, System } from '../core/types.ts'
import { credentials } from '../credentials.ts'
import { Credits, estimate } from './credits.ts'
import { ApiError } from './error.ts'
import { Nodes } from './nodes.ts'
import { type Context, resolvers } from './resolvers.ts'
import { schema } from './schema.ts'
import { type Order, type Shipment, Warehouse } from './state.ts'
import { canceledPayload, inventoryPayload, orderPayload, shipmentPayload, tell } from './webhooks.ts'
import { Work } from './work.ts'

export interface ShipHero extends System {
  warehouse: Warehouse
  work: Work
}
interface Parsed {
  document: DocumentNode
  errors: readonly GraphQLError[]
  meaning: Meaning
}

export function shiphero(store: Store, revoked: () => boolean): ShipHero {
  const warehouse = new Warehouse(store)
  const [deliveries, timers] = [new Deliveries(), new Timers()]
  const work = new Work(warehouse, (event, subject) => {
    tell(warehouse, deliveries, timers, event, () => {
      if (event === 'Inventory Update')
        return inventoryPayload(warehouse, work.promised(subject as string), subject as string)
      if (event === 'Shipment Update') return shipmentPayload(warehouse, subject as Shipment)
      return event === 'Order Canceled' ? canceledPayload(subject as Order) : orderPayload(subject as Order)
    })
  })
  const credits = new Credits(() => warehouse.settings.credits)
  const quota = () => {
    const { max, perSecond } = warehouse.settings.credits
    return { is_expired: false, credits_remaining: credits.left(), max_available: max, increment_rate: perSecond }
  }
  const root = resolvers(warehouse, work, new Nodes(warehouse, work), quota)
  const parsed = parser()
  let requests = 0

  const graphql = (request: Request): Reply => {
    const token = bearer(request)
    if (token === undefined)
      return {
        status: 401,
        body: { code: 'authorization_header_missing', description: 'Authorization header is expected' },
      }
    if (token !== credentials.shiphero.token || revoked())
      return { status: 401, body: { code: 'token_expired', description: 'token is expired' } }
    const { query, variables = {}, operationName } = json(request.text) ?? {}
    if (typeof query !== 'string') return { status: 400, body: { errors: [{ message: 'Must provide query string.' }] } }
    const { document, errors } = parsed(query)
    if (errors.length > 0)
      return { status: 400, body: { errors: errors.map(({ message, locations }) => ({ message, locations })) } }

    requests += 1
    const requestId = hexId(`${Date.now()}-${requests}`).slice(0, 24)
    const complexity = estimate(document, variables ?? {})
    const { operation } = meaningOf(document)
    const lacking = credits.lacking(complexity)
    if (lacking) {
      return {
        status: 200,
        body: {
          errors: [{ ...lacking, operation, field: operation, request_id: requestId }],
          data: { [operation]: null },
        },
      }
    }
    const context: Context = { requestId, complexity, meter: { nodes: 0 } }
    const result = execute({
      schema,
      document,
      rootValue: root,
      contextValue: context,
      variableValues: variables,
      operationName,
    }) as Json
    credits.spend(Math.min(complexity, (meaningOf(document).write ? 10 : 1) + context.meter.nodes))
    return shown(result, requestId)
  }

  return {
    name: 'shiphero',
    store,
    deliveries,
    warehouse,
    work,
    handle: (request) => {
      if (request.method === 'POST' && /^\/graphql\/?$/.test(request.path)) return graphql(request)
      if (request.method === 'POST' && request.path === '/auth/refresh') return refresh(request, revoked())
      return { status: 404, body: { message: 'Not Found' } }
    },
    meaning: (request) => {
      const query = request.path.startsWith('/graphql') ? json(request.text)?.query : undefined
      if (typeof query !== 'string') return { operation: `${request.method} ${request.path}`, write: false }
      return parsed(query).meaning
    },
    failure: (status, retryAfter) => ({
      status,
      body: { message: status === 429 ? 'Too Many Requests' : 'Internal server error' },
      headers: retryHeader(retryAfter),
    }),
    resume: () => work.resume(),
    close: () => {
      work.close()
      timers.close()
      deliveries.close()
    },
  }
}

/** An access token for a refresh token, good for 28 days. */
function refresh(request: Request, revoked: boolean): Reply {
  if (json(request.text)?.refresh_token !== credentials.shiphero.refreshToken || revoked) {
    return { status: 403, body: { error: 'invalid_grant', error_description: 'Unknown or invalid refresh token.' } }
  }
  const scope = 'openid profile offline_access view:products change:products view:orders change:orders'
  return {
    status: 200,
    body: { access_token: credentials.shiphero.token, expires_in: 2_419_200, scope, token_type: 'Bearer' },
  }
}

function shown({ data, errors }: Json, requestId: string): Reply {
  if (!errors) return { status: 200, body: { data } }
  // A variable that does not fit the schema is a fault of the query itself: no data, status 400.
  if (data === undefined)
    return {
      status: 400,
      body: { errors: errors.map(({ message, locations }: GraphQLError) => ({ message, locations })) },
    }
  const body = errors.map(({ message, path, originalError }: GraphQLError) => {
    if (originalError && !(originalError instanceof ApiError)) throw originalError
    const field = path?.[0]
    return {
      message,
      operation: field,
      field,
      request_id: requestId,
      ...(originalError instanceof ApiError && { code: originalError.code }),
    }
  })
  return { status: 200, body: { errors: body, data } }
}

/** Parses and checks a query once; the same text comes again and again. */
function parser(): (query: string) => Parsed {
  const known = new Map<string, Parsed>()
  return (query) => {
    const before = known.get(query)
    if (before) return before
    let made: Parsed
    try {
      const document = parse(query)
      made = { document, errors: validate(schema, document), meaning: meaningOf(document) }
    } catch (error) {
      if (!(error instanceof GraphQLError)) throw error
      made = {
        document: { kind: Kind.DOCUMENT, definitions: [] },
        errors: [error],
        meaning: { operation: 'graphql', write: false },
      }
    }
    if (known.size > 1000) known.clear()
    known.set(query, made)
    return made
  }
}

function meaningOf(document: DocumentNode): Meaning {
  for (const definition of document.definitions) {
    if (definition.kind !== Kind.OPERATION_DEFINITION) continue
    const [field] = definition.selectionSet.selections
    const operation = field?.kind === Kind.FIELD ? field.name.value : 'graphql'
    return { operation, write: definition.operation === 'mutation' }
  }
  return { operation: 'graphql', write: false }
}

function json(text: string): Json {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}
