// The five stand-ins of the demo, in a process of their own: it is taken over when it runs already (the demo itself may have
// been killed), and started where it does not.
import { spawn } from 'node:child_process'
import { closeSync, existsSync, mkdirSync, openSync, readFileSync } from 'node:fs'
import path from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import type { Json } from '../../hub.ts'
import { PROJECT } from '../../setup/load.ts'

export interface Systems {
  addresses: Record<'woocommerce' | 'shiphero' | 'easypost' | 'odoo' | 'hubspot', string>
  pid: number | undefined
  /** The control interface of the stand-ins. */
  control: string
  get: (what: string) => Promise<Json>
  post: (what: string, body: Json) => Promise<Json>
  stop: () => void
}

const START_DEADLINE_MS = 15_000

export async function startSystems(dir: string): Promise<Systems> {
  mkdirSync(dir, { recursive: true })
  const running = await reachable(dir)
  const pid = running ? undefined : launch(dir)
  for (const start = Date.now(); ; await sleep(50)) {
    const control = await reachable(dir)
    if (control) return systemsAt(control, pid)
    if (Date.now() - start > START_DEADLINE_MS)
      throw new Error(`HUB_DEMO_SYSTEMS The stand-ins did not start; see ${path.join(dir, 'systems.log')}.`)
  }
}

/** Those of a demo that runs; undefined when none does. */
export async function runningSystems(dir: string): Promise<Systems | undefined> {
  const control = await reachable(dir)
  return control ? systemsAt(control, undefined) : undefined
}

/** A process group of its own: Ctrl-C is for the hub, which may still be writing to these systems. */
function launch(dir: string): number | undefined {
  const log = openSync(path.join(dir, 'systems.log'), 'a')
  const child = spawn(process.execPath, [path.join(PROJECT, 'sandbox', 'main.ts'), '--dir', dir], {
    detached: true,
    stdio: ['ignore', log, log],
  })
  closeSync(log)
  child.unref()
  return child.pid
}

async function reachable(dir: string): Promise<string | undefined> {
  const file = path.join(dir, 'ports.json')
  if (!existsSync(file)) return undefined
  try {
    const control = `http://127.0.0.1:${JSON.parse(readFileSync(file, 'utf8')).control}`
    const answer = await fetch(`${control}/_sandbox/health`, { signal: AbortSignal.timeout(1000) })
    return answer.ok ? control : undefined
  } catch {
    return undefined
  }
}

async function systemsAt(control: string, pid: number | undefined): Promise<Systems> {
  const ask = async (what: string, init?: RequestInit): Promise<Json> => {
    const answer = await fetch(`${control}/_sandbox/${what}`, init)
    const body = await answer.json()
    if (!answer.ok) throw new Error(`HUB_DEMO_SYSTEMS ${(body as { error: string }).error}`)
    return body
  }
  const health = await ask('health')
  return {
    addresses: health.systems,
    control,
    pid,
    get: (what) => ask(what),
    post: (what, body) => ask(what, { method: 'POST', body: JSON.stringify(body) }),
    stop: () => {
      if (pid) process.kill(pid, 'SIGTERM')
    },
  }
}
