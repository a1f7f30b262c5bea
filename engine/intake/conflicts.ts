// What `owners:` overrules: a source says one thing about a field, its owner another, and the record says what the owner says.
// Computed from the contributions that merge.ts makes the record of, so that the two never disagree.
import { isDeepStrictEqual } from 'node:util'
import type { Json } from '../hub.ts'
import { valueAt } from '../platform/config/path.ts'
import type { Store } from '../platform/store/store.ts'
import { type Contribution, isObject, type Owners, PERSON } from './merge.ts'

export interface Overruled {
  /** `shipTo.city` */
  field: string
  /** Who is not believed, and what it says. */
  connection: string
  value: Json
  /** Who is, and what it says; absent where it says that there is nothing. */
  owner: string
  ownerValue?: Json
}
export interface Conflict {
  record: string
  type: string
  key: string
  recordId: number
  overruled: Overruled[]
}
export interface ConflictChoice {
  types?: string[]
  records?: number[]
}

const BATCH = 1000

/** The values of today that ownership overrules, record by record. `limit` is on the records that are answered; all are counted. */
export async function listConflicts(
  store: Store,
  owners: Owners,
  choice: ConflictChoice,
  limit: number,
): Promise<{ records: number; values: number; conflicts: Conflict[] }> {
  const owned = [...new Set(Object.keys(owners).map((name) => name.split('.')[0]!))]
  const types = choice.types ? owned.filter((type) => choice.types!.includes(type)) : owned
  const found = { records: 0, values: 0, conflicts: [] as Conflict[] }
  for (let after = 0; types.length > 0; ) {
    const rows = await store.query<{ id: number; type: string; key: string; said: Contribution[] }>(SAID, [
      types,
      choice.records ?? null,
      after,
      BATCH,
    ])
    if (rows.length === 0) break
    after = rows.at(-1)!.id
    for (const { id, type, key, said } of rows) {
      const values = overruled(type, said, owners)
      if (values.length === 0) continue
      found.records++
      found.values += values.length
      if (found.conflicts.length < limit)
        found.conflicts.push({ record: `${type} ${key}`, type, key, recordId: id, overruled: values })
    }
  }
  return found
}

/** What of the contributions, oldest first, the record does not say because another connection owns the field. */
export function overruled(type: string, said: Contribution[], owners: Owners): Overruled[] {
  const sources = said.filter((each) => each.connection !== PERSON)
  // Only the last word of a connection on a field counts, as in the merge.
  const found = new Map<string, Overruled>()
  for (const { connection, data } of sources)
    for (const [path, value] of leaves(data)) {
      const field = path.join('.')
      const name = `${connection}\n${field}`
      const winner = winnerOf(type, sources, owners, path)
      if (winner && winner.owner !== connection && !isDeepStrictEqual(winner.value, value))
        found.set(name, {
          field,
          connection,
          value,
          owner: winner.owner,
          ...(winner.value === undefined ? {} : { ownerValue: winner.value }),
        })
      else found.delete(name)
    }
  return [...found.values()]
}

/** The owner whose word counts for a field: of the field itself, of what the field is part of, of the record. */
function winnerOf(
  type: string,
  said: Contribution[],
  owners: Owners,
  path: string[],
): { owner: string; value: Json } | undefined {
  for (let length = path.length; length >= 0; length--) {
    const owner = owners[[type, ...path.slice(0, length)].join('.')]
    if (owner === undefined) continue
    // Below an owned field nothing of the others is left; of an owned record, what the owner does not mention is.
    const part = length === 0 ? path : path.slice(0, length)
    const last = said.findLast((each) => each.connection === owner && valueAt(each.data, part) !== undefined)
    if (last) return { owner, value: valueAt(last.data, path) }
  }
  return undefined
}

/** Every field with its value; lists are one value, because they merge as one. */
function* leaves(data: Json, path: string[] = []): Generator<[string[], Json]> {
  if (!isObject(data)) {
    if (path.length > 0 && data !== undefined) yield [path, data]
    return
  }
  for (const [field, value] of Object.entries(data)) yield* leaves(value, [...path, field])
}

// One source alone overrules nobody.
const SAID = `
select r.id, r.type, r.key, l.said from record r, lateral (
  select jsonb_agg(jsonb_build_object('connection', connection, 'data', case when whole then r.data::jsonb else contribution end) order by updated_at, connection, resource) as said
  from link where record_id = r.id and (whole or contribution is not null) having count(*) > 1 offset 0) l
where r.type = any($1::text[]) and ($2::bigint[] is null or r.id = any($2)) and r.id > $3::bigint and not r.deleted order by r.id limit $4`
