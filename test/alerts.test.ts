// Alerts: who is told what, how soon, how often, and what becomes of a message that cannot be sent.
import { setTimeout as sleep } from 'node:timers/promises'
import { describe, expect, test } from 'vitest'
import { ConnectorError } from '#connector'
import { listAlerts } from '../engine/insight/alerts.ts'
import { listFailures } from '../engine/insight/failures.ts'
import type { HubConfig } from '../engine/platform/config/hub-config.ts'
import { type Alarm, openAlarm } from './support/alarm.ts'
import { backends } from './support/world.ts'

const sql = (alarm: Alarm, text: string, values?: unknown[]) => alarm.world.hub.store.query(text, values)
/** Time goes by, and is looked at. */
async function later(alarm: Alarm, interval: string, ticks = 2): Promise<void> {
  await alarm.world.pass(interval)
  for (let turn = 0; turn < ticks; turn++) {
    await sleep(120)
    await alarm.tick()
  }
}
/** Everything is in order again, for long enough. */
async function calm(alarm: Alarm): Promise<void> {
  await sleep(200)
  await alarm.tick()
  await later(alarm, '20 seconds')
}

describe.each(backends)('alerts, queue on %s', (backend) => {
  test('ten thousand failures of one cause are one message, with count, sample, what happens next and the command', async () => {
    await using alarm = await openAlarm({ backend })
    await alarm.stuck(10_000)
    const began = performance.now()
    await alarm.tick()
    const ms = performance.now() - began
    const [letter] = await alarm.letters(1)
    await later(alarm, '1 minute', 4)
    expect(alarm.mail.letters).toHaveLength(1)
    expect(alarm.chat).toHaveLength(1)
    expect(letter!.headers['subject']).toBe('[Handoff] 10000 handoffs of out failed: order shop:1001 and 9999 more')
    expect(letter!.body).toContain('System: wms')
    expect(letter!.body).toContain('Route: out')
    expect(letter!.body).toContain('Cause: The warehouse does not know this SKU. [HUB_VENDOR_REFUSED]')
    expect(letter!.body).toMatch(/order shop:1005 \(\d+\) and 9995 more/)
    expect(letter!.body).toContain('What happens next: The hub has given up on this version')
    expect(letter!.body).toMatch(
      /To do: handoff failures show \d+ \| handoff failures retry --cause HUB_VENDOR_REFUSED/,
    )
    expect(alarm.chat[0]).toMatchObject({ state: 'open', severity: 'error', count: 10_000 })
    expect(ms).toBeLessThan(2_000)
  })

  test('when it is over, those who heard of it hear that too, once', async () => {
    await using alarm = await openAlarm({ backend })
    await alarm.stuck(3)
    await alarm.letters(1)
    await sql(alarm, "update handoff set state = 'resting', outcome = 'delivered' where route = 'out'")
    await calm(alarm)
    const letters = await alarm.letters(2)
    expect(letters[1]!.headers['subject']).toMatch(
      /^\[Handoff\] Over after \d+ s: 3 handoffs of out failed: order shop:1001 and 2 more$/,
    )
    expect(alarm.chat.map((message) => [message.state, message.key === alarm.chat[0]!.key])).toEqual([
      ['open', true],
      ['recovered', true],
    ])
    expect(await listAlerts(alarm.world.hub.store)).toEqual([])
    await later(alarm, '1 day')
    expect(alarm.mail.letters).toHaveLength(2)
  })

  test('a retry that fails again within seconds is the same trouble', async () => {
    await using alarm = await openAlarm({ backend })
    await alarm.stuck(1)
    await alarm.letters(1)
    for (let turn = 0; turn < 3; turn++) {
      await sql(alarm, "update handoff set state = 'sending' where route = 'out'")
      await later(alarm, '5 seconds', 1)
      await sql(alarm, "update handoff set state = 'failed' where route = 'out'")
      await later(alarm, '5 seconds', 1)
    }
    expect(alarm.mail.letters).toHaveLength(1)
  })

  test('a reminder comes after four hours, and sooner when ten times as many are concerned', async () => {
    await using alarm = await openAlarm({ backend })
    await alarm.stuck(2)
    await alarm.letters(1)
    await alarm.stuck(30, { from: 5001 })
    await later(alarm, '1 minute')
    expect(alarm.mail.letters).toHaveLength(1)
    await later(alarm, '5 minutes')
    expect((await alarm.letters(2))[1]!.headers['subject']).toContain('Still: 32 handoffs of out failed')
    await later(alarm, '3 hours')
    expect(alarm.mail.letters).toHaveLength(2)
    await later(alarm, '61 minutes')
    expect(alarm.chat.map((message) => message.state)).toEqual(['open', 'still', 'still'])
    expect(alarm.mail.letters).toHaveLength(3)
  })

  test('more causes than a person reads are one message more', async () => {
    await using alarm = await openAlarm({ backend })
    for (let cause = 0; cause < 40; cause++)
      await alarm.stuck(1, { cause: `HUB_CAUSE at[${cause}]`, from: 2000 + cause })
    await alarm.letters(11)
    await later(alarm, '30 seconds', 3)
    expect(alarm.mail.letters).toHaveLength(11)
    expect(
      alarm.mail.letters.filter((letter) =>
        letter.headers['subject']!.includes('30 handoffs of several places failed'),
      ),
    ).toHaveLength(1)
  })

  test('two hubs on one database tell it once', async () => {
    await using alarm = await openAlarm({ backend })
    await using second = await openAlarm({ world: await alarm.world.join(), mail: alarm.mail })
    await alarm.stuck(5)
    for (let turn = 0; turn < 10; turn++) {
      await Promise.all([alarm.tick(), second.tick()])
      await sleep(60)
    }
    expect(alarm.mail.letters).toHaveLength(1)
    expect(alarm.chat.length + second.chat.length).toBe(1)
  })

  test('only what a policy asks for', async () => {
    await using alarm = await openAlarm({
      backend,
      alerts: {
        parked: { on: ['parked'], to: ['mail'] },
        other: { about: ['shop'], to: ['mail'] },
        mine: { on: ['failed'], about: ['out'], to: ['chat'] },
      },
    })
    await alarm.stuck(1)
    await later(alarm, '0 seconds', 4)
    expect(alarm.mail.letters).toEqual([])
    expect(alarm.chat).toHaveLength(1)
  })
})

