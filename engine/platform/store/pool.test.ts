import { setTimeout as sleep } from 'node:timers/promises'
import { expect, test } from 'vitest'
import { GuardedPool } from './pool.ts'

test('what is asked of an ended pool is never answered, so that nobody asks again without a pause', async () => {
  const pool = new GuardedPool({ host: '/nowhere' })
  await pool.end()
  const answered = Promise.race([pool.query('select 1'), pool.connect()]).catch((error: Error) => error.message)
  expect(await Promise.race([answered, sleep(400, 'nothing')])).toBe('nothing')
})

test('a server that is not there is told after a pause, as a refused connection', async () => {
  const pool = new GuardedPool({ host: '/nowhere' })
  const began = performance.now()
  await expect(pool.query('select 1')).rejects.toMatchObject({ code: 'ECONNREFUSED' })
  expect(performance.now() - began).toBeGreaterThan(200)
  await pool.end()
})
