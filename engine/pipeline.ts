// The walk: the only file that knows the order of the stages.
//
//   pull or webhook ─▶ collect ─▶ draft (map in) ─▶ decide: RECORD, owe ─▶ wake ─▶ HANDOFF: deliver (map out, push or call) ─▶ settle
//                                       ▲                                                                                │
//                                       └──────────────────────── the answer of a call comes in like an item ────────────┘
//
// Each arrow is a committed state in the store. Whoever dies between two of them loses nothing: the sweeper finds what is
// undecided, owed or in flight without an owner, and the walk goes on from there.
import { ConnectorError, type WebhookRequest } from '#connector'
import { deliver as deliverChunk } from './delivery/deliver.ts'
import { owe, release } from './handoff/owe.ts'
import { wake } from './handoff/wake.ts'
import type { ConnectionClient, Source } from './hub.ts'
import { type ClaimedItem, claimItems, parkItem, releaseItems } from './intake/claim.ts'
import { collect } from './intake/collect.ts'
import { type Change, decide } from './intake/decide.ts'
import { draft } from './intake/draft.ts'
import { pull as pullPages, type RunReport } from './intake/pull.ts'
import { openWebhookIntake } from './intake/webhooks.ts'
import { type KeptAnswer, settle } from './outcome/settle.ts'
import { type Coalesced, coalesced } from './platform/coalesce.ts'
import type { Queues } from './platform/queue/queues.ts'
import { patiently, serverIsGone } from './platform/store/pool.ts'
import type { Store, Transaction } from './platform/store/store.ts'
import type { Assembly } from './setup/assemble.ts'
import type { Facts } from './setup/facts.ts'

export interface Running {
  store: Store
  queues: Queues
  worker: number
  signal: AbortSignal
  clients: Map<string, ConnectionClient>
  /** Today's sources and routes: replaced when mappings change. */
  assembly: () => Assembly
  facts: Facts
  /** The connections that may work now: neither limited nor paused. */
  openConnections: () => Promise<string[]>
  concurrency: (connection: string) => number
  onError: (error: Error) => void
}
export type Pipeline = ReturnType<typeof openPipeline>

/** Items decided on at once. */
const BATCH = 500

export function openPipeline(hub: Running) {
  const { store, facts, worker } = hub
  const sources = () => [...hub.assembly().sources.values(), ...hub.assembly().answers.values()]

  /** Owed and due: on its way. Many calls while one runs become one more. */
  const wakeSoon = coalesced(async () => {
    while ((await wake(store, hub.queues, await hub.openConnections())) > 0 && !hub.signal.aborted);
  }, hub.onError)

  /** Decides on everything that a source has waiting, one batch after another. */
  const deciders = new Map<string, Coalesced>()
  function decideSoon(name: string): void {
    if (!deciders.has(name))
      deciders.set(
        name,
        coalesced(() => decideAll(name), hub.onError),
      )
    deciders.get(name)!()
  }
  async function decideAll(name: string): Promise<void> {
    // A batch that fails is split until the item that it fails on stands alone; that one is parked.
    for (let limit = BATCH; ; ) {
      const source = sources().find((each) => each.name === name)
      if (!source || hub.signal.aborted) return
      const items = await claimItems(store, source, worker, limit)
      if (items.length === 0) return
      try {
        await decideBatch(source, items)
        limit = Math.min(BATCH, limit * 2)
      } catch (error) {
        if (serverIsGone(error) || error instanceof ConnectorError) {
          await releaseItems(store, source, items)
          throw error
        }
        if (items.length === 1) await parkItem(store, source, items[0]!, error as Error)
        else await releaseItems(store, source, items)
        limit = Math.ceil(items.length / 2)
      }
      wakeSoon()
    }
  }
  async function decideBatch(source: Source, items: ClaimedItem[]): Promise<void> {
    const oweRoutes = (tx: Transaction, changes: Change[]) => owe(tx, [...hub.assembly().routes.values()], changes)
    await decide(store, { ...facts, owe: oweRoutes, release }, source, await draft(store, source, items), items)
  }

  async function pull(name: string): Promise<RunReport | undefined> {
    const source = hub.assembly().sources.get(name)
    if (!source) return undefined
    const since = facts.since(name)
    return pullPages(store, hub.clients.get(source.connection)!, source, worker, {
      signal: hub.signal,
      onPage: () => decideSoon(name),
      ...(since ? { since } : {}),
    })
  }

  async function deliver(connection: string, ids: number[]): Promise<void> {
    const { routes, answers } = hub.assembly()
    const calls = new Set<string>()
    const settleFacts = {
      store,
      connection,
      release,
      keepAnswers: async (tx: Transaction, kept: KeptAnswer[]) => {
        for (const [route, items] of Map.groupBy(kept, (each) => each.route)) {
          const to = answers.get(route)!
          calls.add(route)
          const into = {
            source: to.name,
            connection,
            resource: to.resource,
            via: 'answer',
            lane: to.lane,
            revision: to.revision,
          } as const
          await collect(
            tx,
            into,
            items.map(({ recordId, externalId, answer }) => ({
              id: externalId,
              text: JSON.stringify(answer),
              recordId,
            })),
          )
        }
      },
    }
    await deliverChunk(
      {
        store,
        worker,
        connection,
        routes,
        parents: facts.parents,
        concurrency: hub.concurrency(connection),
        signal: hub.signal,
      },
      ids,
      (settlements) => patiently(() => settle(settleFacts, settlements)),
    )
    for (const route of calls) decideSoon(route)
    wakeSoon()
  }

  const accept = openWebhookIntake(store, (connection, resource) =>
    [...hub.assembly().sources.values()].find(
      (source) => source.connection === connection && source.resource === resource && facts.takesWebhooks(source.name),
    ),
  )
  async function webhook(connection: string, request: WebhookRequest) {
    const client = hub.clients.get(connection)
    if (!client)
      return { status: 404, body: { code: 'HUB_WEBHOOK_UNKNOWN', message: `There is no connection "${connection}".` } }
    const { source, ...answer } = await accept(client, request)
    if (source) decideSoon(source.name)
    return answer
  }

  /** Resolves when no decision and no waking is under way. */
  async function idle(): Promise<void> {
    await Promise.all([...deciders.values(), wakeSoon].map((each) => each.idle()))
  }
  return { pull, decideSoon, deliver, webhook, wakeSoon, idle }
}
