// Started once for a whole test run: an embedded PostgreSQL without durability, and a Redis where the machine has one.
// Each test file takes a schema (and queue prefix) of its own.
import { spawn, spawnSync } from 'node:child_process'
import { chmodSync, mkdtempSync, rmSync } from 'node:fs'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { startEmbedded } from '../../engine/platform/store/embedded/server.ts'

const FAST = { fsync: 'off', synchronous_commit: 'off', full_page_writes: 'off', max_connections: '300' }

export default async function setup(): Promise<() => Promise<void>> {
  const folder = mkdtempSync(path.join(tmpdir(), 'handoff-test-'))
  // As root, the server runs as another user, who must be able to enter.
  chmodSync(folder, 0o755)
  const server = await startEmbedded({ stateDir: folder, settings: FAST })
  process.env['HANDOFF_TEST_DATABASE'] =
    `postgresql://${server.connection.user}@localhost/${server.connection.database}?host=${encodeURIComponent(server.connection.host)}`
  const redis = await startRedis(folder)
  if (redis) process.env['HANDOFF_TEST_REDIS'] = redis.url
  else if (process.env['HANDOFF_DEMAND_REDIS'])
    throw new Error('HANDOFF_DEMAND_REDIS is set, and redis-server is not installed')
  else console.warn('redis-server is not installed: the Redis half of the walk and chaos tests is skipped')
  return async () => {
    redis?.stop()
    await server.stop()
    rmSync(folder, { recursive: true, force: true })
  }
}

async function startRedis(folder: string): Promise<{ url: string; stop: () => void } | undefined> {
  if (spawnSync('redis-server', ['--version']).error) return undefined
  const port = await freePort()
  const child = spawn(
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
      break
    await sleep(50)
  }
  return { url: `redis://127.0.0.1:${port}`, stop: () => child.kill('SIGTERM') }
}

export async function freePort(): Promise<number> {
  // Below the ports that the system hands out for connections: what is free here is not taken by one a moment later.
  for (;;) {
    const port = 12_000 + Math.floor(Math.random() * 20_000)
    const probe = createServer()
    const free = await new Promise<boolean>((resolve) => {
      probe.once('error', () => resolve(false))
      probe.listen(port, '127.0.0.1', () => probe.close(() => resolve(true)))
    })
    if (free) return port
  }
}
