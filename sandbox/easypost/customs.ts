// What a parcel carries across a border: https://docs.easypost.com/docs/customs-infos. Kept as given; nothing is required here.
import type { Json } from '../core/types.ts'
import { invalid, object } from './check.ts'
import type { Carrier } from './state.ts'

/** The customs part of a shipment, or null when none is given. */
export function customs(carrier: Carrier, given: Json, now: string): Json {
  if (given === undefined || given === null) return null
  const { customs_items = [], ...info } = object(given, 'customs_info')
  if (!Array.isArray(customs_items)) invalid('customs_info.customs_items', 'must be a list')
  const made = (prefix: string, kind: string) => ({
    id: carrier.id(prefix),
    object: kind,
    created_at: now,
    updated_at: now,
    mode: 'test',
  })
  const blank = { restriction_comments: null, declaration: null }
  const blankItem = { code: null, manufacturer: null, currency: null, eccn: null, printed_commodity_identifier: null }
  const items = customs_items.map((item: Json) => ({
    ...blankItem,
    ...item,
    ...made('cstitem', 'CustomsItem'),
    value: Number(item.value ?? 0).toFixed(2),
  }))
  return { ...blank, ...info, ...made('cstinfo', 'CustomsInfo'), customs_items: items }
}
