// Random schedules: what arrives, what the processes do next, and what goes wrong.
import fc from 'fast-check'
import type { Fault, Kind } from './destination.ts'

export type Command =
  /** A record changes at its source. */
  | { do: 'change'; record: number; note: number }
  /** The source tells of it: the latest state, or one of so many changes ago; again and again. */
  | { do: 'tell'; record: number; ago: number }
  /** A process decides, and sends at once what it owes to these connections. */
  | { do: 'decide'; process: number; straight: string[] }
  | { do: 'wake' }
  /** Takes back what dead processes held, and wakes what the queue lost. */
  | { do: 'sweep' }
  /** A process takes a job; `keep`: the queue hands it out a second time later. */
  | { do: 'take'; process: number; keep: boolean }
  /** One of the steps at which a process stands goes on. */
  | { do: 'go'; process: number; step: number; fault: Fault }
  | { do: 'kill'; process: number }
  | { do: 'wipe' }
  | { do: 'pass'; seconds: number }
  /** The database's clock is set back. */
  | { do: 'back'; seconds: number }
  /** A lost write lands. */
  | { do: 'land'; which: number }
  /** A record changes, the source tells of it at once, and the hub owes it. */
  | { do: 'arrive'; record: number; note: number; process: number; straight: string[] }
  /** A process is stopped for longer than any lease, and another one takes over. */
  | { do: 'overtake'; process: number }
  /** A person retries what is stuck. */
  | { do: 'retry' }
export interface Schedule {
  push: Kind
  call: Kind
  /** The second record goes to the warehouse after the first. */
  waits: boolean
  commands: Command[]
}

const RECORDS = 2
const record = fc.nat(RECORDS - 1)
const process = fc.nat(1)
const straight = fc.constantFrom<string[]>([], ['wms'], ['carrier'], ['wms', 'carrier'])
const fault: fc.Arbitrary<Fault> = fc.oneof(
  { weight: 8, arbitrary: fc.constant<Fault>('none') },
  {
    weight: 7,
    arbitrary: fc.constantFrom<Fault>('stale', 'refused', 'limited', 'lost before', 'lost after', 'late', 'slow'),
  },
)
const command: fc.Arbitrary<Command> = fc.oneof(
  { weight: 4, arbitrary: fc.record({ do: fc.constant('arrive'), record, note: fc.nat(2), process, straight }) },
  { weight: 2, arbitrary: fc.record({ do: fc.constant('overtake'), process }) },
  { weight: 3, arbitrary: fc.record({ do: fc.constant('change'), record, note: fc.nat(2) }) },
  { weight: 3, arbitrary: fc.record({ do: fc.constant('tell'), record, ago: fc.nat(2) }) },
  { weight: 3, arbitrary: fc.record({ do: fc.constant('decide'), process, straight }) },
  { weight: 4, arbitrary: fc.record({ do: fc.constant('wake') }) },
  { weight: 3, arbitrary: fc.record({ do: fc.constant('sweep') }) },
  { weight: 7, arbitrary: fc.record({ do: fc.constant('take'), process, keep: fc.boolean() }) },
  { weight: 24, arbitrary: fc.record({ do: fc.constant('go'), process, step: fc.nat(3), fault }) },
  { weight: 2, arbitrary: fc.record({ do: fc.constant('kill'), process }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('wipe') }) },
  {
    weight: 4,
    arbitrary: fc.record({ do: fc.constant('pass'), seconds: fc.constantFrom(1, 4, 16, 31, 61, 150, 3_600) }),
  },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('back'), seconds: fc.constantFrom(1, 20, 300) }) },
  { weight: 2, arbitrary: fc.record({ do: fc.constant('land'), which: fc.nat(2) }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('retry') }) },
) as fc.Arbitrary<Command>

const kind = fc.constantFrom<Kind>('strong', 'lagging', 'unique', 'keyed', 'blind')
/** A first change, so that few schedules are empty. */
const beginning = straight.map((straight): Command => ({ do: 'arrive', record: 0, note: 0, process: 0, straight }))

export const schedule: fc.Arbitrary<Schedule> = fc.record({
  push: kind,
  call: kind,
  waits: fc.boolean(),
  commands: fc
    .tuple(beginning, fc.array(command, { minLength: 10, maxLength: 120, size: 'max' }))
    .map(([first, commands]) => [first, ...commands]),
})
