import { describe, expect, test } from 'vitest'
import { CALL, type Case, errorOf } from './case.ts'
import type { ActionFixture, ErrorFixture, Exchange, PushFixture, Response } from './fixtures.ts'
import type { Trouble } from './vendor.ts'
import { writesOf } from './writes.ts'

const READS: [what: string, trouble: Trouble, kinds: string[], code?: string][] = [
  ['401', { status: 401, body: {} }, ['auth']],
  ['403', { status: 403, body: {} }, ['permanent', 'auth']],
  ['408', { status: 408, body: {} }, ['retryable']],
  ['500', { status: 500, body: {} }, ['retryable']],
  ['502 with a web page', { status: 502 }, ['retryable']],
  ['400', { status: 400, body: {} }, ['permanent', 'invalid']],
  [
    'a redirect',
    { status: 301, headers: { location: 'https://elsewhere.example.com/' } },
    ['permanent'],
    'HUB_HTTP_REDIRECT',
  ],
  ['a reset connection', 'reset', ['retryable'], 'HUB_HTTP_BROKEN'],
  ['nobody there', 'unreachable', ['retryable'], 'HUB_HTTP_UNREACHABLE'],
  ['no answer in time', 'timeout', ['retryable'], 'HUB_HTTP_TIMEOUT'],
  ['a web page with status 200', 'html', ['retryable']],
  ['cut-off JSON', 'cut off', ['retryable'], 'HUB_HTTP_UNREADABLE'],
  ['an empty answer', 'empty', ['retryable'], 'HUB_HTTP_UNREADABLE'],
]

export function troubleTests(one: Case): void {
  const { vendor, fixtures } = one
  if (!vendor) return
  const check = fixtures.read<Exchange[]>('check.json') ?? []
  const http = one.connector.http!(one.settings as never)
  // Where the body may be anything, an odd one is no fault.
  const reads = READS.filter(([what]) => http.answers !== 'text' || !['cut-off JSON', 'an empty answer'].includes(what))

  if (one.connector.check)
    describe('check', () => {
      test('is content with a system that works', async () => {
        vendor.play(...check)
        await one.open().check()
        vendor.done()
        expect(vendor.asked[0]!.headers).toMatchObject(http.auth?.headers ?? {})
      })

      test.each(reads)('%s', async (_what, trouble, kinds, code) => {
        vendor.play({ trouble })
        const error = await errorOf(one, one.open({ hasty: trouble === 'timeout' }).check())
        expect(kinds).toContain(error?.kind)
        if (code) expect(error!.code).toBe(code)
      })

      test.each([
        ['without saying how long', {}, undefined],
        ['for seconds', { 'retry-after': '7' }, 7000],
        ["until a moment by the vendor's clock", { 'retry-after': 'Mon, 30 Mar 2026 12:00:30 GMT' }, 30_000],
      ])('429 %s', async (_how, headers, wait) => {
        vendor.play({ trouble: { status: 429, headers, body: {} } })
        const error = await errorOf(one, one.open().check())
        expect(error).toMatchObject({ kind: 'rate_limited' })
        expect(error!.detail.retryAfterMs).toBe(wait)
      })
    })

  const known = fixtures.read<ErrorFixture[]>('errors.json') ?? []
  if (known.length > 0)
    describe("the vendor's own errors", () => {
      test.each(known.map((each) => [each.name, each] as const))(
        '%s',
        async (_name, { to, response, kind, retryAfterMs }) => {
          if (to === 'read') vendor.repeat({ response })
          const error = await errorOf(one, to === 'read' ? one.open().check() : firstWrite(one, response))
          expect(error).toMatchObject({ kind })
          if (retryAfterMs !== undefined) expect(error!.detail.retryAfterMs).toBe(retryAfterMs)
        },
      )
    })
}

/** The first thing this connector writes, with its first write answered by a given response. */
async function firstWrite(one: Case, response: Response): Promise<unknown> {
  const { script, act } = someWrite(one)
  const [at] = await writesOf(one, script, act)
  one.vendor!.play(...script.slice(0, at), { trouble: response })
  return act()
}

function someWrite(one: Case): { script: Exchange[]; act: () => Promise<unknown> } {
  for (const [name, { push }] of Object.entries(one.resources)) {
    const fixture = push?.create && one.fixtures.read<PushFixture>(`${name}.push.json`)
    if (fixture) return { script: fixture.create!, act: () => one.open().push(name).create(fixture.payload, CALL) }
  }
  for (const [name, { repeat }] of Object.entries(one.connector.actions ?? {})) {
    const fixture =
      (repeat === 'never' || !one.connector.check) && one.fixtures.read<ActionFixture>(`${name}.action.json`)
    if (fixture) return { script: fixture.call, act: () => one.open().action(name).call(fixture.request, CALL) }
  }
  throw new Error('This connector writes nothing, so errors.json cannot speak of writes.')
}
