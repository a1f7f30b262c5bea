// A hub process of the simulation: it delivers chunks with the engine's own code, and stops at every step until the schedule lets it
// go on.
import { type DeliveryFacts, deliver, deliverClaimed } from '../../engine/delivery/deliver.ts'
import type { Claimed, Route, Settlement } from '../../engine/hub.ts'
import type { Books, Job } from './books.ts'
import type { Fault } from './destination.ts'

export const DEADLINE_MS = 20_000

export class Process {
  worker = 0
  routes = new Map<string, Route>()
  /** Where it stands: each goes on when it is told to. */
  steps: { what: string; go: (fault: Fault) => void }[] = []
  defects: unknown[] = []
  #dead = false
  #signal = new AbortController().signal

  step(what: string): Promise<Fault> {
    // A dead process never goes on.
    if (this.#dead) return new Promise(() => {})
    return new Promise((resolve) => this.steps.push({ what, go: resolve }))
  }

  run(books: Books, { connection, ids, alone }: Job): void {
    this.#deliver(books, connection, alone, (facts, settle) => deliver(facts, ids, settle))
  }

  /** Sends what was claimed as it was owed, each connection's share when it may; the answer to the commit may have been lost. */
  send(books: Books, claimed: Claimed[], leaseBegan: () => number): void {
    for (const [connection, some] of Map.groupBy(claimed, (each) => this.routes.get(each.route)!.connection))
      void this.step(`send ${some.length} straight on to ${connection}`).then((fault) => {
        const began = leaseBegan()
        if (fault !== 'lost after')
          this.#deliver(books, connection, false, (facts, settle) => deliverClaimed(facts, some, began, settle))
      })
  }

  #deliver(
    books: Books,
    connection: string,
    alone: boolean,
    work: (facts: DeliveryFacts, settle: (settlements: Settlement[]) => Promise<void>) => Promise<void>,
  ): void {
    const facts = {
      ledger: books.ledger(this.worker, connection, alone),
      connection,
      routes: this.routes,
      concurrency: 2,
      inTurn: <T>(send: () => Promise<T>) => send(),
      halt: { halted: false },
      deadlineMs: DEADLINE_MS,
      alone,
      signal: this.#signal,
    }
    work(facts, async (settlements) => {
      await this.step(`write ${settlements.length} outcomes`)
      await books.settle(connection, settlements)
    }).catch((error) => this.defects.push(error))
  }

  die(): void {
    this.#dead = true
    this.steps = []
  }
}
