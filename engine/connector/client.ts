// One account of one system, as the hub uses it. Everything thrown here is a ConnectorError; a connector's own slips are
// turned into one as well, `uncertain` where a write had already gone out.
import { type CallOptions, DEFAULT_TIMEOUT, type HttpApi, openApi } from './api.ts'
import type { Connector, Json, Position, PulledPage, RateLimit, Resource, SourceItem } from './contract.ts'
import { milliseconds } from './duration.ts'
import { secretValues, withDefaults } from './fields.ts'
import { fail, guard } from './guard.ts'
import { parseJson, sliceValue, valueAt } from './json.ts'
import { masker } from './mask.ts'
import { toItem } from './pages/items.ts'
import { type WebhookClient, webhookClient } from './webhook.ts'
import { type ActionClient, type Around, actionClient, memory, type PushClient, pushClient } from './writing.ts'

export interface ConnectionOptions extends CallOptions {
  /** The connection's name in the configuration; errors and origins speak of it. */
  name: string
  connector: Connector<any>
  settings: Record<string, unknown>
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

/** Opens a connection. Nothing is sent until it is used; `close` ends its sockets. */
export function openConnection({ name, connector, settings: given, ...base }: ConnectionOptions): ConnectionClient {
  const settings = withDefaults(connector, given)
  const http = connector.http?.(settings as never)
  const opened = http && openApi(connector.title, http, connector.errors ?? {}, secretValues(connector, settings), base)
  const resources: Record<string, Resource> =
    typeof connector.resources === 'function' ? connector.resources(settings as never) : connector.resources
  const mask = opened?.mask ?? masker(secretValues(connector, settings))

  const apiFor = (options: CallOptions = {}): HttpApi => (opened ? opened.api.with(options) : NO_HTTP)
  const resource = (named: string) =>
    resources[named] ?? fail('permanent', 'HUB_CONNECTOR_RESOURCE', `${connector.title} has no resource "${named}".`)

  const guarded = guard(connector.title, mask)
  const around: Around = { title: connector.title, settings, apiFor, guarded, remember: memory() }
  const push = (named: string) =>
    pushClient(
      named,
      resource(named).push ?? fail('permanent', 'HUB_CONNECTOR_RESOURCE', `${connector.title} does not take ${named}.`),
      around,
    )
  const action = (named: string) =>
    actionClient(
      named,
      connector.actions?.[named] ??
        fail('permanent', 'HUB_CONNECTOR_ACTION', `${connector.title} has no action "${named}".`),
      around,
    )

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
      await guarded('check', api, async () => connector.check?.(api, settings as never))
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
