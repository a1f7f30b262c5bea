// Finds what answers a path. Patterns are segments; `:name` takes one whatever it is.
import type { Json, Reply, Request } from './types.ts'

export interface Call {
  request: Request
  /** The values of the `:name` segments, decoded. */
  params: Record<string, string>
  query: URLSearchParams
  /** The body as JSON; undefined when there is none. */
  body: Json
}
type Handler = (call: Call) => Reply
/** `GET /wp-json/wc/v3/orders/:id` → what answers it. */
export type Routes = Record<string, Handler>

interface Route {
  method: string
  segments: string[]
  handler: Handler
}
export type Found =
  | { kind: 'found'; handler: Handler; params: Record<string, string> }
  | { kind: 'no-path' }
  | { kind: 'no-method' }

/** Earlier routes win, so put `/batch` before `/:id`. */
export function router(routes: Routes): (method: string, path: string) => Found {
  const compiled: Route[] = Object.entries(routes).map(([key, handler]) => {
    const [method, path] = key.split(' ') as [string, string]
    return { method, segments: path.split('/').slice(1), handler }
  })
  return (method, path) => {
    const segments = path.replace(/\/$/, '').split('/').slice(1)
    let pathKnown = false
    for (const route of compiled) {
      if (route.segments.length !== segments.length) continue
      const params: Record<string, string> = {}
      const fits = route.segments.every((segment, i) => {
        if (!segment.startsWith(':')) return segment === segments[i]
        params[segment.slice(1)] = decode(segments[i]!)
        return true
      })
      if (!fits) continue
      if (route.method === method) return { kind: 'found', handler: route.handler, params }
      pathKnown = true
    }
    return pathKnown ? { kind: 'no-method' } : { kind: 'no-path' }
  }
}

function decode(segment: string): string {
  try {
    return decodeURIComponent(segment)
  } catch {
    return segment
  }
}

/** An answer that ends a handler early: `throw new Refusal({ status: 404, body: … })`. */
export class Refusal extends Error {
  readonly reply: Reply
  constructor(reply: Reply) {
    super(`refused with ${reply.status}`)
    this.reply = reply
  }
}

/** Runs a handler; a thrown Refusal is its answer. */
export function guarded(run: () => Reply): Reply {
  try {
    return run()
  } catch (error) {
    if (error instanceof Refusal) return error.reply
    throw error
  }
}

/** The text after `Basic `, decoded, split at the first colon. */
export function basic(request: Request): { user: string; password: string } | undefined {
  const header = request.headers.authorization
  if (!header?.startsWith('Basic ')) return undefined
  const text = Buffer.from(header.slice(6), 'base64').toString('utf8')
  const at = text.indexOf(':')
  return at < 0 ? { user: text, password: '' } : { user: text.slice(0, at), password: text.slice(at + 1) }
}

/** The text after `Bearer `. */
export function bearer(request: Request): string | undefined {
  const header = request.headers.authorization
  return header?.startsWith('Bearer ') ? header.slice(7) : undefined
}

/** The Retry-After header, where a fault rule asks for one. */
export function retryHeader(seconds: number | undefined): Record<string, string> {
  return seconds === undefined ? {} : { 'Retry-After': String(seconds) }
}
