// The HTTP side against a server of our own: what nock cannot show.
import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { gzipSync } from 'node:zlib'
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { openApi } from './api.ts'
import { bearer } from './auth.ts'
import type { ErrorFacts } from './contract.ts'
import { masker } from './mask.ts'
import { hmac } from './signatures.ts'

let server: Server
let base: string
let answer: (path: string) => {
  status?: number
  headers?: Record<string, string>
  body: string | Buffer
  hang?: boolean
}
const asked: { method: string; url: string; headers: Record<string, any>; body: string }[] = []

beforeAll(async () => {
  server = createServer(async (request, response) => {
    const chunks: Buffer[] = []
    for await (const chunk of request) chunks.push(chunk)
    asked.push({
      method: request.method!,
      url: request.url!,
      headers: request.headers,
      body: Buffer.concat(chunks).toString(),
    })
    const { status = 200, headers = {}, body, hang } = answer(request.url!)
    response.writeHead(status, { 'content-type': 'application/json', ...headers })
    response.write(body)
    if (!hang) response.end()
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  base = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
})
afterAll(() => {
  server.closeAllConnections()
  server.close()
})
beforeEach(() => {
  asked.length = 0
  answer = () => ({ body: '{"ok":true}' })
})

const open = (errors: ErrorFacts = {}, more = {}) =>
  openApi(
    'Fixture',
    { baseUrl: `${base}/v1`, auth: bearer('sekret-token'), idempotencyHeader: 'idempotency-key', timeout: '400ms' },
    errors,
    ['sekret-token', 'p@ss/word'],
    more,
  )

describe('requests', () => {
  test('carry auth, query, body and key; paths stay below the base', async () => {
    const { api, close } = open()
    await api.post('/things', { a: 1 }, { query: { ids: [1, 2], none: undefined, q: 'a&b' }, idempotencyKey: 'k-1' })
    expect(asked[0]).toMatchObject({ method: 'POST', url: '/v1/things?ids=1,2&q=a%26b', body: '{"a":1}' })
    expect(asked[0]!.headers).toMatchObject({
      authorization: 'Bearer sekret-token',
      'idempotency-key': 'k-1',
      'content-type': 'application/json',
    })
    await close()
  })

  test('another host is refused before anything is sent', async () => {
    const { api } = open()
    await expect(api.get('https://evil.example.com/')).rejects.toMatchObject({ code: 'HUB_HTTP_HOST' })
    await expect(api.read({ path: 'http://127.0.0.1:1/x' })).rejects.toMatchObject({ code: 'HUB_HTTP_HOST' })
    expect(asked).toHaveLength(0)
  })

  test('the gate is awaited before each request and may stop it', async () => {
    const order: string[] = []
    const { api } = open(
      {},
      { gate: async ({ write, deadlineMs }: any) => void order.push(`gate ${write} ${deadlineMs}`) },
    )
    await api.get('/a')
    await api.post('/a', {}, { timeout: '2s' })
    expect(order).toEqual(['gate false 400', 'gate true 2000'])
    const stopped = api.with({ gate: () => Promise.reject(new Error('lease lost')) })
    await expect(stopped.post('/a', {})).rejects.toThrow('lease lost')
    expect(asked).toHaveLength(2)
  })

  test('zipped answers are read; exchanges show both sides without secrets', async () => {
    answer = () => ({
      headers: { 'content-encoding': 'gzip' },
      body: gzipSync('{"token":"sekret-token","price":10.41666666666666666667}'),
    })
    const seen: any[] = []
    const { api } = open({}, { onExchange: (exchange: any) => seen.push(exchange) })
    expect((await api.post('/a', { password: 'p@ss/word' })).price).toBe('10.41666666666666666667')
    expect(JSON.stringify(seen)).not.toMatch(/sekret|p@ss/)
    expect(seen[0]).toMatchObject({ method: 'POST', status: 200, write: true, request: '{"password":"•••"}' })
  })
})

describe('answers that never end', () => {
  test('the deadline holds for the body as well: a read is retryable, a write uncertain', async () => {
    answer = () => ({ body: '{"a":', hang: true })
    const { api, close } = open()
    const started = performance.now()
    await expect(api.get('/slow')).rejects.toMatchObject({ kind: 'retryable', code: 'HUB_HTTP_TIMEOUT' })
    await expect(api.post('/slow', {})).rejects.toMatchObject({ kind: 'uncertain', code: 'HUB_HTTP_TIMEOUT' })
    expect(performance.now() - started).toBeLessThan(2_000)
    await close()
  })

  test('a hub that stops gives the request up', async () => {
    answer = () => ({ body: '{', hang: true })
    const stop = new AbortController()
    const { api } = open({}, { signal: stop.signal })
    const work = api.post('/slow', {})
    setTimeout(() => stop.abort(), 50)
    await expect(work).rejects.toMatchObject({ kind: 'uncertain', code: 'HUB_HTTP_ABORTED' })
    await expect(api.post('/slow', {})).rejects.toMatchObject({ kind: 'retryable', code: 'HUB_HTTP_ABORTED' })
  })
})

describe('a login of its own', () => {
  test('is done once for all that wait for it, and again after it was refused', async () => {
    let logins = 0
    let refuse = false
    answer = (path) => {
      if (path.endsWith('/login')) return { body: JSON.stringify({ session: `s${++logins}` }) }
      if (!refuse) return { body: '{"ok":true}' }
      refuse = false
      return { status: 401, body: '{}' }
    }
    const { api } = openApi(
      'Fixture',
      {
        baseUrl: base,
        login: async (raw) => (await raw.query('/login', {})).session,
        envelope: (body, session) => ({ ...body, session }),
      },
      {},
      [],
      {},
    )
    await Promise.all([api.post('/a', { n: 1 }), api.post('/a', { n: 2 })])
    expect(logins).toBe(1)
    refuse = true
    await expect(api.post('/a', { n: 3 })).rejects.toMatchObject({ kind: 'auth' })
    await api.post('/a', { n: 4 })
    expect(asked.map((one) => one.body).at(-1)).toBe('{"n":4,"session":"s2"}')
  })
})

describe('signatures that expire', () => {
  const signature = hmac({
    header: 'X-Signature',
    prefix: 'sha256=',
    encoding: 'hex',
    secret: ['new secret', 'old secret'],
    timestamp: { header: 'X-Time', window: '5m' },
    payload: ({ headers, body }) => `${headers['x-time']}.${body.toString()}`,
  })!
  const body = Buffer.from('{"id":1}')
  const at = Date.UTC(2026, 2, 1)

  test('are taken within the window, refused before and after it, and while a secret is replaced both are taken', () => {
    const headers = signature.sign(body, at)
    expect(signature.verify({ headers, body, query: {}, at })).toBe(true)
    expect(signature.verify({ headers, body, query: {}, at: at + 299_000 })).toBe(true)
    expect(signature.verify({ headers, body, query: {}, at: at + 301_000 })).toBe(false)
    expect(signature.verify({ headers, body, query: {}, at: at - 301_000 })).toBe(false)
    expect(signature.verify({ headers: { ...headers, 'x-time': undefined }, body, query: {}, at })).toBe(false)
    const old = hmac({
      header: 'x-signature',
      prefix: 'sha256=',
      encoding: 'hex',
      secret: 'old secret',
      timestamp: { header: 'x-time', window: '5m' },
      payload: ({ headers: sent, body: raw }) => `${sent['x-time']}.${raw.toString()}`,
    })!
    expect(signature.verify({ headers: old.sign(body, at), body, query: {}, at })).toBe(true)
  })

  test('without a secret there is no scheme', () => {
    expect(hmac({ header: 'x', secret: undefined })).toBeUndefined()
    expect(hmac({ header: 'x', secret: '' })).toBeUndefined()
  })
})

test('secrets are masked in every form they may take', () => {
  const mask = masker(['p@ss "w0rd"/'])
  for (const form of [
    'p@ss "w0rd"/',
    encodeURIComponent('p@ss "w0rd"/'),
    JSON.stringify('p@ss "w0rd"/'),
    Buffer.from('p@ss "w0rd"/').toString('base64'),
  ])
    expect(mask(`before ${form} after`)).not.toContain('w0rd')
  expect(mask.excerpt('x'.repeat(5000))!.length).toBeLessThan(2100)
})