describe.each(backends)('a message is itself owed, queue on %s', (backend) => {
  test('a channel that is away for a while gets it later, and the others at once', async () => {
    await using alarm = await openAlarm({ backend })
    let refused = 0
    alarm.beforeChat = () => {
      if (refused++ < 2) throw new ConnectorError('retryable', 'HUB_HTTP_SERVER', 'The chat is away.')
    }
    await alarm.stuck(1)
    await alarm.letters(1)
    expect(alarm.chat).toEqual([])
    const [open] = await listAlerts(alarm.world.hub.store)
    expect(open!.messages).toContainEqual({
      connection: 'chat',
      state: 'owed',
      outcome: null,
      problem: 'The chat is away.',
    })
    for (let turn = 0; turn < 4; turn++) await later(alarm, '15 seconds', 1)
    expect(alarm.chat).toHaveLength(1)
    expect(refused).toBe(3)
    const attempts = await sql(
      alarm,
      "select a.kind from attempt a join handoff h on h.id = a.handoff_id where h.connection = 'chat' order by a.id",
    )
    expect(attempts.map((row) => row['kind'])).toEqual(['retryable', 'retryable', null])
  })

  test('a channel that refuses it is stuck where a person looks, and the others are told, without end nowhere', async () => {
    await using alarm = await openAlarm({ backend })
    alarm.beforeChat = () => {
      throw new ConnectorError('permanent', 'HUB_VENDOR_REFUSED', 'The channel is archived.')
    }
    await alarm.stuck(1)
    const letters = await alarm.letters(2)
    expect(letters[1]!.headers['subject']).toMatch(
      /1 handoff of alert\.operations\.chat failed: alert operations-failed-out-/,
    )
    expect(letters[1]!.body).toContain('The channel is archived.')
    const failures = await listFailures(alarm.world.hub.store)
    expect(failures.filter((one) => one.where === 'alert.operations.chat')).toMatchObject([
      { state: 'failed', connection: 'chat' },
    ])
    await later(alarm, '1 hour', 5)
    expect(alarm.mail.letters).toHaveLength(2)
  })

  test('when all channels refuse it, nothing goes round, nothing is lost, and it is said aloud', async () => {
    await using alarm = await openAlarm({ backend, alerts: { only: { to: ['chat'] } } })
    alarm.beforeChat = () => {
      throw new ConnectorError('permanent', 'HUB_VENDOR_REFUSED', 'The channel is archived.')
    }
    await alarm.stuck(1)
    await later(alarm, '1 minute', 8)
    expect(alarm.unheard).toEqual([expect.stringContaining('1 handoff of alert.only.chat failed')])
    expect(await sql(alarm, "select from handoff where route like 'alert.%'")).toHaveLength(1)
    alarm.beforeChat = () => {}
    await sql(alarm, "update handoff set state = 'owed', due_at = hub_now() where route like 'alert.%'")
    await later(alarm, '0 seconds', 2)
    expect(alarm.chat).toMatchObject([{ state: 'open', title: expect.stringContaining('1 handoff of out failed') }])
  })

  test('what is over before it could be told is not told at all, in either way', async () => {
    await using alarm = await openAlarm({ backend })
    alarm.beforeChat = () => {
      throw new ConnectorError('retryable', 'HUB_HTTP_SERVER', 'The chat is away.')
    }
    await alarm.stuck(1)
    await alarm.letters(1)
    await sql(alarm, "update handoff set state = 'resting' where route = 'out'")
    await calm(alarm)
    expect((await alarm.letters(2))[1]!.headers['subject']).toContain('Over after')
    alarm.beforeChat = () => {}
    await later(alarm, '1 hour', 4)
    expect(alarm.chat).toEqual([])
    expect(await sql(alarm, "select from handoff where route like 'alert.%' and state <> 'resting'")).toEqual([])
  })

  test('a message that may have arrived is repeated rather than lost, under the same name', async () => {
    await using alarm = await openAlarm({ backend, alerts: { operations: { to: ['mail'] } } })
    alarm.mail.drop = true
    await alarm.stuck(1)
    await alarm.letters(1)
    alarm.mail.drop = false
    for (let turn = 0; turn < 3; turn++) await later(alarm, '15 seconds', 1)
    const [first, second] = alarm.mail.letters
    expect(alarm.mail.letters).toHaveLength(2)
    expect(second!.headers['message-id']).toBe(first!.headers['message-id'])
  })
})

