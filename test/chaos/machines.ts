// The machines that scenarios break: a PostgreSQL and a Redis of their own, with the durability of real ones.
import { type ChildProcess, execFileSync, spawn, spawnSync } from 'node:child_process'
import { chmodSync, mkdtempSync, readdirSync, readFileSync, readlinkSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { type EmbeddedServer, startEmbedded } from '../../engine/platform/store/embedded/server.ts'
import { freePort } from '../support/servers.ts'

export interface Machines {
  folder: string
  postgres: EmbeddedServer
  redis: Redis | undefined
  close: () => Promise<void>
}
export interface Redis {
  url: string
  /** kill -9, and a new process at the same address that remembers nothing. */
  restart: () => Promise<void>
  flush: () => void
  stop: () => void
}

/** `folder`: where the database lies; a scenario may bring a small disk. */
export async function openMachines({
  folder = mkdtempSync(path.join(tmpdir(), 'handoff-chaos-')),
  redis: withRedis = true,
} = {}): Promise<Machines> {
  // PostgreSQL runs as a user of its own when this runs as root.
  chmodSync(folder, 0o755)
  const postgres = await startEmbedded({ stateDir: folder })
  const redis = !withRedis || spawnSync('redis-server', ['--version']).error ? undefined : await openRedis(folder)
  return {
    folder,
    postgres,
    redis,
    close: async () => {
      redis?.stop()
      await postgres.ensure().catch(() => {})
      await postgres.stop()
      // Its files may lie elsewhere (under /var/lib when this runs as root).
      rmSync(path.dirname(postgres.data), { recursive: true, force: true, maxRetries: 10, retryDelay: 200 })
      rmSync(folder, { recursive: true, force: true, maxRetries: 10, retryDelay: 200 })
    },
  }
}

async function openRedis(folder: string): Promise<Redis> {
  const port = await freePort()
  let child: ChildProcess
  const start = async () => {
    child = spawn(
      'redis-server',
      ['--port', String(port), '--bind', '127.0.0.1', '--save', '', '--appendonly', 'no', '--dir', folder],
      { stdio: 'ignore' },
    )
    for (let turn = 0; turn < 100; turn++) {
      if (
        spawnSync('redis-cli', ['-p', String(port), 'ping'])
          .stdout?.toString()
          .includes('PONG')
      )
        return
      await sleep(50)
    }
    throw new Error('redis-server does not answer')
  }
  await start()
  return {
    url: `redis://127.0.0.1:${port}`,
    restart: async () => {
      child.kill('SIGKILL')
      await sleep(2_000)
      await start()
    },
    flush: () => void execFileSync('redis-cli', ['-p', String(port), 'FLUSHALL']),
    stop: () => void child.kill('SIGTERM'),
  }
}

/** The pid of the postmaster, and of all its children: they stand in the data folder. */
export function postgresPids(data: string): { postmaster: number; all: number[] } {
  const postmaster = Number(readFileSync(path.join(data, 'postmaster.pid'), 'utf8').split('\n')[0])
  const all = readdirSync('/proc').flatMap((name) => {
    if (!/^\d+$/.test(name)) return []
    try {
      return readlinkSync(`/proc/${name}/cwd`) === data ? [Number(name)] : []
    } catch {
      return []
    }
  })
  return { postmaster, all }
}
