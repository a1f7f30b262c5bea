// The only home of fastify. Each surface is a plugin; only the webhook surface takes bodies as the raw bytes that came.
import fastify, { type FastifyInstance } from 'fastify'

export interface WebhookCall {
  connection: string
  headers: Record<string, string | undefined>
  query: Record<string, string | undefined>
  body: Buffer
}
export interface WebhookAnswer {
  status: number
  body?: unknown
}
export interface ServerOptions {
  host: string
  port: number
  webhook: (call: WebhookCall) => Promise<WebhookAnswer>
  /** Whether the hub can do its work: the database answers, workers run. */
  ready: () => Promise<{ ready: boolean; [detail: string]: unknown }>
  metrics: () => Promise<{ type: string; text: string }>
}

const MEGABYTE = 1024 * 1024

/** Listens and answers where; `close` waits for requests in flight. */
export async function startServer(options: ServerOptions): Promise<{ url: string; close: () => Promise<void> }> {
  const app = fastify({ bodyLimit: 32 * MEGABYTE, logger: false, forceCloseConnections: 'idle' })
  await app.register(async (scope) => webhooks(scope, options))
  app.get('/health', async () => ({ alive: true }))
  app.get('/ready', async (_request, reply) => {
    const state = await options.ready()
    return reply.code(state.ready ? 200 : 503).send(state)
  })
  app.get('/metrics', async (_request, reply) => {
    const { type, text } = await options.metrics()
    return reply.type(type).send(text)
  })
  const url = await app.listen({ host: options.host, port: options.port }).catch((error: NodeJS.ErrnoException) => {
    if (error.code !== 'EADDRINUSE') throw error
    throw new Error(
      `HUB_SERVER_PORT ${options.host}:${options.port} is taken: another hub, or something else, listens there. Stop it, or set \`server.port\`.`,
    )
  })
  return { url, close: () => app.close() }
}

function webhooks(scope: FastifyInstance, options: ServerOptions): void {
  scope.removeAllContentTypeParsers()
  scope.addContentTypeParser('*', { parseAs: 'buffer' }, (_request, body, done) => done(null, body))
  scope.post<{ Params: { connection: string } }>('/webhooks/:connection', async (request, reply) => {
    const answer = await options.webhook({
      connection: request.params.connection,
      headers: request.headers as Record<string, string | undefined>,
      query: request.query as Record<string, string | undefined>,
      body: Buffer.isBuffer(request.body) ? request.body : Buffer.alloc(0),
    })
    return reply.code(answer.status).send(answer.body ?? '')
  })
}
