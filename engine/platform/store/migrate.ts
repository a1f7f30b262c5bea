// Forward-only migrations. Each file under migrations/ runs once, in order, in one transaction under an advisory lock, so
// that hubs which start at once wait for each other.
import { createHash } from 'node:crypto'
import * as fs from 'node:fs'
import * as path from 'node:path'
import type pg from 'pg'

const FOLDER = path.join(import.meta.dirname, 'migrations')
/** The first four bytes of "Handoff" as an integer: the lock's name in pg_locks. */
const LOCK = 0x48616e64

export async function migrate(client: pg.ClientBase, schema: string): Promise<void> {
  await client.query('begin')
  try {
    await client.query('select pg_advisory_xact_lock($1, hashtext($2))', [LOCK, schema])
    await client.query(`create schema if not exists "${schema}"`)
    await client.query(`set local search_path to "${schema}"`)
    await client.query(
      'create table if not exists migration (name text primary key, hash text not null, at timestamptz not null default now())',
    )
    const { rows } = await client.query<{ name: string; hash: string }>('select name, hash from migration')
    const done = new Map(rows.map((row) => [row.name, row.hash]))
    const files = fs
      .readdirSync(FOLDER)
      .filter((file) => file.endsWith('.sql'))
      .sort()
    for (const name of done.keys()) {
      if (!files.includes(name)) {
        throw new Error(
          `HUB_STORE_NEWER_SCHEMA the database has the migration ${name}, which this hub does not know: it was used by a newer version. Install that version or a later one.`,
        )
      }
    }
    for (const name of files) {
      const sql = fs.readFileSync(path.join(FOLDER, name), 'utf8')
      const hash = createHash('sha256').update(sql).digest('hex')
      if (done.has(name)) continue
      await client.query(sql)
      await client.query('insert into migration (name, hash) values ($1, $2)', [name, hash])
    }
    await client.query('commit')
  } catch (error) {
    await client.query('rollback')
    throw error
  }
}
