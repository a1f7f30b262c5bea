// What the operating system says about a server: its pid file, whether that pid is really a server of this data folder
// (pids are reused, usual after a container restart, and a zombie looks alive to PostgreSQL), and how to stop it.
import * as fs from 'node:fs'
import * as path from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'

export function readPidFile(data: string): { pid: number; ready: boolean } | undefined {
  try {
    const lines = fs.readFileSync(path.join(data, 'postmaster.pid'), 'utf8').split('\n')
    return { pid: Math.abs(Number(lines[0])), ready: (lines[7] ?? '').trim() === 'ready' }
  } catch {
    return undefined
  }
}

export function exists(pid: number): boolean {
  try {
    process.kill(pid, 0)
    return true
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM'
  }
}

/** Whether `pid` is a live server of this data folder: not dead, not a zombie, not a stranger with a reused pid. */
export function serves(pid: number, data: string): boolean {
  if (!exists(pid)) return false
  if (process.platform !== 'linux') return true
  try {
    if (/^\d+ \(.*\) Z/s.test(fs.readFileSync(`/proc/${pid}/stat`, 'utf8'))) return false
    return fs.readlinkSync(`/proc/${pid}/cwd`) === data
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EACCES'
  }
}

/** Whether any process still has the data folder as its working directory (a postmaster and all its children do). */
export function inUse(data: string): boolean {
  return fs.readdirSync('/proc').some((pid) => {
    if (!/^\d+$/.test(pid)) return false
    try {
      return fs.readlinkSync(`/proc/${pid}/cwd`) === data
    } catch {
      return false
    }
  })
}

/** Fast shutdown (SIGINT), after 15 seconds an immediate one (SIGQUIT). */
export async function stopServer(pid: number, data: string): Promise<void> {
  for (const [signal, turns] of [
    ['SIGINT', 600],
    ['SIGQUIT', 200],
  ] as const) {
    try {
      process.kill(pid, signal)
    } catch {
      return
    }
    for (let turn = 0; turn < turns && serves(pid, data); turn++) await sleep(25)
    if (!serves(pid, data)) return
  }
}
