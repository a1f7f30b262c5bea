import fc from 'fast-check'
import { expect, test } from 'vitest'
import { nextRun } from './cron.ts'

const BERLIN = 'Europe/Berlin'
const next = (now: string, pattern: string, zone = BERLIN) =>
  new Date(nextRun(Date.parse(now), pattern, zone)!).toISOString()

test('the night in which the clocks go forward: 02:30 does not exist, and is run once all the same', () => {
  expect(next('2026-03-28T12:00:00Z', '30 2 * * *')).toBe('2026-03-29T01:30:00.000Z')
  // Asked again in the hour in between, as a hub that starts then does.
  expect(next('2026-03-29T01:01:00Z', '30 2 * * *')).toBe('2026-03-29T01:30:00.000Z')
  expect(next('2026-03-29T01:30:00Z', '30 2 * * *')).toBe('2026-03-30T00:30:00.000Z')
})

test('the night in which they go back: 02:30 is there twice, and is run once', () => {
  expect(next('2026-10-24T12:00:00Z', '30 2 * * *')).toBe('2026-10-25T00:30:00.000Z')
  expect(next('2026-10-25T00:30:00Z', '30 2 * * *')).toBe('2026-10-26T01:30:00.000Z')
  expect(next('2026-10-25T01:05:00Z', '30 2 * * *')).toBe('2026-10-26T01:30:00.000Z')
})

test('every hour means every hour that passes', () => {
  expect(next('2026-10-25T00:15:00Z', '15 * * * *')).toBe('2026-10-25T01:15:00.000Z')
  expect(next('2026-03-29T00:15:00Z', '15 * * * *')).toBe('2026-03-29T01:15:00.000Z')
})

test('once a day, all year, in any zone, whenever it is asked', () => {
  const zones = fc.constantFrom(BERLIN, 'America/New_York', 'Australia/Lord_Howe', 'Asia/Kolkata', 'UTC')
  const minutes = fc.integer({ min: 0, max: 59 })
  const property = fc.property(
    zones,
    fc.integer({ min: 0, max: 23 }),
    minutes,
    fc.nat(364),
    fc.nat(1439),
    (zone, hour, minute, day, asked) => {
      const pattern = `${minute} ${hour} * * *`
      const first = nextRun(Date.UTC(2026, 0, 1 + day), pattern, zone)!
      const second = nextRun(first, pattern, zone)!
      // What is asked in between changes nothing.
      const between = first + Math.min(asked * 60_000, second - first - 1)
      expect(nextRun(between, pattern, zone)).toBe(second)
      expect((second - first) / 3_600_000).toBeGreaterThanOrEqual(22.5)
      expect((second - first) / 3_600_000).toBeLessThanOrEqual(25.5)
    },
  )
  fc.assert(property, { numRuns: 200 })
})
