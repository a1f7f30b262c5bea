// An order is pushed to the warehouse in its latest version, and a label is bought for it once.
import type { Mapper, Route } from '../../engine/hub.ts'
import type { Destination } from './destination.ts'
import type { Process } from './process.ts'

/** `waits`: the second goes to the warehouse only once the first is known to be there. */
export function routesOf(process: Process, warehouse: Destination, carrier: Destination, waits: boolean): Route[] {
  const mapper: Mapper = {
    name: 'simulation',
    revision: '1',
    partial: false,
    links: () => [],
    run: (record, { key }) => ({ record: { key, note: record.note } }),
  }
  const first = { resource: 'orders', value: 'shop:1' }
  const second: Mapper = {
    ...mapper,
    links: (record) => (record.number === '2' ? [first] : []),
    run: (record, context) =>
      record.number === '2' && context.link(first) === undefined
        ? { problems: [{ code: 'HUB_MAP_LINK', message: 'the first is not there' }], waitFor: first }
        : mapper.run(record, context),
  }
  const base = { record: 'order', lane: 5, with: [], matches: () => true, mapper }
  const push = warehouse.push(process)
  const call = carrier.call(process)
  return [
    { ...base, name: 'label', kind: 'call', connection: 'carrier', target: 'buy', call },
    { ...base, name: 'out', kind: 'push', connection: 'wms', target: 'orders', push, mapper: waits ? second : mapper },
  ]
}
