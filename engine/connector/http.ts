// One HTTP exchange: axios' interface on undici's engine (FACTS: a fifth of the CPU of axios' own Node adapter), with a hard
// deadline over connecting, sending and reading. Says what happened; what it means is decided in classify.ts.
import { promisify } from 'node:util'
import { brotliDecompress, gunzip, inflate } from 'node:zlib'
import axios, { type AxiosAdapter, type AxiosInstance } from 'axios'
import { Agent, request } from 'undici'
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
  const client = axios.create({
    adapter: onUndici(agent),
    transformRequest: [(data) => data],
    transformResponse: [(data) => data],
    validateStatus: () => true,
  })
  return { send: (one) => send(client, one), close: () => agent.destroy() }
}

async function send(client: AxiosInstance, one: HttpRequest): Promise<HttpAnswer> {
  const deadline = AbortSignal.timeout(one.timeoutMs)
  const signal = one.signal ? AbortSignal.any([deadline, one.signal]) : deadline
  try {
    const answer = await client.request({
      method: one.method,
      url: one.url,
      headers: one.headers,
      data: one.body,
      signal,
      timeout: one.timeoutMs,
    })
    return { status: answer.status, headers: answer.headers as HttpAnswer['headers'], text: answer.data }
  } catch (error) {
    throw failure(error, deadline, one.signal)
  }
}

/** undici's `headersTimeout` fires up to a second late, so the deadline is the signal alone. */
function onUndici(agent: Agent): AxiosAdapter {
  return async (config) => {
    const late = () => new HttpFailure('timeout', false, 'its time was over before it could be sent')
    const { statusCode, headers, body } = await request(config.url!, {
      method: config.method!.toUpperCase(),
      headers: config.headers.toJSON() as Record<string, string>,
      body: config.data,
      dispatcher: agent.compose(inTime(performance.now() + config.timeout!, late)),
      signal: config.signal as AbortSignal,
      headersTimeout: 0,
      bodyTimeout: 0,
    })
    const flat: Record<string, string> = {}
    for (const [name, value] of Object.entries(headers))
      if (value !== undefined) flat[name.toLowerCase()] = String(value)
    const text = await readText(body, flat['content-encoding'])
    return { data: text, status: statusCode, statusText: '', headers: flat, config, request: undefined }
  }
}

async function readText(body: AsyncIterable<Buffer>, encoding: string | undefined): Promise<string> {
  const chunks: Buffer[] = []
  let size = 0
  for await (const chunk of body) {
    size += chunk.length
    if (size > LARGEST_ANSWER)
      throw new HttpFailure('too_large', true, `the answer is larger than ${LARGEST_ANSWER} bytes`)
    chunks.push(chunk)
  }
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

function failure(error: unknown, deadline: AbortSignal, caller: AbortSignal | undefined): HttpFailure {
  if (error instanceof HttpFailure) return error
  if (caller?.aborted && !deadline.aborted) return new HttpFailure('aborted', true, error)
  if (deadline.aborted) return new HttpFailure('timeout', true, error)
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
