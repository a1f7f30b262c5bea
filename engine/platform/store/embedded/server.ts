// The embedded PostgreSQL: the real server binaries, started, adopted, supervised and stopped by the hub.
//
// One folder, one server, any number of hubs: whoever comes first starts it, the others adopt it, and whoever leaves
// last stops it. The server has a session of its own (Ctrl-C in a terminal goes to the whole process group and would
// stop the database before the hub has drained) and writes its log to a file (a pipe would die with the hub).
import { execFileSync, spawn } from 'node:child_process'
import { createHash, randomBytes } from 'node:crypto'
import * as fs from 'node:fs'
import * as path from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import pg from 'pg'
import { nativeFolder } from './binaries.ts'
import { exists, inUse, readPidFile, serves, stopServer } from './postmaster.ts'
import { canReach, type ServerUser, serverUser } from './server-user.ts'

const MAJOR = '18'
const START_DEADLINE_MS = 60_000
const SOCKETLESS_MS = 2_000

export interface EmbeddedServer {
  connection: { host: string; port: number; user: string; database: string }
  data: string
  /** Starts it again when it died; answers at once when it serves. */
  ensure(): Promise<void>
  /** Stops the server. The caller makes sure that nobody else uses it. */
  stop(): Promise<void>
}

export interface EmbeddedOptions {
  /** The hub's state folder (`.handoff`). */
  stateDir: string
  /** Server settings, e.g. `{ fsync: 'off' }` in tests. */
  settings?: Record<string, string>
}

export async function startEmbedded(options: EmbeddedOptions): Promise<EmbeddedServer> {
  const user = serverUser()
  const dir = placeFor(path.resolve(options.stateDir), user)
  const data = path.join(dir, 'data')
  const native = nativeFolder(user)
  const program = (name: string) => path.join(native, 'bin', process.platform === 'win32' ? `${name}.exe` : name)
  const socketDir = socketFolder(dir, user)
  const connection = { host: socketDir, port: 5432, user: 'handoff', database: 'postgres' }

  await initialise(dir, data, program('initdb'), user)
  const start = () =>
    startOrAdopt({
      dir,
      data,
      socketDir,
      connection,
      user,
      postgres: program('postgres'),
      settings: options.settings ?? {},
    })
  let pid = await start()
  return {
    connection,
    data,
    ensure: async () => {
      if (!serves(pid, data)) pid = await start()
    },
    stop: () => stopServer(pid, data),
  }
}

/**
 * The folder that holds the cluster: `.handoff/postgres`, or, where the server's user cannot get there (a checkout that
 * only root may enter), one under /var/lib that `.handoff/postgres.path` names.
 */
function placeFor(stateDir: string, user: ServerUser | undefined): string {
  fs.mkdirSync(stateDir, { recursive: true })
  const note = path.join(stateDir, 'postgres.path')
  let dir = path.join(stateDir, 'postgres')
  if (fs.existsSync(note)) dir = fs.readFileSync(note, 'utf8').trim()
  else if (!canReach(stateDir, user)) {
    dir = path.join('/var/lib/handoff', createHash('sha256').update(stateDir).digest('hex').slice(0, 16))
    fs.writeFileSync(note, `${dir}\n`)
  }
  fs.mkdirSync(dir, { recursive: true })
  if (user) fs.chownSync(dir, user.uid, user.gid)
  if (!canReach(dir, user)) {
    throw new Error(
      `HUB_STORE_UNREACHABLE uid ${user?.uid}, as which PostgreSQL runs, cannot enter ${dir}. Choose another --state folder, or set DATABASE_URL.`,
    )
  }
  try {
    fs.chmodSync(dir, 0o700)
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EPERM') {
      throw new Error(
        `HUB_STORE_FOREIGN_DATA ${dir} belongs to another user: run the hub as that user, or choose another --state folder.`,
      )
    }
    throw error
  }
  return dir
}

/** A Unix socket's path may have 107 bytes; deep folders get one under /tmp. */
function socketFolder(dir: string, user: ServerUser | undefined): string {
  if (Buffer.byteLength(path.join(dir, '.s.PGSQL.5432')) < 100) return dir
  const short = path.join('/tmp', `handoff-${createHash('sha256').update(dir).digest('hex').slice(0, 16)}`)
  fs.mkdirSync(short, { recursive: true, mode: 0o700 })
  if (user) fs.chownSync(short, user.uid, user.gid)
  return short
}

