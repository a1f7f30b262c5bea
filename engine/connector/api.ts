// What a connector speaks through: only its own host, one hard deadline a request, no secret in any text, and every
// failure one of seven kinds.
import { type Exchanged, failedAnswer, lostAnswer, type Received, saysAbsent } from './classify.ts'
import type { Answer, Api, ErrorFacts, HttpFacts, ReadRequest, RequestOptions } from './contract.ts'
import { milliseconds } from './duration.ts'
import { ConnectorError } from './errors.ts'
import { HttpFailure, openTransport } from './http.ts'
import { parseJson } from './json.ts'
import { masker } from './mask.ts'

export const DEFAULT_TIMEOUT = '20s'

/** One request and what came of it, for the page of an attempt; secrets are masked, texts are cut. */
export interface Exchange {
  method: string
  url: string
  write: boolean
  /** When it was sent, RFC 3339, by this machine's clock. */
  at: string
  /** Absent when no answer came; `error` then says why. */
  status?: number
  ms: number
  request?: string
  response?: string
  error?: string
}
export interface GateRequest {
  write: boolean
  method: string
  /** The hard deadline of the request that is about to be sent, in milliseconds: a lease must outlast it. */
  deadlineMs: number
}
export interface CallOptions {
  signal?: AbortSignal
  /** Awaited before each request: the rate limiter and the lease check are the hub's. A throw stops the request. */
  gate?: (request: GateRequest) => Promise<void> | void
  onExchange?: (exchange: Exchange) => void
}
export interface HttpApi extends Api {
  /** The same connection with further options, for one call. */
  with(options: CallOptions): HttpApi
  /** Writes that went through so far in this view; tells a fault before a write from one after it. */
  readonly written: () => number
}

interface Send extends RequestOptions {
  method: string
  path: string
  body?: unknown
  write: boolean
}

const stops = new WeakSet<Error>()
/** Whether an error is the hub's own stop, thrown by a gate. */
export const stoppedByGate = (error: unknown) => error instanceof Error && stops.has(error)

export function openApi(title: string, http: HttpFacts, errors: ErrorFacts, secrets: string[], base: CallOptions) {
  const transport = openTransport()
  const origin = new URL(http.baseUrl).origin
  const mask = masker([
    ...secrets,
    ...Object.values(http.auth?.headers ?? {}).flatMap(credential),
    ...Object.values(http.auth?.query ?? {}),
  ])

  function urlOf({ path, query }: Pick<Send, 'path' | 'query'>): string {
    const url = new URL(/^https?:/i.test(path) ? path : http.baseUrl.replace(/\/$/, '') + path)
    if (url.origin !== origin)
      throw new ConnectorError(
        'permanent',
        'HUB_HTTP_HOST',
        mask(`${title}: ${url.host} is not the address of this connection (${new URL(origin).host}).`),
      )
    for (const [name, value] of Object.entries({ ...query, ...http.auth?.query }))
      if (value !== undefined && value !== null)
        url.searchParams.set(name, Array.isArray(value) ? value.join(',') : String(value))
    return url.href.replaceAll('%2C', ',')
  }

  let session: Promise<unknown> | undefined
  /** One login for all that wait for it; a failed one, or one that was refused later, is done anew. */
  function logIn(): Promise<unknown> {
    session ??= http.login!(view([base], true)).catch((error) => {
      session = undefined
      throw error
    })
    return session
  }

  function view(layers: CallOptions[], loggingIn = false): HttpApi {
    let written = 0
    const signals = layers.flatMap((layer) => (layer.signal ? [layer.signal] : []))
    const signal = signals.length > 1 ? AbortSignal.any(signals) : signals[0]

    async function send(one: Send): Promise<Answer> {
      const { write, method } = one
      const url = urlOf(one)
      const timeoutMs = milliseconds(one.timeout ?? http.timeout ?? DEFAULT_TIMEOUT)
      const logged = http.login && !loggingIn ? await logIn() : undefined
      const sent = http.envelope && one.body !== undefined ? http.envelope(one.body, logged) : one.body
      const body = sent === undefined ? undefined : JSON.stringify(sent)
      const headers: Record<string, string> = {
        accept: 'application/json',
        'accept-encoding': 'gzip, br',
        'user-agent': 'Handoff',
      }
      if (body !== undefined) headers['content-type'] = 'application/json'
      if (one.idempotencyKey && http.idempotencyHeader) headers[http.idempotencyHeader] = one.idempotencyKey
      Object.assign(headers, http.headers, http.auth?.headers, one.headers)

      for (const layer of layers) {
        try {
          await layer.gate?.({ write, method, deadlineMs: timeoutMs })
        } catch (error) {
          if (error instanceof Error) stops.add(error)
          throw error
        }
      }
      if (signal?.aborted)
        throw lostAnswer(new HttpFailure('aborted', false, 'stopped'), { title, write, mask, errors })

      const exchanged: Exchanged = { title, write, mask, errors }
      const exchange: Exchange = { method, url: mask.url(url), write, at: new Date().toISOString(), ms: 0 }
      const request = mask.excerpt(body)
      if (request) exchange.request = request
      const started = performance.now()
      try {
        const answer = await transport.send({
          method,
          url,
          headers,
          timeoutMs,
          ...(body === undefined ? {} : { body }),
          ...(signal ? { signal } : {}),
        })
        exchange.status = answer.status
        const response = mask.excerpt(answer.text)
        if (response) exchange.response = response
        const understanding = understood(answer, exchanged, http.answers)
        if (write) written++
        return understanding
      } catch (error) {
        const known = error instanceof HttpFailure ? lostAnswer(error, exchanged) : error
        if (known instanceof ConnectorError && known.kind === 'auth') session = undefined
        exchange.error = known instanceof Error ? mask(known.message) : String(known)
        throw known
      } finally {
        exchange.ms = Math.round(performance.now() - started)
        for (const layer of layers) layer.onExchange?.(exchange)
      }
    }

    const json = async (one: Send) => (await send(one)).json
    return {
      get: (path, options) => json({ ...options, method: 'GET', path, write: false }),
      query: async (path, body, options) =>
        present(await send({ ...options, method: 'POST', path, body, write: false }), title),
      post: (path, body, options) => json({ ...options, method: 'POST', path, body, write: true }),
      put: (path, body, options) => json({ ...options, method: 'PUT', path, body, write: true }),
      patch: (path, body, options) => json({ ...options, method: 'PATCH', path, body, write: true }),
      delete: (path, options) => json({ ...options, method: 'DELETE', path, write: true }),
      read: ({ method = 'GET', ...request }: ReadRequest) => send({ ...request, method, write: false }),
      with: (options) => view([...layers, options]),
      written: () => written,
    }
  }

  return { api: view([base]), mask, close: () => transport.close() }
}

