// Plays one schedule on a ledger and checks the laws: after every step, and once the faults have stopped.
import { leaseMs } from '../../engine/delivery/claim.ts'
import type { Route } from '../../engine/hub.ts'
import type { Books, Job, Lack, Row } from './books.ts'
import { Destination, Violation } from './destination.ts'
import { lawsOf } from './laws.ts'
import { DEADLINE_MS, Process } from './process.ts'
import { routesOf } from './routes.ts'
import type { Command, Schedule } from './schedule.ts'

const FIRST_STAMP = Date.UTC(2025, 0, 1)
const PROCESSES = 2
const BOTH = ['wms', 'carrier']
/** After the faults: rounds until everything must rest. */
const ROUNDS = 120

export type Lacks = ReadonlySet<Lack>
interface Options {
  open: (routes: Map<string, Route>, busy: (work: number) => void) => Promise<Books>
  /** What a test has taken away. */
  lacks?: Lacks
  /** Hears what happens, line by line. */
  tell?: (line: string) => void
  /** Looks at the ledger after each step. */
  watch?: (rows: Row[], links: string[]) => void
}
export interface Tally {
  steps: number
  delivered: number
  /** Claimed as they were owed. */
  straight: number
  /** Handoffs of which a write was lost. */
  lost: number
  deaths: number
}

/** Plays the schedule; throws a Violation where a law does not hold. */
export async function play(schedule: Schedule, options: Options): Promise<Tally> {
  const clocks = { now: performance.now, random: Math.random }
  let mono = 1_000_000
  performance.now = () => mono
  Math.random = () => 0.5
  try {
    return await inItsOwnTime(schedule, options, {
      now: () => mono,
      pass: (ms) => {
        mono += ms
      },
    })
  } finally {
    performance.now = clocks.now
    Math.random = clocks.random
  }
}

interface Clock {
  now: () => number
  pass: (ms: number) => void
}