describe('what is noticed', () => {
  test('a failed attempt is told in less than five seconds, through the whole walk', async () => {
    await using alarm = await openAlarm()
    let failedAt = 0
    alarm.world.vendor.before = () => {
      failedAt ||= Date.now()
      throw new ConnectorError('permanent', 'HUB_VENDOR_REFUSED', 'unknown SKU')
    }
    const hub = await openAlarm({ world: await alarm.world.join(), mail: alarm.mail, realPace: true })
    const timer = setInterval(() => void hub.tick(), 1_000)
    await alarm.world.arrive([{ id: 7, number: '7', status: 'open', lines: [] }])
    await alarm.world.until('it was told', () => alarm.mail.letters.length > 0)
    clearInterval(timer)
    expect(alarm.mail.letters[0]!.body).toContain('order shop:7')
    expect(alarm.mail.letters[0]!.at - failedAt).toBeLessThan(5_000)
    await hub[Symbol.asyncDispose]()
  })

  test('parked items, by source and cause', async () => {
    await using alarm = await openAlarm()
    alarm.world.assembly.sources.get('orders')!.outputs[0]!.mapper = {
      ...alarm.world.assembly.sources.get('orders')!.outputs[0]!.mapper,
      run: () => ({
        problems: [
          {
            code: 'HUB_MAP_REQUIRED',
            at: 'lines[0].sku',
            message: 'The warehouse knows items by SKU only.',
            cure: 'Correct the item at the source.',
          },
        ],
      }),
    }
    await alarm.world.arrive([
      { id: 727, number: '727' },
      { id: 728, number: '728' },
    ])
    const [letter] = await alarm.letters(1)
    expect(letter!.headers['subject']).toBe('[Handoff] 2 items of orders are parked: orders 727 and 1 more')
    expect(letter!.body).toContain('Cause: The warehouse knows items by SKU only.')
    expect(letter!.body).toContain('handoff failures show orders/727')
  })

  test('a connection that is down or refuses the hub: one message, told to the others, and one when it is back', async () => {
    await using alarm = await openAlarm()
    const down = (connection: string, state: string, reason: string) =>
      sql(alarm, 'insert into connection_state (connection, state, reason, since) values ($1, $2, $3, hub_now())', [
        connection,
        state,
        reason,
      ])
    await down('wms', 'open', 'The warehouse did not answer in time.')
    await down('chat', 'paused', 'This webhook address is not known any more.')
    await alarm.letters(2)
    await later(alarm, '1 minute', 3)
    const subjects = alarm.mail.letters.map((letter) => letter.headers['subject']).sort()
    expect(subjects).toEqual(['[Handoff] chat does not let the hub in', '[Handoff] wms is down'])
    expect(alarm.mail.letters.find((letter) => letter.headers['subject']!.includes('wms'))!.body).toContain(
      'The warehouse did not answer in time.',
    )
    expect(alarm.chat).toEqual([])
    await sql(alarm, "update connection_state set state = 'ok'")
    await calm(alarm)
    await alarm.letters(4)
    // The chat was told late that the warehouse is down, or not at all; never that it is down after it was back.
    expect(alarm.chat.filter((message) => message.state !== 'recovered').every((_, at) => at === 0)).toBe(true)
  })

  test('a source without a successful run, and one that brings nothing new', async () => {
    const sources = {
      orders: { pull: 'shop.orders', every: '5m' },
      stock: { pull: 'shop.stock', every: '1m', silent: '2h' },
      hooks: { pull: 'wms.hooks', webhook: true, silent: '2h' },
    }
    await using alarm = await openAlarm({ config: { sources } as unknown as Partial<HubConfig> })
    const ran = (source: string, success: boolean) =>
      sql(
        alarm,
        `insert into source_state as s (source, last_run_at, last_success_at, last_change_at) values ($1, hub_now(), hub_now(), hub_now())
         on conflict (source) do update set last_run_at = hub_now(), last_success_at = case when $2 then hub_now() else s.last_success_at end`,
        [source, success],
      )
    await ran('orders', true)
    await ran('stock', true)
    await later(alarm, '14 minutes', 0)
    await ran('stock', true)
    await later(alarm, '30 seconds')
    expect(alarm.mail.letters).toEqual([])
    await later(alarm, '2 minutes')
    await ran('stock', true)
    expect((await alarm.letters(1)).map((letter) => letter.headers['subject'])).toEqual([
      '[Handoff] orders could not be read for too long',
    ])
    await ran('orders', true)
    await calm(alarm)
    expect((await alarm.letters(2))[1]!.headers['subject']).toContain('Over after')
    for (let turn = 0; turn < 12; turn++) {
      await sql(
        alarm,
        "insert into webhook (connection, body, status, received_at) values ('wms', '', 'read', hub_now())",
      )
      await later(alarm, '10 minutes', 0)
      for (const source of ['orders', 'stock']) await ran(source, true)
    }
    await later(alarm, '1 second', 3)
    const subjects = alarm.mail.letters.slice(2).map((letter) => letter.headers['subject'])
    expect(subjects).toEqual(['[Handoff] stock brings nothing new'])
  })

  test('a scheduler that no longer ticks: the nightly run did not come', async () => {
    const sources = { old: { pull: 'shop.orders', cron: '15 2 * * *', zone: 'Europe/Berlin' } }
    await using alarm = await openAlarm({ config: { sources } as unknown as Partial<HubConfig> })
    await sql(
      alarm,
      "insert into source_state (source, last_run_at, last_success_at) values ('old', hub_now(), hub_now())",
    )
    await later(alarm, '24 hours')
    expect(alarm.mail.letters).toEqual([])
    await later(alarm, '3 hours')
    expect((await alarm.letters(1))[0]!.headers['subject']).toBe('[Handoff] old could not be read for too long')
  })

  test('runs that fail in a row', async () => {
    const sources = { orders: { pull: 'shop.orders', every: '1d' } }
    await using alarm = await openAlarm({ config: { sources } as unknown as Partial<HubConfig> })
    await sql(
      alarm,
      "insert into source_state (source, last_run_at, failures, message) values ('orders', hub_now(), 5, 'The shop answers with a web page.')",
    )
    const [letter] = await alarm.letters(1)
    expect(letter!.headers['subject']).toBe('[Handoff] orders could not be read 5 times in a row')
    expect(letter!.body).toContain('The shop answers with a web page.')
  })

  test('a handoff older than its limit, and one that fails again and again', async () => {
    const routes = { out: { record: 'order', push: 'wms.orders', within: '15m' } }
    await using alarm = await openAlarm({ config: { routes } as unknown as Partial<HubConfig> })
    await alarm.stuck(2, { state: 'waiting', message: 'It waits for the customer.' })
    await later(alarm, '14 minutes')
    expect(alarm.mail.letters).toEqual([])
    await later(alarm, '2 minutes')
    const [late] = await alarm.letters(1)
    expect(late!.headers['subject']).toBe('[Handoff] 2 handoffs of out are late: order shop:1001 and 1 more')
    expect(late!.body).toContain('handoff trace shop:1001')
    await sql(
      alarm,
      "update handoff set state = 'owed', attempts = 6, due_at = hub_now() + interval '1 hour', owed_at = hub_now() where route = 'out'",
    )
    await alarm.letters(2)
    expect(alarm.mail.letters[1]!.headers['subject']).toBe(
      '[Handoff] 2 handoffs of out have failed up to 6 times in a row: order shop:1001 and 1 more',
    )
  })

  test('a queue that nobody works on', async () => {
    await using alarm = await openAlarm()
    // No worker listens for this connection.
    await alarm.stuck(3, { state: 'owed' })
    await sql(alarm, "update handoff set connection = 'shop' where route = 'out'")
    await sql(alarm, "update handoff set due_at = hub_now() + interval '1 second' where route = 'out'")
    await alarm.world.pass('2 minutes')
    await later(alarm, '0 seconds', 3)
    expect(alarm.mail.letters.map((letter) => letter.headers['subject'])).toEqual([
      '[Handoff] Nobody works for shop: 3 handoffs due',
    ])
  })
})