/** A success as an Answer, or the error it means. */
function understood(
  answer: { status: number; headers: Record<string, string | undefined>; text: string },
  exchanged: Exchanged,
  answers: HttpFacts['answers'],
): Answer {
  const read = answers === 'text' ? readText(answer.text) : readJson(answer.text, answer.status, exchanged.write)
  const received: Received = { ...answer, ...read }
  const clock = Date.parse(answer.headers['date'] ?? '')
  const whole = { ...answer, json: received.json, ...(Number.isNaN(clock) ? {} : { clock }) }
  const error = failedAnswer(received, exchanged)
  if (error) throw error
  return answer.status === 404 || saysAbsent(received, exchanged) ? { ...whole, json: undefined } : whole
}

/** An empty answer is fine after a write and with 204; after a read it would pass for "not found", so it is a fault. */
function readJson(text: string, status: number, write: boolean): Pick<Received, 'json' | 'unreadable'> {
  if (text.trim() === '')
    return write || status === 204 || status >= 300 ? { json: undefined } : { json: undefined, unreadable: 'empty' }
  try {
    return { json: parseJson(text) }
  } catch {
    return { json: undefined, unreadable: /^\s*</.test(text) ? 'html' : 'cut off' }
  }
}

/** The text itself where it is not JSON. A web page is still a fault: somebody else has answered. */
function readText(text: string): Pick<Received, 'json' | 'unreadable'> {
  if (/^\s*<(!doctype|html)/i.test(text)) return { json: undefined, unreadable: 'html' }
  try {
    return { json: parseJson(text) }
  } catch {
    return { json: text }
  }
}

function present(answer: Answer, title: string): any {
  if (answer.json !== undefined) return answer.json
  throw new ConnectorError(
    'permanent',
    'HUB_VENDOR_REFUSED',
    `${title}: the address of this search is not known there.`,
    { status: answer.status },
  )
}

/** An Authorization header and the token in it, so that both are masked. */
const credential = (header: string) => [header, header.replace(/^\S+\s+/, '')]
