// The processes that a benchmark starts: the hub under measurement, stand-ins for the systems around it, generators of load.
import { fork, spawn } from 'node:child_process'
import { once } from 'node:events'
import { writeFileSync } from 'node:fs'
import path from 'node:path'
import { createInterface } from 'node:readline'
import { setTimeout as sleep } from 'node:timers/promises'
import hubFlags from '../../tools/hub-flags.json' with { type: 'json' }
import type { HubSpec, Order, Usage } from './hub.ts'
import type { LoadReport, LoadSpec } from './load.ts'
import type { Machines } from './machines.ts'

type Work = Order extends infer One ? (One extends { id: number } ? Omit<One, 'id'> : never) : never

export interface HubChild extends AsyncDisposable {
  pid: number
  url: string
  ask: <Answer = any>(work: Work) => Promise<Answer>
  usage: () => Promise<Usage>
}

let spawned = 0

/** Starts a hub as the `handoff` command does, and waits until it is ready. `flags` are more of Node's. */
export async function startHubChild(
  machines: Machines,
  spec: Omit<HubSpec, 'databaseUrl'>,
  flags: string[] = [],
): Promise<HubChild> {
  const file = path.join(machines.folder, `hub-${++spawned}.json`)
  writeFileSync(file, JSON.stringify({ ...spec, databaseUrl: machines.databaseUrl }))
  const child = fork(path.join(import.meta.dirname, 'hub.ts'), [file], {
    stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
    execArgv: [...process.execArgv, ...hubFlags, ...flags],
  })
  const waiting = new Map<number, (answer: { value?: unknown; error?: string }) => void>()
  const [first] = (await Promise.race([once(child, 'message'), once(child, 'exit').then(() => [{}])])) as [
    { url?: string; ready?: boolean },
  ]
  if (!first.ready) throw new Error('the hub did not start')
  child.on('message', (answer: any) => waiting.get(answer.id)?.(answer))
  child.on('exit', (code) => {
    for (const done of waiting.values()) done({ error: `the hub ended (${code})` })
  })
  let asked = 0
  const ask = async (work: Work): Promise<any> => {
    const id = ++asked
    const answered = new Promise<{ value?: unknown; error?: string }>((resolve) => waiting.set(id, resolve))
    child.send({ id, ...work })
    const { value, error } = await answered
    waiting.delete(id)
    if (error) throw new Error(error)
    return value
  }
  return {
    pid: child.pid!,
    url: first.url ?? '',
    ask,
    usage: () => ask({ do: 'usage' }),
    [Symbol.asyncDispose]: async () => {
      if (child.exitCode !== null || child.signalCode !== null) return
      const ended = once(child, 'exit')
      await ask({ do: 'stop' }).catch(() => child.kill('SIGKILL'))
      await ended
    },
  }
}

export interface StandIn extends Disposable {
  url: string
  count: () => Promise<{ taken: number; distinct: number }>
  arrivals: () => Promise<[path: string, mark: string, at: number][]>
  /** Counts anew from here. */
  forget: () => Promise<void>
  /** Waits until so many different things have arrived; throws when nothing has come for so long, a minute unless told. */
  until: (distinct: number, patienceMs?: number) => Promise<void>
}

/** Starts a server that says as its first line where it listens, and ends with its input. */
export async function startServer(file: string, args: string[]): Promise<{ url: string } & Disposable> {
  const child = spawn(process.execPath, [file, ...args], { stdio: ['pipe', 'pipe', 'inherit'] })
  const [line] = (await once(createInterface(child.stdout!), 'line')) as [string]
  return { ...(JSON.parse(line) as { url: string }), [Symbol.dispose]: () => void child.kill() }
}

export async function startStandIn({ orders = 0, delayMs = 0, first = 1 } = {}): Promise<StandIn> {
  const file = path.join(import.meta.dirname, 'stand-in.ts')
  const server = await startServer(file, [String(orders), String(delayMs), String(first)])
  const { url } = server
  const get = async (from: string) => (await fetch(`${url}${from}`)).json() as any
  return {
    ...server,
    count: () => get('/count'),
    arrivals: () => get('/arrivals'),
    forget: () => get('/forget'),
    until: async (distinct, patienceMs = 60_000) => {
      for (let last = -1, since = performance.now(); ; await sleep(50)) {
        const now = (await get('/count')).distinct
        if (now >= distinct) return
        if (now !== last) since = performance.now()
        last = now
        if (performance.now() - since > patienceMs)
          throw new Error(`${now} of ${distinct} arrived, and nothing more for ${patienceMs / 1000} s`)
      }
    },
  }
}

/** Runs a script to its end and answers the JSON of its last line. */
export const runScript = <Answer>(file: string, args: string[]): Promise<Answer> =>
  runProgram(process.execPath, [file, ...args])

/** Sends a load from a process of its own. */
export const runLoad = (spec: LoadSpec): Promise<LoadReport> =>
  runScript<LoadReport>(path.join(import.meta.dirname, 'load.ts'), [JSON.stringify(spec)])

/** Runs a program to its end and answers the JSON of its last line. */
export async function runProgram<Answer>(command: string, args: string[]): Promise<Answer> {
  const child = spawn(command, args, { stdio: ['ignore', 'pipe', 'inherit'] })
  let output = ''
  child.stdout.on('data', (chunk) => (output += chunk))
  const [code] = await once(child, 'close')
  if (code !== 0) throw new Error(`${command} ${args[0]} ended with ${code}\n${output}`)
  return JSON.parse(output.trim().split('\n').at(-1)!)
}
