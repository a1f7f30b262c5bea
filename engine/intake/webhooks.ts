// Webhooks: the signature is checked over the raw bytes, what came is stored, then it is answered. Deliveries of a source that come
// while others are committed share one statement.
import { type ConnectionClient, ConnectorError, type WebhookDelivery, type WebhookRequest } from '#connector'
import type { Source } from '../hub.ts'
import { serverIsGone } from '../platform/store/pool.ts'
import type { Store } from '../platform/store/store.ts'
import type { ClaimedItem } from './claim.ts'
import {
  collectionOf,
  type HashedItem,
  inOne,
  latestOf,
  STORE,
  STORE_PARAMETERS,
  type StoredItem,
  storeColumns,
  storedItems,
} from './collect.ts'

export interface WebhookVerdict {
  status: number
  body?: unknown
}
interface Waiting {
  source: Source | undefined
  connection: string
  body: Buffer
  delivery: WebhookDelivery | undefined
  reason: string | undefined
  done: (error?: Error) => void
}

/** Batches at once: under load each takes what came while the others were committed. */
const AT_ONCE = 2
const MOST = 500

interface WebhookFacts {
  store: Store
  worker: number
  /** The source with `webhook: true` of a connection's resource. */
  sourceFor: (connection: string, resource: string) => Source | undefined
  /** Called with what was stored, claimed by this worker. */
  taken: (source: Source, items: ClaimedItem[]) => void
}

export function openWebhookIntake({ store, worker, sourceFor, taken }: WebhookFacts) {
  const waiting: Waiting[] = []
  let flushing = 0
  /** What arrives in the same turn of the event loop goes together. */
  function start(): void {
    if (flushing === AT_ONCE || waiting.length === 0) return
    flushing++
    setImmediate(() => {
      void flush(waiting.splice(0, MOST)).finally(() => {
        flushing--
        start()
      })
    })
  }

  async function flush(batch: Waiting[]): Promise<void> {
    const bySource = Map.groupBy(batch, (each) => each.source)
    await Promise.all([...bySource].map(([source, some]) => keepAll(source, some)))
  }
  async function keepAll(source: Source | undefined, batch: Waiting[]): Promise<void> {
    try {
      await keep(source, batch)
    } catch (error) {
      // One that cannot be stored must not take the others of its milliseconds along.
      if (batch.length > 1 && !serverIsGone(error))
        for (const each of batch) await keep(source, [each]).catch(each.done)
      else for (const each of batch) each.done(error as Error)
    }
  }
  async function keep(source: Source | undefined, batch: Waiting[]): Promise<void> {
    const items = await storeBatch(store, worker, source, batch)
    for (const each of batch) each.done()
    // The answers leave first: who waits for them does not wait for what is decided.
    if (source) setImmediate(() => taken(source, items))
  }

  function stored(call: Omit<Waiting, 'done'>): Promise<void> {
    return new Promise((resolve, reject) => {
      waiting.push({ ...call, done: (error) => (error ? reject(error) : resolve()) })
      start()
    })
  }

  return async function accept(client: ConnectionClient, request: WebhookRequest): Promise<WebhookVerdict> {
    const { webhook } = client
    if (!webhook?.configured)
      return {
        status: 404,
        body: { code: 'HUB_WEBHOOK_NOT_CONFIGURED', message: 'No source of this connection takes webhooks.' },
      }
    if (webhook.isPing(request)) return { status: 200 }
    if (!webhook.verify(request))
      return { status: 401, body: { code: 'HUB_WEBHOOK_SIGNATURE', message: 'The signature is missing or wrong.' } }
    let delivery: WebhookDelivery | undefined
    let reason: string | undefined
    try {
      delivery = webhook.read(request)
      if (!delivery) reason = 'nobody asked for this topic'
    } catch (error) {
      if (!(error instanceof ConnectorError)) throw error
      reason = error.message
    }
    const source = delivery && sourceFor(client.name, delivery.resource)
    if (delivery && !source) reason = `no source takes webhooks of ${client.name}.${delivery.resource}`
    await stored({ connection: client.name, body: request.body, delivery, source, reason })
    return { status: 200, body: webhook.answer }
  }
}

/** Webhooks and what they say of items, in one statement: one way there and back, and a transaction of its own. */
async function storeBatch(
  store: Store,
  worker: number,
  source: Source | undefined,
  batch: Waiting[],
): Promise<ClaimedItem[]> {
  const { begins, sizes, all } = inOne(batch.map((each) => each.body))
  const webhooks = [
    batch.map((each) => each.connection),
    batch.map((each) => each.delivery?.topic ?? null),
    begins,
    sizes,
    all,
    batch.map((each) => each.reason ?? null),
  ]
  if (!source) {
    await store.query(KEEP(1), webhooks)
    return []
  }
  const into = collectionOf(source, 'webhook', worker)
  const items: HashedItem[] = [
    ...latestOf(
      into,
      batch.flatMap((each) => each.delivery?.items ?? []),
    ).values(),
  ]
  const columns = storeColumns(into, items)
  return storedItems(items, await store.query<StoredItem>(KEEP_AND_STORE, [...columns, ...webhooks]))
}

const KEEP = (first: number) => {
  const [connection, topic, begins, sizes, all, reason] = Array.from({ length: 6 }, (_, i) => `$${first + i}`)
  return `insert into webhook (connection, topic, body, status, reason, received_at)
  select x.connection, x.topic, substring(${all}::bytea from x.begins for x.size), case when x.reason is null then 'read' else 'refused' end, x.reason, now.at
  from unnest(${connection}::text[], ${topic}::text[], ${begins}::int[], ${sizes}::int[], ${reason}::text[]) as x(connection, topic, begins, size, reason),
    (select hub_now() as at) as now`
}
const KEEP_AND_STORE = `with kept as (${KEEP(STORE_PARAMETERS + 1)}) ${STORE}`
