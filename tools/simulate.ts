// `npm run simulate -- --seed N --runs N`: random schedules of faults over the ledger in memory, thousands a minute. A schedule that
// breaks a law is shrunk, told step by step, and replays exactly under its seed and path.
import { parseArgs } from 'node:util'
import fc from 'fast-check'
import { memoryBooks } from '../test/simulation/memory.ts'
import { holds, story } from '../test/simulation/property.ts'

const { values } = parseArgs({
  options: {
    seed: { type: 'string' },
    runs: { type: 'string', default: '10000' },
    path: { type: 'string' },
  },
})
const seed = Number(values.seed ?? Date.now() % 2 ** 31)
const total = { runs: 0, steps: 0, delivered: 0, straight: 0, lost: 0, deaths: 0 }
const begun = Date.now()
const property = holds({
  open: async (routes) => memoryBooks(routes),
  played: (tally) => {
    total.runs++
    total.steps += tally.steps
    total.delivered += tally.delivered
    total.straight += tally.straight
    total.lost += tally.lost
    total.deaths += tally.deaths
  },
})
const result = await fc.check(property, {
  seed,
  numRuns: Number(values.runs),
  ...(values.path ? { path: values.path } : {}),
})
console.log(
  `${total.runs} schedules, ${total.steps} steps, ${total.delivered} handoffs delivered, ${total.straight} sent straight on, ${total.lost} with a lost write, ${total.deaths} deaths of a process, in ${((Date.now() - begun) / 1000).toFixed(1)} s (seed ${seed})`,
)
if (result.failed) {
  console.log(`\nA law does not hold: ${(result.errorInstance as Error | undefined)?.message}`)
  if (result.counterexample) console.log(`\n${await story(result.counterexample[0])}`)
  console.log(`\nAgain: npm run simulate -- --seed ${seed} --path ${result.counterexamplePath}`)
  process.exitCode = 1
}
