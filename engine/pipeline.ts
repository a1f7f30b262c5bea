// The walk: the only file that knows the order of the stages.
//
//   pull or webhook ─▶ collect ─▶ draft (map in) ─▶ decide: RECORD, owe ─▶ wake ─▶ HANDOFF: deliver (map out, push or call) ─▶ settle
//                                       ▲                                                                                │
//                                       └──────────────────────── the answer of a call comes in like an item ────────────┘
//
// Each arrow is a committed state in the store. Whoever dies between two of them loses nothing: the sweeper finds what is
// undecided, owed or in flight without an owner, and the walk goes on from there.
import type { WebhookRequest } from '#connector'
import { deliver as deliverChunk } from './delivery/deliver.ts'
import { openLedger } from './delivery/ledger.ts'
import { hold, owe, release } from './handoff/owe.ts'
import { type Awake, wake, wakeLost } from './handoff/wake.ts'
import type { ConnectionClient, Route, Source } from './hub.ts'
import { type BackfillReport, type BackfillWish, backfill as readAgain } from './intake/backfill.ts'
import type { ClaimedItem } from './intake/claim.ts'
import { collect, collectionOf } from './intake/collect.ts'
import { type Change, decide } from './intake/decide.ts'
import { openDecider } from './intake/decider.ts'
import { draft } from './intake/draft.ts'
import { pull as pullPages, type RunReport } from './intake/pull.ts'
import { openWebhookIntake } from './intake/webhooks.ts'
import { type KeptAnswer, settle } from './outcome/settle.ts'
import { coalesced, turns } from './platform/coalesce.ts'
import type { Queues } from './platform/queue/queues.ts'
import { patiently } from './platform/store/pool.ts'
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
  const inTurn = turns()

  const decider = openDecider({
    store,
    worker,
    signal: hub.signal,
    sources,
    inTurn,
    decide: decideBatch,
    decided: () => wakeSoon(),
    onError: hub.onError,
  })
  async function decideBatch(source: Source, items: ClaimedItem[]): Promise<void> {
    const routes = [...hub.assembly().routes.values()]
    const owed = (tx: Transaction, changes: Change[]) => owe(tx, routes, changes)
    const routesTo = (connection: string, resource: string, type: string) => pushing(routes, connection, resource, type)
    const rules = { ...facts, release, hold, owe: owed, routesTo }
    await decide(store, rules, source, await draft(store, source, items), items, worker)
  }

  const pulling = new Set<string>()
  async function pull(name: string): Promise<RunReport | undefined> {
    const source = hub.assembly().sources.get(name)
    if (!source || pulling.has(name)) return undefined
    const since = facts.since(name)
    pulling.add(name)
    return pullPages(store, hub.clients.get(source.connection)!, source, worker, {
      signal: hub.signal,
      onPage: () => decider.soon(name),
      ...(since ? { since } : {}),
    }).finally(() => pulling.delete(name))
  }

  /** Reads a part of a source again; undefined when another process does. */
  async function backfill(
    name: string,
    wish: BackfillWish,
    signal: AbortSignal,
    progress: (report: BackfillReport) => void,
  ): Promise<BackfillReport | undefined> {
    const source = hub.assembly().sources.get(name)!
    const stop = AbortSignal.any([hub.signal, signal])
    const onPage = () => decider.soon(name)
    return readAgain(store, hub.clients.get(source.connection)!, source, worker, wish, {
      signal: stop,
      onPage,
      progress,
    })
  }

  /** `single`: a handoff that processes died with, delivered alone. */
  async function deliver(connection: string, ids: number[], single = false): Promise<void> {
    return single ? inTurn(() => deliverNow(connection, ids, true)) : deliverNow(connection, ids, false)
  }
  async function deliverNow(connection: string, ids: number[], alone: boolean): Promise<void> {
    const { connections, trial } = await hub.openConnections()
    if (![...connections, ...trial].includes(connection)) return
    const { routes, answers } = hub.assembly()
    const calls = new Set<string>()
    const keepAnswers = async (tx: Transaction, kept: KeptAnswer[]) => {
      for (const [route, items] of Map.groupBy(kept, (each) => each.route)) {
        const to = answers.get(route)
        // What a channel answers to the message of an alert changes no record.
        if (!to) continue
        calls.add(route)
        await collect(tx, collectionOf(to, 'answer'), items.map(itemOf))
      }
    }
    await deliverChunk(
      {
        ledger: openLedger({ store, worker, connection, routes, parents: facts.parents, alone }),
        connection,
        routes,
        concurrency: hub.concurrency(connection),
        alone,
        deadlineMs: hub.clients.get(connection)?.deadlineMs ?? DEADLINE_MS,
        signal: hub.signal,
      },
      ids,
      (settlements) => patiently(() => settle({ store, connection, release, keepAnswers }, settlements), hub.signal),
    )
    for (const route of calls) decider.soon(route)
    wakeSoon()
  }

  const accept = openWebhookIntake(store, (connection, resource) => {
    const here = [...hub.assembly().sources.values()]
    return here.find(
      (each) => each.connection === connection && each.resource === resource && facts.takesWebhooks(each.name),
    )
  })
  async function webhook(connection: string, request: WebhookRequest) {
    const client = hub.clients.get(connection)
    if (!client)
      return { status: 404, body: { code: 'HUB_WEBHOOK_UNKNOWN', message: `There is no connection "${connection}".` } }
    const { source, ...answer } = await accept(client, request)
    if (source) decider.soon(source.name)
    return answer
  }

  /** Wakes again what the queue lost. */
  async function recover(): Promise<void> {
    await wakeLost(store, hub.queues, await awake())
  }

  /** Resolves when no decision and no waking is under way. */
  async function idle(): Promise<void> {
    await Promise.all([decider.idle(), wakeSoon.idle()])
  }
  return { pull, backfill, decideSoon: decider.soon, deliver, webhook, wakeSoon, recover, idle }
}

/** The routes that push records of a type to a resource. */
function pushing(routes: Route[], connection: string, resource: string, type: string): string[] {
  const there = routes.filter(
    (route) => route.kind === 'push' && route.connection === connection && route.target === resource,
  )
  return there.filter((route) => route.record === type).map((route) => route.name)
}

function itemOf({ recordId, externalId, answer }: KeptAnswer) {
  return { id: externalId, text: JSON.stringify(answer), recordId }
}
