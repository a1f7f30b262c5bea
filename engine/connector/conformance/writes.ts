import { describe, expect, test } from 'vitest'
import type { Json } from '../contract.ts'
import { ConnectorError } from '../errors.ts'
import type { PushClient } from '../writing.ts'
import { CALL, type Case, errorOf } from './case.ts'
import { schemasOf } from './definition.ts'
import type { ActionFixture, Exchange, PushFixture } from './fixtures.ts'
import type { Trouble } from './vendor.ts'

const LOST: Trouble[] = ['reset', 'timeout', 'html', 'cut off', { status: 500, body: {} }, { status: 503 }]

export function writeTests(one: Case): void {
  if (!one.vendor) return
  for (const [name, { push }] of Object.entries(one.resources)) {
    if (!push) continue
    describe(`push of ${name}`, () => {
      const fixture = one.fixtures.read<PushFixture>(`${name}.push.json`)
      test(`has a fixture, ${name}.push.json`, () => expect(fixture).toBeDefined())
      if (fixture) pushTests(one, name, fixture)
    })
  }
  for (const name of Object.keys(one.connector.actions ?? {}))
    describe(`action ${name}`, () => {
      const fixture = one.fixtures.read<ActionFixture>(`${name}.action.json`)
      test(`has a fixture, ${name}.action.json`, () => expect(fixture).toBeDefined())
      if (fixture) actionTests(one, name, fixture)
    })
}

function pushTests(one: Case, name: string, fixture: PushFixture): void {
  const vendor = one.vendor!
  const { payload, find, create, update, conflict } = fixture
  const client = () => one.open().push(name)
  const moved = fixture.movedTo ?? fixture.id
  const adopt = fixture.adopt ?? update

  test('the payload fits its schema, and gives the key', () => {
    const { pushSchema, schema } = one.resources[name]!
    if (pushSchema) expect(schemasOf(one.folder).validate(pushSchema ?? schema, payload)).toEqual([])
    expect(client().key(payload)).toBe(fixture.key)
  })

  test('a payload without a key is refused before anything is sent', () => {
    vendor.play()
    expect(() => client().key({})).toThrow(expect.objectContaining({ kind: 'permanent', code: 'HUB_PUSH_NO_KEY' }))
  })

  test('what it can do is what the fixture shows', () => {
    const { canFind, canCreate, canUpdate } = client().facts
    expect({ canFind, canCreate, canUpdate }).toEqual({ canFind: !!find, canCreate: !!create, canUpdate: !!update })
  })

  if (find)
    test('finds what is there, and nothing where nothing is', async () => {
      vendor.play(...find.found)
      expect((await client().find(fixture.key, payload, CALL))?.id).toBe(fixture.id)
      vendor.done()
      vendor.play(...find.missing)
      expect(await client().find(fixture.key, payload, CALL)).toBeUndefined()
      vendor.done()
    })

  if (find)
    test('a look-up that fails never passes for "not found"', async () => {
      for (const trouble of ['html', 'cut off', 'empty', { status: 500, body: {} }] satisfies Trouble[]) {
        vendor.play({ trouble })
        expect((await errorOf(one, client().find(fixture.key, payload, CALL)))?.kind).toBe('retryable')
      }
    })

  if (create) {
    test('creates once where nothing is found', async () => {
      vendor.play(...(find?.missing ?? []), ...create)
      expect(await upsert(client(), payload)).toBe(fixture.id)
      vendor.done()
    })
    lostAnswers(
      one,
      create,
      (push) => push.create(payload, CALL),
      () => one.open({ hasty: true }).push(name),
    )
  }

  if (find && adopt)
    test('changes what it finds instead of making a second one, as after a lost answer', async () => {
      vendor.play(...find.found, ...adopt)
      expect(await upsert(client(), payload)).toBe(moved)
      vendor.done()
    })

  if (update) {
    test('changes what is linked without looking for it', async () => {
      vendor.play(...update)
      const answer = await client().update(payload, fixture.id, CALL)
      expect(answer?.id ?? fixture.id).toBe(moved)
      vendor.done()
    })
    if (!create)
      lostAnswers(
        one,
        update,
        (push) => push.update(payload, fixture.id, CALL),
        () => one.open({ hasty: true }).push(name),
      )
  }

  if (conflict && create && find && adopt)
    test('"it exists already" is a conflict, and is adopted', async () => {
      const before = create.findIndex((exchange) => exchange.request?.method !== 'GET')
      vendor.play(
        ...find.missing,
        ...create.slice(0, Math.max(0, before)),
        { trouble: conflict },
        ...find.found,
        ...adopt,
      )
      expect(await upsert(client(), payload)).toBe(moved)
      vendor.done()
    })
}