async function inItsOwnTime(schedule: Schedule, options: Options, clock: Clock): Promise<Tally> {
  const tell = options.tell ?? (() => {})
  const lacks = (what: Lack) => options.lacks?.has(what) ?? false
  const tally: Tally = { steps: 0, delivered: 0, straight: 0, lost: 0, deaths: 0 }
  let work = 0
  // Where a person says that the first is there, nobody knows under which id.
  const waits = schedule.waits && schedule.push !== 'blind'
  const routes = new Map<string, Route>()
  const destinations = (['wms', 'carrier'] as const).map((name) => {
    const kind = name === 'wms' ? schedule.push : schedule.call
    return new Destination(name, kind, clock.now, tell, !lacks('gate'))
  })
  const [warehouse, carrier] = destinations as [Destination, Destination]
  for (const route of routesOf(new Process(), warehouse, carrier, waits)) routes.set(route.name, route)
  const books = await options.open(routes, (more) => {
    work += more
  })
  const processes: Process[] = []
  for (let turn = 0; turn < PROCESSES; turn++) processes.push(await begin())
  /** What each record has been at its source, in order. */
  const history = new Map<number, number[]>()
  /** The latest of them that the hub was told. */
  const heard = new Map<number, number>()
  let queue: Job[] = []
  const person = new Set<number>()

  async function begin(): Promise<Process> {
    const process = new Process()
    process.worker = await books.start()
    for (const route of routesOf(process, warehouse, carrier, waits)) {
      if (lacks('look-up') && route.push) route.push.find = async () => undefined
      process.routes.set(route.name, route)
    }
    return process
  }
  async function quiet(): Promise<void> {
    do await new Promise(setImmediate)
    while (work > 0)
  }
  const told = (record: number, ago: number) => {
    const states = history.get(record) ?? []
    const index = states.length - 1 - ago
    if (index < 0) return undefined
    const note = 'abc'[states[index]!]!
    const stamp = new Date(FIRST_STAMP + index * 1000).toISOString()
    return { id: record + 1, note, stamp }
  }

  async function carryOut(command: Command): Promise<void> {
    switch (command.do) {
      case 'change': {
        const states = history.get(command.record) ?? []
        history.set(command.record, states)
        if (states.at(-1) !== command.note) states.push(command.note)
        return
      }
      case 'tell': {
        const notice = told(command.record, command.ago)
        if (!notice) return
        await books.store(notice)
        const states = history.get(command.record)!
        heard.set(command.record, Math.max(heard.get(command.record) ?? 0, states.length - 1 - command.ago))
        return
      }
      case 'decide': {
        const process = processes[command.process]!
        const room = new Map(command.straight.map((connection) => [connection, Number.POSITIVE_INFINITY]))
        const began = clock.now()
        const claimed = await books.decide({ worker: process.worker, leaseMs: leaseMs(DEADLINE_MS), room, from: '' })
        tally.straight += claimed.length
        process.send(books, claimed, () => (lacks('a lease from its claim on') ? clock.now() : began))
        return believed()
      }
      case 'wake':
        return void queue.push(...(await books.wake()))
      case 'sweep':
        await books.reclaim()
        await books.sweepWaits()
        return void queue.push(...(await books.wakeLost(queue.length)))
      case 'take': {
        const job = queue.shift()
        if (!job) return
        if (command.keep) queue.push(job)
        processes[command.process]!.run(books, job)
        return quiet()
      }
      case 'go': {
        const { steps } = processes[command.process]!
        if (steps.length === 0) return
        const [step] = steps.splice(command.step % steps.length, 1)
        tell(`    process ${command.process}: ${step!.what}`)
        step!.go(command.fault)
        return quiet()
      }
      case 'kill': {
        const process = processes[command.process]!
        process.die()
        for (const each of destinations) each.abandon(process)
        await books.end(process.worker)
        processes[command.process] = await begin()
        tally.deaths++
        return
      }
      case 'wipe':
        queue = []
        return
      case 'pass':
        clock.pass(command.seconds * 1000)
        await books.pass(command.seconds * 1000)
        for (const each of destinations) each.landed()
        return
      case 'back':
        return books.pass(-command.seconds * 1000)
      case 'land':
        for (const each of destinations) if (each.wire.length > 0) each.land(command.which % each.wire.length)
        return
      case 'arrive': {
        const { record, note, process, straight } = command
        await carryOut({ do: 'change', record, note })
        await carryOut({ do: 'tell', record, ago: 0 })
        await carryOut({ do: 'decide', process, straight })
        return carryOut({ do: 'wake' })
      }
      case 'overtake':
        await carryOut({ do: 'pass', seconds: 150 })
        await carryOut({ do: 'sweep' })
        await carryOut({ do: 'wake' })
        return carryOut({ do: 'take', process: (command.process + 1) % PROCESSES, keep: false })
      case 'retry':
        return help()
    }
  }

  /** What the hub believes is the latest that it was told. */
  async function believed(): Promise<void> {
    for (const row of await books.rows()) {
      const record = Number(row.key.split(':')[1]) - 1
      const latest = 'abc'[history.get(record)![heard.get(record)!]!]!
      if (row.note !== latest)
        throw new Violation(
          `a stale read never beats a fresh one: ${row.key} is ${row.note}, after it was told ${latest}`,
        )
    }
  }

  /** A person looks at what is stuck, once nothing can land any more: what is there is resolved, the rest is sent again. */
  async function help(): Promise<void> {
    for (const row of await books.rows()) {
      if (!['parked', 'failed', 'held'].includes(row.state)) continue
      if (destinations.some((each) => each.wire.length > 0)) continue
      const there =
        row.kind === 'push'
          ? warehouse.things.some((thing) => thing.key === row.key)
          : carrier.done.some((each) => each.key.split('~')[0] === `label:${row.key}`)
      const links = await books.links()
      const known = links.some((link) => link.startsWith('wms') && link.endsWith(` ${row.key}`))
      const resolve = row.state === 'held' && there && !(row.kind === 'push' && known)
      if (resolve) person.add(row.id)
      await books.person([row.id], resolve ? 'resolve' : 'retry')
    }
  }

  async function check(): Promise<void> {
    for (const { broken } of destinations) if (broken[0]) throw broken[0]
    for (const process of processes) {
      const [defect] = process.defects
      if (defect) throw defect instanceof Error ? defect : new Error(String(defect))
    }
    const rows = await books.rows()
    options.watch?.(rows, await books.links())
    for (const row of rows) lawsOf(row, row.kind === 'push' ? warehouse : carrier, person.has(row.id))
  }
  async function one(command: Command): Promise<void> {
    tell(Object.values(command).join(' '))
    await carryOut(command)
    tally.steps++
    await check()
  }

  // Both processes work, time passes, the sources are asked once more.
  async function rest(): Promise<void> {
    for (let round = 0; ; round++) {
      await drain(one, processes, () => queue.length)
      for (const record of history.keys()) await one({ do: 'tell', record, ago: 0 })
      await one({ do: 'decide', process: 0, straight: BOTH })
      await one({ do: 'sweep' })
      await one({ do: 'wake' })
      await drain(one, processes, () => queue.length)
      const rows = await books.rows()
      const wires = destinations.some((each) => each.wire.length > 0)
      if (rows.every((row) => row.state === 'resting') && queue.length === 0 && !wires) break
      if (round > ROUNDS) {
        const open = rows.filter((row) => row.state !== 'resting')
        throw new Violation(
          `nothing is lost: ${open.map((row) => `${row.key} ${row.route} is ${row.state} (${row.cause})`).join(', ')}`,
        )
      }
      await one({ do: 'pass', seconds: Math.min(3600, 16 * 2 ** Math.floor(round / 4)) })
      await one({ do: 'retry' })
    }
  }

  for (const command of schedule.commands) await one(command)
  tell('the faults are over')
  await rest()
  tell('a last change of each')
  for (const [record, states] of history)
    await one({ do: 'arrive', record, note: (states.at(-1)! + 1) % 3, process: 1, straight: BOTH })
  await rest()
  const rows = await books.rows()
  for (const [record, states] of history) {
    const mine = rows.filter((row) => row.key === `shop:${record + 1}`)
    if (mine.length !== routes.size) throw new Violation(`nothing is lost: of shop:${record + 1} nothing is owed`)
    if (mine[0]!.note !== 'abc'[states.at(-1)!])
      throw new Violation(`the latest state wins: shop:${record + 1} is ${mine[0]!.note}`)
  }
  tally.delivered = rows.filter((row) => row.outcome === 'delivered').length
  tally.lost = rows.filter((row) => row.lost !== null).length
  return tally
}

/** Lets the processes finish what there is, without faults. */
async function drain(one: (command: Command) => Promise<void>, processes: Process[], waiting: () => number) {
  for (let turn = 0; turn < 2000; turn++) {
    const busy = processes.findIndex((each) => each.steps.length > 0)
    if (busy >= 0) await one({ do: 'go', process: busy, step: 0, fault: 'none' })
    else if (waiting() > 0) await one({ do: 'take', process: turn % processes.length, keep: false })
    else return
  }
  throw new Violation('nothing is lost: the processes never come to rest')
}
