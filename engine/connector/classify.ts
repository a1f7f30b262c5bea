// What an answer means. First the vendor's own rules, then the hub's table. A write whose answer is lost, unreadable or
// 5xx is never `retryable`: it may have happened.
import type { ErrorFacts, ErrorRule, Json } from './contract.ts'
import { ConnectorError, type ConnectorErrorKind } from './errors.ts'
import type { HttpFailure } from './http.ts'
import type { Mask } from './mask.ts'

export interface Exchanged {
  title: string
  write: boolean
  mask: Mask
  errors: ErrorFacts
}
export interface Received {
  status: number
  headers: Record<string, string | undefined>
  text: string
  /** Undefined where the text is not JSON; `unreadable` then says what it is instead. */
  json: Json
  unreadable?: 'html' | 'cut off' | 'empty'
}

interface Verdict {
  kind: ConnectorErrorKind
  code: string
  say: string
}

/** The error that no answer means. */
export function lostAnswer(failure: HttpFailure, { title, write, mask }: Exchanged): ConnectorError {
  const kind = write && failure.sent ? 'uncertain' : failure.reason === 'too_large' ? 'permanent' : 'retryable'
  const tail = kind === 'uncertain' ? ' The write may have happened; it is looked up before it is repeated.' : ''
  const said = {
    timeout: ['HUB_HTTP_TIMEOUT', `${title} did not answer in time.`],
    aborted: [
      'HUB_HTTP_ABORTED',
      `The request to ${title} was given up because the hub is stopping or lost its lease.`,
    ],
    unreachable: ['HUB_HTTP_UNREACHABLE', `${title} cannot be reached: ${mask(failure.message)}.`],
    broken: ['HUB_HTTP_BROKEN', `The connection to ${title} broke: ${mask(failure.message)}.`],
    too_large: ['HUB_HTTP_TOO_LARGE', `${title} sent more than the hub takes: ${mask(failure.message)}.`],
  } as const
  const [code, sentence] = said[failure.reason]
  return new ConnectorError(kind, code, sentence + tail)
}

/**
 * The error an answer means, or undefined where it is a success. A 404 on a read is a success that found nothing, unless
 * a rule names it, or a web page says it: that web server does not know the API at all.
 */
export function failedAnswer(received: Received, exchanged: Exchanged): ConnectorError | undefined {
  const { errors, write, mask, title } = exchanged
  const { status, json, headers } = received
  const bad = status < 200 || status > 299
  const failed = !bad && json !== undefined && errors.failed?.(json) === true
  if (!bad && !failed && received.unreadable === undefined) return undefined
  if (saysAbsent(received, exchanged)) return undefined

  const vendorCode = json === undefined ? undefined : text(errors.code?.(json))
  const vendorMessage = json === undefined ? undefined : text(errors.message?.(json))
  const rule = errors.rules?.find((one) => fits(one, received, vendorCode, vendorMessage))
  if (status === 404 && !write && !rule && received.unreadable !== 'html') return undefined
  const verdict = rule
    ? { kind: rule.kind, code: CODE_OF[rule.kind], say: rule.say }
    : table(received, exchanged, failed)
  const lost = received.unreadable !== undefined && !bad
  const kind =
    write && verdict.kind === 'retryable' && (lost || status >= 500 || status === 408) ? 'uncertain' : verdict.kind

  const reads = !write && kind === 'uncertain' ? 'retryable' : kind

  const beside = [bad ? String(status) : '', vendorCode, vendorMessage].filter(Boolean).join(' ')
  return new ConnectorError(reads, verdict.code, mask(`${title}: ${verdict.say}${beside ? ` [${beside}]` : ''}`), {
    status,
    ...(vendorCode ? { vendorCode: mask(vendorCode) } : {}),
    ...(vendorMessage ? { vendorMessage: mask(vendorMessage) } : {}),
    ...retryAfter(rule?.retryAfter?.(json), headers),
  })
}

/** "There is none", in the vendor's own words, to a read. */
export const saysAbsent = ({ json }: Received, { write, errors }: Exchanged) =>
  !write && json !== undefined && errors.absent?.(json) === true

