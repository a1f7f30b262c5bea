// What a person does about something that is stuck: send it through again, or say that it is dealt with.
import type { Store } from '../platform/store/store.ts'

export interface Chosen {
  items: { source: string; externalId: string }[]
  handoffs: number[]
}

/**
 * Sends the chosen through again from the start, on today's mapping; answers how many. A handoff that was held because its
 * write may have happened is sent again as well: the person has looked. A call that was refused for certain is asked for anew.
 */
export async function retry(store: Store, { items, handoffs }: Chosen): Promise<number> {
  const again = await store.query(
    `update item set status = 'new', claimed_by = null, deaths = 0 from unnest($1::text[], $2::text[]) as x(source, id)
     where item.source = x.source and item.external_id = x.id and item.status = 'parked' returning 1`,
    [items.map((item) => item.source), items.map((item) => item.externalId)],
  )
  const owed = await store.query(
    `update handoff set state = 'owed', due_at = hub_now(), queued_at = null, attempts = 0, deaths = 0, updated_at = hub_now(),
       uncertain_since = case when state = 'held' then null else uncertain_since end,
       request = case when ${ANEW} then null else request end,
       idempotency_key = case when ${ANEW} then idempotency_key || '~' || fence else idempotency_key end
     where id = any($1::bigint[]) and state in ('parked', 'failed', 'held') returning 1`,
    [handoffs],
  )
  return again.length + owed.length
}

const ANEW = "state <> 'held' and request is not null and was_refused(id, uncertain_since)"

/**
 * Lays the chosen aside: a person has dealt with them outside the hub. A later change of the record owes again; where a write may
 * have happened that stays known, so that the later version is not created beside it.
 */
export async function resolve(store: Store, { items, handoffs }: Chosen, note: string): Promise<number> {
  const done = await store.query(
    `update item set status = 'skipped', errors = jsonb_build_array(jsonb_build_object('code', 'HUB_RESOLVED', 'message', $3::text)), cause = 'HUB_RESOLVED'
     from unnest($1::text[], $2::text[]) as x(source, id) where item.source = x.source and item.external_id = x.id and item.status = 'parked' returning 1`,
    [items.map((item) => item.source), items.map((item) => item.externalId), note],
  )
  const rested = await store.query(
    `with rested as (
       update handoff set state = 'resting', outcome = 'skipped', cause = null,
         reason = jsonb_build_array(jsonb_build_object('code', 'HUB_RESOLVED', 'message', $2::text)), updated_at = hub_now()
       where id = any($1::bigint[]) and state in ('parked', 'failed', 'held') returning id, record_id, connection)
     insert into event (at, type, record_id, handoff_id, connection, detail) select hub_now(), 'handoff.resolved', record_id, id, connection, jsonb_build_object('note', $2::text) from rested returning 1`,
    [handoffs, note],
  )
  return done.length + rested.length
}
