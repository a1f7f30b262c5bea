// From a claimed item to what it says: a draft of each record that the source makes out of it, or why it says nothing.
import { ConnectorError, parseJson } from '#connector'
import type { Json, LinkNeed, MapContext, Problem, Source } from '../hub.ts'
import { applyEdits } from '../platform/edits.ts'
import type { Queries, Store } from '../platform/store/store.ts'
import type { ClaimedItem } from './claim.ts'
import { DEADLY } from './claim.ts'
import { hashOf, validStamp } from './collect.ts'
import { noteShapes } from './drift.ts'

export interface Draft {
  item: ClaimedItem
  type: string
  /** The link's resource: the source's own, or `<resource>.<record>` for a record that comes also. */
  resource: string
  data: Json
  partial: boolean
}
export type Decision =
  | { status: 'done' }
  | { status: 'skipped'; problems: Problem[] }
  | { status: 'parked'; problems: Problem[] }
  | { status: 'waiting'; problems: Problem[]; waitingFor: string }

export interface Drafted {
  drafts: Draft[]
  decisions: Map<ClaimedItem, Decision>
  /** What was read afresh at the source, and is the item from now on. */
  reread: Map<ClaimedItem, Reread>
}
export interface Reread {
  text: string
  hash: string
  stamp: string | null
  /** It is not there any more. */
  deleted: boolean
}

/** How long an item waits whose source could not be asked. */
const ASK_AGAIN_MS = 30_000

/** Maps a batch. Links that the mappings look up are read with one statement for the whole batch. */
export async function draft(store: Store, source: Source, items: ClaimedItem[]): Promise<Drafted> {
  const drafts: Draft[] = []
  const decisions = new Map<ClaimedItem, Decision>()
  const values = new Map<ClaimedItem, Json>()
  const reread = new Map<ClaimedItem, Reread>()
  let silent: Decision | undefined
  for (const item of items) {
    if (item.deaths > DEADLY) {
      decisions.set(
        item,
        parked({
          code: 'HUB_INTAKE_DEADLY',
          message: `The hub's process ended ${DEADLY} times while it worked on this item.`,
          cure: 'Look at the mapping functions it uses, then retry it.',
        }),
      )
      continue
    }
    // A source that does not answer for one of them is not asked for the others.
    const value = silent && item.stale ? silent : await read(source, item, reread)
    if ('status' in value) decisions.set(item, value)
    else if (value.json !== undefined) values.set(item, value.json)
    if ('status' in value && value.status === 'waiting') silent = value
  }
  const there = [...values].filter(([item]) => !item.deleted && !reread.get(item)?.deleted)
  await noteShapes(
    store,
    source,
    there.map(([, value]) => value),
  )
  const context = { connection: source.connection }
  const needs = [...values.values()].flatMap((value) =>
    source.outputs.flatMap(({ mapper }) => mapper.links(value, context)),
  )
  const link = await linkedKeys(store, source.connection, needs)

  for (const [item, value] of values) {
    if (item.deleted || reread.get(item)?.deleted) {
      const output = source.outputs[0]!
      drafts.push({ item, type: output.type, resource: output.resource, data: undefined, partial: true })
      continue
    }
    const made = await mapOutputs(source, item, value, { ...context, link })
    if (Array.isArray(made)) drafts.push(...made)
    else decisions.set(item, made)
  }
  return { drafts, decisions, reread }
}

