// Schedules survive being put again, whatever the backend: a run that is due is neither lost nor doubled by it.
import { randomBytes } from 'node:crypto'
import { setTimeout as sleep } from 'node:timers/promises'
import { expect, test } from 'vitest'
import { openStore } from '../store/store.ts'
import { LANES, openQueues, type Schedule } from './queues.ts'

const redis = process.env['HANDOFF_TEST_REDIS']

test.each(redis ? ['postgres', 'redis'] : ['postgres'])(
  'a run that became due while no hub ran is made up for, once, on %s',
  async (backend) => {
    const schema = `t_${randomBytes(6).toString('hex')}`
    const store = await openStore({ databaseUrl: process.env['HANDOFF_TEST_DATABASE'], stateDir: '/nowhere', schema })
    const redisUrl = backend === 'redis' ? redis : undefined
    const open = () => openQueues({ store, redisUrl, workers: 1, onError: () => {} })
    // Due in the second after next, then not before the same second of the next minute.
    const due = new Date(Date.now() + 2_000)
    const schedule: Schedule = {
      id: 'nightly',
      cron: `${due.getUTCSeconds()} * * * * *`,
      zone: 'UTC',
      job: { name: 'pull', data: { source: 'x' }, lane: LANES.normal },
    }
    const first = await open()
    await first.schedule('shop', [schedule])
    await first.close()
    await sleep(due.getTime() - Date.now() + 1_000)
    const second = await open()
    await second.schedule('shop', [schedule])
    let runs = 0
    await second.work('shop', 1, async () => void runs++)
    for (let turn = 0; turn < 100 && runs === 0; turn++) await sleep(50)
    await second.schedule('shop', [schedule])
    await sleep(500)
    expect(runs).toBe(1)
    await second.close()
    await store.query(`drop schema "${schema}" cascade`)
    await store.close()
  },
)
