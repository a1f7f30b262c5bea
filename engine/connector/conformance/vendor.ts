// A vendor made of fixtures: answers in order, keeps what was asked, refuses what nobody wrote down.
import nock from 'nock'
import { expect } from 'vitest'
import type { Connector, Json } from '../contract.ts'
import type { Exchange, Fixtures, Response } from './fixtures.ts'

const CLOCK = 'Mon, 30 Mar 2026 12:00:00 GMT'

export type Trouble = 'reset' | 'timeout' | 'html' | 'cut off' | 'empty' | 'unreachable' | Response

export interface Asked {
  method: string
  url: URL
  headers: Record<string, string>
  body: Json
}

/** A connector whose deadline is short, for tests that wait for it. */
export function hasty(connector: Connector<any>): Connector<any> {
  return connector.http
    ? { ...connector, http: (settings: any) => ({ ...connector.http!(settings), timeout: '150ms' }) }
    : connector
}

export class Vendor {
  readonly asked: Asked[] = []
  readonly #base: string
  readonly #login: Exchange | undefined
  #script: (Exchange | { trouble: Trouble })[] = []
  #always: Exchange | undefined

  constructor(base: string, fixtures: Fixtures) {
    this.#base = base
    this.#login = fixtures.read<Exchange>('login.json')
  }

  /** Answers these, one after another; more requests than that are a fault of the test. */
  play(...script: (Exchange | { trouble: Trouble })[]): this {
    this.#script = script
    this.#always = undefined
    this.#listen()
    return this
  }

  /** Answers the same, whatever is asked, once a script is at its end. */
  repeat(exchange: Exchange, ...script: (Exchange | { trouble: Trouble })[]): this {
    this.#script = script
    this.#always = exchange
    this.#listen()
    return this
  }

  /** Everything that was written down was asked, and asked as written. */
  done(): void {
    expect(this.#script.length, 'answers that nobody asked for').toBe(0)
  }

  #listen(): void {
    this.asked.length = 0
    nock.cleanAll()
    nock.disableNetConnect()
    const origin = new URL(this.#base).origin
    for (const method of ['GET', 'POST', 'PUT', 'PATCH', 'DELETE'])
      this.#answer(nock(origin).persist().intercept(/.*/, method))
  }

  #answer(interceptor: nock.Interceptor): void {
    interceptor.reply((async (request: Request) => {
      const text = await request.text()
      const asked: Asked = {
        method: request.method,
        url: new URL(request.url),
        headers: Object.fromEntries(request.headers),
        body: text === '' ? undefined : JSON.parse(text),
      }
      if (this.#login && includes(asked.body, this.#login.request?.body)) return answerOf(this.#login.response)
      this.asked.push(asked)
      const next = this.#script.shift() ?? this.#always
      if (next === undefined)
        throw new Error(`nobody wrote down an answer to ${asked.method} ${asked.url.href} ${text}`)
      if ('trouble' in next) return troubled(next.trouble)
      fits(asked, next)
      return answerOf(next.response)
    }) as never)
  }
}

/** Compares an asked request with the one that was written down. */
function fits(asked: Asked, { request = {} }: Exchange): void {
  if (request.method) expect(asked.method).toBe(request.method)
  if (request.path) expect(decodeURIComponent(asked.url.pathname)).toBe(request.path)
  if (request.query) expect(Object.fromEntries(asked.url.searchParams)).toMatchObject(request.query)
  if (request.headers) expect(asked.headers).toMatchObject(request.headers)
  if (request.body !== undefined) expect(asked.body).toMatchObject(request.body)
}

function includes(given: Json, wanted: Json): boolean {
  if (wanted === undefined) return false
  try {
    expect(given).toMatchObject(wanted)
    return true
  } catch {
    return false
  }
}

type Reply = [status: number, body: string, headers: Record<string, string>]

function answerOf({ status = 200, headers = {}, body }: Response): Reply {
  return [
    status,
    body === undefined ? '' : JSON.stringify(body),
    { 'content-type': 'application/json', date: CLOCK, ...headers },
  ]
}

async function troubled(trouble: Trouble): Promise<Reply> {
  if (typeof trouble === 'object') return answerOf(trouble)
  if (trouble === 'html') return [200, '<!doctype html><title>Just a moment</title>', { 'content-type': 'text/html' }]
  if (trouble === 'cut off') return [200, '{"id": 1, "name": "cut o', {}]
  if (trouble === 'empty') return [200, '', {}]
  if (trouble === 'timeout') await new Promise((resolve) => setTimeout(resolve, 400))
  const code = trouble === 'unreachable' ? 'ECONNREFUSED' : 'ECONNRESET'
  throw Object.assign(new Error(trouble), { code })
}
