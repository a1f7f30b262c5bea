// A hub process that one record kills: run by the tests as `deadly.ts SCHEMA item|handoff`. Ends by itself once nothing is left.
import { setTimeout as sleep } from 'node:timers/promises'
import type { Assembly } from '../../engine/setup/assemble.ts'
import { Vendor } from './vendor.ts'
import { identity, openWorld, payload } from './world.ts'

const [schema, kills] = process.argv.slice(2) as [string, 'item' | 'handoff']
const vendor = new Vendor()
const killer = (here: boolean) => (record: { number: string }) => {
  if (here && record.number === '5') process.kill(process.pid, 'SIGKILL')
  return record
}
const intake = killer(kills === 'item')
const delivery = killer(kills === 'handoff')
const mapperIn = identity({ run: (item) => ({ record: { channel: 'shop', ...intake(item) } }) })
const mapperOut = payload({ run: (record, context) => ({ record: { ...delivery(record), key: context.key } }) })
const assembly: Assembly = {
  sources: new Map([
    [
      'orders',
      {
        name: 'orders',
        connection: 'shop',
        resource: 'orders',
        outputs: [{ type: 'order', resource: 'orders', mapper: mapperIn }],
        revision: 'r1',
        lane: 5,
      },
    ],
  ]),
  routes: new Map([
    [
      'out',
      {
        name: 'out',
        record: 'order',
        connection: 'wms',
        kind: 'push',
        target: 'orders',
        lane: 5,
        with: [],
        matches: () => true,
        mapper: mapperOut,
        push: vendor.push,
      },
    ],
  ]),
  answers: new Map(),
}
const world = await openWorld('postgres', { schema, vendor, assembly })
await world.sweep()
await world.calm()
// What a dead process had sent may still land: here that time is over. It is less than a lease.
await world.pass('40 seconds')
for (let calm = 0; calm < 3; ) {
  await world.sweep()
  const busy = await world.hub.store.query(
    "select 1 from item where status = 'new' union all select 1 from handoff where state in ('owed', 'sending')",
  )
  calm = busy.length === 0 ? calm + 1 : 0
  await sleep(30)
}
await world[Symbol.asyncDispose]()
