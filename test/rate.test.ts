// One rate limit for all processes that use a connection.
import { randomBytes } from 'node:crypto'
import { setTimeout as sleep } from 'node:timers/promises'
import { afterEach, expect, test, vi } from 'vitest'
import { rateGate, sharedSlots } from '../engine/platform/rate-limit.ts'
import { openStore } from '../engine/platform/store/store.ts'

/** The most starts that lie within any period of this length. */
function most(starts: number[], periodMs: number): number {
  const sorted = [...starts].sort((a, b) => a - b)
  return Math.max(
    ...sorted
      .map((start, index) => sorted.findIndex((each, later) => later >= index && each >= start + periodMs - 5) - index)
      .map((n) => (n < 0 ? 0 : n)),
    0,
  )
}

test.each([
  { requests: 50, periodMs: 500 },
  { requests: 4, periodMs: 400 },
])(
  'two processes together keep to $requests in $periodMs ms, and use what they may',
  async ({ requests, periodMs }) => {
    const schema = `t_${randomBytes(6).toString('hex')}`
    const stores = await Promise.all(
      [0, 1].map(() => openStore({ databaseUrl: process.env['HANDOFF_TEST_DATABASE'], stateDir: '/nowhere', schema })),
    )
    const starts: number[] = []
    const begun = performance.now()
    const end = begun + periodMs * 5
    await Promise.all(
      stores.flatMap((store) => {
        const gate = rateGate(requests, periodMs, sharedSlots(store.query, 'wms'))
        return Array.from({ length: 8 }, async () => {
          while (performance.now() < end) {
            await gate()
            starts.push(performance.now())
          }
        })
      }),
    )
    const counted = starts.filter((start) => start < end)
    // Timers are late when the machine is busy; without sharing it would be twice the limit.
    expect(most(counted, periodMs)).toBeLessThanOrEqual(Math.ceil(requests * 1.1))
    expect(counted.length).toBeGreaterThan(requests * 5 * 0.7)
    await stores[0]!.query(`drop schema "${schema}" cascade`)
    await Promise.all(stores.map((store) => store.close()))
  },
)

/** Time that passes only while somebody sleeps, so that no timer is late on a busy machine. */
const clock = vi.hoisted(() => ({ now: 0, still: false, sleeping: [] as { until: number; wake: () => void }[] }))
vi.mock('node:timers/promises', async (original) => {
  const real = await original<typeof import('node:timers/promises')>()
  const asleep = (ms: number) => new Promise<void>((wake) => clock.sleeping.push({ until: clock.now + ms, wake }))
  return { ...real, setTimeout: (ms: number) => (clock.still ? asleep(ms) : real.setTimeout(ms)) }
})
/** Passes the time until the work is done. */
async function inItsOwnTime(work: () => Promise<unknown>): Promise<void> {
  clock.still = true
  vi.spyOn(performance, 'now').mockImplementation(() => clock.now)
  let done = false
  const working = work().finally(() => (done = true))
  while (!done) {
    await new Promise(setImmediate)
    clock.sleeping.sort((a, b) => a.until - b.until)
    const next = clock.sleeping.shift()
    if (next) clock.now = next.until
    next?.wake()
  }
  await working
}
afterEach(() => {
  clock.still = false
  vi.restoreAllMocks()
})

test('slots that were taken and left over are not spent later on top of others', async () => {
  const starts: number[] = []
  await inItsOwnTime(async () => {
    const gate = rateGate(100, 500)
    const go = async () => {
      await gate()
      starts.push(performance.now())
    }
    await go()
    await sleep(400)
    await Promise.all(Array.from({ length: 250 }, go))
  })
  expect(starts).toHaveLength(251)
  expect(most(starts, 500)).toBeLessThanOrEqual(100)
})

test('without a database each process keeps to the limit alone', async () => {
  const starts: number[] = []
  await inItsOwnTime(async () => {
    const gate = rateGate(20, 200, () => Promise.reject(new Error('away')))
    const go = async () => {
      await gate()
      starts.push(performance.now())
    }
    await Promise.all(Array.from({ length: 60 }, go))
  })
  expect(most(starts, 200)).toBeLessThanOrEqual(20)
  expect(starts).toHaveLength(60)
})
