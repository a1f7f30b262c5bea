// Which record an item speaks of: the one that its external id is linked to, else the one that its key names.
import type { Source } from '../hub.ts'
import { valueAt } from '../platform/config/path.ts'
import type { Transaction } from '../platform/store/store.ts'
import type { ClaimedItem } from './claim.ts'
import type { Decider } from './decide.ts'
import { type Decision, type Draft, linkWait } from './draft.ts'

export interface Target {
  draft: Draft
  recordId?: number
  key?: string
}

/** The ids of the records that are there already, by the external ids that are linked to them and by their types and keys. */
export interface Known {
  byLink: Map<string, number>
  byKey: Map<string, number>
  /** An id for each record that is not there yet: what belongs to it can be written without waiting for it. */
  newIds: Map<string, number>
  /** What the hub is creating, or may have created, where the drafts come from. */
  creating: Creating[]
}
interface Creating {
  id: number
  route: string
  since: Date
  uncertain: boolean
}
export const nameOf = (space: string, name: string) => `${space}\n${name}`

/**
 * Looks up what the drafts name: not yet locked, and all in one go. Creates first: one that is answered in between is seen as under
 * way, or its link is.
 */
export async function lookUp(tx: Transaction, decider: Decider, source: Source, drafts: Draft[]): Promise<Known> {
  const keyed = drafts.flatMap((each) => {
    const key = each.data && keyOf(decider, each)
    return key === undefined ? [] : [{ type: each.type, key }]
  })
  const routes = new Set(drafts.flatMap((each) => decider.routesTo(source.connection, each.resource, each.type)))
  const [creating, links, records] = await Promise.all([
    routes.size === 0
      ? []
      : tx.query<Creating & Record<string, unknown>>(
          `select id, route, updated_at as since, uncertain_since is not null as uncertain from handoff
     where route = any($1::text[]) and (state = 'sending' or uncertain_since is not null and state <> 'resting') order by id limit 1000`,
          [[...routes]],
        ),
    drafts.length === 0
      ? []
      : tx.query<{ resource: string; external_id: string; record_id: number }>(
          `select link.resource, link.external_id, link.record_id from unnest($2::text[], $3::text[]) as want(resource, id),
       lateral (select * from link where connection = $1 and resource = want.resource and external_id = want.id offset 0) as link`,
          [source.connection, drafts.map((each) => each.resource), drafts.map((each) => externalId(each, decider))],
        ),
    keyed.length === 0
      ? []
      : tx.query<{ type: string; key: string; id: number | null; new_id: number | null }>(
          `select want.type, want.key, record.id, case when record.id is null then nextval('record_id_seq') end as new_id
       from unnest($1::text[], $2::text[]) as want(type, key)
       left join lateral (select id from record where type = want.type and key = want.key offset 0) as record on true`,
          [keyed.map((each) => each.type), keyed.map((each) => each.key)],
        ),
  ])
  return {
    creating,
    byLink: new Map(links.map((row) => [nameOf(row.resource, row.external_id), row.record_id])),
    byKey: new Map(records.flatMap((row) => (row.id === null ? [] : [[nameOf(row.type, row.key), row.id]]))),
    newIds: new Map(records.flatMap((row) => (row.new_id === null ? [] : [[nameOf(row.type, row.key), row.new_id]]))),
  }
}

/** Each draft's record by link, else by key. What has neither waits, is skipped or parked. */
export function identify(
  decider: Decider,
  source: Source,
  drafts: Draft[],
  known: Known,
  decisions: Map<ClaimedItem, Decision>,
): Target[] {
  const targets: Target[] = []
  for (const each of drafts) {
    const recordId = each.item.recordId ?? known.byLink.get(nameOf(each.resource, externalId(each, decider)))
    const key = each.data && keyOf(decider, each)
    if (recordId !== undefined && recordId !== null) targets.push({ draft: each, recordId, ...(key ? { key } : {}) })
    else if (key && !each.partial) targets.push({ draft: each, key })
    else if (each.data === undefined)
      decisions.set(each.item, {
        status: 'skipped',
        problems: [{ code: 'HUB_INTAKE_DELETED_UNKNOWN', message: 'It was deleted before the hub had seen it.' }],
      })
    else if (each.partial) {
      const problem = { code: 'HUB_INTAKE_UNLINKED', message: `No ${each.type} of the hub is linked to it yet.` }
      decisions.set(each.item, {
        status: 'waiting',
        problems: [problem],
        waitingFor: linkWait(source.connection, { resource: each.resource, value: each.item.externalId }),
      })
    } else {
      const fields = decider
        .keyFields(each.type)
        .map((path) => path.join('.'))
        .join(', ')
      decisions.set(each.item, {
        status: 'parked',
        problems: [
          {
            code: 'HUB_RECORD_NO_KEY',
            message: `A ${each.type} is named by ${fields}, and one of them is empty.`,
            cure: 'Map these fields, or correct them at the source.',
          },
        ],
      })
    }
  }
  const linked = new Set(targets.flatMap((target) => (target.recordId === undefined ? [] : [target.draft])))
  const unlinked = drafts.filter((each) => !linked.has(each) && !each.partial && each.data !== undefined)
  waitForEchoes(decider, source, unlinked, known, decisions)
  const stopped = new Set([...decisions.keys()])
  return targets.filter((target) => !stopped.has(target.draft.item))
}

function keyOf(decider: Decider, each: Draft): string | undefined {
  const values = decider.keyFields(each.type).map((path) => valueAt(each.data, path))
  return values.every((value) => value !== undefined && value !== null && value !== '') ? values.join(':') : undefined
}

/** A record that comes `also` out of an item (the customer of an order) is linked by its key: the item's id is the order's. */
export function externalId(each: Draft, decider: Decider): string {
  return each.resource.includes('.') ? (keyOf(decider, each) ?? each.item.externalId) : each.item.externalId
}

/**
 * An item that is linked to nothing, of a kind that the hub is creating at this very place, may be the hub's own: its create was
 * not answered yet. It waits until that is known. One whose key names a record that is there needs no link to be recognised.
 */
function waitForEchoes(
  decider: Decider,
  source: Source,
  unlinked: Draft[],
  known: Known,
  decisions: Map<ClaimedItem, Decision>,
): void {
  if (known.creating.length === 0) return
  for (const each of unlinked) {
    const key = keyOf(decider, each)
    if (key !== undefined && known.byKey.has(nameOf(each.type, key))) continue
    const own = decider.routesTo(source.connection, each.resource, each.type)
    // A create that was claimed after the item came cannot have made it.
    const maker = known.creating.find(
      (other) => own.includes(other.route) && (other.uncertain || other.since <= each.item.receivedAt),
    )
    if (!maker) continue
    const message = `The hub is creating ${each.type}s at ${source.connection}, and this may be one of them.`
    decisions.set(each.item, {
      status: 'waiting',
      problems: [{ code: 'HUB_WAIT_CREATE', message }],
      waitingFor: `create:${maker.id}`,
    })
  }
}
