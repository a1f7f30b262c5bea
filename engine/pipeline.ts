// The walk: the only file that knows the order of the stages.
//
//   pull or webhook ─▶ collect ─▶ draft (map in) ─▶ decide: RECORD, owe ─┬──── room ────▶ HANDOFF: deliver (map out, call) ─▶ settle
//                                       ▲                               └▶ wake ─ queue ─▶                                  │
//                                       └──────────────────────── the answer of a call comes in like an item ───────────────┘
//
// Each arrow is a committed state in the store. Whoever dies between two of them loses nothing: the sweeper finds what is
// undecided, owed or in flight without an owner, and the walk goes on from there.
import type { WebhookRequest } from '#connector'
import { openChunks } from './delivery/chunks.ts'
import { leaseMs } from './delivery/claim.ts'
import { hold, type Owed, owe, release } from './handoff/owe.ts'
import { type Awake, wake, wakeLost } from './handoff/wake.ts'
import type { ConnectionClient, Route, Settlement, Source } from './hub.ts'
import { type BackfillReport, type BackfillWish, backfill as readAgain } from './intake/backfill.ts'
import type { ClaimedItem } from './intake/claim.ts'
import { type Collection, claimedItem, collect, collectionOf, type Sifted, storeItems } from './intake/collect.ts'
import { decide, type Items } from './intake/decide.ts'
import { openDecider } from './intake/decider.ts'
import { type Drafted, draft } from './intake/draft.ts'
import { claimedItems, freshItems } from './intake/items.ts'
import { pull as pullPages, type RunReport } from './intake/pull.ts'
import type { Change } from './intake/records.ts'
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
  /** Whether nothing is known against a connection. */
  healthy: (connection: string) => Promise<boolean>
  /** After a failure: what is known about connections is asked anew. */
  forgetConnections: () => void
  concurrency: (connection: string) => number
  onError: (error: Error) => void
}
export type Pipeline = ReturnType<typeof openPipeline>

/** Of a destination that says nothing about it. */
const DEADLINE_MS = 20_000
/** A page waits so long for the one before it to be sent: what is sent straight costs half of what the queue's way costs. */
const ROOM_WITHIN_MS = 50

