// The writing side of a connection: pushes of records and calls of actions, with the facts that decide how they are repeated.
import type { CallOptions, HttpApi } from './api.ts'
import type { Action, Found, Json, PushFacts, WriteContext } from './contract.ts'
import { milliseconds } from './duration.ts'
import { fail, type Guarded } from './guard.ts'

/** What a call needs besides the payload. The key names the write at the vendor where the vendor has a place for it. */
export interface WriteOptions extends CallOptions {
  idempotencyKey: string
}
export interface PushClient {
  facts: {
    lookup: PushFacts['lookup']
    lagMs: number
    settleMs: number
    idempotent: boolean
    canFind: boolean
    canCreate: boolean
    canUpdate: boolean
  }
  /** Throws `permanent` HUB_PUSH_NO_KEY where the payload has none: nothing may be created that could not be found again. */
  key(payload: Json): string
  find(key: string, payload: Json, options: WriteOptions): Promise<Found | undefined>
  create(payload: Json, options: WriteOptions): Promise<Found>
  /** Answers a Found where the thing now has another id; the link has to follow. */
  update(payload: Json, id: string, options: WriteOptions & { found?: Found }): Promise<Found | undefined>
}
export interface ActionClient {
  facts: {
    repeat: Action['repeat']
    lookup: PushFacts['lookup']
    lagMs: number
    settleMs: number
    idempotent: boolean
    canFind: boolean
  }
  call(request: Json, options: WriteOptions): Promise<Json>
  find(idempotencyKey: string, request: Json, options: WriteOptions): Promise<Json | undefined>
  /** The external id of what the answer describes, and other ids in it by resource. */
  id(answer: Json): string
  links(answer: Json): Record<string, string>
}
/** What both need of their connection. */
export interface Around {
  title: string
  settings: Record<string, unknown>
  apiFor: (options?: CallOptions) => HttpApi
  guarded: Guarded
  remember: WriteContext['remember']
}

const DEFAULT_SETTLE = '30s'

export function pushClient(named: string, facts: PushFacts, around: Around): PushClient {
  const { title } = around
  const run = <T>(verb: string, options: WriteOptions, body: (api: HttpApi, context: WriteContext) => Promise<T>) =>
    inside(around, `${named}.${verb}`, options, body)
  const missing = (verb: string) => fail('permanent', 'HUB_CONNECTOR_RESOURCE', `${title} cannot ${verb} ${named}.`)
  return {
    facts: {
      ...times(facts),
      idempotent: facts.idempotent === true,
      canFind: !!facts.find,
      canCreate: !!facts.create,
      canUpdate: !!facts.update,
    },
    key(payload) {
      const key = facts.key(payload)
      if (key !== undefined && key !== null && String(key).trim() !== '') return String(key)
      const say = `${title} ${named}: the value that makes it findable again is empty, so nothing is created.`
      return fail('permanent', 'HUB_PUSH_NO_KEY', say)
    },
    find: async (key, payload, options) =>
      facts.find && run('find', options, async (api, context) => withId(await facts.find!(api, key, payload, context))),
    create: (payload, options) =>
      run('create', options, async (api, context) =>
        withId(await (facts.create ?? missing('create'))(api, payload, context), true),
      ),
    update: (payload, id, options) =>
      run('update', options, async (api, context) => {
        const found = options.found ? { found: options.found } : {}
        const moved = await (facts.update ?? missing('change'))(api, payload, id, { ...context, ...found })
        return withId(moved ?? undefined)
      }),
  }
}

export function actionClient(named: string, facts: Action, around: Around): ActionClient {
  return {
    facts: { ...times(facts), repeat: facts.repeat, idempotent: facts.idempotent === true, canFind: !!facts.find },
    call: (request, options) => inside(around, named, options, (api, context) => facts.call(api, request, context)),
    find: (key, request, options) =>
      inside(around, `${named}.find`, options, async (api, context) => facts.find?.(api, key, request, context)),
    id: (answer) => facts.id(answer),
    links: (answer) =>
      Object.fromEntries(
        Object.entries(facts.links?.(answer) ?? {}).flatMap(([resource, id]) =>
          id === undefined ? [] : [[resource, id]],
        ),
      ),
  }
}

/** Remembers what was read once; nothing found is not remembered. */
export function memory(): WriteContext['remember'] {
  const known = new Map<string, unknown>()
  return async <T>(what: string, read: () => Promise<T>): Promise<T> => {
    if (known.has(what)) return known.get(what) as T
    const value = await read()
    if (value !== undefined) known.set(what, value)
    return value
  }
}

function inside<T>(
  { apiFor, guarded, settings, remember }: Around,
  where: string,
  options: WriteOptions,
  body: (api: HttpApi, context: WriteContext) => Promise<T>,
): Promise<T> {
  const api = apiFor(options)
  return guarded(where, api, () => body(api, { settings, idempotencyKey: options.idempotencyKey, remember }))
}

const times = (facts: Pick<PushFacts | Action, 'lookup' | 'settle'>) => ({
  lookup: facts.lookup ?? 'none',
  lagMs: typeof facts.lookup === 'object' ? milliseconds(facts.lookup.lag) : 0,
  settleMs: milliseconds(facts.settle ?? DEFAULT_SETTLE),
})

function withId(found: Found, required: true): Found
function withId(found: Found | undefined): Found | undefined
function withId(found: Found | undefined, required = false): Found | undefined {
  if (found === undefined && !required) return undefined
  if (!found || found.id === undefined || found.id === null || String(found.id) === '')
    throw new Error('the answer names no id')
  return { ...found, id: String(found.id) }
}
