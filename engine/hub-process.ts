// A hub process: opens everything in the right order, keeps it going, and closes it in the reverse order.
//
// Start: database, worker registration, connections, queues, workers, schedules, server. Stop: take nothing new, let what is
// in flight finish, then close. Any number of hub processes may share one database (and one Redis).
import { watch } from 'node:fs'
import path from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { ConnectorError } from '#connector'
import { CHUNKS_AT_ONCE } from './delivery/chunks.ts'
import { owePast } from './handoff/past.ts'
import { releaseParked, sweepWaits, undecided } from './handoff/sweep.ts'
import { parkEndlessWaits } from './handoff/waits.ts'
import { reclaim } from './handoff/wake.ts'
import type { ConnectionClient } from './hub.ts'
import { openAlertTicker } from './outcome/alerts/tick.ts'
import { openConnectionStates } from './outcome/connections.ts'
import { openPipeline, type Pipeline } from './pipeline.ts'
import type { Environment } from './platform/config/environment.ts'
import { errorLog, type Log } from './platform/log.ts'
import { openMetrics } from './platform/metrics.ts'
import { openQueues, type Queues, type Schedule } from './platform/queue/queues.ts'
import { sharedSlots } from './platform/rate-limit.ts'
import { startServer } from './platform/server/server.ts'
import { serverIsGone } from './platform/store/pool.ts'
import { openStore, type Store } from './platform/store/store.ts'
import { openComparisons } from './reconcile/schedule.ts'
import { alertLimits, alertPolicies } from './setup/alerts.ts'
import { type Assembly, assemble } from './setup/assemble.ts'
import { openChores } from './setup/chores.ts'
import { openClients, schedulesOf } from './setup/connections.ts'
import { type LoadedHub, loadHub, PROJECT } from './setup/load.ts'
import { openRegistration } from './setup/registration.ts'
import { openSubscriptions } from './setup/subscriptions.ts'

export interface HubProcess {
  url: string | undefined
  store: Store
  queues: Queues
  pipeline: Pipeline
  loaded: () => LoadedHub
  clients: Map<string, ConnectionClient>
  /** Reads configuration and mappings again now; answers how many parked items and handoffs are tried again. */
  reload: () => Promise<number>
  stop: () => Promise<void>
}
export interface HubOptions {
  environment: Environment
  configDir: string
  /** The folder that holds mappings/. Default: the project's own. */
  root?: string
  log: Log
  /** Listen for webhooks, health and metrics. */
  serve: boolean
  /** Instead of the configuration's port. */
  port?: number
  /** Pull on schedule. */
  schedule: boolean
  embeddedSettings?: Record<string, string>
  /** How long a hub that was asked to stop waits for what is in flight. */
  drainMs?: number
}

const WAKE_EVERY = 500
const SWEEP_EVERY = 2_000
const PROBE_EVERY = 1_000
const WAITS_EVERY = 30_000
const SCHEDULES_EVERY = 5_000
const ALERTS_EVERY = 1_000
const CHORES_EVERY = 10_000
/** Less than the 30 s that service managers grant. */
const DRAIN_MS = 25_000

