// Which external id is which record: written for every success, also for one that comes too late to be an outcome, because an
// external id that is thrown away is a thing created twice.
import type { Settlement } from '../hub.ts'
import type { Transaction } from '../platform/store/store.ts'

interface NewLink {
  resource: string
  externalId: string
  recordId: number
  key: string
  /** Of a push: the one thing that the record is at that resource. A call may leave several. */
  only: boolean
}
interface Moved {
  resource: string
  recordId: number
  old: string
  now: string | null
}
type Release = (tx: Transaction, arrived: string[]) => Promise<unknown>

export async function writeLinks(
  tx: Transaction,
  connection: string,
  settlements: Settlement[],
  release: Release,
): Promise<void> {
  await moveLinks(tx, connection, settlements, release)
  const links = settlements.flatMap(({ handoff, route, result }): NewLink[] => {
    if (result.result !== 'sent') return []
    const { recordId, key } = handoff
    const own = { resource: route.target, externalId: result.externalId, recordId, key, only: handoff.kind === 'push' }
    const others = Object.entries(result.links ?? {})
    return [own, ...others.map(([resource, externalId]) => ({ resource, externalId, recordId, key, only: false }))]
  })
  if (links.length === 0) return
  const name = (link: { resource: string; externalId: string }) => `${link.resource}\n${link.externalId}`
  const unique = [...new Map(links.map((link) => [name(link), link])).values()].sort((a, b) =>
    name(a) < name(b) ? -1 : 1,
  )
  const waits = ({ resource, externalId, key }: NewLink) => [
    `link:${connection}.${resource}:${externalId}`,
    `sent:${connection}.${resource}:${key}`,
  ]
  const making = tx.query<{ resource: string; externalId: string; second: boolean }>(
    `with made as (
       insert into link (connection, resource, external_id, record_id, created_at, updated_at)
       select $1, x.resource, x.id, x.record_id, now.at, now.at from unnest($2::text[], $3::text[], $4::bigint[]) as x(resource, id, record_id), (select hub_now() as at) as now
       on conflict (connection, resource, external_id) do nothing returning resource, external_id, record_id)
     select resource, external_id as "externalId",
       exists (select from (select resource from link where record_id = made.record_id and connection = $1 offset 0) as own where own.resource = made.resource) as second from made`,
    [connection, ...columnsOf(unique)],
  )
  // Asked together, so also for links that were there before: nothing waits for those.
  const [made] = await Promise.all([making, release(tx, unique.flatMap(waits))])
  const fresh = new Set(made.map(name))
  // It had one there before this statement.
  const second = new Set(made.filter((link) => link.second).map(name))
  const doubled = unique.filter((link) => link.only && second.has(name(link)))
  if (doubled.length > 0) noteDuplicates(tx, connection, doubled)
  const shared = unique.filter((link) => !fresh.has(name(link)))
  if (shared.length > 0) noteShared(tx, connection, shared)
}

const columnsOf = (links: NewLink[]) => [
  links.map((link) => link.resource),
  links.map((link) => link.externalId),
  links.map((link) => link.recordId),
]

/** Two external ids for one record at one resource: perhaps it was created twice. A person should look. */
function noteDuplicates(tx: Transaction, connection: string, links: NewLink[]): void {
  tx.send(
    `insert into event (at, type, record_id, connection, detail)
     select hub_now(), 'link.duplicate', link.record_id, $1, jsonb_build_object('resource', link.resource, 'ids', jsonb_agg(link.external_id order by link.created_at))
     from unnest($2::bigint[], $3::text[]) as made(record_id, resource),
       lateral (select * from link where record_id = made.record_id and connection = $1 and resource = made.resource offset 0) as link
     group by link.record_id, link.resource having count(*) > 1`,
    [connection, links.map((link) => link.recordId), links.map((link) => link.resource)],
  )
}

/** Two records of the hub found the same thing there: each would overwrite the other. A person should look. */
function noteShared(tx: Transaction, connection: string, links: NewLink[]): void {
  tx.send(
    `insert into event (at, type, record_id, connection, detail)
     select hub_now(), 'link.shared', x.record_id, $1, jsonb_build_object('resource', x.resource, 'id', x.id, 'record', link.record_id)
     from unnest($2::text[], $3::text[], $4::bigint[]) as x(resource, id, record_id),
       lateral (select * from link where connection = $1 and resource = x.resource and external_id = x.id offset 0) as link
     where link.record_id <> x.record_id`,
    [connection, ...columnsOf(links)],
  )
}

/** An external id that the destination replaced, or no longer knows, is not the record's any more. */
async function moveLinks(
  tx: Transaction,
  connection: string,
  settlements: Settlement[],
  release: Release,
): Promise<void> {
  const moved = settlements.flatMap(({ route, handoff, result }): Moved[] => {
    const place = { resource: route.target, recordId: handoff.recordId }
    if (result.result === 'sent' && result.replaced) return [{ ...place, old: result.replaced, now: result.externalId }]
    if (result.result === 'held' && result.gone) return [{ ...place, old: result.gone, now: null }]
    return []
  })
  if (moved.length === 0) return
  const columns = [
    connection,
    moved.map((each) => each.resource),
    moved.map((each) => each.old),
    moved.map((each) => each.recordId),
  ]
  const isOld =
    'link.connection = $1 and link.resource = x.resource and link.external_id = x.old and link.record_id = x.record_id'
  tx.send(
    `update link set external_id = x.now, updated_at = hub_now()
     from unnest($2::text[], $3::text[], $4::bigint[], $5::text[]) as x(resource, old, record_id, now)
     where ${isOld} and x.now is not null
       and not exists (select from link other where other.connection = $1 and other.resource = x.resource and other.external_id = x.now)`,
    [...columns, moved.map((each) => each.now)],
  )
  tx.send(
    `delete from link using unnest($2::text[], $3::text[], $4::bigint[]) as x(resource, old, record_id) where ${isOld}`,
    columns,
  )
  const waits = moved.flatMap(({ resource, now }) => (now === null ? [] : [`link:${connection}.${resource}:${now}`]))
  if (waits.length > 0) await release(tx, waits)
}
