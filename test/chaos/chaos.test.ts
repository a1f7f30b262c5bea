// The short form of `npm run chaos`: a row on each queue backend.
import { describe, expect, test } from 'vitest'
import { scenarios } from './scenarios.ts'
import { openMachines, run } from './table.ts'

const NAMES = ['kill -9 of a hub between a write and its record', 'no answer, the write carried out']

describe('chaos, the short form', () => {
  test('nothing lost, nothing twice', { timeout: 300_000 }, async () => {
    const machines = await openMachines()
    try {
      for (const [index, name] of NAMES.entries()) {
        const scenario = scenarios.find((each) => each.name.startsWith(name))!
        const backend = machines.redis && index % 2 === 1 ? 'redis' : 'postgres'
        const row = await run(machines, backend, scenario, 42)
        expect(row.wrong, `${row.scenario}, queue on ${backend}`).toEqual([])
        expect(row.count).toMatchObject({ lost: 0, doubled: 0, disordered: 0 })
        expect(row.struck).toBeGreaterThan(0)
      }
    } finally {
      await machines.close()
    }
  })
})
