// The HTTP side of a stand-in: reads a request, lets faults strike, has the system answer it, writes the journal, answers.
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import type { AddressInfo, Socket } from 'node:net'
import { type Fault, type Faults, pathAndQuery } from './faults.ts'
import type { Reply, Request, System } from './types.ts'

const page =
  '<!doctype html><html><head><title>Just a moment</title></head><body><h1>We are back soon</h1></body></html>'

type Answer = (request: IncomingMessage, response: ServerResponse) => void

/** Takes a port of 127.0.0.1; port 0 takes any free one. What comes before `answer` is called waits. */
export async function listen(
  port: number,
): Promise<{ port: number; answer(handler: Answer): void; close(): Promise<void> }> {
  const waiting: Parameters<Answer>[] = []
  let handle: Answer = (...early) => waiting.push(early)
  const server: Server = createServer({ keepAliveTimeout: 65_000, requestTimeout: 0 }, (...both) => handle(...both))
  const sockets = new Set<Socket>()
  server.on('connection', (socket) => {
    sockets.add(socket)
    socket.on('close', () => sockets.delete(socket))
  })
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject)
    server.listen(port, '127.0.0.1', resolve)
  })
  return {
    port: (server.address() as AddressInfo).port,
    answer: (handler) => {
      handle = handler
      for (const both of waiting.splice(0)) handler(...both)
    },
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve())
        for (const socket of sockets) socket.destroy()
      }),
  }
}

export async function read(message: IncomingMessage): Promise<Request> {
  const chunks: Buffer[] = []
  for await (const chunk of message) chunks.push(chunk as Buffer)
  const target = message.url ?? '/'
  const at = target.indexOf('?')
  return {
    method: message.method ?? 'GET',
    path: at < 0 ? target : target.slice(0, at),
    query: new URLSearchParams(at < 0 ? '' : target.slice(at + 1)),
    headers: message.headers,
    text: chunks.length === 1 ? chunks[0]!.toString('utf8') : Buffer.concat(chunks).toString('utf8'),
    origin: `http://${message.headers.host ?? '127.0.0.1'}`,
  }
}

export function send(response: ServerResponse, reply: Reply, cut = false): void {
  const text = reply.text ?? (reply.body === undefined ? '' : JSON.stringify(reply.body))
  const whole = Buffer.from(text)
  const body = cut ? whole.subarray(0, Math.ceil(whole.length / 2)) : whole
  const type = reply.text === undefined ? 'application/json; charset=utf-8' : 'text/html; charset=utf-8'
  response.writeHead(reply.status, { 'content-type': type, ...reply.headers, 'content-length': body.length })
  response.end(body)
}

/** What answers the requests of a system. */
export function serve(system: System, faults: Faults): Answer {
  return (message, response) => {
    answer(system, faults, message, response).catch((error: unknown) => {
      // A client that goes away mid-request is its own business; anything else is a bug of the stand-in, said aloud.
      if (response.destroyed || message.destroyed) return
      console.error(`sandbox ${system.name}: ${error instanceof Error ? error.stack : error}`)
      send(response, { status: 500, body: { sandbox: String(error) } })
    })
  }
}

async function answer(system: System, faults: Faults, message: IncomingMessage, response: ServerResponse) {
  const request = await read(message)
  const meaning = system.meaning(request)
  const fault = faults.strike(system.name, request, meaning)
  if (fault?.effect === 'latency') await new Promise((resolve) => setTimeout(resolve, fault.ms ?? 1000))

  const executed = isExecuted(fault)
  const reply = executed ? system.handle(request) : undefined
  const shown = fault ? struck(system, fault, reply) : reply
  system.store.log({
    at: new Date().toISOString(),
    method: request.method,
    path: pathAndQuery(request),
    operation: meaning.operation,
    write: meaning.write,
    status: shown?.status ?? 0,
    executed,
    ...(fault && { fault: fault.id }),
  })
  system.store.flush()

  if (shown) return send(response, shown, fault?.effect === 'cut-json')
  if (fault?.effect.startsWith('reset')) return void message.socket.resetAndDestroy()
  if (fault?.ms !== undefined) setTimeout(() => message.socket.destroy(), fault.ms).unref()
}

function isExecuted(fault: Fault | undefined): boolean {
  if (!fault) return true
  if (fault.effect === 'status' || fault.effect === 'html-200') return fault.executed === true
  return fault.effect !== 'timeout-before' && fault.effect !== 'reset-before'
}

/** What the client gets to see of an answer after a fault; undefined when it sees none. */
function struck(system: System, fault: Fault, reply: Reply | undefined): Reply | undefined {
  if (fault.effect === 'status') return system.failure(fault.status ?? 500, fault.retryAfter)
  if (fault.effect === 'html-200') return { status: 200, text: page }
  if (fault.effect === 'latency' || fault.effect === 'cut-json') return reply
  return undefined
}
