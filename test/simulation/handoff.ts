// A handoff of the ledger in memory, as it is kept, claimed and shown.
import type { Claimed, Route } from '../../engine/hub.ts'
import type { Row } from './books.ts'

export interface Known {
  id: number
  key: string
  version: number
  note: string
}
export interface Handoff extends Omit<Row, 'key' | 'note' | 'version' | 'held' | 'image'> {
  record: Known
  route: string
  connection: string
  worker: number | null
  sending: number | null
  image: string | null
  request: unknown
  /** One of its attempts ended uncertain or in a conflict. */
  doubted: boolean
  idempotencyKey: string | null
}
export function fresh(id: number, route: Route, record: Known, now: number): Handoff {
  return {
    id,
    record,
    route: route.name,
    kind: route.kind,
    connection: route.connection,
    wanted: record.version,
    delivered: null,
    state: 'owed',
    outcome: null,
    attempts: 0,
    deaths: 0,
    fence: 0,
    due: now,
    queued: null,
    lease: null,
    uncertain: null,
    lost: null,
    lostVersion: null,
    cause: null,
    waitingFor: null,
    worker: null,
    sending: null,
    image: null,
    request: null,
    doubted: false,
    idempotencyKey: null,
  }
}

export function claimedOf(each: Handoff, now: number, forgets: boolean): Claimed {
  const { id, route, kind, fence, wanted, attempts, deaths, image, request, idempotencyKey, record } = each
  return {
    id,
    route,
    kind,
    occurrence: '',
    fence,
    wanted,
    attempts,
    deaths,
    image,
    request,
    idempotencyKey,
    uncertainMs: each.uncertain === null ? null : now - each.uncertain,
    lostMs: each.lost === null || forgets ? null : now - each.lost,
    lostVersion: each.lostVersion,
    recordId: record.id,
    type: 'order',
    key: record.key,
    version: record.version,
    data: { channel: 'shop', id: record.id, number: String(record.id), note: record.note },
    deleted: false,
  }
}

export function rowOf(each: Handoff): Row {
  const {
    record,
    connection: _c,
    worker,
    sending: _s,
    image,
    request: _r,
    doubted: _d,
    idempotencyKey: _i,
    ...rest
  } = each
  const { key, note, version } = record
  return { ...rest, key, note, version, held: worker !== null, image: image !== null }
}