const CODE_OF: Record<ConnectorErrorKind, string> = {
  retryable: 'HUB_VENDOR_BUSY',
  rate_limited: 'HUB_HTTP_RATE_LIMITED',
  auth: 'HUB_HTTP_AUTH',
  uncertain: 'HUB_VENDOR_UNCERTAIN',
  conflict: 'HUB_VENDOR_CONFLICT',
  permanent: 'HUB_VENDOR_REFUSED',
  invalid: 'HUB_VENDOR_INVALID',
}

function table({ status, unreadable }: Received, { write }: Exchanged, failed: boolean): Verdict {
  if (failed) return { kind: 'permanent', code: 'HUB_VENDOR_REFUSED', say: 'the request was refused.' }
  if (status >= 200 && status < 300) {
    const what = {
      html: 'an HTML page',
      'cut off': 'an answer that is cut off or is not JSON',
      empty: 'an empty answer',
    }[unreadable ?? 'empty']
    return {
      kind: 'retryable',
      code: `HUB_HTTP_${unreadable === 'html' ? 'HTML' : 'UNREADABLE'}`,
      say: `${what} came instead of data.`,
    }
  }
  if (status >= 300 && status < 400)
    return {
      kind: 'permanent',
      code: 'HUB_HTTP_REDIRECT',
      say: 'the address answers with a redirect; set the final address (often https or www is missing).',
    }
  switch (status) {
    case 401:
      return {
        kind: 'auth',
        code: 'HUB_HTTP_AUTH',
        say: 'the credentials were refused; check the settings of this connection.',
      }
    case 403:
      return {
        kind: 'permanent',
        code: 'HUB_HTTP_FORBIDDEN',
        say: 'these credentials may not do this; give them the missing permission.',
      }
    case 408:
      return { kind: 'retryable', code: 'HUB_HTTP_TIMEOUT', say: 'the request took too long there.' }
    case 409:
      return { kind: write ? 'conflict' : 'retryable', code: 'HUB_VENDOR_CONFLICT', say: 'it exists already.' }
    case 423:
    case 425:
      return { kind: 'retryable', code: 'HUB_VENDOR_BUSY', say: 'it is locked there at the moment.' }
    case 429:
      return { kind: 'rate_limited', code: 'HUB_HTTP_RATE_LIMITED', say: 'too many requests; the connection waits.' }
    case 501:
      return { kind: 'permanent', code: 'HUB_VENDOR_REFUSED', say: 'this is not possible there.' }
  }
  if (status >= 500) return { kind: 'retryable', code: 'HUB_HTTP_SERVER_ERROR', say: 'a fault on their side.' }
  return {
    kind: 'permanent',
    code: 'HUB_VENDOR_REFUSED',
    say: status === 404 || status === 410 ? 'it is not there (any more).' : 'the request was refused.',
  }
}

function fits(rule: ErrorRule, received: Received, code: string | undefined, message: string | undefined): boolean {
  if (rule.status !== undefined && rule.status !== received.status) return false
  if (rule.html && received.unreadable !== 'html') return false
  if (rule.code !== undefined && !matches(rule.code, code)) return false
  if (rule.message !== undefined && !matches(rule.message, message)) return false
  return true
}

const matches = (wanted: string | RegExp, given: string | undefined) =>
  given !== undefined && (typeof wanted === 'string' ? wanted === given : wanted.test(given))

const text = (value: unknown) =>
  value === undefined || value === null ? undefined : typeof value === 'string' ? value : JSON.stringify(value)

/** `Retry-After` in seconds or as an HTTP date, which is compared with the vendor's own clock. */
function retryAfter(fromBody: number | undefined, headers: Received['headers']): { retryAfterMs?: number } {
  if (fromBody !== undefined) return { retryAfterMs: Math.max(0, fromBody) }
  const header = headers['retry-after']?.trim()
  if (!header) return {}
  if (/^\d+(\.\d+)?$/.test(header)) return { retryAfterMs: Number(header) * 1000 }
  const until = Date.parse(header)
  if (Number.isNaN(until)) return {}
  const now = Date.parse(headers['date'] ?? '')
  return { retryAfterMs: Math.max(0, until - (Number.isNaN(now) ? Date.now() : now)) }
}
