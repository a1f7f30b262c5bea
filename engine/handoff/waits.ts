// Waits that cannot end by themselves: two that wait for each other, and one that nothing came to end for a week. They are parked,
// with the chain of what waits for what, so that a person sees where to pull.
import type { Problem, Route } from '../hub.ts'
import type { Store } from '../platform/store/store.ts'

const LIMIT = '7 days'
/** A wait that is younger is left alone: most end within seconds. */
const AGE = '30 seconds'
const BATCH = 500
const DEEPEST = 10

interface Waiting extends Record<string, unknown> {
  name: string
  waiting_for: string
  expired: boolean
}

/** Parks waits that are in a circle or too old; answers how many. */
export async function parkEndlessWaits(store: Store, routes: Route[]): Promise<number> {
  const targets = [routes.map((route) => route.name), routes.map((route) => route.target)]
  const rows = await store.query<Waiting>(WAITING, [AGE, LIMIT, BATCH, ...targets])
  const all = new Map<string, string>(rows.map((row) => [row.name, row.waiting_for]))
  let parked = 0
  for (const { name, waiting_for, expired } of rows) {
    const chain = await chainOf(store, name, waiting_for, targets, all)
    const circle = chain.at(-1) === name
    if (!circle && !expired) continue
    const problem: Problem = circle
      ? {
          code: 'HUB_WAIT_CIRCLE',
          message: `It waits for itself: ${chain.join(' → ')}.`,
          cure: 'Send one of them without the other (make a field optional, or split the route), then retry.',
        }
      : {
          code: 'HUB_WAIT_EXPIRED',
          message: `It waited for ${LIMIT}: ${chain.join(' → ')}.`,
          cure: 'Bring what is at the end of the chain, then retry.',
        }
    parked += (
      await store.query(name.startsWith('handoff ') ? PARK_HANDOFF : PARK_ITEM, [
        name,
        waiting_for,
        JSON.stringify([problem]),
        problem.code,
      ])
    ).length
  }
  return parked
}

/** What waits for what, from here on; ends with the first that does not wait, or with one that was in the chain before. */
async function chainOf(
  store: Store,
  name: string,
  waitingFor: string,
  targets: string[][],
  known: Map<string, string>,
): Promise<string[]> {
  const chain = [name]
  for (let next: string | undefined = waitingFor; next && chain.length < DEEPEST; ) {
    const [blocker]: Waiting[] = await store.query<Waiting>(BLOCKER, [next, ...targets])
    chain.push(blocker?.name ?? next)
    if (!blocker || chain.indexOf(blocker.name) < chain.length - 1) break
    next = known.get(blocker.name) ?? blocker.waiting_for
  }
  return chain
}

const HANDOFF = "'handoff ' || handoff.id"
const ITEM = "'item ' || item.source || '/' || item.external_id"
// The oldest first; a row that was looked at and is fine comes again, which is cheap, because few wait for long.
const WAITING = `
select ${HANDOFF} as name, waiting_for, updated_at < hub_now() - $2::interval as expired, updated_at as since from handoff
join unnest($4::text[], $5::text[]) as route(name, target) on route.name = handoff.route
where state = 'waiting' and updated_at < hub_now() - $1::interval
union all
select ${ITEM}, waiting_for, decided_at < hub_now() - $2::interval, decided_at from item
where status = 'waiting' and decided_at < hub_now() - $1::interval
order by since limit $3`

// The waiting row that would end this wait: the push of the record to that resource, or the item with that id.
const BLOCKER = `
with wanted as (select split_part($1, ':', 1) as kind, split_part(split_part($1, ':', 2), '.', 1) as connection,
  substr(split_part($1, ':', 2), strpos(split_part($1, ':', 2), '.') + 1) as resource,
  substr($1, length(split_part($1, ':', 1) || split_part($1, ':', 2)) + 3) as key)
select ${HANDOFF} as name, handoff.waiting_for from wanted, handoff
join record on record.id = handoff.record_id
join unnest($2::text[], $3::text[]) as route(name, target) on route.name = handoff.route
where wanted.kind = 'sent' and handoff.state = 'waiting' and handoff.connection = wanted.connection and route.target = wanted.resource and record.key = wanted.key
union all
select ${ITEM}, item.waiting_for from wanted, item
where wanted.kind = 'link' and item.status = 'waiting' and item.waiting_for <> $1 and item.connection = wanted.connection and item.resource = wanted.resource and item.external_id = wanted.key
limit 1`

const PARK_HANDOFF = `
update handoff set state = 'parked', reason = $3::jsonb, cause = $4, updated_at = hub_now()
where id = substr($1, length('handoff ') + 1)::bigint and state = 'waiting' and waiting_for = $2 returning id`
const PARK_ITEM = `
update item set status = 'parked', errors = $3::jsonb, cause = $4, decided_at = hub_now()
where source = split_part(substr($1, length('item ') + 1), '/', 1) and 'item ' || source || '/' || external_id = $1 and status = 'waiting' and waiting_for = $2 returning 1`
