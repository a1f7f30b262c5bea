// One account of one system, as the hub uses it. Everything thrown here is a ConnectorError; a connector's own slips are
// turned into one as well, `uncertain` where a write had already gone out.
import { type CallOptions, DEFAULT_TIMEOUT, type HttpApi, openApi } from './api.ts'
import type {
  Action,
  Connector,
  Found,
  Json,
  Position,
  PulledPage,
  PushFacts,
  RateLimit,
  Resource,
  SourceItem,
  WriteContext,
} from './contract.ts'
import { milliseconds } from './duration.ts'
import { ConnectorError } from './errors.ts'
import { secretValues, withDefaults } from './fields.ts'
import { parseJson, sliceValue, valueAt } from './json.ts'
import { toItem } from './pages/items.ts'
import { type WebhookClient, webhookClient } from './webhook.ts'

export interface ConnectionOptions extends CallOptions {
  /** The connection's name in the configuration; errors and origins speak of it. */
  name: string
  connector: Connector<any>
  settings: Record<string, unknown>
}
/** What a call needs besides the payload. The key names the write at the vendor where the vendor has a place for it. */
export interface WriteOptions extends CallOptions {
  idempotencyKey: string
}
export interface PushClient {
  facts: {
    lookup: PushFacts['lookup']
    lagMs: number
    settleMs: number
    idempotent: boolean
    canFind: boolean
    canCreate: boolean
    canUpdate: boolean
  }
  /** Throws `permanent` HUB_PUSH_NO_KEY where the payload has none: nothing may be created that could not be found again. */
  key(payload: Json): string
  find(key: string, payload: Json, options: WriteOptions): Promise<Found | undefined>
  create(payload: Json, options: WriteOptions): Promise<Found>
  /** Answers a Found where the thing now has another id; the link has to follow. */
  update(payload: Json, id: string, options: WriteOptions & { found?: Found }): Promise<Found | undefined>
}
export interface ActionClient {
  facts: {
    repeat: Action['repeat']
    lookup: PushFacts['lookup']
    lagMs: number
    settleMs: number
    idempotent: boolean
    canFind: boolean
  }
  call(request: Json, options: WriteOptions): Promise<Json>
  find(idempotencyKey: string, request: Json, options: WriteOptions): Promise<Json | undefined>
  /** The external id of what the answer describes, and other ids in it by resource. */
  id(answer: Json): string
  links(answer: Json): Record<string, string>
}
export interface ConnectionClient {
  name: string
  connector: Connector<any>
  /** The vendor's rate limit, where the connector states one, and the hard deadline of one request. */
  limit: RateLimit | undefined
  deadlineMs: number
  check(options?: CallOptions): Promise<void>
  /** Makes what is missing there (a custom property); answers a sentence for each thing made. Harmless to repeat. */
  setup(options?: CallOptions): Promise<string[]>
  resources: Record<string, Resource>
  pull(
    resource: string,
    position: Position | undefined,
    options: CallOptions & { since?: string },
  ): AsyncGenerator<PulledPage>
  fetch(resource: string, id: string, options?: CallOptions): Promise<SourceItem | undefined>
  push(resource: string): PushClient
  action(name: string): ActionClient
  webhook: WebhookClient | undefined
  close(): Promise<void>
}

const DEFAULT_SETTLE = '30s'

