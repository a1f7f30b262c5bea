// The vendors' webhook subscriptions: made where they are missing, made anew where the vendor switched them off, where the hub's address
// or the secret has changed; and ended where no source wants them any more.
import { ConnectorError, type Subscription, type WebhookClient } from '#connector'
import type { ConnectionClient } from '../hub.ts'
import type { HubConfig } from '../platform/config/hub-config.ts'
import type { Log } from '../platform/log.ts'
import { doChore } from '../platform/store/chores.ts'
import type { Store } from '../platform/store/store.ts'
import { splitTarget } from './assemble.ts'

interface Facts {
  store: Store
  clients: Map<string, ConnectionClient>
  config: HubConfig
  log: Log
}
interface Kept extends Record<string, unknown> {
  topic: string
  url: string
  id: string
  secrets: string[]
  signedWith: string | null
  problem: string | null
}
interface Wanted {
  topic: string
  source: string
}

const EVERY_MS = 300_000
/** More than the requests of one check take. */
const TURN_MS = 600_000
const RENEW_MS = 1_000
/** These end by themselves, or are told as trouble of the whole connection. */
const PASSING = new Set(['retryable', 'rate_limited', 'auth'])

export function openSubscriptions({ store, clients, config, log }: Facts) {
  const renewedAt = new Map<string, number>()

  /** Looks at every connection, when it is due and no other process does; `now`: also when it is not due. */
  const check = (publicUrl: string, now = false): Promise<boolean> =>
    doChore<never>(store, {
      name: 'subscriptions',
      everyMs: EVERY_MS,
      turnMs: TURN_MS,
      now,
      work: async () => {
        const wanted = wantedBy(config, clients)
        for (const connection of wanted.keys())
          await checkConnection(connection, publicUrl, now, wanted.get(connection)!)
        await endUnwanted(wanted)
        return undefined
      },
    })

  async function checkConnection(connection: string, publicUrl: string, now: boolean, wanted: Wanted[]): Promise<void> {
    const webhook = clients.get(connection)!.webhook!
    if (!webhook.subscribe) return
    const url = `${publicUrl.replace(/\/$/, '')}/webhooks/${connection}`
    try {
      const kept = await keptOf(connection)
      const there = await webhook.list?.()
      for (const each of wanted) {
        const before = kept.get(each.topic)
        // Where no public address is configured, the process that was started last has named its own: the others leave it so.
        const own = now || config.server.publicUrl !== undefined || !before?.url
        await checkOne(connection, webhook, own ? url : before.url, each, before, there)
      }
    } catch (error) {
      log.warn({ connection, code: codeOf(error) }, `its webhooks cannot be checked: ${(error as Error).message}`)
    }
    await renew(connection, true)
  }

  async function checkOne(
    connection: string,
    webhook: WebhookClient,
    url: string,
    { topic, source }: Wanted,
    kept: Kept | undefined,
    there: Subscription[] | undefined,
  ): Promise<void> {
    const ours = there?.filter((each) => each.topic === topic && (same(each.url, url) || each.id === kept?.id))
    const why = whatIsWrong(webhook, url, kept, ours)
    if (!why) {
      if (kept?.problem)
        await store.query(`update subscription set ${CALM} where connection = $1 and topic = $2`, [connection, topic])
      return
    }
    try {
      for (const old of ours ?? []) await webhook.unsubscribe?.(old.id).catch(unlessGone)
      const made = await webhook.subscribe!(topic, url)
      await store.query(KEEP, [
        connection,
        topic,
        url,
        made.id,
        made.secret ?? null,
        webhook.signedWith() ?? null,
        source,
      ])
      await note(connection, why === 'new' ? 'webhook.subscribed' : 'webhook.restored', { topic, why })
      log.info({ connection, topic, why }, why === 'new' ? 'subscribed to webhooks' : 'restored a webhook subscription')
    } catch (error) {
      if (!(error instanceof ConnectorError) || PASSING.has(error.kind)) throw error
      const problem = `HUB_WEBHOOK_NOT_SUBSCRIBED Webhooks of "${topic}" cannot be restored (${why}); the source is only pulled: ${error.message}`
      log.error({ connection, topic, code: 'HUB_WEBHOOK_NOT_SUBSCRIBED' }, problem)
      if (!kept?.problem) await note(connection, 'webhook.lost', { topic, why })
      await store.query(PROBLEM, [connection, topic, source, problem])
    }
  }

  async function endUnwanted(wanted: Map<string, Wanted[]>): Promise<void> {
    const rows = await store.query<{ connection: string; topic: string; id: string }>(
      'select connection, topic, external_id as id from subscription',
    )
    for (const { connection, topic, id } of rows) {
      const still = wanted.get(connection) ?? []
      if (still.some((each) => each.topic === topic)) continue
      try {
        const shared = rows.some((one) => one.id === id && still.some((each) => each.topic === one.topic))
        if (id !== '' && !shared) await clients.get(connection)?.webhook?.unsubscribe?.(id).catch(unlessGone)
        await store.query('delete from subscription where connection = $1 and topic = $2', [connection, topic])
        await note(connection, 'webhook.unsubscribed', { topic })
        log.info({ connection, topic }, 'ended a webhook subscription that no source wants any more')
      } catch (error) {
        log.warn(
          { connection, topic, code: codeOf(error) },
          `a webhook subscription cannot be ended: ${(error as Error).message}`,
        )
      }
    }
  }

  /**
   * Takes over the secrets that vendors made, which another process may have been told; answers whether they are others than before.
   * Asked whenever a signature is wrong: at most once a second.
   */
  async function renew(connection: string, now = false): Promise<boolean> {
    const webhook = clients.get(connection)?.webhook
    if (!webhook?.vendorSecret) return false
    if (!now && Date.now() - (renewedAt.get(connection) ?? 0) < RENEW_MS) return false
    renewedAt.set(connection, Date.now())
    return webhook.trust([...(await keptOf(connection)).values()].flatMap((each) => each.secrets))
  }

  async function keptOf(connection: string): Promise<Map<string, Kept>> {
    const rows = await store.query<Kept>(
      'select topic, url, external_id as id, secrets, signed_with as "signedWith", problem from subscription where connection = $1 order by topic',
      [connection],
    )
    return new Map(rows.map((row) => [row.topic, row]))
  }
  const note = (connection: string, type: string, detail: object) =>
    store.query('insert into event (at, type, connection, detail) values (hub_now(), $1, $2, $3::jsonb)', [
      type,
      connection,
      JSON.stringify(detail),
    ])

  return { check, renew }
}

