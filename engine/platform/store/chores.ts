// Work that one process at a time does for all, every now and then. A process that dies with it is replaced when its time is over.
import type { Store } from './store.ts'

export interface Chore<Position> {
  name: string
  /** Until it is due again, asked when all of it is done. */
  everyMs: number | (() => number)
  /** Until it is due for the first time. Default: at once. */
  firstMs?: number
  /** Longer than one turn ever takes: nobody else begins meanwhile. */
  turnMs: number
  /** Also when it is not due, unless another process does it at this moment. */
  now?: boolean
  /** Does a part. Answers where the next turn goes on, at once; undefined when all is done. */
  work: (position: Position | undefined) => Promise<Position | undefined>
}

/** Does the chore when it is due and no other process does it; answers whether it did. */
export async function doChore<Position>(store: Store, chore: Chore<Position>): Promise<boolean> {
  await store.query(
    "insert into chore (name, due_at) values ($1, hub_now() + $2 * interval '1 ms') on conflict do nothing",
    [chore.name, chore.firstMs ?? 0],
  )
  const [mine] = await store.query<{ claim: number; position: Position | null }>(
    `update chore set due_at = hub_now() + $2 * interval '1 ms', busy_until = hub_now() + $2 * interval '1 ms', claim = claim + 1
     where name = $1 and (due_at <= hub_now() or ($3 and coalesce(busy_until <= hub_now(), true))) returning claim, position`,
    [chore.name, chore.turnMs, chore.now ?? false],
  )
  if (!mine) return false
  const left = await chore.work(mine.position ?? undefined)
  const everyMs = typeof chore.everyMs === 'number' ? chore.everyMs : chore.everyMs()
  await store.query(
    `update chore set due_at = hub_now() + $3 * interval '1 ms', busy_until = null, position = $4::jsonb where name = $1 and claim = $2`,
    [chore.name, mine.claim, left === undefined ? everyMs : 0, left === undefined ? null : JSON.stringify(left)],
  )
  return true
}