/** Opens a connection. Nothing is sent until it is used; `close` ends its sockets. */
export function openConnection({ name, connector, settings: given, ...base }: ConnectionOptions): ConnectionClient {
  const settings = withDefaults(connector, given)
  const http = connector.http?.(settings as never)
  const opened = http && openApi(connector.title, http, connector.errors ?? {}, secretValues(connector, settings), base)
  const resources: Record<string, Resource> =
    typeof connector.resources === 'function' ? connector.resources(settings as never) : connector.resources
  const mask = opened?.mask ?? ((text: string) => text)

  const apiFor = (options: CallOptions = {}): HttpApi => (opened ? opened.api.with(options) : NO_HTTP)
  const resource = (named: string) =>
    resources[named] ?? fail('permanent', 'HUB_CONNECTOR_RESOURCE', `${connector.title} has no resource "${named}".`)

  /** Runs a connector's own code; what it throws by mistake becomes a ConnectorError that names the place. */
  async function guarded<T>(where: string, api: HttpApi, run: () => Promise<T>): Promise<T> {
    try {
      return await run()
    } catch (error) {
      const written = api.written() > 0
      if (!(error instanceof ConnectorError)) {
        const why = mask(error instanceof Error ? error.message : String(error))
        throw new ConnectorError(
          written ? 'uncertain' : 'permanent',
          'HUB_CONNECTOR_FAULT',
          `${connector.title}, ${where}: ${why}`,
          { cause: error },
        )
      }
      // A later request of the same write failed after an earlier one had gone through: look before anything is repeated.
      if (written && (error.kind === 'retryable' || error.kind === 'rate_limited'))
        throw new ConnectorError('uncertain', error.code, error.message, error.detail)
      throw error
    }
  }

  const memory = new Map<string, unknown>()
  async function remember<T>(what: string, read: () => Promise<T>): Promise<T> {
    if (memory.has(what)) return memory.get(what) as T
    const value = await read()
    if (value !== undefined) memory.set(what, value)
    return value
  }
  const context = ({ idempotencyKey }: WriteOptions): WriteContext => ({ settings, idempotencyKey, remember })
  const times = (facts: Pick<PushFacts, 'lookup' | 'settle'> | Action) => ({
    lookup: facts.lookup ?? 'none',
    lagMs: typeof facts.lookup === 'object' ? milliseconds(facts.lookup.lag) : 0,
    settleMs: milliseconds(facts.settle ?? DEFAULT_SETTLE),
  })

  function push(named: string): PushClient {
    const facts =
      resource(named).push ?? fail('permanent', 'HUB_CONNECTOR_RESOURCE', `${connector.title} does not take ${named}.`)
    const run = <T>(verb: string, options: CallOptions, body: (api: HttpApi) => Promise<T>) => {
      const api = apiFor(options)
      return guarded(`${named}.${verb}`, api, () => body(api))
    }
    const missing = (verb: string) =>
      fail('permanent', 'HUB_CONNECTOR_RESOURCE', `${connector.title} cannot ${verb} ${named}.`)
    return {
      facts: {
        ...times(facts),
        idempotent: facts.idempotent === true,
        canFind: !!facts.find,
        canCreate: !!facts.create,
        canUpdate: !!facts.update,
      },
      key(payload) {
        const key = facts.key(payload)
        return key === undefined || key === null || String(key).trim() === ''
          ? fail(
              'permanent',
              'HUB_PUSH_NO_KEY',
              `${connector.title} ${named}: the value that makes it findable again is empty, so nothing is created.`,
            )
          : String(key)
      },
      find: (key, payload, options) =>
        facts.find
          ? run('find', options, async (api) => withId(await facts.find!(api, key, payload, context(options))))
          : Promise.resolve(undefined),
      create: (payload, options) =>
        run('create', options, async (api) =>
          withId(await (facts.create ?? missing('create'))(api, payload, context(options)), true),
        ),
      update: (payload, id, options) =>
        run('update', options, async (api) => {
          const moved = await (facts.update ?? missing('change'))(api, payload, id, {
            ...context(options),
            ...(options.found ? { found: options.found } : {}),
          })
          return withId(moved ?? undefined)
        }),
    }
  }

  function action(named: string): ActionClient {
    const facts =
      connector.actions?.[named] ??
      fail('permanent', 'HUB_CONNECTOR_ACTION', `${connector.title} has no action "${named}".`)
    return {
      facts: { ...times(facts), repeat: facts.repeat, idempotent: facts.idempotent === true, canFind: !!facts.find },
      call(request, options) {
        const api = apiFor(options)
        return guarded(named, api, () => facts.call(api, request, context(options)))
      },
      find(key, request, options) {
        const api = apiFor(options)
        return guarded(`${named}.find`, api, async () => facts.find?.(api, key, request, context(options)))
      },
      id: (answer) => facts.id(answer),
      links: (answer) =>
        Object.fromEntries(Object.entries(facts.links?.(answer) ?? {}).filter(([, id]) => id !== undefined)) as Record<
          string,
          string
        >,
    }
  }

  async function* pull(
    named: string,
    position: Position | undefined,
    options: CallOptions & { since?: string },
  ): AsyncGenerator<PulledPage> {
    const facts = resource(named)
    const run =
      facts.pull ?? fail('permanent', 'HUB_CONNECTOR_RESOURCE', `${connector.title} cannot be asked for ${named}.`)
    const { id, stamp } = facts
    const api = apiFor(options)
    const signal = options.signal ?? base.signal ?? new AbortController().signal
    const pages = run({
      api,
      settings,
      position: position ?? {},
      signal,
      id,
      ...(stamp ? { stamp } : {}),
      ...(options.since ? { since: options.since } : {}),
      ...(facts.fetch ? { fetch: (one: string) => fetchOne(named, one, options) } : {}),
    })
    try {
      for (;;) {
        const page = await guarded(`${named}.pull`, api, () => pages.next())
        if (page.done) return
        yield page.value
      }
    } finally {
      await pages.return(undefined)
    }
  }

  async function fetchOne(named: string, id: string, options: CallOptions = {}): Promise<SourceItem | undefined> {
    const facts = resource(named)
    const request = (
      facts.fetch ?? fail('permanent', 'HUB_CONNECTOR_RESOURCE', `${connector.title} cannot read one of ${named}.`)
    )(id, settings)
    const api = apiFor(options)
    const answer = await guarded(`${named}.fetch`, api, () => api.read(request))
    const value = answer.json === undefined ? undefined : valueAt(answer.json, request.item)
    if (value === undefined || value === null) return undefined
    return toItem(facts, value, sliceValue(answer.text, request.item) ?? answer.text)
  }

  return {
    name,
    connector,
    limit: http?.limit,
    deadlineMs: milliseconds(http?.timeout ?? DEFAULT_TIMEOUT),
    resources,
    check: async (options) => {
      const api = apiFor(options)
      await guarded('check', api, async () => connector.check(api, settings as never))
    },
    setup: async (options) => {
      const api = apiFor(options)
      return guarded('setup', api, async () => connector.setup?.(api, settings as never) ?? [])
    },
    pull,
    fetch: fetchOne,
    push,
    action,
    webhook: connector.webhooks && webhookClient(connector, settings, apiFor, guarded),
    close: async () => opened?.close(),
  }
}

/** Parses an item's text the way the mapping must see it. */
export const itemJson = (item: Pick<SourceItem, 'text'>): Json => parseJson(item.text)

function withId(found: Found, required: true): Found
function withId(found: Found | undefined): Found | undefined
function withId(found: Found | undefined, required = false): Found | undefined {
  if (found === undefined && !required) return undefined
  if (!found || found.id === undefined || found.id === null || String(found.id) === '')
    throw new Error('the answer names no id')
  return { ...found, id: String(found.id) }
}

function fail(kind: ConnectorError['kind'], code: string, message: string): never {
  throw new ConnectorError(kind, code, message)
}

const noHttp = () => fail('permanent', 'HUB_CONNECTOR_FAULT', 'This connector speaks no HTTP.')
const NO_HTTP: HttpApi = {
  get: noHttp,
  query: noHttp,
  post: noHttp,
  put: noHttp,
  patch: noHttp,
  delete: noHttp,
  read: noHttp,
  with: () => NO_HTTP,
  written: () => 0,
}
