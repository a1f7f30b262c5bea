// What is done to a hub while it works. Each answers how often its fault really struck: 0 fails the row.
import { appendFileSync, readFileSync, rmSync, statfsSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import type { Json } from '../../engine/hub.ts'
import { postgresPids } from './machines.ts'
import type { Backend, Place } from './place.ts'

export interface Scenario {
  name: string
  /** The fault; resolves when it is over, with how often it struck. */
  strike: (place: Place) => Promise<number>
  /** What must hold afterwards, besides that nothing is lost, doubled or out of order: sentences about what does not. */
  after?: (place: Place) => Promise<string[]>
  /** Numbers of orders that must not arrive. */
  parked?: string[]
  only?: Backend
  /** Part of the short form. */
  short?: true
  /** Needs a disk of its own that can be filled. */
  smallDisk?: true
  orders?: number
}

const someWork = (place: Place, more = 30) => {
  let from: number | undefined
  return place.until('there was some work', async () => {
    const now = await place.writes()
    from ??= now
    return now >= from + more
  })
}
const struckAtLeast = async (place: Place, struck: () => Promise<number>, times: number, ms = 60_000) => {
  await place.until(`the fault struck ${times} times`, async () => (await struck()) >= times, ms).catch(() => {})
  const often = await struck()
  await place.clearFaults()
  return often
}
/** A hub, and a fault (with `more` of another kind) that is there while it works, until it has struck so often. */
const faulty =
  (rule: object, times: number, more?: () => Promise<number>): Scenario['strike'] =>
  async (place) => {
    await place.start()
    const struck = await place.fault({ times, ...rule })
    const all = async () => (await struck()) + ((await more?.()) ?? 0)
    return struckAtLeast(place, all, more ? times * 2 : times, 45_000)
  }
const one = async (place: Place, sql: string): Promise<number> =>
  (await place.store.query<{ n: number }>(sql))[0]?.n ?? 0
const shopOrder = async (place: Place, number: number): Promise<Json> =>
  (await place.systems.get('state/woocommerce/orders')).find((order: Json) => Number(order.number) === number)
const change = (file: string, what: RegExp, to: string) =>
  writeFileSync(file, readFileSync(file, 'utf8').replace(what, to))
/** When requests came to a system, in milliseconds. */
const starts = async (place: Place, system: string): Promise<number[]> =>
  (await place.systems.get(`requests/${system}`))
    .map((entry: Json) => Date.parse(entry.at))
    .sort((a: number, b: number) => a - b)
/** The most that came within so many milliseconds. */
const most = (times: number[], ms: number) =>
  Math.max(0, ...times.map((from, index) => times.findIndex((at) => at >= from + ms) - index).filter((n) => n > 0))

export const scenarios: Scenario[] = [
  {
    name: 'kill -9 of a hub between a write and its record, three times',
    short: true,
    strike: async (place) => {
      let kills = 0
      for (let turn = 0; turn < 3; turn++) {
        await place.start()
        const struck = await place.fault({ writes: true, effect: 'timeout-after', skip: turn * 10, times: 2 })
        if ((await struckAtLeast(place, struck, 1, 20_000)) > 0) kills++
        await place.kill()
        await place.pass('2 minutes')
      }
      await place.start()
      return kills
    },
  },
  {
    name: 'kill -9 of the whole hub, three times at random',
    strike: async (place) => {
      for (let turn = 0; turn < 3; turn++) {
        await place.start()
        await someWork(place, 15 + turn * 40)
        await place.kill()
      }
      await place.start()
      return 3
    },
  },
  {
    name: 'kill -9 of PostgreSQL while the hub works, twice',
    orders: 250,
    strike: async (place) => {
      await place.start()
      let kills = 0
      for (let turn = 0; turn < 2; turn++) {
        await someWork(place)
        const { postmaster } = postgresPids(place.machines.postgres.data)
        process.kill(postmaster, 'SIGKILL')
        await place.until('PostgreSQL is back', async () => {
          try {
            await place.store.query('select 1')
            return postgresPids(place.machines.postgres.data).postmaster !== postmaster
          } catch {
            return false
          }
        })
        kills++
      }
      return kills
    },
  },
  {
    name: 'Redis restarted, empty, twice',
    orders: 250,
    only: 'redis',
    strike: async (place) => {
      await place.start()
      for (let turn = 0; turn < 2; turn++) {
        await someWork(place)
        await place.machines.redis!.restart()
      }
      return 2
    },
  },
  {
    name: 'the queue wiped, three times (FLUSHALL, or its tables emptied)',
    orders: 150,
    short: true,
    strike: async (place) => {
      await place.start()
      for (let turn = 0; turn < 3; turn++) {
        await someWork(place, 25)
        if (place.backend === 'redis') place.machines.redis!.flush()
        else await wipePostgresQueue(place)
      }
      return 3
    },
  },
  {
    name: 'database unreachable for 30 s (all its processes stopped)',
    strike: async (place) => {
      await place.start()
      await someWork(place)
      const { all } = postgresPids(place.machines.postgres.data)
      for (const pid of all) process.kill(pid, 'SIGSTOP')
      await sleep(30_000)
      const after = postgresPids(place.machines.postgres.data).all
      for (const pid of new Set([...all, ...after])) process.kill(pid, 'SIGCONT')
      return all.length > 0 ? 1 : 0
    },
  },
  {
    name: 'two hubs on one database, one of them killed',
    strike: async (place) => {
      const [first] = await Promise.all([place.start(), sleep(10)])
      await place.start()
      await someWork(place)
      await place.kill(first)
      return 1
    },
    after: async (place) =>
      (await one(place, 'select count(*)::int as n from worker')) === 2 ? [] : ['there were not two hubs'],
  },
  {
    name: 'two hubs on one rate limit (20 requests a second at the ERP)',
    strike: async (place) => {
      change(path.join(place.root, 'config', 'hub.yaml'), /(erp:[\s\S]*?limit: \{ requests: )500/, '$120')
      await place.start()
      await place.start()
      await place.until(
        'the ERP was asked for a while',
        async () => (await starts(place, 'odoo')).length >= 200,
        120_000,
      )
      return most(await starts(place, 'odoo'), 1000)
    },
    after: async (place) => {
      // Where they are counted, requests that were sent apart may arrive together; two limits would be twice as many.
      const times = await starts(place, 'odoo')
      const average = (times.length / (times.at(-1)! - times[0]!)) * 1000
      return [
        ...(most(times, 5000) > 100 * 1.2 ? [`${most(times, 5000)} requests in 5 seconds`] : []),
        ...(average > 20 * 1.1 ? [`${average.toFixed(1)} requests a second`] : []),
      ]
    },
  },
  {
    name: 'a changed configuration rolled out, twice (a second hub with it, then SIGTERM to the first)',
    orders: 250,
    strike: async (place) => {
      let hub = await place.start()
      for (const limit of [200, 100]) {
        await someWork(place)
        change(path.join(place.root, 'config', 'hub.yaml'), /requests: \d+/g, `requests: ${limit}`)
        const next = await place.start()
        await place.stop(hub)
        hub = next
      }
      return 2
    },
    after: async (place) => {
      const lost = await one(place, 'select count(*)::int as n from handoff where lost_at is not null')
      return lost > 0 ? [`${lost} writes were left without their answer`] : []
    },
  },
  {
    name: 'a hub asked to stop (SIGTERM, 5 s to drain) while a destination hangs, and started again',
    strike: async (place) => {
      const hub = await place.start()
      const struck = await place.fault({ writes: true, effect: 'timeout-after', ms: 60_000, times: 4 })
      const times = await struckAtLeast(place, struck, 4)
      const asked = Date.now()
      await place.stop(hub)
      if (Date.now() - asked > 15_000) throw new Error(`it took ${(Date.now() - asked) / 1000} s to stop`)
      await place.start()
      await place.until(
        'what it held was taken back',
        async () =>
          (await one(place, "select count(*)::int as n from handoff where state = 'sending' and worker = 1")) === 0,
        15_000,
      )
      return times
    },
  },
  {
    name: 'a hub stopped (SIGSTOP) in mid-POST, past its lease, and continued beside another',
    strike: async (place) => {
      const first = await place.start()
      const struck = await place.fault({ writes: true, effect: 'timeout-after', ms: 400, times: 3 })
      const times = await struckAtLeast(place, struck, 1)
      first.child.kill('SIGSTOP')
      await place.start()
      // Longer than the longest lease: 40 s for a chunk and the 60 s that a request may take.
      await sleep(105_000)
      first.child.kill('SIGCONT')
      return times
    },
    after: async (place) =>
      (await one(place, 'select count(*)::int as n from handoff where fence > 1')) > 0
        ? []
        : ['nothing was taken over'],
  },
  {
    name: 'the same webhook five times at once',
    short: true,
    strike: async (place) => {
      const hub = await place.start()
      let accepted = 0
      for (let number = 1001; number <= 1020; number++) {
        const body = await shopOrder(place, number)
        const { customer_note } = await place.systems.post(`orders/${number}`, {
          customer_note: `five times ${number}`,
        })
        const changed = { ...body, customer_note, date_modified_gmt: new Date().toISOString().slice(0, 19) }
        const answers = await Promise.all(Array.from({ length: 5 }, () => place.webhook(hub, 'order.updated', changed)))
        accepted += answers.filter((status) => status === 200).length
      }
      return accepted
    },
  },
  {
    name: 'updates out of order (webhooks of three changes, newest first)',
    strike: async (place) => {
      const hub = await place.start()
      await someWork(place, 60)
      let sent = 0
      for (let number = 1001; number <= 1015; number++) {
        const bodies: Json[] = []
        for (const change of ['first', 'second', 'last']) {
          await place.systems.post(`orders/${number}`, { customer_note: `${change} ${number}` })
          bodies.push(await shopOrder(place, number))
        }
        for (const body of bodies.reverse()) if ((await place.webhook(hub, 'order.updated', body)) === 200) sent++
      }
      return sent
    },
    after: async (place) => {
      const orders = (await place.systems.get('state/shiphero/orders')) as Json[]
      const wrong = orders.filter(
        (order) => Number(order.number) <= 1015 && /first|second/.test(order.data.packing_note ?? ''),
      )
      return wrong.length > 0 ? [`${wrong.length} orders have an older note at the warehouse`] : []
    },
  },
  {
    name: '30 % of all answers are 5xx, half of them after the request was carried out',
    strike: async (place) => {
      await place.start()
      const before = await place.fault({ effect: 'status', status: 503, probability: 0.15, seed: 1 })
      const after = await place.fault({ effect: 'status', status: 500, executed: true, probability: 0.15, seed: 2 })
      await place
        .until(
          'there were many',
          async () => {
            await place.pass('2 seconds')
            return (await before()) + (await after()) >= 150
          },
          40_000,
        )
        .catch(() => {})
      const struck = (await before()) + (await after())
      await place.clearFaults()
      return struck
    },
  },
  {
    name: 'a storm of 429 (300 of them, Retry-After 1 s)',
    strike: faulty({ effect: 'status', status: 429, retryAfter: 1, probability: 0.7, seed: 3 }, 300),
  },
  {
    name: 'no answer, the write not carried out (15 times)',
    strike: faulty({ writes: true, effect: 'timeout-before', ms: 300, skip: 5, probability: 0.3, seed: 4 }, 15),
  },
  {
    name: 'no answer, the write carried out (15 times)',
    short: true,
    strike: faulty({ writes: true, effect: 'timeout-after', ms: 300, skip: 5, probability: 0.3, seed: 5 }, 15),
  },
  {
    name: 'connections reset, before and after the write (20 times)',
    strike: async (place) => {
      const more = await place.fault({ writes: true, effect: 'reset-before', probability: 0.2, seed: 6, times: 10 })
      return faulty({ writes: true, effect: 'reset-after', probability: 0.2, seed: 7 }, 10, more)(place)
    },
  },
  {
    name: 'cut-off JSON (30 answers, reads and writes)',
    strike: faulty({ effect: 'cut-json', probability: 0.3, seed: 8 }, 30),
  },
  {
    name: 'HTML with status 200 (30 answers; every other carried out)',
    strike: async (place) => {
      const more = await place.fault({ effect: 'html-200', executed: true, probability: 0.15, seed: 9, times: 15 })
      return faulty({ effect: 'html-200', probability: 0.15, seed: 10 }, 15, more)(place)
    },
  },
  {
    name: 'the warehouse down for an hour (compressed to 12 s)',
    short: true,
    strike: async (place) => {
      const struck = await place.fault({ system: 'shiphero', effect: 'reset-before' })
      await place.start()
      await place.until(
        'it is noticed',
        async () =>
          (await one(
            place,
            "select count(*)::int as n from connection_state where connection = 'warehouse' and state = 'open'",
          )) > 0,
        30_000,
      )
      for (let minute = 0; minute < 60; minute++) {
        await place.pass('1 minute')
        await sleep(200)
      }
      const times = await struck()
      await place.clearFaults()
      return times
    },
    after: async (place) => {
      const events = await place.store.query<{ type: string }>(
        "select type from event where connection = 'warehouse' and type like 'connection.%' order by id",
      )
      const failed = await one(place, "select count(*)::int as n from handoff where state in ('failed', 'held')")
      const most = await one(
        place,
        'select coalesce(max(n), 0)::int as n from (select count(*) as n from attempt where kind is not null group by handoff_id) as each',
      )
      return [
        ...(events.map((event) => event.type).join() === 'connection.down,connection.up'
          ? []
          : [`events: ${events.map((event) => event.type).join()}`]),
        ...(failed > 0 ? [`${failed} handoffs were given up`] : []),
        ...(most > 4 ? [`a handoff spent ${most} attempts`] : []),
      ]
    },
  },
  {
    name: 'credentials of ERP and warehouse revoked and restored',
    strike: async (place) => {
      for (const system of ['odoo', 'shiphero']) await place.systems.post('auth', { system, revoked: true })
      await place.start()
      await place
        .until(
          'both pause',
          async () => (await one(place, "select count(*)::int as n from connection_state where state = 'paused'")) >= 2,
          30_000,
        )
        .catch(() => {})
      const paused = await one(place, "select count(*)::int as n from connection_state where state = 'paused'")
      for (const system of ['odoo', 'shiphero']) await place.systems.post('auth', { system, revoked: false })
      return paused
    },
    after: async (place) => {
      const spent = await one(place, "select count(*)::int as n from handoff where state in ('failed', 'held')")
      return spent > 0 ? [`${spent} handoffs were given up`] : []
    },
  },
  {
    name: 'three poison orders (NUL, half a character, 100 levels deep)',
    strike: async (place) => {
      const deep = (levels: number): Json => (levels === 0 ? 'x' : { a: deep(levels - 1) })
      const poison = ['a\u0000b', 'half \ud83d', 'fine']
      for (const [index, customer_note] of poison.entries()) {
        await place.systems.post(`orders/${1003 + index}`, {
          customer_note,
          ...(index === 2 ? { meta_data: [{ id: 1, key: 'deep', value: deep(100) }] } : {}),
        })
      }
      await place.start()
      await someWork(place)
      return poison.length
    },
    parked: ['1003', '1004'],
    after: async (place) => {
      const parked = await one(
        place,
        "select count(*)::int as n from item where status = 'parked' and cause like 'HUB_RECORD_TEXT%'",
      )
      return parked === 2 ? [] : [`${parked} of 2 are parked with their reason`]
    },
  },
  {
    name: 'an order of 20 MB',
    strike: async (place) => {
      await place.systems.post('orders/1002', { customer_note: 'twenty million letters '.repeat(900_000) })
      await place.start()
      await someWork(place)
      return 1
    },
  },
  {
    name: 'a table of the mapping mended while running',
    strike: async (place) => {
      await place.start()
      await place.until(
        'orders are parked',
        async () =>
          (await one(place, "select count(*)::int as n from handoff where state = 'parked'")) +
            (await one(place, "select count(*)::int as n from item where status = 'parked'")) >=
          3,
      )
      const file = path.join(place.root, 'mappings', 'tables', 'shipping-services.yaml')
      const text = readFileSync(file, 'utf8')
      const line = text.split('\n').find((each) => /^flat_rate:/.test(each))!
      writeFileSync(file, text.replace(line, `${line}\n${line.replace('flat_rate', 'drone_delivery')}`))
      return 1
    },
    after: async (place) => {
      await place
        .until(
          'they were released',
          async () =>
            (await one(
              place,
              "select count(*)::int as n from item where status = 'parked' and errors::text like '%drone%'",
            )) +
              (await one(
                place,
                "select count(*)::int as n from handoff where state = 'parked' and reason::text like '%drone%'",
              )) ===
            0,
          20_000,
        )
        .catch(() => {})
      const left =
        (await one(
          place,
          "select count(*)::int as n from item where status = 'parked' and errors::text like '%drone%'",
        )) +
        (await one(
          place,
          "select count(*)::int as n from handoff where state = 'parked' and reason::text like '%drone%'",
        ))
      return left > 0 ? [`${left} are still parked`] : []
    },
  },
  {
    name: "the database's disk full for 10 s (a small tmpfs)",
    smallDisk: true,
    // Enough that there is something to write all the time.
    orders: 600,
    strike: async (place) => {
      await place.start()
      await someWork(place)
      const folder = path.dirname(place.machines.postgres.data)
      const filler = path.join(folder, 'filler')
      const chunk = Buffer.alloc(256 * 1024)
      for (const begun = Date.now(); Date.now() - begun < 10_000; await sleep(50)) {
        try {
          while (statfsSync(folder).bavail > 0) appendFileSync(filler, chunk)
        } catch {
          // Full to the last byte, which is what is wanted.
        }
      }
      const log = readFileSync(path.join(folder, 'postgres.log'), 'utf8')
      rmSync(filler)
      return log.match(/No space left on device/g)?.length ?? 0
    },
  },
]

/** The jobs of BullMQ's PostgreSQL backend: what FLUSHALL is to Redis. */
async function wipePostgresQueue(place: Place): Promise<void> {
  const tables = await place.store.query<{ name: string }>(
    "select table_name as name from information_schema.tables where table_schema = 'bullmq' and table_type = 'BASE TABLE' and table_name not like '%migration%'",
  )
  if (tables.length > 0)
    await place.store.query(`truncate ${tables.map((table) => `bullmq."${table.name}"`).join(', ')} cascade`)
}
