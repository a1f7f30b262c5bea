// What the processes of a simulated hub share: the ledger, in memory or in PostgreSQL. Both are driven by the same schedules.
import type { Ledger } from '../../engine/delivery/ledger.ts'
import type { Straight } from '../../engine/handoff/owe.ts'
import type { Claimed, Settlement } from '../../engine/hub.ts'

/** What a source says about one of its records. */
export interface Notice {
  id: number
  note: string
  /** The source's own moment of the change. */
  stamp: string
}
export interface Job {
  connection: string
  ids: number[]
  alone: boolean
}
/** A handoff as both ledgers must show it; moments are milliseconds since the simulation began. */
export interface Row {
  id: number
  key: string
  route: string
  kind: 'push' | 'call'
  /** What the record says now, and its version. */
  note: string
  version: number
  wanted: number
  delivered: number | null
  state: string
  outcome: string | null
  attempts: number
  deaths: number
  fence: number
  due: number
  queued: number | null
  lease: number | null
  uncertain: number | null
  lost: number | null
  lostVersion: number | null
  held: boolean
  image: boolean
  cause: string | null
  waitingFor: string | null
}
/** The order in which both ledgers show their handoffs. */
export const byName = (a: { key: string; route: string }, b: { key: string; route: string }) =>
  a.key + a.route < b.key + b.route ? -1 : 1

export interface Books {
  /** A process begins; answers its number. */
  start(): Promise<number>
  /** It died. */
  end(worker: number): Promise<void>
  /** The database's clock goes on, or back. */
  pass(ms: number): Promise<void>
  store(notice: Notice): Promise<void>
  /** Answers what was claimed as it was owed. */
  decide(straight: Straight): Promise<Claimed[]>
  wake(): Promise<Job[]>
  /** Wakes again what the queue lost; `depth`: the jobs that wait in it. */
  wakeLost(depth: number): Promise<Job[]>
  reclaim(): Promise<void>
  /** Ends waits for what has arrived. */
  sweepWaits(): Promise<void>
  ledger(worker: number, connection: string, alone: boolean): Ledger
  settle(connection: string, settlements: Settlement[]): Promise<void>
  /** What a person does about handoffs that are stuck. */
  person(ids: number[], does: 'retry' | 'resolve'): Promise<void>
  /** By key and route. */
  rows(): Promise<Row[]>
  /** The external ids that are known, as `connection id key`. */
  links(): Promise<string[]>
}
/** Mechanisms that a test takes away, to see that the simulation notices. */
export type Lack =
  | 'fence'
  | 'uncertainty'
  | 'lost versions'
  | 'live leases'
  | 'recovery of the queue'
  | 'stamps'
  | 'gate'
  | 'look-up'
  | 'ends of waits'
  /** Of what is claimed as it is owed. */
  | 'rest before a straight claim'
  | 'certainty before a straight claim'
  | 'sending before a straight write'
  | 'a lease from its claim on'
