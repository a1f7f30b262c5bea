// What other processes cost, as Linux says it in /proc. Elsewhere the figures are 0.
import { readdirSync, readFileSync, readlinkSync } from 'node:fs'

/** Kernel ticks a second: 100 on every Linux that matters. */
const TICKS = 100

/** The processes whose working folder this is: PostgreSQL's all stand in its data folder. */
export function pidsIn(folder: string): number[] {
  return processes().filter((pid) => {
    try {
      return readlinkSync(`/proc/${pid}/cwd`) === folder
    } catch {
      return false
    }
  })
}

/** A process and all that descend from it. */
export function familyOf(pid: number): number[] {
  try {
    const children = readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8').trim().split(' ').filter(Boolean)
    return [pid, ...children.flatMap((child) => familyOf(Number(child)))]
  } catch {
    return [pid]
  }
}

/** CPU seconds of processes, with those of their children that have ended. */
export function cpuOf(pids: number[]): number {
  let ticks = 0
  for (const pid of pids) {
    const fields = read(`/proc/${pid}/stat`)?.split(') ')[1]?.split(' ')
    // utime, stime, cutime, cstime
    for (const field of fields?.slice(11, 15) ?? []) ticks += Number(field)
  }
  return ticks / TICKS
}

/** CPU seconds that a virtual machine wanted and its host gave to others, since it booted; over all cores. */
export function stolenSeconds(): number {
  return Number(read('/proc/stat')?.split('\n')[0]?.split(/\s+/)[8] ?? 0) / TICKS
}

/** Memory that processes hold now, in megabytes; each has its share of what several hold (where it may be read: else all of it). */
export function memoryOf(pids: number[]): number {
  const kb = pids.map((pid) => {
    const shares = /^Pss:\s+(\d+)/m.exec(read(`/proc/${pid}/smaps_rollup`) ?? '')
    return Number((shares ?? /VmRSS:\s+(\d+)/.exec(read(`/proc/${pid}/status`) ?? ''))?.[1] ?? 0)
  })
  return kb.reduce((sum, one) => sum + one, 0) / 1024
}

function processes(): number[] {
  try {
    return readdirSync('/proc')
      .filter((name) => /^\d+$/.test(name))
      .map(Number)
  } catch {
    return []
  }
}

function read(file: string): string | undefined {
  try {
    return readFileSync(file, 'utf8')
  } catch {
    return undefined
  }
}
