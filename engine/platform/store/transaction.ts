// A transaction, as one conversation with the server: what is asked without waiting for the answer before it leaves together.
import { createHash } from 'node:crypto'
import { setTimeout as sleep } from 'node:timers/promises'
import type pg from 'pg'
import type { GuardedPool } from './pool.ts'

export type Query = <Row extends pg.QueryResultRow = pg.QueryResultRow>(
  text: string,
  values?: unknown[],
) => Promise<Row[]>
export interface Queries {
  query: Query
}
export interface Transaction extends Queries {
  /** A statement whose answer nobody waits for. Where it fails, nothing of the transaction is committed. */
  send: (text: string, values: unknown[]) => void
}

/** Runs the work in a transaction, again where PostgreSQL or the work itself says that the ground has changed. */
export async function transaction<T>(pool: GuardedPool, work: (tx: Transaction) => Promise<T>): Promise<T> {
  return repeated(() => once(pool, work))
}

/** Thrown inside a transaction whose ground has changed since it looked: it is run again. */
export class Overtaken extends Error {
  readonly code = '40001'
}

const TIMES = 10
const AGAIN = new Set(['40P01', '40001', '23505'])

/**
 * PostgreSQL chose this work to give way (deadlock, serialisation), or somebody else has just made what it makes (a unique violation):
 * nothing of it happened, so it is run again, and sees what is there now.
 */
export async function repeated<T>(work: () => Promise<T>): Promise<T> {
  for (let attempt = 1; ; attempt++) {
    try {
      return await work()
    } catch (error) {
      const { code } = error as { code?: string }
      if (!AGAIN.has(code ?? '') || attempt === TIMES) throw error
      await sleep(Math.min(1000, 2 ** attempt * 10) * Math.random())
    }
  }
}

/**
 * What a transaction asks without waiting goes over the wire together, `begin` with its first statements and `commit` with its last
 * (measured: most of what a single webhook took was waiting for answers that nobody needed yet). `work` may leave answers open.
 */
async function once<T>(pool: GuardedPool, work: (tx: Transaction) => Promise<T>): Promise<T> {
  const client: pg.PoolClient = await pool.connect()
  const together = corked(client)
  const asked: Promise<unknown>[] = []
  let over = false
  const ask = (config: pg.QueryConfig) => {
    const answer = together(() => client.query(config))
    asked.push(answer.then(() => {}))
    asked.at(-1)!.catch(() => {})
    return answer
  }
  const begun = ask({ text: 'begin' })
  begun.catch(() => {})
  const query = async (text: string, values?: unknown[]) => {
    // Half of a failed transaction may still be under way when the connection is somebody else's.
    if (over) throw new Error('the transaction is over')
    const { rows } = await ask(prepared(text, values))
    await begun
    return rows
  }
  const send: Transaction['send'] = (text, values) => void query(text, values).catch(() => {})
  let broken: Error | undefined
  try {
    const result = await work({ query: query as Query, send })
    over = true
    const committed = ask({ text: 'commit' })
    await Promise.all(asked)
    if ((await committed).command !== 'COMMIT') throw new Error('the transaction was rolled back')
    return result
  } catch (error) {
    over = true
    await client.query('rollback').catch((failed: Error) => (broken = failed))
    const failed = (await Promise.allSettled(asked)).flatMap((each) =>
      each.status === 'rejected' ? [each.reason] : [],
    )
    throw failed.find((each) => each.code !== FOLLOWS) ?? error
  } finally {
    client.release(broken)
  }
}

/** The code of what fails only because an earlier statement of the transaction has failed. */
const FOLLOWS = '25P02'

/** Statements that are sent in one turn of the event loop leave in one piece. */
function corked(client: pg.PoolClient): <T>(ask: () => T) => T {
  const { stream } = (client as pg.Client).connection
  let held = false
  return (ask) => {
    if (!held) {
      held = true
      stream.cork()
      process.nextTick(() => {
        held = false
        stream.uncork()
      })
    }
    return ask()
  }
}

const names = new Map<string, string>()

/** The hub's statements are few and constant: each connection parses and plans one once (measured: a third of the server's work). */
export function prepared(text: string, values: unknown[] | undefined): pg.QueryConfig {
  if (values === undefined) return { text }
  let name = names.get(text)
  if (!name) {
    name = createHash('sha256').update(text).digest('base64').slice(0, 22)
    names.set(text, name)
  }
  return { name, text, values }
}
