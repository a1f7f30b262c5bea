// One HTTP exchange on undici, with a hard deadline over connecting, sending and reading. Says what happened; what it means is
// decided in classify.ts.
import { promisify } from 'node:util'
import { brotliDecompress, gunzip, inflate } from 'node:zlib'
import { Agent, type Dispatcher, request } from 'undici'
import { inTime } from './in-time.ts'

const LARGEST_ANSWER = 64 * 1024 * 1024
const DECODERS: Record<string, (data: Buffer) => Promise<Buffer>> = {
  gzip: (data) => promisify(gunzip)(data, { maxOutputLength: LARGEST_ANSWER }),
  deflate: (data) => promisify(inflate)(data, { maxOutputLength: LARGEST_ANSWER }),
  br: (data) => promisify(brotliDecompress)(data, { maxOutputLength: LARGEST_ANSWER }),
}

export interface HttpRequest {
  method: string
  url: string
  headers: Record<string, string>
  body?: string
  timeoutMs: number
  signal?: AbortSignal
}
export interface HttpAnswer {
  status: number
  headers: Record<string, string | undefined>
  text: string
}
/** Why no answer came. `sent` is false only where the request certainly never left: then even a write may be repeated. */
export class HttpFailure extends Error {
  readonly reason: 'timeout' | 'aborted' | 'unreachable' | 'broken' | 'too_large'
  readonly sent: boolean

  constructor(reason: HttpFailure['reason'], sent: boolean, cause: unknown) {
    super(cause instanceof Error ? cause.message : String(cause), { cause })
    this.reason = reason
    this.sent = sent
  }
}

export interface Transport {
  send(request: HttpRequest): Promise<HttpAnswer>
  close(): Promise<void>
}

/** Keep-alive connections to one host; `close` ends them. */
export function openTransport(): Transport {
  const agent = new Agent({ connections: 32, pipelining: 1, keepAliveTimeout: 4_000, connect: { timeout: 10_000 } })
  return { send: (one) => send(agent, one), close: () => agent.destroy() }
}

/** undici's `headersTimeout` fires up to a second late, so the deadline is a signal. */
async function send(agent: Agent, one: HttpRequest): Promise<HttpAnswer> {
  const stop = new AbortController()
  const deadline = setTimeout(() => stop.abort(TIMED_OUT), one.timeoutMs)
  const late = () => new HttpFailure('timeout', false, 'its time was over before it could be sent')
  const onAbort = () => stop.abort(one.signal!.reason)
  if (one.signal?.aborted) onAbort()
  one.signal?.addEventListener('abort', onAbort)
  try {
    const { statusCode, headers, body } = await request(one.url, {
      method: one.method as Dispatcher.HttpMethod,
      headers: one.headers,
      body: one.body ?? null,
      dispatcher: agent.compose(inTime(performance.now() + one.timeoutMs, late)),
      signal: stop.signal,
      headersTimeout: 0,
      bodyTimeout: 0,
    })
    const flat: Record<string, string> = {}
    for (const name in headers) if (headers[name] !== undefined) flat[name.toLowerCase()] = String(headers[name])
    return { status: statusCode, headers: flat, text: await readText(body, flat['content-encoding']) }
  } catch (error) {
    throw failure(error, stop.signal)
  } finally {
    clearTimeout(deadline)
    one.signal?.removeEventListener('abort', onAbort)
  }
}
const TIMED_OUT = new Error('no answer within the deadline')

async function readText(body: Dispatcher.ResponseData['body'], encoding: string | undefined): Promise<string> {
  const chunks: Buffer[] = []
  let size = 0
  // Not `for await`: the stream's iterator costs more than all else about a short answer.
  await new Promise<void>((resolve, reject) => {
    body.on('data', (chunk: Buffer) => {
      size += chunk.length
      if (size > LARGEST_ANSWER)
        body.destroy(new HttpFailure('too_large', true, `the answer is larger than ${LARGEST_ANSWER} bytes`))
      else chunks.push(chunk)
    })
    body.on('end', resolve)
    body.on('error', reject)
  })
  const decode = encoding ? DECODERS[encoding.trim().toLowerCase()] : undefined
  const bytes = Buffer.concat(chunks)
  return (decode && bytes.length > 0 ? await decode(bytes) : bytes).toString('utf8')
}

const NEVER_SENT = new Set([
  'ECONNREFUSED',
  'ENOTFOUND',
  'EAI_AGAIN',
  'EHOSTUNREACH',
  'ENETUNREACH',
  'UND_ERR_CONNECT_TIMEOUT',
])

function failure(error: unknown, stop: AbortSignal): HttpFailure {
  if (error instanceof HttpFailure) return error
  if (stop.aborted) return new HttpFailure(stop.reason === TIMED_OUT ? 'timeout' : 'aborted', true, error)
  const code = errorCode(error)
  const unreachable = NEVER_SENT.has(code) || code.startsWith('ERR_TLS') || code.includes('CERT')
  return new HttpFailure(unreachable ? 'unreachable' : 'broken', !unreachable, error)
}

function errorCode(error: unknown): string {
  const { code, errors, cause } = error as { code?: string; errors?: unknown[]; cause?: unknown }
  if (code) return code
  const inner = errors?.[0] ?? cause
  return inner ? errorCode(inner) : ''
}