function actionTests(one: Case, name: string, fixture: ActionFixture): void {
  const vendor = one.vendor!
  const client = () => one.open().action(name)
  const { schema, answerSchema } = one.connector.actions![name]!

  test('request and answer fit their schemas; the answer names its id and what else it made', async () => {
    const schemas = schemasOf(one.folder)
    expect(schemas.validate(schema, fixture.request)).toEqual([])
    vendor.play(...fixture.call)
    const answer = await client().call(fixture.request, CALL)
    vendor.done()
    expect(schemas.validate(answerSchema, answer)).toEqual([])
    expect(client().id(answer)).toBe(fixture.id)
    expect(client().links(answer)).toEqual(fixture.links ?? {})
  })

  const { find } = fixture
  if (find)
    test('finds what an earlier call with this key did, and nothing where there was none', async () => {
      vendor.play(...find.found)
      expect(client().id(await client().find(CALL.idempotencyKey, fixture.request, CALL))).toBe(fixture.id)
      vendor.done()
      vendor.play(...find.missing)
      expect(await client().find(CALL.idempotencyKey, fixture.request, CALL)).toBeUndefined()
      vendor.done()
    })

  if (one.connector.actions![name]!.repeat === 'never') {
    test('says whether it can be looked up, so that an uncertain call is never simply repeated', () => {
      const { canFind, idempotent, lookup } = client().facts
      expect(canFind || idempotent || lookup === 'none').toBe(true)
    })
    lostAnswers(
      one,
      fixture.call,
      (action) => action.call(fixture.request, CALL),
      () => one.open({ hasty: true }).action(name),
    )
  }
}

/** At each write of a script: a lost answer is uncertain, a refused connection is not, a clear refusal is neither. */
function lostAnswers<T>(one: Case, script: Exchange[], act: (client: T) => Promise<unknown>, open: () => T): void {
  const vendor = one.vendor!

  test('a lost, unreadable or 5xx answer to a write is uncertain', async () => {
    for (const at of await writesOf(one, script, () => act(open())))
      for (const trouble of LOST) {
        vendor.play(...script.slice(0, at), { trouble })
        const error = await errorOf(one, act(open()))
        expect(error?.kind, `request ${at + 1}, ${JSON.stringify(trouble)}`).toBe('uncertain')
      }
  })

  test('a write that cannot have happened is not uncertain', async () => {
    const [at] = await writesOf(one, script, () => act(open()))
    vendor.play(...script.slice(0, at), { trouble: 'unreachable' })
    expect((await errorOf(one, act(open())))?.kind).toBe('retryable')
    vendor.play(...script.slice(0, at), { trouble: { status: 429, headers: { 'retry-after': '3' }, body: {} } })
    expect(await errorOf(one, act(open()))).toMatchObject({ kind: 'rate_limited', detail: { retryAfterMs: 3000 } })
    vendor.play(...script.slice(0, at), { trouble: { status: 400, body: {} } })
    expect(['permanent', 'invalid']).toContain((await errorOf(one, act(open())))?.kind)
  })
}

/** Which requests of a script are writes. */
export async function writesOf(one: Case, script: Exchange[], act: () => Promise<unknown>): Promise<number[]> {
  const before = one.seen.length
  one.vendor!.play(...script)
  await act()
  const asked = one.seen.slice(before).filter((exchange) => !isLogin(one, exchange.request))
  return asked.flatMap((exchange, index) => (exchange.write ? [index] : []))
}

function isLogin(one: Case, request: string | undefined): boolean {
  const login: Json = one.fixtures.read('login.json')
  return (
    login !== undefined &&
    request !== undefined &&
    JSON.parse(request).params?.service === login.request.body.params.service
  )
}

/** The hub's way of writing, in short: find, then change or create; a conflict is found and adopted. */
async function upsert(push: PushClient, payload: Json): Promise<string> {
  const change = async () => {
    const found = push.facts.canFind ? await push.find(push.key(payload), payload, CALL) : undefined
    if (!found) return undefined
    const moved = await push.update(payload, found.id, { ...CALL, found })
    return moved?.id ?? found.id
  }
  const changed = await change()
  if (changed !== undefined) return changed
  try {
    return (await push.create(payload, CALL)).id
  } catch (error) {
    if (!(error instanceof ConnectorError) || error.kind !== 'conflict') throw error
    return (await change())!
  }
}