async function read(
  source: Source,
  item: ClaimedItem,
  reread: Map<ClaimedItem, Reread>,
): Promise<{ json: Json } | Decision> {
  if (item.broken) return parked(item.broken)
  try {
    if (item.stale && !item.deleted && source.fetch) {
      const fresh = await source.fetch(item.externalId)
      const text = fresh?.text ?? ''
      reread.set(item, {
        text,
        hash: hashOf({ text, deleted: !fresh }),
        stamp: validStamp(fresh?.stamp),
        deleted: !fresh,
      })
      return { json: fresh ? applyEdits(parseJson(text), item.edits) : {} }
    }
    if (item.deleted && item.text === '') return { json: {} }
    return { json: applyEdits(item.json ?? parseJson(item.text), item.edits) }
  } catch (error) {
    if (error instanceof ConnectorError) return unanswered(error)
    if (!(error instanceof SyntaxError)) throw error
    return parked({
      code: 'HUB_INTAKE_UNREADABLE',
      message: `The item is not JSON: ${error.message}`,
      cure: 'Read it again at the source.',
    })
  }
}

/** The source does not hand out this one item: later perhaps, or never. The others of the batch go on. */
function unanswered(error: ConnectorError): Decision {
  const problem = { code: error.code, message: error.message }
  if (error.kind === 'permanent' || error.kind === 'invalid') return parked(problem)
  const waitMs = Math.max(ASK_AGAIN_MS, error.detail.retryAfterMs ?? 0)
  return { status: 'waiting', problems: [problem], waitingFor: `moment:+${waitMs}` }
}

/** All records of one item, or the one decision that stops the whole item. */
async function mapOutputs(
  source: Source,
  item: ClaimedItem,
  value: Json,
  context: MapContext,
): Promise<Draft[] | Decision> {
  const drafts: Draft[] = []
  const problems: Problem[] = []
  for (const { type, resource, mapper } of source.outputs) {
    const result = await mapper.run(value, context)
    if ('skipped' in result) {
      if (drafts.length === 0)
        return { status: 'skipped', problems: [{ code: 'HUB_INTAKE_SKIPPED', message: result.skipped }] }
      continue
    }
    if ('problems' in result) {
      if (result.waitFor)
        return { status: 'waiting', problems: result.problems, waitingFor: linkWait(source.connection, result.waitFor) }
      problems.push(...result.problems)
      continue
    }
    const unstorable = ODD_TEXT.test(item.text) ? findUnstorable(result.record) : undefined
    if (unstorable) problems.push(unstorable)
    drafts.push({ item, type, resource, data: result.record, partial: mapper.partial })
  }
  return problems.length > 0 ? { status: 'parked', problems } : drafts
}

/** What cannot be stored can only come out of an item that has it; whole pairs are escaped like halves where a vendor escapes. */
const ODD_TEXT = /\\u0000|\\ud[89a-f]/i

/** PostgreSQL's jsonb takes neither NUL nor half a surrogate pair. */
function findUnstorable(record: Json): Problem | undefined {
  if (!ODD_TEXT.test(JSON.stringify(record))) return undefined
  return {
    code: 'HUB_RECORD_TEXT',
    message: 'A text holds a NUL character or half a character (a lone surrogate).',
    cure: 'Correct the text at the source.',
  }
}

/** What a waiting item or handoff waits for, as written in `waiting_for`. */
export const linkWait = (connection: string, need: LinkNeed) => `link:${connection}.${need.resource}:${need.value}`

export async function linkedKeys(store: Queries, connection: string, needs: LinkNeed[]): Promise<MapContext['link']> {
  const keys = new Map<string, string>()
  if (needs.length > 0) {
    const rows = await store.query<{ resource: string; external_id: string; key: string }>(
      `select distinct link.resource, link.external_id, record.key
       from unnest($2::text[], $3::text[]) as need(resource, value),
         lateral (select * from link where connection = $1 and resource = need.resource and external_id = need.value offset 0) as link
       join record on record.id = link.record_id`,
      [connection, needs.map((need) => need.resource), needs.map((need) => need.value)],
    )
    for (const row of rows) keys.set(`${row.resource}\n${row.external_id}`, row.key)
  }
  return (need) => keys.get(`${need.resource}\n${need.value}`)
}

function parked(problem: Problem): Decision {
  return { status: 'parked', problems: [problem] }
}
