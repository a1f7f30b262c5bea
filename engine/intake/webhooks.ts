// Webhooks: the signature is checked over the raw bytes, what came is stored, then it is answered. Deliveries that come
// while others are committed share one transaction.
import { type ConnectionClient, ConnectorError, type WebhookDelivery, type WebhookRequest } from '#connector'
import type { Source } from '../hub.ts'
import { serverIsGone } from '../platform/store/pool.ts'
import type { Store } from '../platform/store/store.ts'
import type { ClaimedItem } from './claim.ts'
import { collectionOf, inOne, latestOf, storeItems } from './collect.ts'

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

/** Transactions at once: under load each takes what came while the others were committed. */
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
    if (batch.length === 0) return
    const keep = async (some: Waiting[]) => {
      const stored = await storeBatch(store, worker, some)
      for (const each of some) each.done()
      // The answers leave first: who waits for them does not wait for what is decided.
      setImmediate(() => {
        for (const [source, items] of stored) taken(source, items)
      })
    }
    try {
      await keep(batch)
    } catch (error) {
      // One that cannot be stored must not take the others of its milliseconds along.
      if (batch.length > 1 && !serverIsGone(error)) for (const each of batch) await keep([each]).catch(each.done)
      else for (const each of batch) each.done(error as Error)
    }
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

/** One way there and back: what is not awaited here is known when all of it is committed. */
async function storeBatch(store: Store, worker: number, batch: Waiting[]): Promise<[Source, ClaimedItem[]][]> {
  const { begins, sizes, all } = inOne(batch.map((each) => each.body))
  const { stored } = await store.transaction(async (tx) => {
    tx.send(
      `insert into webhook (connection, topic, body, status, reason, received_at)
       select x.connection, x.topic, substring($5::bytea from x.begins for x.size), case when x.reason is null then 'read' else 'refused' end, x.reason, now.at
       from unnest($1::text[], $2::text[], $3::int[], $4::int[], $6::text[]) as x(connection, topic, begins, size, reason), (select hub_now() as at) as now`,
      [
        batch.map((each) => each.connection),
        batch.map((each) => each.delivery?.topic ?? null),
        begins,
        sizes,
        all,
        batch.map((each) => each.reason ?? null),
      ],
    )
    const bySource = new Map<Source, WebhookDelivery['items']>()
    for (const { source, delivery } of batch)
      if (source && delivery) bySource.set(source, [...(bySource.get(source) ?? []), ...delivery.items])
    const sources = [...bySource].sort(([a], [b]) => (a.name < b.name ? -1 : 1))
    const stored = Promise.all(
      sources.map(async ([source, items]): Promise<[Source, ClaimedItem[]]> => {
        const into = collectionOf(source, 'webhook', worker)
        return [source, await storeItems(tx, into, [...latestOf(into, items).values()])]
      }),
    )
    stored.catch(() => {})
    return { stored }
  })
  return stored
}
