// The closed list of what can go wrong at a vendor. The kind alone decides what the hub does next.

/**
 * - `retryable`: 408, 5xx on a read, reset, timeout on a read, an HTML page; tried again with backoff.
 * - `rate_limited`: 429 or a limit header at zero; the connection waits, no attempt is spent.
 * - `auth`: 401, a refused token; the connection pauses, one alert.
 * - `uncertain`: a write was sent and no readable answer came; the next attempt begins with `find`.
 * - `conflict`: the vendor says it exists already; find and adopt in the same attempt.
 * - `permanent`: any other 4xx; failed, alert.
 * - `invalid`: the data breaks a schema or a mapping; parked, alert grouped by cause.
 */
export const CONNECTOR_ERROR_KINDS = [
  'retryable',
  'rate_limited',
  'auth',
  'uncertain',
  'conflict',
  'permanent',
  'invalid',
] as const
export type ConnectorErrorKind = (typeof CONNECTOR_ERROR_KINDS)[number]

export interface ConnectorErrorDetail {
  /** HTTP status, where there was an answer. */
  status?: number
  /** The vendor's own code and sentence, secrets masked. */
  vendorCode?: string
  vendorMessage?: string
  /** `rate_limited`, `retryable`: the vendor's wish, in milliseconds. */
  retryAfterMs?: number
  cause?: unknown
}

export class ConnectorError extends Error {
  readonly kind: ConnectorErrorKind
  /** Stable code, see docs/reference/errors.md. */
  readonly code: string
  readonly detail: ConnectorErrorDetail

  constructor(kind: ConnectorErrorKind, code: string, message: string, detail: ConnectorErrorDetail = {}) {
    super(message, { cause: detail.cause })
    this.name = 'ConnectorError'
    this.kind = kind
    this.code = code
    this.detail = detail
  }
}