function wantedBy(config: HubConfig, clients: Map<string, ConnectionClient>): Map<string, Wanted[]> {
  const wanted = new Map<string, Wanted[]>()
  for (const [source, { webhook, pull }] of Object.entries(config.sources)) {
    const [connection, resource] = splitTarget(pull)
    const topics = webhook ? (clients.get(connection)?.webhook?.topics(resource) ?? []) : []
    wanted.set(connection, [...(wanted.get(connection) ?? []), ...topics.map((topic) => ({ topic, source }))])
  }
  return new Map([...wanted].filter(([, topics]) => topics.length > 0))
}

/** In a word; undefined when all is right. */
function whatIsWrong(
  webhook: WebhookClient,
  url: string,
  kept: Kept | undefined,
  there: Subscription[] | undefined,
): string | undefined {
  if (there?.length === 0 || (!there && !kept)) return kept && !kept.problem ? 'it was deleted there' : 'new'
  if (there ? !there.some((each) => same(each.url, url)) : !same(kept!.url, url))
    return 'the address of the hub has changed'
  if (there && !there.some((each) => each.active && same(each.url, url))) return 'it was switched off there'
  if (webhook.vendorSecret) return webhook.configured || kept?.secrets.length ? undefined : 'its secret is not known'
  return kept?.signedWith === webhook.signedWith() ? undefined : 'the secret has changed'
}

const same = (one: string, other: string) => one.replace(/\/$/, '') === other.replace(/\/$/, '')
const codeOf = (error: unknown) => (error instanceof ConnectorError ? error.code : undefined)
function unlessGone(error: unknown): void {
  if (!(error instanceof ConnectorError) || error.kind !== 'permanent') throw error
}

const CALM = 'problem = null, problem_since = null'
const KEEP = `
insert into subscription as kept (connection, topic, url, external_id, secrets, signed_with, source)
values ($1, $2, $3, $4, case when $5::text is null then '{}' else array[$5::text] end, $6, $7)
on conflict (connection, topic) do update set url = excluded.url, external_id = excluded.external_id, signed_with = excluded.signed_with,
  source = excluded.source, secrets = (excluded.secrets || kept.secrets)[1:2], ${CALM}`
const PROBLEM = `
insert into subscription as kept (connection, topic, url, external_id, source, problem, problem_since)
values ($1, $2, '', '', $3, $4, hub_now())
on conflict (connection, topic) do update set source = excluded.source, problem = excluded.problem, problem_since = coalesce(kept.problem_since, excluded.problem_since)`
