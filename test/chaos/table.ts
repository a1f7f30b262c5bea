// Runs scenarios one after the other and tells what was counted.
import { type Machines, openMachines } from './machines.ts'
import { type Backend, type Count, openPlace } from './place.ts'
import type { Scenario } from './scenarios.ts'

export interface Row {
  scenario: string
  backend: Backend
  struck: number
  count: Count | undefined
  seconds: number
  /** Why the row does not hold; empty when it does. */
  wrong: string[]
  skipped?: string
}

/** Runs one scenario in a place of its own. */
export async function run(machines: Machines, backend: Backend, scenario: Scenario, seed: number): Promise<Row> {
  const row: Row = { scenario: scenario.name, backend, struck: 0, count: undefined, seconds: 0, wrong: [] }
  const place = await openPlace(machines, backend, scenario.orders ?? 60, seed, scenario.parked)
  try {
    row.struck = await scenario.strike(place)
    const { seconds, count } = await place.recover()
    Object.assign(row, { seconds, count })
    row.wrong = [...count.open, ...((await scenario.after?.(place)) ?? [])]
    const final = await place.count()
    if (final.open.length > 0 && row.wrong.length === 0) {
      const again = await place.recover()
      row.count = again.count
      row.wrong = again.count.open
    }
    if (row.struck === 0) row.wrong.push('the fault never struck')
    if (row.count!.disordered > 0) row.wrong.push(`${row.count!.disordered} writes out of order`)
  } catch (error) {
    row.wrong.push((error as Error).message)
  } finally {
    await place.close()
  }
  return row
}

export const HEAD = [
  'scenario',
  'queue',
  'struck',
  'in',
  'delivered',
  'lost',
  'doubled',
  'out of order',
  'recovered after',
  '',
]

export function cells(row: Row): string[] {
  const { count } = row
  if (row.skipped) return [row.scenario, row.backend, '', '', '', '', '', '', '', `skipped: ${row.skipped}`]
  const figures = count
    ? [count.in, count.delivered, count.lost, count.doubled, count.disordered].map(String)
    : ['', '', '', '', '']
  return [
    row.scenario,
    row.backend,
    String(row.struck),
    ...figures,
    `${row.seconds.toFixed(1)} s`,
    row.wrong.length === 0 ? 'holds' : row.wrong.join('; '),
  ]
}

export { openMachines }
