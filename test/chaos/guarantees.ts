// Writes docs/guarantees.md: what is promised, the table that shows it, and what the table does not show.
import { writeFileSync } from 'node:fs'
import path from 'node:path'
import { LADDER_MS, MAX_ATTEMPTS } from '../../engine/outcome/backoff.ts'
import { PROJECT } from '../../engine/setup/load.ts'
import { cells, HEAD, type Row } from './table.ts'

const words = (ms: number) =>
  ms < 60_000 ? `${ms / 1000} s` : ms < 3_600_000 ? `${ms / 60_000} min` : `${ms / 3_600_000} h`
const line = (columns: string[]) => `| ${columns.map((column) => column.replaceAll('|', '\\|')).join(' | ')} |`

export function writeGuarantees(rows: Row[], runs: number): void {
  const total = LADDER_MS.reduce((sum, each) => sum + each, 0)
  const day = new Date().toISOString().slice(0, 10)
  const text = `# What is guaranteed, and how it was checked

*Nothing lost, nothing twice.* This page is written by \`npm run chaos\`; run it yourself. Last run: ${day}, ${runs} ${runs === 1 ? 'time' : 'times'} through, ${rows.length} rows.

## What is promised

* **Nothing is lost.** A webhook is answered, and a cursor moved, after what came is committed. What is owed is a row in PostgreSQL,
  written in the transaction that changed the record. The queue may be wiped at any time.
* **Nothing happens twice** at a system that can be asked (a look-up by our key) or that recognises a repeated key. A write whose answer
  is lost is looked up before it is repeated, and "not there" counts only after the time in which it may still land. Where a system offers
  neither, the handoff is *held* and a person decides.
* **One attempt at a time** for each record and destination, over all processes; versions reach a destination in order.
* **A version in between may never be sent.** A destination is owed the latest state, not every step.
* **One bad record stops only itself,** one bad system only what goes there.

## When a delivery is tried again

After a failure that may pass (5xx, no connection, a lost answer): ${LADDER_MS.map(words).join(', ')}, each 20 % more or less by chance; a
vendor's \`Retry-After\` is never undercut. After ${MAX_ATTEMPTS} attempts (about ${Math.round(total / 3_600_000)} hours) it has *failed* and waits for a person; where the write may have
happened it is *held* instead.

| what happened | what follows |
|---|---|
| 429, a limit | the connection waits as long as it is told (5 s without a word); no attempt is spent |
| 401, a refused key | the connection pauses, one event; a check every 5 s to 1 min lets it go on; no attempt is spent |
| five failures in a row, over several records | the connection's circuit opens, one event; a check after 5 s, 10 s, 20 s … 1 min; then three handoffs try it, then everything |
| no readable answer to a write | uncertain: looked up first, repeated only when it can no longer land |
| the data breaks a rule | parked at once; goes on by itself when the record or the mapping is mended |
| any other refusal | failed at once |

## The table

Sixty orders or more of the demo's story (with the ones that must be parked or left out) go through a store, a warehouse, a carrier, an ERP and a CRM
(local stand-ins that keep what they are told), while the hub, its database or those systems are broken. *In*, *delivered*, *lost* and *doubled* are
counted in these systems: orders, labels, tracking numbers, invoices, contacts, deals. *Out of order* counts writes of an older version after
a newer one. *Struck* says how often the fault really hit. *Recovered after* is the time from the end of the fault until everything was where
it belongs; pauses between attempts pass at once there, by the database's clock, which tests may shift.

${line(HEAD.slice(0, -1))}
|${'---|'.repeat(HEAD.length - 1)}
${rows
  .map((row) =>
    line(
      cells(row)
        .slice(0, -1)
        .concat(row.skipped ? [`skipped: ${row.skipped}`] : []),
    ),
  )
  .join('\n')}

## Random faults

\`npm run simulate\` plays random schedules against the engine's own delivery code over a ledger in memory, some hundreds a second: what
is owed is sent straight on or goes through the queue, a process dies at any step or stands still past its lease, answers are lost before or
after the write, lost writes land late, look-ups lag, one record waits for another, notices come twice and out of order, the queue is wiped,
clocks jump. After every step the laws are checked: nothing created or called twice,
what rests is at its destination in its latest version, what is under way is held by one; and that everything arrives once the faults
stop. A schedule that breaks a law is shrunk, told step by step, and replays exactly with its seed. The ledger in memory is held against
PostgreSQL, step by step, by \`npm test\`; and taking away any one mechanism (the fence, the lease, the look-up …) makes it fail.

## What the table does not show

* The stand-ins are on the same machine, written from the vendors' documentation. A vendor that answers a look-up wrongly, or whose lost
  write lands after the time that its connector states, can still be doubled; the hub then reports \`link.duplicate\`.
* Power loss of the whole machine was not tried, only kill -9 of every process; PostgreSQL's durability (fsync) is on.
* A process that is stopped for longer than its lease *between* its last look at the clock and the first byte of a request can send that one
  request late. That gap is microseconds; the look-up of whoever took over covers what was sent before.
* With \`DATABASE_URL\` the database is yours: the hub waits for it and does not restart it.
`
  writeFileSync(path.join(PROJECT, 'docs', 'guarantees.md'), text)
}
