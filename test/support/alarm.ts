// A world whose troubles are told: by e-mail to a real SMTP server, and to a chat in memory that a test can break.
import type { ActionClient, AlertMessage, ConnectionClient } from '#connector'
import { openConnection } from '#connector'
import smtp from '../../connectors/smtp/connector.ts'
import { openAlertTicker } from '../../engine/outcome/alerts/tick.ts'
import type { AlertConfig, HubConfig } from '../../engine/platform/config/hub-config.ts'
import { alertLimits, alertPolicies, alertRoutes } from '../../engine/setup/alerts.ts'
import { type Letter, type MailServer, startMailServer } from './mail-server.ts'
import { openWorld, type World } from './world.ts'

export interface Alarm extends AsyncDisposable {
  world: World
  mail: MailServer
  /** What the chat has shown. */
  chat: AlertMessage[]
  /** Runs before the chat shows a message; may throw. */
  beforeChat: (message: AlertMessage) => Promise<void> | void
  unheard: string[]
  tick: () => Promise<void>
  /** Ticks until so many letters have come. */
  letters: (count: number) => Promise<Letter[]>
  /** Stuck handoffs of orders along the route `out`, as if they had gone through the walk. */
  stuck: (count: number, how?: { state?: string; message?: string; cause?: string; from?: number }) => Promise<void>
}

type Options = {
  backend?: 'postgres' | 'redis'
  alerts?: Record<string, AlertConfig>
  config?: Partial<HubConfig>
  world?: World
  mail?: MailServer /** As in a real hub, not faster. */
  realPace?: boolean
}

export async function openAlarm({
  backend,
  alerts,
  config: more,
  world: shared,
  mail: server,
  realPace,
}: Options = {}): Promise<Alarm> {
  const world = shared ?? (await openWorld(backend))
  const mail = server ?? (await startMailServer())
  const config = {
    connections: { wms: {}, shop: {}, mail: {}, chat: {} },
    sources: {},
    routes: {},
    owners: {},
    alerts: alerts ?? { operations: { to: ['mail', 'chat'] } },
    ...more,
  } as unknown as HubConfig
  const alarm: Alarm = {
    world,
    mail,
    chat: [],
    beforeChat: () => {},
    unheard: [],
    tick: () => ticker.tick(),
    letters: async (count) => {
      await world.until(`${count} letters have come`, async () => {
        await ticker.tick()
        return mail.letters.length >= count
      })
      return mail.letters
    },
    stuck: (count, how = {}) => stuck(world, count, how),
    [Symbol.asyncDispose]: async () => {
      await world[Symbol.asyncDispose]()
      if (!server) await mail[Symbol.asyncDispose]()
    },
  }
  const send: ActionClient = {
    facts: { repeat: 'allow', lookup: 'none', lagMs: 0, settleMs: 0, idempotent: false, canFind: false },
    call: async (message) => {
      await alarm.beforeChat(message)
      alarm.chat.push(message)
      return { id: message.key }
    },
    find: async () => undefined,
    id: (answer) => answer.id,
    links: () => ({}),
  }
  const { clients } = world.hub
  clients.set('chat', {
    name: 'chat',
    deadlineMs: 20_000,
    check: async () => {},
    action: () => send,
  } as unknown as ConnectionClient)
  const settings = {
    host: '127.0.0.1',
    port: mail.port,
    tls: 'none',
    from: 'handoff@example.com',
    to: ['ops@example.com'],
  }
  clients.set('mail', openConnection({ name: 'mail', connector: smtp, settings }))
  for (const route of alertRoutes(config, clients)) world.assembly.routes.set(route.name, route)
  const policies = alertPolicies(config)
  const ticker = openAlertTicker({
    store: world.hub.store,
    policies: () => policies,
    limits: () => alertLimits(config, true),
    deliver: (connection, ids) => world.pipeline.deliver(connection, ids),
    onError: world.hub.onError,
    onUnheard: (title) => void alarm.unheard.push(title),
    ...(realPace ? {} : { pace: { gatherMs: 50, noWorkerMs: 50, rest: 0, slowMs: 0 } }),
  })
  await ticker.tick()
  return alarm
}

async function stuck(
  world: World,
  count: number,
  {
    state = 'failed',
    message = 'The warehouse does not know this SKU.',
    cause = 'HUB_VENDOR_REFUSED',
    from = 1001,
  }: Parameters<Alarm['stuck']>[1] & {},
): Promise<void> {
  await world.hub.store.query(
    `with made as (
       insert into record (type, key, data, hash, created_at, updated_at)
       select 'order', 'shop:' || n, '{}', '', hub_now(), hub_now() from generate_series($1::int, $1::int + $2::int - 1) as n returning id)
     insert into handoff (route, record_id, kind, connection, wanted, state, due_at, owed_at, updated_at, waiting_for, cause, reason)
     select 'out', id, 'push', 'wms', 1, $3, hub_now(), hub_now(), hub_now(), case when $3 = 'waiting' then 'record:customer:nobody' end, $4, jsonb_build_array(jsonb_build_object('code', $4::text, 'message', $5::text)) from made`,
    [from, count, state, cause, message],
  )
}
