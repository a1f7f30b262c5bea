// What holds of every handoff after every step.
import type { Row } from './books.ts'
import { type Destination, Violation } from './destination.ts'

/** Of a handoff after each step; `resolved`: a person has said once that it is there. */
export function lawsOf(row: Row, destination: Destination, resolved: boolean): void {
  const name = row.kind === 'push' ? row.key : `label:${row.key}`
  if (row.state !== 'sending' && destination.underWay().some((each) => each.split('~')[0] === name))
    throw new Violation(
      `what is under way is held: a request for ${name} is under way, and the handoff is ${row.state}`,
    )
  if (row.kind === 'push' && row.delivered !== null && row.delivered > row.wanted)
    throw new Violation(
      `delivered is a version that was sent: ${row.key} ${row.route} ${row.delivered} > ${row.wanted}`,
    )
  if (row.state !== 'resting' || row.outcome === 'skipped' || resolved) return
  if (row.kind === 'push' && row.delivered !== row.wanted)
    throw new Violation(`what rests is delivered: ${row.key} ${row.route} rests with ${row.delivered} of ${row.wanted}`)
  const things = destination.things.filter((thing) => thing.key === row.key)
  if (row.kind === 'push' && (things.length !== 1 || things[0]!.note !== row.note))
    throw new Violation(
      `what rests is at its destination: ${row.key} is ${row.note} in version ${row.version}, there it is ${things.map((thing) => thing.note).join() || 'not'}`,
    )
  if (row.kind === 'call' && !destination.done.some((each) => each.key.split('~')[0] === `label:${row.key}`))
    throw new Violation(`what rests is at its destination: ${row.key} was never called`)
}