/** Creates the cluster in a temporary folder and renames it into place: of several hubs that start at once, one wins. */
async function initialise(dir: string, data: string, initdb: string, user: ServerUser | undefined): Promise<void> {
  const versionFile = path.join(data, 'PG_VERSION')
  if (!fs.existsSync(versionFile)) {
    const fresh = path.join(dir, `init-${process.pid}-${randomBytes(3).toString('hex')}`)
    // Without a locale of its own (LANG is unset in containers) a cluster becomes SQL_ASCII, and text is no longer text.
    execFileSync(
      initdb,
      [
        '-D',
        fresh,
        '-U',
        'handoff',
        '--encoding=UTF8',
        '--locale=C',
        '--locale-provider=builtin',
        '--builtin-locale=C.UTF-8',
        '--auth-local=trust',
        '--auth-host=scram-sha-256',
        '--no-instructions',
      ],
      { ...user, cwd: dir, stdio: ['ignore', 'pipe', 'pipe'], env: { ...process.env, LC_ALL: 'C' } },
    )
    try {
      fs.renameSync(fresh, data)
    } catch (error) {
      fs.rmSync(fresh, { recursive: true, force: true })
      if (!fs.existsSync(versionFile)) throw error
    }
  }
  const major = fs.readFileSync(versionFile, 'utf8').trim()
  if (major !== MAJOR) {
    throw new Error(
      `HUB_STORE_FOREIGN_VERSION ${data} was made by PostgreSQL ${major}; this hub brings ${MAJOR}. Dump it with that version and restore it, or set DATABASE_URL.`,
    )
  }
}

interface StartFacts {
  dir: string
  data: string
  socketDir: string
  connection: EmbeddedServer['connection']
  user: ServerUser | undefined
  postgres: string
  settings: Record<string, string>
}

async function startOrAdopt(facts: StartFacts): Promise<number> {
  const began = Date.now()
  const deadline = began + START_DEADLINE_MS
  const socket = path.join(facts.socketDir, '.s.PGSQL.5432')
  const late = (what: string) => {
    if (Date.now() > deadline)
      throw new Error(`HUB_STORE_NO_START ${what}; see ${path.join(facts.dir, 'postgres.log')}`)
  }
  for (let attempt = 0; ; attempt++) {
    const file = readPidFile(facts.data)
    if (file && serves(file.pid, facts.data)) {
      if (await answers(facts)) return file.pid
      late(`the PostgreSQL server with pid ${file.pid} holds ${facts.data} but does not answer`)
      // Something removed its socket (cleaners of /tmp do): nobody can reach it any more, so it is started anew.
      if (file.ready && !fs.existsSync(socket) && Date.now() - began > SOCKETLESS_MS)
        await stopServer(file.pid, facts.data)
      await sleep(100) // starting, recovering or shutting down
      continue
    }
    if (file && exists(file.pid)) {
      // A zombie, or a stranger that was given the old pid: PostgreSQL itself would take either for a live server.
      if (inUse(facts.data)) {
        late(`processes of an old server are still in ${facts.data}`)
        await sleep(100)
        continue
      }
      fs.rmSync(path.join(facts.data, 'postmaster.pid'), { force: true })
      fs.rmSync(path.join(facts.socketDir, '.s.PGSQL.5432.lock'), { force: true })
    }
    const pid = await spawnServer(facts, deadline)
    if (pid) return pid
    late('the PostgreSQL server did not start')
    await sleep(Math.min(100 * 2 ** attempt, 1000)) // lost a race, or old shared memory is still in use
  }
}

/** The pid once the server answers for this data folder; undefined when it ended first. */
async function spawnServer(facts: StartFacts, deadline: number): Promise<number | undefined> {
  const log = fs.openSync(path.join(facts.dir, 'postgres.log'), 'a')
  const settings: Record<string, string> = {
    listen_addresses: '',
    unix_socket_directories: facts.socketDir,
    unix_socket_permissions: '0700',
    max_connections: '200',
    shared_buffers: '256MB',
    max_wal_size: '2GB',
    // A file-by-file fsync of the whole cluster after a crash takes over a second; syncfs does the same in one call.
    recovery_init_sync_method: process.platform === 'linux' ? 'syncfs' : 'fsync',
    ...facts.settings,
  }
  const child = spawn(
    facts.postgres,
    ['-D', facts.data, ...Object.entries(settings).flatMap(([key, value]) => ['-c', `${key}=${value}`])],
    {
      ...facts.user,
      cwd: facts.dir,
      detached: true,
      stdio: ['ignore', log, log],
      env: { ...process.env, LC_ALL: 'C' },
    },
  )
  fs.closeSync(log)
  let ended = false
  child.on('error', () => (ended = true))
  child.on('exit', () => (ended = true))
  child.unref()
  while (!ended && Date.now() < deadline) {
    const file = readPidFile(facts.data)
    if (file?.ready && file.pid === child.pid && (await answers(facts))) return child.pid
    await sleep(10)
  }
  if (!ended) child.kill('SIGQUIT')
  return undefined
}

async function answers(facts: StartFacts): Promise<boolean> {
  const client = new pg.Client({ ...facts.connection, connectionTimeoutMillis: 2000 })
  client.on('error', () => {})
  try {
    await client.connect()
    const { rows } = await client.query('show data_directory')
    return path.resolve(rows[0].data_directory) === facts.data
  } catch {
    return false
  } finally {
    client.end().catch(() => {})
  }
}
