// `npm run bench [-- NAMES…] [--quick] [--whole] [--orders N]`: runs benchmarks one after another, prints what they measure beside
// what is asked of it, and writes docs/benchmarks.md. A run of some leaves the sections of the others as they are.
import { availableParallelism } from 'node:os'
import path from 'node:path'
import { parseArgs } from 'node:util'
import type { BenchOptions, Section } from './figures.ts'
import { keep } from './report/keep.ts'
import { table } from './report/table.ts'
import { stolenSeconds } from './rig/processes.ts'

/** In the order of the report. `bench:peers` runs the last one: it installs other systems. */
const NAMES = ['walk', 'profile', 'webhooks', 'stock', 'mapping', 'ledger', 'csv', 'start', 'scale-out', 'peers']

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    quick: { type: 'boolean', default: false },
    whole: { type: 'boolean', default: false },
    orders: { type: 'string' },
  },
})
const unknown = positionals.filter((name) => !NAMES.includes(name))
if (unknown.length > 0) {
  console.error(`There is no benchmark ${unknown.join(', ')}. There are: ${NAMES.join(', ')}.`)
  process.exit(2)
}
const options: BenchOptions = {
  quick: values.quick,
  whole: values.whole,
  ...(values.orders ? { orders: Number(values.orders) } : {}),
}
const wanted = positionals.length > 0 ? positionals : NAMES.filter((name) => name !== 'peers')
const command = `npm run bench -- ${[...wanted, ...process.argv.slice(2).filter((word) => word.startsWith('--'))].join(' ')}`
let failed = 0
for (const name of wanted) {
  const [began, stolenBefore] = [performance.now(), stolenSeconds()]
  console.log(`\n${name} …`)
  try {
    const { run } = (await import(path.join(import.meta.dirname, `${name}.ts`))) as {
      run: (options: BenchOptions) => Promise<Section>
    }
    const section = await run(options)
    const seconds = (performance.now() - began) / 1000
    const stolen = (stolenSeconds() - stolenBefore) / (seconds * availableParallelism())
    console.log(
      `${section.title} (${Math.round(seconds)} s, ${Math.round(stolen * 100)} % of the cores taken by the host): ${section.what}`,
    )
    for (const line of table(section.figures)) console.log(`  ${line}`)
    // Small counts say that it works, not how fast it is.
    if (!options.quick) keep(NAMES, name, { ...section, command, seconds: Math.round(seconds), stolen })
  } catch (error) {
    failed++
    console.error(error)
  }
}
process.exit(failed > 0 ? 1 : 0)
