// How fast a mapping is: compiled from YAML, written by hand in TypeScript (with the same checks, and with none), as one
// JSONata expression and, with --peers, as n8n expressions; all on the same order with five lines, in one process, in turns.
// Trust the ratios, not the absolute figures.
//   npm run bench:mapping [-- --peers]
import { deepStrictEqual } from 'node:assert'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import jsonata from 'jsonata'
import { mappingsFromText } from '../engine/mapping/from-text.ts'
import { mapOrder } from './mapping/by-hand.ts'
import { n8nMapper } from './mapping/n8n.ts'
import { mapOrderUnchecked } from './mapping/unchecked.ts'

const ROUNDS = 15
const SLICE_MILLISECONDS = 250

const read = (name: string) => readFileSync(join(import.meta.dirname, 'mapping', name), 'utf8')
const order = JSON.parse(read('order.json'))
const set = await mappingsFromText({ 'shop/orders': read('rules.yaml') })
const mapper = set.get('shop/orders')?.in
if (!mapper) throw new Error(set.diagnostics.map((found) => `${found.file}:${found.line} ${found.message}`).join('\n'))
const expression = jsonata(read('order.jsonata'))
const context = { connection: 'shop' }

// Many orders that differ, so that nothing can be remembered from the last one.
const orders = Array.from({ length: 64 }, (_, i) => ({
  ...structuredClone(order),
  number: String(1001 + i),
  total: `${100 + i}.02`,
}))
const runners: Record<string, (item: any) => unknown> = {
  compiled: (item) => mapper.run(item, context).record,
  'by hand': (item) => mapOrder(item, 'shop'),
  unchecked: (item) => mapOrderUnchecked(item, 'shop'),
  JSONata: (item) => expression.evaluate(item, { connection: 'shop' }),
}
if (process.argv.includes('--peers')) runners['n8n'] = n8nMapper('shop')
for (const [name, run] of Object.entries(runners))
  deepStrictEqual(
    JSON.parse(JSON.stringify(await run(order))),
    JSON.parse(JSON.stringify(mapOrder(order, 'shop'))),
    name,
  )

const rates: Record<string, number[]> = {}
for (let round = 0; round < ROUNDS; round++) {
  for (const [name, run] of Object.entries(runners)) {
    const rate = name === 'JSONata' ? await perSecondAsync(run) : perSecond(run)
    // The first rounds warm the machine up.
    if (round > 1) rates[name] = [...(rates[name] ?? []), rate]
  }
}
const median = (values: number[]) => values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)]!
const compiled = median(rates['compiled']!)
console.log(`Records per second of CPU, median of ${ROUNDS - 2} rounds, an order with 5 lines:`)
for (const [name, found] of Object.entries(rates)) {
  const ratio = median(rates['compiled']!.map((rate, i) => rate / found[i]!))
  console.log(
    `  ${name.padEnd(10)} ${Math.round(median(found)).toLocaleString('en').padStart(10)}   compiled is ×${ratio.toFixed(2)}`,
  )
}
console.log(`  one record compiled: ${(1e6 / compiled).toFixed(2)} µs`)

function perSecond(run: (item: any) => unknown): number {
  const began = process.cpuUsage()
  const until = performance.now() + SLICE_MILLISECONDS
  let count = 0
  while (performance.now() < until) {
    for (const item of orders) run(item)
    count += orders.length
  }
  return count / seconds(began)
}

async function perSecondAsync(run: (item: any) => unknown): Promise<number> {
  const began = process.cpuUsage()
  const until = performance.now() + SLICE_MILLISECONDS
  let count = 0
  while (performance.now() < until) {
    await run(orders[count % orders.length])
    count++
  }
  return count / seconds(began)
}

function seconds(began: NodeJS.CpuUsage): number {
  const { user, system } = process.cpuUsage(began)
  return (user + system) / 1e6
}
