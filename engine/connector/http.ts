// One HTTP exchange on undici, with a hard deadline over connecting, sending and reading. Says what happened; what it means is
// decided in classify.ts.
import { promisify } from 'node:util'
import { brotliDecompress, gunzip, inflate } from 'node:zlib'
import { Agent, type Dispatcher } from 'undici'

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

async function send(agent: Agent, one: HttpRequest): Promise<HttpAnswer> {
  const { status, headers, bytes } = await exchange(agent, one)
  const flat: Record<string, string> = {}
  for (const name in headers) if (headers[name] !== undefined) flat[name.toLowerCase()] = String(headers[name])
  const encoding = flat['content-encoding']
  const decode = encoding ? DECODERS[encoding.trim().toLowerCase()] : undefined
  const plain =
    decode && bytes.length > 0 ? await decode(bytes).catch((error) => Promise.reject(failure(error))) : bytes
  return { status, headers: flat, text: plain.toString('utf8') }
}

interface Answered {
  status: number
  headers: Record<string, string | string[] | undefined>
  bytes: Buffer
}

/**
 * undici's own dispatch: its streams and signals cost more than all else about a short answer, and its `headersTimeout` fires up to a
 * second late. A request may wait for a free or a new connection; `onRequestStart` is the last look at the clock before its first
 * byte leaves: a process that was stopped for minutes and goes on must not send then what it wanted to send before.
 */
function exchange(agent: Agent, one: HttpRequest): Promise<Answered> {
  const { origin, pathname, search } = new URL(one.url)
  const until = performance.now() + one.timeoutMs
  return new Promise((resolve, reject) => {
    const chunks: Buffer[] = []
    let size = 0
    let status = 0
    let headers: Answered['headers'] = {}
    let begun: Dispatcher.DispatchController | undefined
    let given: HttpFailure | undefined
    const over = () => {
      clearTimeout(deadline)
      one.signal?.removeEventListener('abort', onAbort)
    }
    const fail = (error: unknown) => {
      over()
      reject(given ?? failure(error))
    }
    const giveUp = (reason: HttpFailure['reason'], cause: unknown) => {
      given ??= new HttpFailure(reason, begun !== undefined, cause)
      if (begun) begun.abort(given)
      else fail(given)
    }
    const onAbort = () => giveUp('aborted', one.signal!.reason)
    const deadline = setTimeout(() => giveUp('timeout', 'no answer within the deadline'), one.timeoutMs)
    if (one.signal?.aborted) return onAbort()
    one.signal?.addEventListener('abort', onAbort)
    const method = one.method as Dispatcher.HttpMethod
    const whole = { origin, path: pathname + search, method, headers: one.headers, body: one.body ?? null }
    agent.dispatch(
      { ...whole, headersTimeout: 0, bodyTimeout: 0 },
      {
        onRequestStart(controller) {
          if (!given && performance.now() > until)
            given = new HttpFailure('timeout', false, 'its time was over before it could be sent')
          if (given) return controller.abort(given)
          begun = controller
        },
        onResponseStart(_controller, code, fields) {
          status = code
          headers = fields
        },
        onResponseData(_controller, chunk) {
          size += chunk.length
          if (size > LARGEST_ANSWER) giveUp('too_large', `the answer is larger than ${LARGEST_ANSWER} bytes`)
          else chunks.push(chunk)
        },
        onResponseEnd() {
          over()
          resolve({ status, headers, bytes: chunks.length === 1 ? chunks[0]! : Buffer.concat(chunks) })
        },
        onResponseError: (_controller, error) => fail(error),
      },
    )
  })
}

const NEVER_SENT = new Set([
  'ECONNREFUSED',
  'ENOTFOUND',
  'EAI_AGAIN',
  'EHOSTUNREACH',
  'ENETUNREACH',
  'UND_ERR_CONNECT_TIMEOUT',
])

function failure(error: unknown): HttpFailure {
  if (error instanceof HttpFailure) return error
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
