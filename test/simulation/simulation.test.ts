// The short form of `npm run simulate`: the laws hold under random faults; and each mechanism that keeps them is missed when it is gone.
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import type { Lack } from './books.ts'
import { memoryBooks } from './memory.ts'
import { holds, story } from './property.ts'
import type { Lacks } from './run.ts'

const property = (lacks: Lacks = new Set()) => holds({ open: async (routes) => memoryBooks(routes, lacks), lacks })

describe('simulation', () => {
  test('nothing lost, nothing twice, in the right order, whatever goes wrong', { timeout: 60_000 }, async () => {
    const result = await fc.check(property(), { numRuns: 600 })
    const told = result.counterexample ? await story(result.counterexample[0]) : ''
    expect(result.failed, `seed ${result.seed}, path ${result.counterexamplePath}\n${told}`).toBe(false)
  })

  test.each<Lack>([
    'fence',
    'uncertainty',
    'lost versions',
    'live leases',
    'recovery of the queue',
    'stamps',
    'gate',
    'look-up',
    'ends of waits',
    'rest before a straight claim',
    'certainty before a straight claim',
    'sending before a straight write',
    'a lease from its claim on',
  ])('notices when this is missing: %s', { timeout: 60_000 }, async (lack) => {
    const result = await fc.check(property(new Set([lack])), { numRuns: 5_000, seed: 7, endOnFailure: true })
    expect(result.errorInstance).toBeInstanceOf(Error)
  })
})
