// A hub process of the simulation: it delivers chunks with the engine's own code, and stops at every step until the schedule lets it
// go on.
import { deliver } from '../../engine/delivery/deliver.ts'
import type { Route } from '../../engine/hub.ts'
import type { Books, Job } from './books.ts'
import type { Fault } from './destination.ts'

const DEADLINE_MS = 20_000

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
    deliver(
      {
        ledger: books.ledger(this.worker, connection, alone),
        connection,
        routes: this.routes,
        concurrency: 2,
        inTurn: (work) => work(),
        halt: { halted: false },
        deadlineMs: DEADLINE_MS,
        alone,
        signal: this.#signal,
      },
      ids,
      async (settlements) => {
        await this.step(`write ${settlements.length} outcomes`)
        await books.settle(connection, settlements)
      },
    ).catch((error) => this.defects.push(error))
  }

  die(): void {
    this.#dead = true
    this.steps = []
  }
}
