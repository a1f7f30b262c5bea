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
import { hold, owe, release } from './handoff/owe.ts'
import { type Awake, wake, wakeLost } from './handoff/wake.ts'
import type { ConnectionClient, Source } from './hub.ts'
import { type ClaimedItem, claimItems, claimLeft, parkItem, releaseItems } from './intake/claim.ts'
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
  /** The connections that may work now, and those that are tried after an outage. */
  openConnections: () => Promise<Pick<Awake, 'connections' | 'trial'>>
  concurrency: (connection: string) => number
  onError: (error: Error) => void
}
export type Pipeline = ReturnType<typeof openPipeline>

/** Items decided on at once. */
const BATCH = 500
/** Of a destination that says nothing about it. */
const DEADLINE_MS = 20_000

export function openPipeline(hub: Running) {
  const { store, facts, worker } = hub
  const sources = () => [...hub.assembly().sources.values(), ...hub.assembly().answers.values()]

  /** Owed and due: on its way. Many calls while one runs become one more. */
  const wakeSoon = coalesced(async () => {
    while ((await wake(store, hub.queues, await awake())) > 0 && !hub.signal.aborted);
  }, hub.onError)
  const awake = async () => ({ ...(await hub.openConnections()), routes: [...hub.assembly().routes.keys()] })

  /** One at a time of what an earlier process died with: so it is known which one it was. */
  let alone: Promise<unknown> = Promise.resolve()
  function inTurn<T>(work: () => Promise<T>): Promise<T> {
    const turn = alone.then(work)
    alone = turn.catch(() => {})
    return turn
  }

  /** Decides on everything that a source has waiting, one batch after another. */
  const deciders = new Map<string, Coalesced>()
  function decideSoon(name: string): void {
    const known = deciders.get(name) ?? coalesced(() => decideAll(name), hub.onError)
    deciders.set(name, known)
    known()
  }
  async function decideAll(name: string): Promise<void> {
    const source = () => (hub.signal.aborted ? undefined : sources().find((each) => each.name === name))
    for (let now = source(); now; now = source()) {
      const left = await inTurn(() => decideSome(now!, (from) => claimLeft(store, from, worker)))
      if (left === 'none') break
    }
    // A batch that fails is split until the item that it fails on stands alone; that one is parked.
    let limit = BATCH
    for (let now = source(); now; now = source()) {
      const came = await decideSome(now, (from) => claimItems(store, from, worker, limit))
      if (came === 'none') return
      limit = came === 'failed' ? Math.ceil(limit / 2) : Math.min(BATCH, limit * 2)
    }
  }
  async function decideSome(
    source: Source,
    claim: (source: Source) => Promise<ClaimedItem[]>,
  ): Promise<'none' | 'decided' | 'failed'> {
    const items = await claim(source)
    if (items.length === 0) return 'none'
    try {
      await decideBatch(source, items)
      wakeSoon()
      return 'decided'
    } catch (error) {
      const later = serverIsGone(error) || error instanceof ConnectorError
      const alone = items.length === 1 && !later
      // Patiently: a claim that is not given back is looked at by nobody for as long as this process lives.
      await patiently(
        () =>
          alone
            ? parkItem(store, source, items[0]!, worker, error as Error)
            : releaseItems(store, source, items, worker),
        hub.signal,
      )
      if (later) throw error
      return 'failed'
    }
  }
  async function decideBatch(source: Source, items: ClaimedItem[]): Promise<void> {
    const routes = [...hub.assembly().routes.values()]
    const decider = {
      ...facts,
      release,
      hold,
      owe: (tx: Transaction, changes: Change[]) => owe(tx, routes, changes),
      routesTo: (connection: string, resource: string, type: string) =>
        routes
          .filter(
            (route) =>
              route.kind === 'push' &&
              route.connection === connection &&
              route.target === resource &&
              route.record === type,
          )
          .map((route) => route.name),
    }
    await decide(store, decider, source, await draft(store, source, items), items, worker)
  }

  const pulling = new Set<string>()
  async function pull(name: string): Promise<RunReport | undefined> {
    const source = hub.assembly().sources.get(name)
    if (!source || pulling.has(name)) return undefined
    const since = facts.since(name)
    pulling.add(name)
    return pullPages(store, hub.clients.get(source.connection)!, source, worker, {
      signal: hub.signal,
      onPage: () => decideSoon(name),
      ...(since ? { since } : {}),
    }).finally(() => pulling.delete(name))
  }

  async function deliver(connection: string, ids: number[], single = false): Promise<void> {
    if (single) return inTurn(() => deliverNow(connection, ids, true))
    return deliverNow(connection, ids, false)
  }
  async function deliverNow(connection: string, ids: number[], alone: boolean): Promise<void> {
    const { connections, trial } = await hub.openConnections()
    if (![...connections, ...trial].includes(connection)) return
    const { routes, answers } = hub.assembly()
    const calls = new Set<string>()
    const settleFacts = {
      store,
      connection,
      release,
      keepAnswers: async (tx: Transaction, kept: KeptAnswer[]) => {
        for (const [route, items] of Map.groupBy(kept, (each) => each.route)) {
          const to = answers.get(route)
          // What a channel answers to the message of an alert changes no record.
          if (!to) continue
          calls.add(route)
          const into = {
            source: to.name,
            connection,
            resource: to.resource,
            via: 'answer',
            lane: to.lane,
            revision: to.revision,
            rereads: false,
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
        alone,
        deadlineMs: hub.clients.get(connection)?.deadlineMs ?? DEADLINE_MS,
        signal: hub.signal,
      },
      ids,
      (settlements) => patiently(() => settle(settleFacts, settlements), hub.signal),
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

  /** Wakes again what the queue lost. */
  async function recover(): Promise<void> {
    await wakeLost(store, hub.queues, await awake())
  }

  /** Resolves when no decision and no waking is under way. */
  async function idle(): Promise<void> {
    await Promise.all([...deciders.values(), wakeSoon].map((each) => each.idle()))
  }
  return { pull, decideSoon, deliver, webhook, wakeSoon, recover, idle }
}
