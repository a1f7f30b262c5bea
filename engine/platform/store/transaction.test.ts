// On a real server: what a statement that nobody waited for does to its transaction when it fails.
import { randomBytes } from 'node:crypto'
import { setTimeout as sleep } from 'node:timers/promises'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { Overtaken, openStore, type Store } from './store.ts'

const schema = `t_${randomBytes(6).toString('hex')}`
let store: Store
beforeAll(async () => {
  store = await openStore({ databaseUrl: process.env['HANDOFF_TEST_DATABASE'], stateDir: '/nowhere', schema })
  await store.query('create table thing (id int primary key, note text)')
  await store.query(
    "create function give_way() returns void language plpgsql as $$ begin raise exception 'give way' using errcode = '40001'; end $$",
  )
})
afterAll(async () => {
  await store.query(`drop schema "${schema}" cascade`)
  await store.close()
})
const ADD = 'insert into thing (id, note) values ($1, $2)'
const ids = async () => (await store.query<{ id: number }>('select id from thing order by id')).map((row) => row.id)

test('what is sent is there after the commit, in the order in which it was asked', async () => {
  const { seen } = await store.transaction(async (tx) => {
    tx.send(ADD, [1, 'a'])
    const seen = tx.query('select note from thing where id = $1', [1])
    tx.send('update thing set note = $2 where id = $1', [1, 'b'])
    return { seen }
  })
  expect(await seen).toEqual([{ note: 'a' }])
  expect(await store.query('select note from thing where id = $1', [1])).toEqual([{ note: 'b' }])
})

test('one that fails unheard takes the whole transaction along, and is what is told', async () => {
  const failed = store.transaction(async (tx) => {
    tx.send(ADD, [2, 'a'])
    tx.send(ADD, [null, 'nothing'])
    await tx.query('select 1', [])
  })
  await expect(failed).rejects.toMatchObject({ code: '23502' })
  await expect(store.transaction(async (tx) => tx.send(ADD, [null, 'last']))).rejects.toMatchObject({ code: '23502' })
  expect(await ids()).toEqual([1])
})

test('a failure that was swallowed does not pass for a commit', async () => {
  const swallowed = store.transaction(async (tx) => {
    await tx.query(ADD, [3, 'a'])
    await tx.query(ADD, [null, 'nothing']).catch(() => {})
  })
  await expect(swallowed).rejects.toMatchObject({ code: '23502' })
  expect(await ids()).toEqual([1])
})

test('the same statement goes on working on a connection where it has failed before it was prepared', async () => {
  const SELDOM = 'insert into thing (id, note) values ($1, upper($2))'
  const failed = store.transaction(async (tx) => {
    tx.send(ADD, [null, 'nothing'])
    tx.send(SELDOM, [4, 'a'])
    tx.send(SELDOM, [5, 'a'])
  })
  await expect(failed).rejects.toMatchObject({ code: '23502' })
  for (const id of [4, 5]) await store.transaction(async (tx) => tx.send(SELDOM, [id, 'a']))
  expect(await ids()).toEqual([1, 4, 5])
})

test('it is run again when the ground has changed, also when that was told to nobody', async () => {
  let runs = 0
  await store.transaction(async (tx) => {
    tx.send(ADD, [6, 'a'])
    if (++runs === 1) throw new Overtaken('look again')
    if (runs === 2) tx.send('select give_way()', [])
  })
  expect(runs).toBe(3)
  expect(await ids()).toEqual([1, 4, 5, 6])
})

test('it is run again when somebody else has just made what it makes, and sees it', async () => {
  const seen: number[] = []
  await store.transaction(async (tx) => {
    const [row] = await tx.query<{ there: number }>('select count(*)::int as there from thing where id = $1', [8])
    seen.push(row!.there)
    if (seen.length === 1) await store.query(ADD, [8, 'other'])
    if (row!.there === 0) tx.send(ADD, [8, 'mine'])
  })
  expect(seen).toEqual([0, 1])
  await store.query('delete from thing where id = 8')
})

test('what goes on after the transaction has failed reaches nobody', async () => {
  let late: Promise<unknown> | undefined
  const failed = store.transaction(async (tx) => {
    late = sleep(50).then(() => tx.query(ADD, [7, 'late']))
    late.catch(() => {})
    throw new Error('enough')
  })
  await expect(failed).rejects.toThrow('enough')
  await expect(late).rejects.toThrow('the transaction is over')
  expect(await ids()).not.toContain(7)
})
