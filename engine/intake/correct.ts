// A person's word comes in like an item: a correction of a record is an item of the source "person", which intake decides on,
// merges, versions and owes like everything else. A correction of an item that did not map stays beside the bytes that came.
import { isDeepStrictEqual } from 'node:util'
import { parseJson } from '#connector'
import type { Json, Problem, Source } from '../hub.ts'
import { pathText } from '../platform/config/diagnostic.ts'
import { amend, type Difference, type Edit, type EditPath, readAt } from '../platform/edits.ts'
import type { Store } from '../platform/store/store.ts'
import { collect, collectionOf } from './collect.ts'
import { PERSON } from './merge.ts'

export type Wish = { path: EditPath; now?: Json }
/** `refused`: what would be wrong with it; nothing was stored. */
export type Corrected = { told: Difference[]; result: Json } | { refused: Problem[] }

/** The pseudo-source of what people say about records of a type. No configuration can name one like it. */
export function personSource(type: string): Source {
  const mapper = {
    name: 'person',
    revision: 'person',
    partial: true,
    concern: () => 'ignores' as const,
    links: () => [],
    run: (said: Json) => ({ record: said }),
  }
  return {
    name: `person.${type}`,
    connection: PERSON,
    resource: type,
    outputs: [{ type, resource: type, mapper }],
    revision: mapper.revision,
    lane: 1,
  }
}

/** Stores a person's correction of a record; a hub that runs decides on it. `faults`: what is wrong with such a record. */
export async function correctRecord(
  store: Store,
  recordId: number,
  wishes: Wish[],
  by: string,
  faults: (type: string, data: Json) => Problem[],
): Promise<Corrected> {
  return store.transaction(async (tx) => {
    const [record] = await tx.query<{ type: string; data: Json; now: Date }>(
      'select type, data, hub_now() as now from record where id = $1',
      [recordId],
    )
    const source = personSource(record!.type)
    const [said] = await tx.query<{ body: Buffer }>(
      'select body from item where connection = $1 and resource = $2 and external_id = $3 for update',
      [source.connection, source.resource, String(recordId)],
    )
    const earlier: Edit[] = said ? JSON.parse(said.body.toString('utf8')).edits : []
    const { edits, result, told } = amend(record!.data, earlier, wishes, { by, at: record!.now.toISOString() })
    const refused = [...nowhere(wishes, result), ...faults(record!.type, result)]
    if (refused.length > 0) return { refused }
    if (told.length === 0) return { told, result }
    await collect(tx, collectionOf(source, 'person'), [
      { id: String(recordId), text: JSON.stringify({ edits }), recordId },
    ])
    await tx.query(
      `insert into event (at, type, record_id, detail) values (hub_now(), 'record.corrected', $1, $2::jsonb)`,
      [recordId, JSON.stringify({ by, changes: told })],
    )
    return { told, result }
  })
}

/** Corrects a parked item and has it decided again. Answers undefined when nothing is parked there. */
export async function correctItem(
  store: Store,
  { source, externalId }: { source: string; externalId: string },
  wishes: Wish[],
  by: string,
): Promise<Corrected | undefined> {
  return store.transaction(async (tx) => {
    const [item] = await tx.query<{ body: Buffer; edits: Edit[] | null; broken: Json; now: Date }>(
      `select body, edits, broken, hub_now() as now from item where source = $1 and external_id = $2 and status = 'parked' for update`,
      [source, externalId],
    )
    if (!item) return undefined
    const body = item.broken ? undefined : parsed(item.body.toString('utf8'))
    if (body === undefined)
      return {
        refused: [
          {
            code: 'HUB_EDIT_UNREADABLE',
            message: 'What came cannot be read, so there are no fields to correct.',
            cure: 'Correct it at the source, or lay it aside: `handoff failures resolve ID`.',
          },
        ],
      }
    const { edits, result, told } = amend(body, item.edits ?? [], wishes, { by, at: item.now.toISOString() })
    const refused = nowhere(wishes, result)
    if (refused.length > 0) return { refused }
    await tx.query(
      `update item set edits = $3::jsonb, status = 'new', errors = null, cause = null, waiting_for = null, claimed_by = null, deaths = 0
       where source = $1 and external_id = $2 and status = 'parked'`,
      [source, externalId, JSON.stringify(edits)],
    )
    return { told, result }
  })
}

/** Places that are not there: a line that the order does not have. */
function nowhere(wishes: Wish[], result: Json): Problem[] {
  const missed = wishes.filter(({ path, now }) => !isDeepStrictEqual(readAt(result, path), now))
  return missed.map(({ path }) => ({
    code: 'HUB_EDIT_NOWHERE',
    message: `There is no ${pathText(path)}.`,
    at: pathText(path),
    cure: 'Name a field that is there, or a list as a whole.',
  }))
}

function parsed(text: string): Json {
  try {
    return parseJson(text)
  } catch {
    return undefined
  }
}
