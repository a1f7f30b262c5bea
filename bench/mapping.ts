// How fast a mapping is: compiled from YAML, written by hand in TypeScript (with the same checks, and with none), as one
// JSONata expression and, with `--whole`, as n8n expressions (fetched for that); all on the same order with five lines, in one
// process, in turns. Trust the ratios, not the absolute figures.
import { deepStrictEqual } from 'node:assert'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import jsonata from 'jsonata'
import { mappingsFromText } from '../engine/mapping/from-text.ts'
import { type BenchOptions, median, type Section } from './figures.ts'
import { mapOrder } from './mapping/by-hand.ts'
import { n8nMapper } from './mapping/n8n.ts'
import { mapOrderUnchecked } from './mapping/unchecked.ts'

const SLICE_MILLISECONDS = 250

type Json = any
type Mapping = (item: Json) => unknown

const read = (name: string) => readFileSync(join(import.meta.dirname, 'mapping', name), 'utf8')
const order = JSON.parse(read('order.json'))
// Many orders that differ, so that nothing can be remembered from the last one.
const orders = Array.from({ length: 64 }, (_, i) => ({
  ...structuredClone(order),
  number: String(1001 + i),
  total: `${100 + i}.02`,
}))

export async function run({ quick, whole }: BenchOptions): Promise<Section> {
  const rounds = quick ? 4 : 15
  const runners = await mappings(whole)
  for (const [name, map] of Object.entries(runners))
    deepStrictEqual(
      JSON.parse(JSON.stringify(await map(order))),
      JSON.parse(JSON.stringify(mapOrder(order, 'shop'))),
      name,
    )
  const rates: Record<string, number[]> = {}
  for (let round = 0; round < rounds; round++) {
    for (const [name, map] of Object.entries(runners)) {
      const rate = name === 'JSONata' ? await perSecondAsync(map) : perSecond(map)
      // The first rounds warm the machine up.
      if (round > 1) rates[name] = [...(rates[name] ?? []), rate]
    }
  }
  const compiled = rates['compiled']!
  return {
    title: 'Mapping',
    what: `An order with 5 lines through a mapping of about 20 fields, in process, per second of CPU (median of ${rounds - 2} rounds).`,
    figures: Object.entries(rates).map(([name, found]) => ({
      name,
      unit: 'orders/s',
      value: median(found),
      ...(name === 'compiled'
        ? { note: `${(1e6 / median(found)).toFixed(2)} µs an order` }
        : { baseline: 'as slow as compiled', ratio: median(compiled.map((rate, i) => rate / found[i]!)) }),
    })),
    caveats: [
      '"by hand" is TypeScript with the same checks, "unchecked" has none.',
      ...(whole ? ['n8n: its own in-process engine, its fastest, without the rest of an execution.'] : []),
    ],
  }
}

async function mappings(peers: boolean): Promise<Record<string, Mapping>> {
  const set = await mappingsFromText({ 'shop/orders': read('rules.yaml') })
  const mapper = set.get('shop/orders')?.in
  if (!mapper)
    throw new Error(set.diagnostics.map((found) => `${found.file}:${found.line} ${found.message}`).join('\n'))
  const expression = jsonata(read('order.jsonata'))
  return {
    compiled: (item) => mapper.run(item, { connection: 'shop' }).record,
    'by hand': (item) => mapOrder(item, 'shop'),
    unchecked: (item) => mapOrderUnchecked(item, 'shop'),
    JSONata: (item) => expression.evaluate(item, { connection: 'shop' }),
    ...(peers ? { n8n: n8nMapper('shop') } : {}),
  }
}

function perSecond(map: Mapping): number {
  const began = process.cpuUsage()
  const until = performance.now() + SLICE_MILLISECONDS
  let count = 0
  while (performance.now() < until) {
    for (const item of orders) map(item)
    count += orders.length
  }
  return count / seconds(began)
}

async function perSecondAsync(map: Mapping): Promise<number> {
  const began = process.cpuUsage()
  const until = performance.now() + SLICE_MILLISECONDS
  let count = 0
  while (performance.now() < until) {
    await map(orders[count % orders.length])
    count++
  }
  return count / seconds(began)
}

function seconds(began: NodeJS.CpuUsage): number {
  const { user, system } = process.cpuUsage(began)
  return (user + system) / 1e6
}