/** Starts a hub whose configuration has no errors (see loadHub). */
export async function startHub(loadedFirst: LoadedHub, options: HubOptions): Promise<HubProcess> {
  const { environment, log } = options
  let loaded = loadedFirst
  const stopping = new AbortController()
  const onError = errorLog(log, stopping.signal, serverIsGone)
  const store = await openStore({
    databaseUrl: environment.databaseUrl,
    stateDir: environment.stateDir,
    schema: environment.schema,
    onError,
    ...(options.embeddedSettings ? { embeddedSettings: options.embeddedSettings } : {}),
  })
  const registration = await openRegistration(store, stopping.signal, onError)
  const clients = openClients(loaded, (connection) => sharedSlots(store.query, connection))
  const names = Object.keys(loaded.config.connections)
  const queues = await openQueues({ store, redisUrl: environment.redisUrl, workers: names.length, onError })
  const states = openConnectionStates(store, clients)
  const build = (): Assembly =>
    assemble({ config: loaded.config, mappings: loaded.mappings, clients, condition: loaded.condition })
  let assembly = build()
  const running = {
    store,
    queues,
    worker: registration.worker,
    signal: stopping.signal,
    clients,
    assembly: () => assembly,
    facts: loaded.facts,
    openConnections: () => states.open(names),
    healthy: states.healthy,
    forgetConnections: states.forget,
    concurrency: (name: string) => loaded.config.connections[name]?.concurrency ?? 8,
    onError,
  }
  const pipeline = openPipeline(running)

  async function runJob(connection: string, job: { name: string; data: unknown }): Promise<void> {
    try {
      if (job.name === 'deliver') {
        const { ids, alone } = job.data as { ids: number[]; alone?: boolean }
        await pipeline.deliver(connection, ids, alone)
      }
      if (job.name === 'pull') await pullOnce((job.data as { source: string }).source)
    } catch (error) {
      onError(error as Error)
    }
  }
  async function pullOnce(source: string): Promise<void> {
    const connection = assembly.sources.get(source)?.connection
    if (!connection) return
    const { connections, trial } = await states.open([connection])
    if (connections.length + trial.length === 0) return
    try {
      await pipeline.pull(source)
    } catch (error) {
      if (!(error instanceof ConnectorError)) throw error
      if (stopping.signal.aborted) return
      const [state] = await store.query<{ failures: number }>('select failures from source_state where source = $1', [
        source,
      ])
      await states.note(connection, error, state?.failures ?? 0)
      log.warn({ source, code: error.code }, error.message)
    }
  }

  async function reload(): Promise<number> {
    const fresh = await loadHub({
      configDir: options.configDir,
      variable: environment.variable,
      ...(options.root ? { root: options.root } : {}),
    })
    const errors = fresh.diagnostics.filter((each) => each.severity === 'error')
    if (errors.length > 0) {
      log.error(
        { errors: errors.length, first: `${errors[0]!.file}:${errors[0]!.line} ${errors[0]!.message}` },
        'the changed mappings have errors; the hub goes on with the old ones',
      )
      return 0
    }
    loaded = { ...loaded, mappings: fresh.mappings }
    assembly = build()
    return retryParked()
  }
  async function retryParked(): Promise<number> {
    const released = await releaseParked(
      store,
      [...assembly.sources.values(), ...assembly.answers.values()],
      [...assembly.routes.values()],
    )
    if (released > 0) await sweep()
    return released
  }
  async function sweep(): Promise<void> {
    await reclaim(store)
    await sweepWaits(store)
    await pipeline.recover()
    for (const source of await undecided(store, running.worker)) pipeline.decideSoon(source)
    pipeline.wakeSoon()
  }

  // What a connector needs at the vendor (a property that holds our key), made once where it is missing.
  await Promise.all([...clients.values()].map((client) => client.setup().catch(onError)))
  await retryParked()
  await Promise.all(names.map((name) => queues.work(name, CHUNKS_AT_ONCE, (job) => runJob(name, job))))
  const schedules = options.schedule ? schedulesOf(loaded) : new Map<string, Schedule[]>()
  if (options.schedule) await Promise.all(names.map((name) => queues.schedule(name, schedules.get(name) ?? [])))

  const subscriptions = openSubscriptions({ store, clients, config: loaded.config, log })
  const server = options.serve ? await serve() : undefined
  const publicUrl = loaded.config.server.publicUrl ?? server?.url
  if (publicUrl) await subscriptions.check(publicUrl, true).catch(onError)
  async function serve() {
    const { host, port } = loaded.config.server
    const started = await startServer({
      host,
      port: options.port ?? port,
      webhook: async ({ connection, headers, query, body }) => {
        const request = { headers, query, body }
        const verdict = await pipeline.webhook(connection, request)
        // The secret may be one that another process was told a moment ago.
        const again = [401, 404].includes(verdict.status) && (await subscriptions.renew(connection))
        return again ? pipeline.webhook(connection, request) : verdict
      },
      ready: async () => {
        await store.query('select 1')
        return { ready: !stopping.signal.aborted, queue: queues.backend }
      },
      metrics: openMetrics(store),
    })
    return started
  }

  const repeat = (ms: number, work: () => Promise<unknown>) => {
    let busy = false
    return setInterval(() => {
      if (busy) return
      busy = true
      void work()
        .catch(async (error) => {
          onError(error)
          // The embedded server may have died: start it again.
          if (serverIsGone(error)) await store.ready().catch(onError)
        })
        .finally(() => (busy = false))
    }, ms)
  }
  const policies = alertPolicies(loaded.config)
  const alerts = openAlertTicker({
    store,
    policies: () => policies,
    limits: () => alertLimits(loaded.config, options.schedule),
    deliver: (connection, ids) => pipeline.deliver(connection, ids),
    onError,
    onUnheard: (alert) => log.error({ alert }, 'nobody is left to tell this alert to'),
  })
  const chores = openChores({ store, retention: loaded.config.retention, signal: stopping.signal, log })
  const comparisons = openComparisons({
    comparisons: options.schedule ? (loaded.config.reconcile ?? {}) : {},
    hub: () => ({ store, assembly, facts: loaded.facts, clients, signal: stopping.signal }),
    working: async (connections) => (await states.open(connections)).connections,
    pulled: (source) => Boolean(loaded.config.sources[source]?.every ?? loaded.config.sources[source]?.cron),
    worker: registration.worker,
    log,
  })
  const timers = [
    repeat(WAKE_EVERY, async () => pipeline.wakeSoon()),
    repeat(SWEEP_EVERY, sweep),
    repeat(PROBE_EVERY, () => states.probe()),
    ...(policies.length > 0 ? [repeat(ALERTS_EVERY, alerts.tick)] : []),
    repeat(CHORES_EVERY, () => chores()),
    repeat(CHORES_EVERY, async () => comparisons.tick()),
    ...(publicUrl && server ? [repeat(CHORES_EVERY, () => subscriptions.check(publicUrl))] : []),
    repeat(WAITS_EVERY, () => parkEndlessWaits(store, [...assembly.routes.values()])),
    // A wiped queue has no schedules either, and one that lost only a job may hold a schedule that never comes due.
    repeat(60_000, () => Promise.all([...schedules].map(([name, list]) => queues.schedule(name, list)))),
    repeat(SCHEDULES_EVERY, () => Promise.all([...schedules].map(([name, list]) => queues.reschedule(name, list)))),
  ]
  let reloading: NodeJS.Timeout | undefined
  const watcher = watch(path.join(options.root ?? PROJECT, 'mappings'), { recursive: true }, () => {
    clearTimeout(reloading)
    reloading = setTimeout(() => void reload().catch(onError), 200)
  })
  pipeline.wakeSoon()
  const past = owePastAll().catch(onError)
  async function owePastAll(): Promise<void> {
    for (const [name, { since }] of Object.entries(loaded.config.routes))
      if (since && (await owePast(store, assembly.routes.get(name)!, since, stopping.signal)) > 0) pipeline.wakeSoon()
  }

  async function stop(): Promise<void> {
    stopping.abort()
    watcher.close()
    clearTimeout(reloading)
    for (const timer of timers) clearInterval(timer)
    const drained = await Promise.race([drain(), sleep(options.drainMs ?? DRAIN_MS, 'late' as const, { ref: false })])
    // The next process looks up what it cannot know: these handoffs are uncertain from the moment this one is gone.
    if (drained === 'late')
      log.warn('stopped before every answer had come; what is open is looked up at the next start')
    await Promise.all([...clients.values()].map((client) => client.close()))
    await registration.release()
    await store.close()
  }
  async function drain(): Promise<void> {
    await alerts.idle()
    await comparisons.idle()
    await past
    await server?.close()
    await queues.close()
    await pipeline.ended()
  }
  return { url: server?.url, store, queues, pipeline, loaded: () => loaded, clients, reload, stop }
}
