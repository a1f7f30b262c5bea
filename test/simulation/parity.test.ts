// The ledger in memory does what PostgreSQL does: the same random schedules, step by step, on both.
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { openWorld } from '../support/world.ts'
import type { Row } from './books.ts'
import { memoryBooks } from './memory.ts'
import { realBooks } from './real.ts'
import { play } from './run.ts'
import { schedule } from './schedule.ts'

const SCHEDULES = 16

test('the ledger in memory and the one in PostgreSQL never differ', { timeout: 240_000 }, async () => {
  await using world = await openWorld('postgres', undefined, { idle: true })
  const seed = Date.now() % 2 ** 31
  const compared = { steps: 0, straight: 0 }
  for (const [index, each] of fc.sample(schedule, { numRuns: SCHEDULES, seed }).entries()) {
    const expected: string[] = []
    await play(each, {
      open: async (routes) => memoryBooks(routes),
      watch: (rows, links) => expected.push(shown(rows, links)),
    })
    let close = async () => {}
    let step = 0
    const { straight } = await play(each, {
      open: async (routes, busy) => {
        const books = await realBooks(world, routes, busy)
        close = books.close
        return books
      },
      watch: (rows, links) => {
        const command = JSON.stringify(each.commands[step] ?? 'after the faults')
        expect(shown(rows, links), `seed ${seed}, schedule ${index}, step ${step}: ${command}`).toBe(expected[step])
        step++
      },
    }).finally(() => close())
    compared.steps += step
    compared.straight += straight
  }
  expect(world.errors).toEqual([])
  expect(compared.steps).toBeGreaterThan(SCHEDULES * 10)
  expect(compared.straight).toBeGreaterThan(SCHEDULES)
})

const shown = (rows: Row[], links: string[]) =>
  JSON.stringify({ rows: rows.map(({ id: _, ...row }) => sorted(row)), links }, null, 1)
const sorted = (row: object) => Object.fromEntries(Object.entries(row).sort(([a], [b]) => (a < b ? -1 : 1)))
