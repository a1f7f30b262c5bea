// The vendors' webhook subscriptions: created where they are missing, renewed where the vendor switched them off.
import type { ConnectionClient } from '../hub.ts'
import type { HubConfig } from '../platform/config/hub-config.ts'
import type { Store } from '../platform/store/store.ts'
import { splitTarget } from './assemble.ts'

/** Makes the subscriptions be what the configuration says. A vendor that cannot be reached is reported and tried at the next start. */
export async function ensureSubscriptions(
  store: Store,
  clients: Map<string, ConnectionClient>,
  config: HubConfig,
  publicUrl: string,
  onError: (error: Error) => void,
): Promise<void> {
  for (const source of Object.values(config.sources)) {
    if (!source.webhook) continue
    const [connection, resource] = splitTarget(source.pull)
    const { webhook } = clients.get(connection)!
    if (!webhook?.subscribe) continue
    const url = `${publicUrl.replace(/\/$/, '')}/webhooks/${connection}`
    try {
      const existing = (await webhook.list?.()) ?? []
      for (const topic of webhook.topics(resource)) {
        const same = existing.filter((each) => each.topic === topic && each.url.startsWith(url))
        if (same.some((each) => each.active)) continue
        for (const dead of same) await webhook.unsubscribe?.(dead.id)
        const id = await webhook.subscribe(topic, url)
        await store.query(
          `insert into subscription (connection, topic, url, external_id) values ($1, $2, $3, $4)
           on conflict (connection, topic) do update set url = excluded.url, external_id = excluded.external_id`,
          [connection, topic, url, id],
        )
      }
    } catch (error) {
      onError(error as Error)
    }
  }
}