export function openPipeline(hub: Running) {
  const { store, facts, worker } = hub
  const sources = () => [...hub.assembly().sources.values(), ...hub.assembly().answers.values()]

  /** Owed and due: on its way. Many calls while one runs become one more. */
  const wakeSoon = coalesced(async () => {
    while ((await wake(store, hub.queues, await awake())) > 0 && !hub.signal.aborted);
  }, hub.onError)
  const awake = async () => ({
    ...(await hub.openConnections()),
    routes: [...hub.assembly().routes.keys()],
    chunk: chunks.size,
  })

  const deadlineMs = (connection: string) => hub.clients.get(connection)?.deadlineMs ?? DEADLINE_MS
  const chunks = openChunks({
    store,
    worker,
    signal: hub.signal,
    parents: (type) => facts.parents(type),
    routes: () => hub.assembly().routes,
    concurrency: hub.concurrency,
    deadlineMs,
    settle: settleChunk,
    onError: hub.onError,
  })

  /** One at a time of what an earlier process died with: so it is known which one it was. */
  const inTurn = turns()

  const decider = openDecider({
    store,
    worker,
    signal: hub.signal,
    sources,
    inTurn,
    decide: async (source, items) =>
      decideBatch(source, claimedItems(source, items, worker), await draft(store, source, items)),
    onError: hub.onError,
  })
  /** Decides on a batch, and sends at once what it owes, as far as there is room; the rest goes through the queue. */
  async function decideBatch(source: Source, items: Items, drafted: Drafted): Promise<void> {
    const routes = [...hub.assembly().routes.values()]
    const { connections } = await hub.openConnections()
    const room = chunks.room(hub.signal.aborted ? [] : connections)
    const lease = leaseMs(Math.max(0, ...connections.map(deadlineMs)))
    const leaseBegan = performance.now()
    let owed: Owed = { claimed: [], left: 0 }
    const goesOn = released()
    const rules = {
      ...facts,
      release: goesOn.release,
      hold,
      owe: async (tx: Transaction, changes: Change[]) => {
        owed = await owe(tx, routes, changes, { worker, room, leaseMs: lease, from: source.connection })
      },
      routesTo: (connection: string, resource: string, type: string) => pushing(routes, connection, resource, type),
    }
    await decide(store, rules, source, drafted, items)
    chunks.send(owed.claimed, leaseBegan)
    if (owed.left > 0) wakeSoon()
    goesOn.go()
  }
  /** Gathers what a transaction lets go on, to have it go on once that is committed. */
  function released() {
    let handoffs = false
    const undecided = new Set<string>()
    return {
      release: async (tx: Transaction, arrived: string[]) => {
        const some = await release(tx, arrived)
        handoffs ||= some.handoffs
        for (const source of some.sources) undecided.add(source)
      },
      go() {
        if (handoffs) wakeSoon()
        for (const source of undecided) decider.soon(source)
      },
    }
  }
  /** A page of which something is new: stored and decided in one transaction. Answers what of it is decided later. */
  async function decidePage(
    source: Source,
    into: Collection,
    page: Sifted,
    first: (tx: Transaction) => Promise<void>,
  ): Promise<ClaimedItem[]> {
    const known = { stale: false, recordId: null, edits: null, lane: into.lane, receivedAt: page.at }
    const all = page.fresh.map((item) => claimedItem(item, known))
    // On its own: items are locked in one order within a statement, not over two of them.
    const changed = page.changed.length === 0 ? [] : await store.transaction((tx) => storeItems(tx, into, page.changed))
    const items = freshItems(into, page.fresh, all, first)
    const drafted = await draft(store, source, all)
    const types = source.outputs.map((each) => each.type)
    const fed = [...hub.assembly().routes.values()].filter((route) => types.includes(route.record))
    await chunks.roomSoon([...new Set(fed.map((route) => route.connection))], ROOM_WITHIN_MS)
    await decideBatch(source, items, drafted)
    return changed
  }

  const pulling = new Set<string>()
  async function pull(name: string): Promise<RunReport | undefined> {
    const source = hub.assembly().sources.get(name)
    if (!source || pulling.has(name)) return undefined
    const since = facts.since(name)
    pulling.add(name)
    return pullPages(store, hub.clients.get(source.connection)!, source, worker, {
      signal: hub.signal,
      decideAtOnce: (into, page, first) => decidePage(source, into, page, first),
      taken: (items) => decider.hand(name, items),
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
    if ([...connections, ...trial].includes(connection)) await chunks.deliver(connection, ids, alone)
  }
  async function settleChunk(connection: string, settlements: Settlement[]): Promise<void> {
    const { answers } = hub.assembly()
    const taken = new Map<string, ClaimedItem[]>()
    const keepAnswers = async (tx: Transaction, kept: KeptAnswer[]) => {
      for (const [route, items] of Map.groupBy(kept, (each) => each.route)) {
        const to = answers.get(route)
        // What a channel answers to the message of an alert changes no record.
        if (to) taken.set(route, await collect(tx, collectionOf(to, 'answer', worker), items.map(itemOf)))
      }
    }
    const goesOn = released()
    const healthy = await hub.healthy(connection).catch(() => false)
    const written = { store, connection, release: goesOn.release, keepAnswers, healthy }
    const again = await patiently(() => settle(written, settlements), hub.signal)
    if (settlements.some(({ result }) => result.result === 'error')) hub.forgetConnections()
    for (const [route, items] of taken) decider.hand(route, items)
    if (again) wakeSoon()
    goesOn.go()
  }

  const accept = openWebhookIntake({
    store,
    worker,
    sourceFor: (connection, resource) =>
      [...hub.assembly().sources.values()].find(
        (each) => each.connection === connection && each.resource === resource && facts.takesWebhooks(each.name),
      ),
    taken: (source, items) => decider.hand(source.name, items),
  })
  async function webhook(connection: string, request: WebhookRequest) {
    const client = hub.clients.get(connection)
    if (!client)
      return { status: 404, body: { code: 'HUB_WEBHOOK_UNKNOWN', message: `There is no connection "${connection}".` } }
    return accept(client, request)
  }

  /** Wakes again what the queue lost. */
  async function recover(): Promise<void> {
    await wakeLost(store, hub.queues, await awake())
  }

  /** Resolves when nothing is sent any more either, and what that led to is decided. For a hub that stops. */
  async function ended(): Promise<void> {
    await idle()
    await chunks.idle()
    await idle()
  }
  /** Resolves when no decision and no waking is under way. */
  async function idle(): Promise<void> {
    await Promise.all([decider.idle(), wakeSoon.idle()])
  }
  return { pull, backfill, decideSoon: decider.soon, deliver, webhook, wakeSoon, recover, idle, ended }
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
