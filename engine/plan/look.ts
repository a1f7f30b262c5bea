// What a destination has now, and what sending would change there. Only reads: a request that writes is stopped before it is sent.
import { ConnectorError, type GateRequest, itemJson, type Json } from '#connector'
import type { Claimed, ConnectionClient, Route } from '../hub.ts'
import { pathText } from '../platform/config/diagnostic.ts'
import { type Difference, differences, type EditPath } from '../platform/edits.ts'

/** One handoff with what it would send. */
export interface Sending {
  handoff: Claimed
  route: Route
  payload: Json
  /** Where the record is at the destination, when that is known. */
  link: string | undefined
}
export interface Look {
  does: 'create' | 'update' | 'skip' | 'call' | 'park' | 'hold' | 'unknown'
  why: string
  changes: Difference[]
  /** It is there, and what it says cannot be read. */
  unread?: true
}

export function readsOnly({ write, method }: GateRequest): void {
  if (write) throw new Error(`a plan must not write, and this ${method} would`)
}

/** Asks the destination, where the connector can, and compares. */
export async function look({ handoff, route, payload, link }: Sending, client: ConnectionClient): Promise<Look> {
  const options = { gate: readsOnly, idempotencyKey: `${handoff.route}:${handoff.key}` }
  if (route.kind === 'call')
    return { does: 'call', why: 'not done yet', changes: differences({}, handoff.request ?? payload) }
  const push = route.push!
  const fetchable = client.resources[route.target]?.fetch !== undefined
  const fetched = async (id: string) => {
    const item = fetchable ? await client.fetch(route.target, id, options) : undefined
    return item && !item.deleted ? itemJson(item) : undefined
  }
  try {
    const key = push.key(payload)
    if (link !== undefined) {
      const there = await fetched(link)
      if (fetchable && there === undefined)
        return { does: 'hold', why: `${link} is not there any more; a person would be asked`, changes: [] }
      return changing(push.facts.canUpdate, `it is ${link} there`, payload, there)
    }
    const looks = push.facts.canFind && push.facts.lookup !== 'none'
    const found = looks ? await push.find(key, payload, options) : undefined
    if (found)
      return changing(
        push.facts.canUpdate,
        `${found.id} there has the key ${key} already and would be adopted`,
        payload,
        found.item ?? (await fetched(found.id)),
      )
    if (!push.facts.canCreate)
      return {
        does: 'park',
        why: `nothing there has the key ${key}, and the hub does not create it there`,
        changes: [],
      }
    const why = looks ? `nothing there has the key ${key}` : 'the hub has not made it yet, and cannot ask there'
    return { does: 'create', why, changes: differences({}, payload) }
  } catch (error) {
    if (!(error instanceof ConnectorError)) throw error
    if (error.kind === 'permanent' || error.kind === 'invalid') return { does: 'park', why: error.message, changes: [] }
    return { does: 'unknown', why: `the destination could not be asked: ${error.message}`, changes: [] }
  }
}

function changing(canUpdate: boolean, why: string, payload: Json, there: Json): Look {
  if (!canUpdate) return { does: 'skip', why: `${why}, and the hub never changes it`, changes: [] }
  if (there === undefined)
    return {
      does: 'update',
      why: `${why}; what it says now cannot be read`,
      changes: differences({}, payload),
      unread: true,
    }
  const unclear: Unclear = { strange: [], hidden: [] }
  const changes = against(there, payload, unclear)
  const { strange, hidden } = unclear
  const more = [
    ...(strange.length > 0 ? [`; ${strange.join(', ')} cannot be compared, it has another form there`] : []),
    ...(hidden.length > 0 ? [`; ${hidden.join(', ')} cannot be compared, it is not shown there`] : []),
    ...(changes.length + strange.length + hidden.length === 0 ? [', and says all of this already'] : []),
  ]
  return { does: 'update', why: `${why}${more.join('')}`, changes }
}

/** Fields that cannot be compared: of another form there, or not part of what is read there (connectors read what they can). */
interface Unclear {
  strange: string[]
  hidden: string[]
}

/** What of the payload is otherwise there. The thing there has fields of its own, which stay as they are. */
function against(there: Json, payload: Json, unclear: Unclear, path: EditPath = []): Difference[] {
  if (isObject(payload) && isObject(there))
    return Object.entries(payload).flatMap(([field, value]) => against(there[field], value, unclear, [...path, field]))
  if (Array.isArray(payload) && Array.isArray(there) && payload.length === there.length)
    return payload.flatMap((value, index) => against(there[index], value, unclear, [...path, index]))
  if (there === undefined || (there !== null && formOf(there) !== formOf(payload))) {
    unclear[there === undefined ? 'hidden' : 'strange'].push(pathText(path))
    return []
  }
  // Vendors answer "12.50" for 12.5 and "7" for 7.
  if (formOf(there) === 'value' && (String(there) === String(payload) || (payload !== '' && +there === +payload)))
    return []
  return differences(there, payload, path)
}

const formOf = (value: Json) => (Array.isArray(value) ? 'list' : isObject(value) ? 'object' : 'value')

function isObject(value: unknown): value is Record<string, Json> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}
