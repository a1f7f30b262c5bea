// One scenario's place: the five stand-ins in a process of their own, hub processes, and the look from outside that says what
// became of the orders. What counts is what the systems hold.
import { type ChildProcess, spawn } from 'node:child_process'
import { createHmac, randomBytes } from 'node:crypto'
import { cpSync, mkdirSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { audit } from '../../engine/cli/demo/audit.ts'
import { collect } from '../../engine/cli/demo/collections.ts'
import { orderOutcomes } from '../../engine/cli/demo/outcomes.ts'
import { type Systems, startSystems } from '../../engine/cli/demo/systems.ts'
import { systemVariables } from '../../engine/cli/demo/variables.ts'
import type { Json } from '../../engine/hub.ts'
import { openStore, type Store } from '../../engine/platform/store/store.ts'
import { PROJECT } from '../../engine/setup/load.ts'
import { freePort } from '../support/servers.ts'
import type { Machines } from './machines.ts'

export type Backend = 'postgres' | 'redis'
export interface Hub {
  child: ChildProcess
  url: string
  /** Resolves when it has ended. */
  ended: Promise<void>
}
/** What became of the orders, counted in the systems. */
export interface Count {
  in: number
  delivered: number
  lost: number
  doubled: number
  /** Successful writes of an older version after a newer one. */
  disordered: number
  /** What is not right yet, in words. */
  open: string[]
}
export interface Place {
  backend: Backend
  machines: Machines
  systems: Systems
  store: Store
  /** The folder of the configuration and the mappings that its hubs use. */
  root: string
  hubs: Hub[]
  start: () => Promise<Hub>
  kill: (hub?: Hub) => Promise<void>
  /** SIGTERM; resolves when it has ended by itself. */
  stop: (hub: Hub) => Promise<void>
  /** Adds a fault; answers how often it has struck so far. */
  fault: (rule: object) => Promise<() => Promise<number>>
  clearFaults: () => Promise<void>
  writes: () => Promise<number>
  /** Waits; whenever nothing moves by itself, time passes. */
  until: (what: string, condition: () => Promise<boolean> | boolean, ms?: number) => Promise<void>
  /** Lets the database's time pass. */
  pass: (interval: string) => Promise<void>
  /** Sends a signed webhook of the shop to a hub; answers its status. */
  webhook: (hub: Hub, topic: string, body: Json) => Promise<number>
  count: () => Promise<Count>
  /** Waits until everything is where it belongs; whenever nothing moves, time passes. Answers the seconds it took. */
  recover: (ms?: number) => Promise<{ seconds: number; count: Count }>
  close: () => Promise<void>
}

const HUB = path.join(import.meta.dirname, 'hub.ts')
const SHOP = { source: 'shop-orders', connection: 'shop', resource: 'orders', route: 'to-warehouse' }

export async function openPlace(
  machines: Machines,
  backend: Backend,
  orders: number,
  seed: number,
  parked: string[] = [],
): Promise<Place> {
  const schema = `chaos_${randomBytes(5).toString('hex')}`
  const folder = mkdtempSync(path.join(tmpdir(), 'handoff-place-'))
  const root = path.join(folder, 'root')
  mkdirSync(root, { recursive: true })
  cpSync(path.join(PROJECT, 'mappings'), path.join(root, 'mappings'), { recursive: true })
  cpSync(path.join(PROJECT, 'config', 'demo'), path.join(root, 'config'), { recursive: true })
  const systems = await startSystems(path.join(folder, 'systems'))
  await systems.post('seed', { orders, seed })
  const store = await openStore({ databaseUrl: undefined, stateDir: machines.folder, schema, onError: () => {} })
  const variables = await systemVariables(systems.addresses)
  const port = await freePort()
  const hubs: Hub[] = []
  const children = new Set<ChildProcess>()
  const expected = (await systems.get('expected')) as Record<string, string>

  async function start(): Promise<Hub> {
    const env = {
      ...process.env,
      ...variables,
      DATABASE_URL: '',
      REDIS_URL: backend === 'redis' ? machines.redis!.url : '',
      HANDOFF_STATE: machines.folder,
      HANDOFF_SCHEMA: schema,
      HANDOFF_LOG: 'error',
      NO_COLOR: '1',
    }
    const own = hubs.length === 0 ? port : 0
    const child = spawn(process.execPath, [HUB, root, String(own)], { env, stdio: ['ignore', 'pipe', 'pipe'] })
    children.add(child)
    const ended = new Promise<void>((resolve) => child.on('close', () => resolve())).then(
      () => void children.delete(child),
    )
    let said = ''
    child.stderr!.on('data', (chunk) => (said += chunk))
    const url = await new Promise<string>((resolve, reject) => {
      child.stdout!.on('data', (chunk) => resolve(JSON.parse(String(chunk)).url))
      void ended.then(() => reject(new Error(`a hub ended before it ran: ${said}`)))
    })
    const hub = { child, url, ended }
    hubs.push(hub)
    return hub
  }
  async function kill(hub = hubs[0]): Promise<void> {
    if (!hub) return
    hub.child.kill('SIGKILL')
    await hub.ended
    hubs.splice(hubs.indexOf(hub), 1)
  }
  async function stop(hub: Hub): Promise<void> {
    hub.child.kill('SIGTERM')
    await hub.ended
    hubs.splice(hubs.indexOf(hub), 1)
  }
  const writes = async () =>
    Object.values((await systems.get('requests?writes=1')) as Record<string, number>).reduce(
      (sum, each) => sum + each,
      0,
    )
  const pass = async (interval: string) =>
    void (await store.query('update clock set shift = shift + $1::interval', [interval]))

  async function until(what: string, condition: () => Promise<boolean> | boolean, ms = 60_000): Promise<void> {
    const begun = Date.now()
    for (let turn = 1; !(await condition()); turn++) {
      if (Date.now() - begun > ms) throw new Error(`it never happened that ${what}`)
      if (turn % 20 === 0 && !(await moving().catch(() => true))) await pass('10 seconds').catch(() => {})
      await sleep(25)
    }
  }

  async function count(): Promise<Count> {
    const found = await collect(systems)
    const outcomes = await orderOutcomes(store, SHOP.source, SHOP.connection, SHOP.resource, SHOP.route)
    const result = audit(outcomes, found, { withStorefront: true })
    const there = new Set(found.warehouseOrders.map((order: Json) => order.data.partner_order_id))
    const carried = Object.entries(expected).filter(
      ([number, outcome]) => outcome === 'carried' && !parked.includes(number) && !there.has(`shop:${number}`),
    )
    const missing = result.rows.filter((row) => row.what !== 'orders').reduce((sum, row) => sum + row.missing, 0)
    // In the order in which the writes were sent: the outcome of one may be written long after that of a later one.
    const [disordered] = await store.query<{ n: number }>(
      `select count(*)::int as n from (
         select version < max(version) over (partition by handoff_id order by sent, id rows between unbounded preceding and 1 preceding) as older
         from (select id, handoff_id, version, (select min(one->>'at') from json_array_elements(exchanges) as one where (one->>'write')::boolean) as sent
           from attempt where kind is null and version is not null) as writes where sent is not null) as steps where older`,
    )
    const unread = found.shopOrders.length - outcomes.length
    return {
      in: found.shopOrders.length,
      delivered: there.size,
      lost: carried.length + missing + unread,
      doubled: result.rows.reduce((sum, row) => sum + row.doubled, 0),
      disordered: disordered!.n,
      open: [
        ...(unread > 0 ? [`${unread} orders were not read`] : []),
        ...(carried.length > 0 ? [`${carried.length} orders are not in the warehouse`] : []),
        ...result.rows
          .filter((row) => row.missing + row.doubled > 0)
          .map((row) => `${row.what}: ${row.missing} missing, ${row.doubled} doubled`),
        ...result.faults,
      ],
    }
  }

  /** Whether anything moves by itself now. What is owed to a connection that has stopped does not. */
  async function moving(): Promise<boolean> {
    const [row] = await store.query<{ moving: boolean }>(
      `select exists (select from item where status = 'new') or exists (select from handoff where state = 'sending')
           or exists (select from handoff h where state = 'owed' and due_at <= hub_now()
             and not exists (select from connection_state c where c.connection = h.connection and c.state in ('paused', 'open', 'limited'))) as moving`,
    )
    return row!.moving
  }
  async function nothingOwed(): Promise<boolean> {
    const [row] = await store.query<{ owed: boolean }>(
      "select exists (select from handoff where state in ('owed', 'sending')) or exists (select from item where status = 'new') as owed",
    )
    return !row!.owed
  }

  async function recover(ms = 240_000): Promise<{ seconds: number; count: Count }> {
    const begun = Date.now()
    const took = () => (Date.now() - begun) / 1000
    let right: { seconds: number; count: Count } | undefined
    let calm = 0
    while (Date.now() - begun < ms) {
      try {
        // Counting reads everything that the systems hold: only what has come to rest is counted.
        const rests = !(await moving()) && (await nothingOwed()) && (await packed())
        if (rests && !right) {
          const seconds = took()
          const counted = await count()
          if (counted.open.length === 0) right = { seconds, count: counted }
        }
        calm = rests && right ? calm + 1 : 0
        if (right && calm >= 3) return right
        if (calm === 0) right = undefined
        if (calm === 0 && !(await moving())) await pass('10 seconds')
      } catch {
        // The database is not back yet.
      }
      await sleep(250)
    }
    const last = await count()
    return { seconds: took(), count: { ...last, open: [...last.open, `not settled after ${ms / 1000} s`] } }
  }
  /** The warehouse has packed what it can. */
  async function packed(): Promise<boolean> {
    const all = (await systems.get('state/shiphero/orders')) as Json[]
    return all.every((order) => order.status !== 'pending' || order.due === undefined)
  }

  return {
    backend,
    machines,
    systems,
    store,
    root,
    hubs,
    start,
    kill,
    stop,
    fault: async (rule) => {
      const { id } = await systems.post('faults', rule)
      return async () => (await systems.get('faults')).find((each: Json) => each.id === id)?.struck ?? 0
    },
    clearFaults: async () => void (await fetch(`${systems.control}/_sandbox/faults`, { method: 'DELETE' })),
    writes,
    until,
    pass,
    webhook: async (hub, topic, body) => {
      const text = JSON.stringify(body)
      const signature = createHmac('sha256', variables['DEMO_SHOP_WEBHOOK_SECRET']!).update(text).digest('base64')
      const headers = {
        'content-type': 'application/json',
        'x-wc-webhook-topic': topic,
        'x-wc-webhook-signature': signature,
      }
      return (await fetch(`${hub.url}/webhooks/shop`, { method: 'POST', body: text, headers })).status
    },
    count,
    recover,
    close: async () => {
      for (const hub of [...hubs]) await kill(hub)
      // Those that never came to run.
      for (const child of children) child.kill('SIGKILL')
      systems.stop()
      await store.ready().catch(() => {})
      await store.query(`drop schema if exists "${schema}" cascade`).catch(() => {})
      await store.close()
      rmSync(folder, { recursive: true, force: true })
    },
  }
}
