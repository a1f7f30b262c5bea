// Webhook signatures. A connector names a scheme; comparing happens here, over the raw bytes and in constant time.
import { createHash, createHmac, timingSafeEqual } from 'node:crypto'
import type { Signature, WebhookRequest } from './contract.ts'
import { milliseconds } from './duration.ts'

export interface HmacScheme {
  /** The header that carries the signature, in any case. */
  header: string
  /** The shared secret; several while one is being replaced. Missing: no signature can be right, so none is made. */
  secret: string | string[] | undefined
  algorithm?: 'sha256' | 'sha1' | 'sha512'
  encoding?: 'base64' | 'hex'
  /** Text before the signature in the header: `sha256=`. */
  prefix?: string
  /** What is signed, where it is not the body alone. */
  payload?: (request: WebhookRequest) => string | Buffer
  /** A header with the time of sending, in seconds; deliveries older or newer than `window` are refused. */
  timestamp?: { header: string; window: string }
}

/**
 * A signature made with a shared secret. Undefined when no secret is set: the hub then refuses to take webhooks
 * for this connection, rather than take unsigned ones.
 */
export function hmac(scheme: HmacScheme): Signature | undefined {
  const secrets = (Array.isArray(scheme.secret) ? scheme.secret : [scheme.secret]).filter(
    (one) => one !== undefined && one !== '',
  )
  if (secrets.length === 0) return undefined
  const { algorithm = 'sha256', encoding = 'base64', prefix = '' } = scheme
  const header = scheme.header.toLowerCase()
  const digest = (secret: string, request: WebhookRequest) =>
    prefix +
    createHmac(algorithm, secret)
      .update(scheme.payload?.(request) ?? request.body)
      .digest(encoding)

  return {
    verify(request) {
      const given = request.headers[header]
      if (!given || !isFresh(scheme, request)) return false
      // Every secret is tried, so that the time taken tells nothing about which one is right.
      return secrets.map((secret) => sameText(normal(given, encoding), digest(secret!, request))).includes(true)
    },
    sign(body, at = Date.now()) {
      const headers: Record<string, string> = {}
      if (scheme.timestamp) headers[scheme.timestamp.header.toLowerCase()] = String(Math.floor(at / 1000))
      headers[header] = digest(secrets[0]!, { headers, body, query: {}, at })
      return headers
    },
  }
}

function isFresh(scheme: HmacScheme, request: WebhookRequest): boolean {
  if (!scheme.timestamp) return true
  const sent = Number(request.headers[scheme.timestamp.header.toLowerCase()])
  if (!Number.isFinite(sent) || sent === 0) return false
  return Math.abs((request.at ?? Date.now()) - sent * 1000) <= milliseconds(scheme.timestamp.window)
}

/**
 * The headers of one outgoing delivery as Standard Webhooks 1.0 wants them (github.com/standard-webhooks). `name` is the same
 * for every repetition of a delivery. A secret is base64 after `whsec_`, or any text; the second one is for a change of secrets.
 */
export function standardWebhook(
  secrets: string[],
  name: string,
  body: string,
  at = Date.now(),
): Record<string, string> {
  // The parts of what is signed are divided by full stops, so the id must not hold any.
  const id = `msg_${createHash('sha256').update(name).digest('base64url')}`
  const timestamp = String(Math.floor(at / 1000))
  const signatures = secrets.map((secret) => {
    const key = secret.startsWith('whsec_') ? Buffer.from(secret.slice('whsec_'.length), 'base64') : secret
    return `v1,${createHmac('sha256', key).update(`${id}.${timestamp}.${body}`).digest('base64')}`
  })
  return { 'webhook-id': id, 'webhook-timestamp': timestamp, 'webhook-signature': signatures.join(' ') }
}

const normal = (given: string, encoding: string) => (encoding === 'hex' ? given.trim().toLowerCase() : given.trim())

function sameText(given: string, wanted: string): boolean {
  const [a, b] = [Buffer.from(given), Buffer.from(wanted)]
  return a.length === b.length && timingSafeEqual(a, b)
}
