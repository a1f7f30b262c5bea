// https://docs.easypost.com/docs/addresses
import type { Call, Routes } from '../core/router.ts'
import { seconds } from '../core/time.ts'
import type { Json } from '../core/types.ts'
import { notFound, object, refuse, required, text } from './check.ts'
import type { Carrier } from './state.ts'

const parts = [
  'name',
  'company',
  'street1',
  'street2',
  'city',
  'state',
  'zip',
  'country',
  'phone',
  'email',
  'federal_tax_id',
  'state_tax_id',
]

export function addressRoutes(carrier: Carrier): Routes {
  const given = (call: Call) => object(call.body?.address ?? (call.body?.street1 ? call.body : undefined), 'address')
  const find = (call: Call) => carrier.addresses.get(call.params.id!) ?? notFound()
  return {
    'POST /v2/addresses': (call) => {
      const verify = call.body?.verify ?? call.body?.address?.verify
      const strict = call.body?.verify_strict ?? call.body?.address?.verify_strict
      const address = made(carrier, given(call), 'address')
      if (strict) return { status: 201, body: carrier.addresses.put(address.id, verified(address, true)) }
      return { status: 201, body: verify ? carrier.addresses.put(address.id, verified(address, false)) : address }
    },
    'POST /v2/addresses/create_and_verify': (call) => {
      const address = verified(made(carrier, given(call), 'address'), true)
      return { status: 200, body: { address: carrier.addresses.put(address.id, address) } }
    },
    'GET /v2/addresses/:id': (call) => ({ status: 200, body: find(call) }),
    'GET /v2/addresses/:id/verify': (call) => {
      const address = verified(find(call), true)
      return { status: 200, body: { address: carrier.addresses.put(address.id, address) } }
    },
  }
}

/** An address from its parts, or the one that an id names. Nothing is required, as EasyPost has it; the country is US. */
export function made(carrier: Carrier, value: Json, field: string): Json {
  const from = object(value, field)
  if (typeof from.id === 'string') return carrier.addresses.get(from.id) ?? notFound()
  if (Object.keys(from).length === 0) required(field)
  const now = seconds(Date.now()).replace('Z', '+00:00')
  const named = Object.fromEntries(parts.map((name) => [name, text(from[name], `${field}.${name}`)]))
  const address = {
    id: carrier.id('adr'),
    object: 'Address',
    created_at: now,
    updated_at: now,
    ...named,
    country: named.country ?? 'US',
    mode: 'test',
    carrier_facility: null,
    residential: from.residential ?? null,
    verifications: {},
  }
  return carrier.addresses.put(address.id, address)
}

/** Upper case and confirmed when there is a street with a house number, a city and a country; else a failure. */
function verified(address: Json, strict: boolean): Json {
  const errors: Json[] = []
  if (!address.street1 || !address.city) {
    errors.push({ code: 'E.ADDRESS.NOT_FOUND', field: 'address', message: 'Address not found', suggestion: null })
  }
  if (address.street1 && !/\d/.test(address.street1)) {
    errors.push({
      code: 'E.HOUSE_NUMBER.MISSING',
      field: 'street1',
      message: 'House number is missing',
      suggestion: null,
    })
  }
  if (errors.length > 0) {
    if (strict) refuse(422, 'ADDRESS.VERIFY.FAILURE', 'Unable to verify address.', errors)
    return { ...address, verifications: { delivery: { success: false, errors, details: null } } }
  }
  const upper = Object.fromEntries(
    ['name', 'company', 'street1', 'street2', 'city', 'state'].map((name) => [
      name,
      address[name]?.toUpperCase() ?? address[name],
    ]),
  )
  const details = { latitude: null, longitude: null, time_zone: null }
  return {
    ...address,
    ...upper,
    residential: address.residential ?? false,
    verifications: { delivery: { success: true, errors: [], details } },
  }
}
