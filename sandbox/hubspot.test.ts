import { mkdtempSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { ask, calls } from './calls.ts'
import type { Json } from './core/types.ts'
import { type Sandbox, startSandbox } from './sandbox.ts'

let sandbox: Sandbox
let crm: ReturnType<typeof calls>['crm']

beforeAll(async () => {
  sandbox = await startSandbox({ dir: mkdtempSync(path.join(tmpdir(), 'sandbox-crm-')) })
  crm = calls(sandbox).crm
})
afterAll(() => sandbox.close())

const contacts = '/crm/v3/objects/contacts'
const deals = '/crm/v3/objects/deals'
const add = (email: string, more: Json = {}) => crm('POST', contacts, { properties: { email, ...more } })

test('an e-mail address is one contact, whatever its case, and the second create names the first', async () => {
  const first = await add('Anna@Example.org', { firstname: 'Anna' })
  expect(first.status).toBe(201)
  expect(first.body).toMatchObject({
    properties: { email: 'anna@example.org', firstname: 'Anna', lastname: null },
    archived: false,
  })
  const second = await add('anna@example.org')
  expect(second).toMatchObject({
    status: 409,
    body: {
      status: 'error',
      category: 'CONFLICT',
      message: `Contact already exists. Existing ID: ${first.body.id}`,
      correlationId: expect.any(String),
    },
  })
  const found = await crm('GET', `${contacts}/ANNA@example.org?idProperty=email&properties=email,phone`)
  expect(found.body.id).toBe(first.body.id)
  expect((await crm('GET', `${contacts}/nobody@example.org?idProperty=email`)).status).toBe(404)
})

test('all mistakes of a request come at once, and nothing is stored', async () => {
  const { status, body } = await add('not an address', { colour: 'red', lifecyclestage: 'king' })
  expect(status).toBe(400)
  expect(body.category).toBe('VALIDATION_ERROR')
  expect(body.errors.map(({ code }: Json) => code)).toEqual([
    'INVALID_EMAIL',
    'PROPERTY_DOESNT_EXIST',
    'INVALID_OPTION',
  ])
  expect(JSON.parse(body.message.replace('Property values were not valid: ', ''))[1]).toMatchObject({
    isValid: false,
    error: 'PROPERTY_DOESNT_EXIST',
    name: 'colour',
  })
})

test('a patch changes the date only when it changes something', async () => {
  const { body } = await add('dora@example.org', { firstname: 'Dora' })
  const same = (await crm('PATCH', `${contacts}/${body.id}`, { properties: { firstname: 'Dora' } })).body
  expect(same.updatedAt).toBe(body.updatedAt)
  await new Promise((resolve) => setTimeout(resolve, 5))
  const other = (await crm('PATCH', `${contacts}/${body.id}`, { properties: { firstname: 'Dörthe' } })).body
  expect(other.updatedAt > body.updatedAt).toBe(true)
})

test('batches create, read, update and upsert; one conflict fails the whole create', async () => {
  const created = await crm('POST', `${contacts}/batch/create`, {
    inputs: ['e1', 'e2', 'e3'].map((name) => ({ properties: { email: `${name}@example.org` } })),
  })
  expect(created).toMatchObject({ status: 201, body: { status: 'COMPLETE' } })
  const [one] = created.body.results
  const failed = await crm('POST', `${contacts}/batch/create`, {
    inputs: [{ properties: { email: 'e4@example.org' } }, { properties: { email: 'e1@example.org' } }],
  })
  expect(failed.status).toBe(409)
  expect((await crm('GET', `${contacts}/e4@example.org?idProperty=email`)).status).toBe(404)
  const read = await crm('POST', `${contacts}/batch/read`, {
    idProperty: 'email',
    properties: ['email'],
    inputs: [{ id: 'e1@example.org' }, { id: 'gone@example.org' }],
  })
  expect(read).toMatchObject({ status: 207, body: { numErrors: 1, results: [{ id: one.id }] } })
  const updated = await crm('POST', `${contacts}/batch/update`, {
    inputs: [{ id: one.id, properties: { city: 'Graz' } }],
  })
  expect(updated.body.results[0].id).toBe(one.id)
  const upsert = await crm('POST', `${contacts}/batch/upsert`, {
    inputs: ['e1@example.org', 'e5@example.org'].map((id) => ({
      id,
      idProperty: 'email',
      properties: { city: 'Wels' },
    })),
  })
  expect(upsert.body.results.map((result: Json) => result.new)).toEqual([false, true])
  expect(
    (await crm('POST', `${contacts}/batch/create`, { inputs: Array.from({ length: 101 }, () => ({ properties: {} })) }))
      .status,
  ).toBe(400)
})

test('a deal belongs to a contact, and a property of one’s own names it for good', async () => {
  const property = {
    name: 'order_key',
    label: 'Order',
    type: 'string',
    fieldType: 'text',
    groupName: 'dealinformation',
    hasUniqueValue: true,
  }
  expect((await crm('GET', '/crm/v3/properties/deals/order_key')).status).toBe(404)
  expect((await crm('POST', '/crm/v3/properties/deals', property)).body).toMatchObject({
    name: 'order_key',
    hasUniqueValue: true,
  })
  expect((await crm('POST', '/crm/v3/properties/deals', property)).status).toBe(409)
  const contact = (await add('finn@example.org')).body
  const link = (id: string) => ({
    to: { id },
    types: [{ associationCategory: 'HUBSPOT_DEFINED', associationTypeId: 3 }],
  })
  const properties = {
    dealname: 'Order 1001',
    amount: '12.50',
    dealstage: 'closedwon',
    pipeline: 'default',
    order_key: 'shop:1001',
  }
  const deal = await crm('POST', deals, { properties, associations: [link(contact.id)] })
  expect(deal.status).toBe(201)
  expect(
    (await crm('GET', `/crm/v4/objects/deals/${deal.body.id}/associations/contacts`)).body.results[0].toObjectId,
  ).toBe(Number(contact.id))
  expect((await crm('GET', `/crm/v4/objects/contacts/${contact.id}/associations/deals`)).body.results).toHaveLength(1)
  const twin = await crm('POST', deals, { properties })
  expect(twin).toMatchObject({ status: 400, body: { errors: [{ code: 'CONFLICTING_UNIQUE_VALUE' }] } })
  expect((await crm('GET', `${deals}/shop:1001?idProperty=order_key`)).body.id).toBe(deal.body.id)
  expect((await crm('POST', deals, { properties: { dealname: 'X', dealstage: 'nowhere' } })).status).toBe(400)
  expect((await crm('POST', deals, { properties: { dealname: 'X' }, associations: [link('1')] })).status).toBe(400)
  const put = await crm('PUT', `/crm/v4/objects/deals/${deal.body.id}/associations/default/contacts/${contact.id}`)
  expect(put).toMatchObject({ status: 200, body: { status: 'COMPLETE' } })
})

test('a search filters, sorts and pages, and sees what is new after its lag', async () => {
  for (const name of ['g1', 'g2', 'g3']) await add(`${name}@example.net`, { city: 'Gouda' })
  const search = async (more: Json = {}) =>
    (
      await crm('POST', `${contacts}/search`, {
        filterGroups: [{ filters: [{ propertyName: 'city', operator: 'EQ', value: 'Gouda' }] }],
        sorts: [{ propertyName: 'email', direction: 'DESCENDING' }],
        properties: ['email'],
        ...more,
      })
    ).body
  const first = await search({ limit: 2 })
  expect(first.total).toBe(3)
  expect(first.results.map(({ properties }: Json) => properties.email)).toEqual(['g3@example.net', 'g2@example.net'])
  expect((await search({ limit: 2, after: first.paging.next.after })).results).toHaveLength(1)
  expect((await crm('POST', `${contacts}/search`, { limit: 201 })).status).toBe(400)
  sandbox.crm({ searchLag: '10s' })
  await add('g4@example.net', { city: 'Gouda' })
  expect((await search()).total).toBe(0)
  sandbox.crm({ searchLag: '0ms' })
  expect((await search()).total).toBe(4)
})

test('a list is read to its end', async () => {
  const all: string[] = []
  let after: string | undefined
  do {
    const { results, paging } = (await crm('GET', `${contacts}?limit=4${after ? `&after=${after}` : ''}`)).body
    all.push(...results.map(({ id }: Json) => id))
    after = paging?.next.after
  } while (after)
  expect(all).toHaveLength(sandbox.state('hubspot', 'contacts').length)
  expect(new Set(all).size).toBe(all.length)
})

test('limits: headers say what is left, then 429 names the policy; a search has a limit of its own', async () => {
  const { headers } = await crm('GET', `${contacts}?limit=1`)
  expect(Number(headers.get('x-hubspot-ratelimit-remaining'))).toBeLessThan(
    Number(headers.get('x-hubspot-ratelimit-max')),
  )
  sandbox.crm({ requestsPerTenSeconds: 1, searchesPerSecond: 0 })
  expect(await crm('GET', contacts)).toMatchObject({
    status: 429,
    body: { policyName: 'TEN_SECONDLY_ROLLING', errorType: 'RATE_LIMIT' },
  })
  const search = await crm('POST', `${contacts}/search`, {})
  expect(search).toMatchObject({ status: 429, body: { policyName: 'SECONDLY' } })
  expect(search.headers.get('x-hubspot-ratelimit-max')).toBeNull()
  sandbox.crm({ requestsPerTenSeconds: 19_000, searchesPerSecond: 500 })
})

test('without a token, and with a revoked one', async () => {
  expect((await ask(`${sandbox.systems.hubspot}${contacts}`, 'GET', {})).body.category).toBe('INVALID_AUTHENTICATION')
  sandbox.auth('hubspot', true)
  expect((await crm('GET', contacts)).status).toBe(401)
  sandbox.auth('hubspot', false)
})
