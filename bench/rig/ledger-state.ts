// What must be true before a figure counts: everything arrived exactly once, and the ledger owes nothing more.
import { setTimeout as sleep } from 'node:timers/promises'
import type { StandIn } from './children.ts'
import type { Machines } from './machines.ts'

export async function exactlyOnce(sink: StandIn, expected: number): Promise<void> {
  const { taken, distinct } = await sink.count()
  if (distinct !== expected || taken !== expected)
    throw new Error(`of ${expected}, ${distinct} arrived, in ${taken} pushes`)
}

/** Waits until everything that came is decided and the ledger owes nothing. */
export async function settled({ sql }: Machines, schema = 'handoff'): Promise<void> {
  for (;;) {
    const [row] = await sql<{ owed: boolean }>(
      `select exists (select from ${schema}.item where status = 'new') or exists (select from ${schema}.handoff where state = 'owed')
         or exists (select from ${schema}.handoff where state = 'sending') as owed`,
    )
    if (!row!.owed) return
    await sleep(20)
  }
}
