// The whole walk through the front door, on both queue backends: the demo as a person runs it.
import { setTimeout as sleep } from 'node:timers/promises'
import { describe, expect, test } from 'vitest'
import { demoPlace } from './support/demo.ts'
import { backends } from './support/world.ts'

describe.each(backends)('the walk, queue on %s', (backend) => {
  test('the demo carries its orders all the way, and a second run makes no write in any system', {
    timeout: 180_000,
  }, async () => {
    await using place = await demoPlace(backend)
    const first = await place.run('--count', '150').done
    expect(first.output).toContain('The audit holds: 150 of 150 orders are accounted for')
    expect(first.code).toBe(0)
    // The warehouse signs with a secret that it made when the hub subscribed.
    const heard = await place.store.query("select from webhook where connection = 'warehouse' and status = 'read'")
    expect(heard.length).toBeGreaterThan(100)
    const before = await place.writes()
    const second = await place.run('--count', '150').done
    expect(second.output).toContain('The audit holds')
    expect(second.code).toBe(0)
    expect(await place.writes()).toBe(before)
  })

  test('killed at ten points, some between a write and its outcome, the audit holds in the end', {
    timeout: 300_000,
  }, async () => {
    await using place = await demoPlace(backend)
    const count = 120
    await place.systems.post('seed', { orders: count, seed: 42 })
    const random = seeded(backend === 'redis' ? 7 : 3)
    let betweenWriteAndOutcome = 0
    for (let kill = 0; kill < 10; kill++) {
      // Every other kill happens while a system holds back the answer to a write that it has executed.
      const slow = { writes: true, effect: 'timeout-after', skip: 5 + Math.floor(random() * 20), times: 3 }
      const fault = kill % 2 === 1 ? await place.systems.post('faults', slow) : undefined
      const run = place.run('--count', String(count))
      const goal = (await place.writes()) + 20 + Math.floor(random() * 60)
      for (let turn = 0; turn < 400 && run.child.exitCode === null; turn++) {
        const struck = fault
          ? (await place.systems.get('faults')).find((each: { id: string }) => each.id === fault.id)?.struck > 0
          : false
        if (struck) betweenWriteAndOutcome++
        if (struck || (!fault && (await place.writes()) >= goal)) break
        await sleep(25)
      }
      run.child.kill('SIGKILL')
      await run.done
      await fetchDelete(place, 'faults')
      // A write without an answer may still land for a while; here that while passes at once.
      await place.pass('5 minutes')
    }
    expect(betweenWriteAndOutcome).toBeGreaterThanOrEqual(3)
    const last = place.run('--count', String(count))
    const passing = setInterval(() => void place.pass('1 minute'), 1000)
    const result = await last.done
    clearInterval(passing)
    expect(result.output).toContain(`The audit holds: ${count} of ${count} orders are accounted for`)
    expect(result.code).toBe(0)
  })
})

function seeded(seed: number): () => number {
  let state = seed
  return () => {
    state = (state * 1_103_515_245 + 12_345) % 2_147_483_648
    return state / 2_147_483_648
  }
}

async function fetchDelete(place: { systems: { control: string } }, what: string): Promise<void> {
  await fetch(`${place.systems.control}/_sandbox/${what}`, { method: 'DELETE' })
}
