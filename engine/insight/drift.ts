// What sources have begun to send otherwise, and what a person says to it.
import type { Store } from '../platform/store/store.ts'

export interface Drift {
  connection: string
  resource: string
  /** Lists are passed through: `line_items[].sku`. */
  field: string
  change: 'new' | 'vanished' | 'retyped'
  old: string | null
  new: string | null
  /** `new`: that neither read nor ignore it; else: that read it. */
  mappings: string[]
  at: Date
}

/** The changes that nobody has accepted yet, oldest first. */
export function listDrift(store: Store): Promise<Drift[]> {
  return store.query<Drift & Record<string, unknown>>(
    `select connection, resource, path as field, change, old_type as old, nullif(new_type, '') as new, mappings, at
     from drift order by at, connection, resource, path`,
  )
}

/**
 * Takes the changes of one `connection.resource`, or all, for the usual from now on; answers how many. A field that vanished is
 * forgotten, so that it is new should it come back.
 */
export function acceptDrift(store: Store, place?: string): Promise<number> {
  return store.transaction(async (tx) => {
    // The rows of `shape` are locked first, as intake does.
    await tx.query(
      `with chosen as (
         select connection, resource from drift where $1::text is null or connection || '.' || resource = $1 group by 1, 2),
       locked as (
         select shape.connection, shape.resource from shape join chosen using (connection, resource)
         order by 1, 2 for update of shape)
       update shape set revision = revision + 1 from locked
       where shape.connection = locked.connection and shape.resource = locked.resource`,
      [place ?? null],
    )
    const gone = await tx.query(
      `with gone as (
         delete from drift where $1::text is null or connection || '.' || resource = $1
         returning connection, resource, path, change),
       forgotten as (
         delete from shape_field as field using gone
         where gone.change = 'vanished' and field.connection = gone.connection and field.resource = gone.resource
           and (field.path = gone.path or starts_with(field.path, gone.path || '.') or starts_with(field.path, gone.path || '[')))
       insert into event (at, type, connection, detail)
       select hub_now(), 'drift.accepted', connection, jsonb_build_object('resource', resource, 'field', path, 'change', change)
       from gone returning 1`,
      [place ?? null],
    )
    return gone.length
  })
}
