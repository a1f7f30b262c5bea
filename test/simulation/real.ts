// The ledger in PostgreSQL, as the engine's own statements keep it, driven like the one in memory. Its clock stands still until the
// schedule lets time pass.
import { openLedger } from '../../engine/delivery/ledger.ts'
import { hold, owe, release } from '../../engine/handoff/owe.ts'
import { sweepWaits } from '../../engine/handoff/sweep.ts'
import { reclaim, wake, wakeLost } from '../../engine/handoff/wake.ts'
import type { Claimed, Route } from '../../engine/hub.ts'
import { claimItems } from '../../engine/intake/claim.ts'
import { decide } from '../../engine/intake/decide.ts'
import { draft } from '../../engine/intake/draft.ts'
import { claimedItems } from '../../engine/intake/items.ts'
import type { Change } from '../../engine/intake/records.ts'
import { resolve, retry } from '../../engine/outcome/retry.ts'
import { settle } from '../../engine/outcome/settle.ts'
import type { Queues } from '../../engine/platform/queue/queues.ts'
import type { Transaction } from '../../engine/platform/store/store.ts'
import type { World } from '../support/world.ts'
import { type Books, byName, type Job, type Row } from './books.ts'

const STILL = `create or replace function hub_now() returns timestamptz language sql stable
  as $$ select timestamptz '2026-01-01 00:00Z' + shift from clock $$`
const EMPTY = `truncate item, record, link, handoff, attempt, event, connection_state restart identity cascade`

/** An empty ledger in the world's schema. `busy`: told when a statement begins (1) and ends (-1). */
export async function realBooks(
  world: World,
  routes: Map<string, Route>,
  busy: (work: number) => void,
): Promise<Books & { close: () => Promise<void> }> {
  const { store, worker } = world.hub
  await store.query(STILL)
  await store.query(EMPTY)
  await store.query("update clock set shift = '0'")
  world.assembly.routes.clear()
  for (const route of routes.values()) world.assembly.routes.set(route.name, route)
  const alive = new Map<number, () => Promise<void>>()
  const awake = { connections: ['wms', 'carrier'], trial: [], routes: [...routes.keys()], chunk: () => 40 }

  async function counted<T>(work: () => Promise<T>): Promise<T> {
    busy(1)
    try {
      return await work()
    } finally {
      busy(-1)
    }
  }
  async function rows(): Promise<Row[]> {
    return (await store.query<Row & Record<string, unknown>>(ROWS)).sort(byName)
  }
  /** What the engine puts into the queue, in an order that both ledgers share. */
  async function caught(depth: number, waking: (queues: Queues) => Promise<unknown>): Promise<Job[]> {
    const jobs: Job[] = []
    const queues: Pick<Queues, 'add' | 'depth'> = {
      depth: async () => depth,
      add: async (connection, list) => {
        for (const { data } of list) jobs.push({ connection, ...(data as { ids: number[]; alone: boolean }) })
      },
    }
    await waking(queues as Queues)
    const names = new Map((await rows()).map((row, index) => [row.id, index]))
    const order = (id: number) => names.get(id)!
    for (const job of jobs) job.ids.sort((a, b) => order(a) - order(b))
    return jobs.sort((a, b) => order(a.ids[0]!) - order(b.ids[0]!))
  }

  return {
    start: async () => {
      const { worker, release: free } = await store.register(() => {})
      alive.set(worker, free)
      return worker
    },
    end: async (worker) => {
      await alive.get(worker)!()
      alive.delete(worker)
    },
    // Whatever is in flight.
    pass: async (ms) => void (await store.query("update clock set shift = shift + $1 * interval '1 ms'", [ms])),
    store: ({ id, note, stamp }) => world.store([{ id, number: String(id), note, $stamp: stamp }]),
    decide: async (straight) => {
      const source = world.assembly.sources.get('orders')!
      const items = await claimItems(store, source, worker, 500, [])
      const claimed: Claimed[] = []
      const rules = {
        ...world.hub.facts,
        release,
        hold,
        owe: async (tx: Transaction, changes: Change[]) => {
          claimed.push(...(await owe(tx, [...routes.values()], changes, straight)).claimed)
        },
        routesTo: () => [],
      }
      await decide(store, rules, source, await draft(store, source, items), claimedItems(source, items, worker))
      return claimed.sort(byName)
    },
    wake: () => caught(0, (queues) => wake(store, queues, awake)),
    wakeLost: (depth) => caught(depth, (queues) => wakeLost(store, queues, awake)),
    reclaim: async () => void (await reclaim(store)),
    sweepWaits: async () => void (await sweepWaits(store)),
    ledger: (worker, connection, alone) => {
      const ledger = openLedger({ store, worker, connection, routes, parents: () => ({}), alone })
      return {
        claim: (ids, leaseMs) => counted(async () => (await ledger.claim(ids, leaseMs)).sort(byName)),
        related: (claimed) => counted(() => ledger.related(claimed)),
        links: (needs) => counted(() => ledger.links(needs)),
        ownLinks: (claimed) => counted(() => ledger.ownLinks(claimed)),
        freeze: (calls) => counted(() => ledger.freeze(calls)),
        mapped: (claimed) => counted(() => ledger.mapped(claimed)),
      }
    },
    settle: (connection, settlements) =>
      counted(async () => {
        const facts = { store, connection, release, keepAnswers: async () => {}, healthy: false }
        await settle(facts, settlements)
      }),
    person: async (handoffs, does) => {
      if (does === 'retry') await retry(store, { items: [], handoffs })
      else await resolve(store, { items: [], handoffs }, 'it is there')
    },
    rows,
    links: async () =>
      (
        await store.query<{ link: string }>(
          "select link.connection || ' ' || link.external_id || ' ' || record.key as link from link join record on record.id = link.record_id where link.connection <> 'shop'",
        )
      )
        .map((row) => row.link)
        .sort(),
    close: async () => {
      for (const free of alive.values()) await free()
    },
  }
}

const since = (column: string) => `(extract(epoch from ${column} - timestamptz '2026-01-01 00:00Z') * 1000)::float8`
const ROWS = `
select handoff.id, record.key, route, handoff.kind, record.data->>'note' as note, record.version, wanted, delivered, state, outcome, attempts, deaths, fence,
  ${since('due_at')} as due, ${since('queued_at')} as queued, ${since('lease_until')} as lease, ${since('uncertain_since')} as uncertain,
  ${since('lost_at')} as lost, lost_version as "lostVersion", worker is not null as held, image is not null as image, cause, waiting_for as "waitingFor"
from handoff join record on record.id = handoff.record_id`
