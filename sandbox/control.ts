// The control API, on a port of its own: what the demo, the audit and tests may ask of the stand-ins from another process.
import type { IncomingMessage, ServerResponse } from 'node:http'
import { type Call, guarded, Refusal, router } from './core/router.ts'
import { read, send } from './core/server.ts'
import { type Json, type Reply, type SystemName, systemNames } from './core/types.ts'
import type { Sandbox } from './sandbox.ts'

const ok = (body: Json = { ok: true }): Reply => ({ status: 200, body })

/** Answers control requests. Mistakes come back with status 400 and a sentence under `error`. */
export function control(sandbox: Sandbox): (message: IncomingMessage, response: ServerResponse) => void {
  const system = (name: string | undefined): SystemName => {
    const known = systemNames.find((one) => one === name)
    if (known) return known
    throw new Refusal({
      status: 404,
      body: { error: `There is no system "${name}". There are ${systemNames.join(', ')}.` },
    })
  }
  const filter = ({ query }: Call) => ({ writes: query.get('writes') === '1', since: query.get('since') ?? undefined })
  const counted = (call: Call, items: Json[]) => ok(call.query.get('count') === '1' ? { count: items.length } : items)

  const find = router({
    'GET /_sandbox/health': () => ok({ ok: true, control: sandbox.control, systems: sandbox.systems }),
    'POST /_sandbox/seed': ({ body }) => ok(sandbox.seed(body ?? {})),
    'GET /_sandbox/expected': () => ok(sandbox.expected()),
    'GET /_sandbox/state/:system': ({ params }) => ok(sandbox.state(system(params.system))),
    'GET /_sandbox/state/:system/:collection': (call) =>
      counted(call, sandbox.state(system(call.params.system), call.params.collection)),
    'GET /_sandbox/requests': (call) =>
      ok(Object.fromEntries(systemNames.map((name) => [name, sandbox.requests(name, filter(call)).length]))),
    'GET /_sandbox/requests/:system': (call) =>
      counted(call, sandbox.requests(system(call.params.system), filter(call))),
    'DELETE /_sandbox/requests': () => {
      sandbox.clearRequests()
      return ok()
    },
    'DELETE /_sandbox/requests/:system': ({ params }) => {
      sandbox.clearRequests(system(params.system))
      return ok()
    },
    'GET /_sandbox/webhooks': () => ok({ unanswered: sandbox.unanswered() }),
    'POST /_sandbox/faults': ({ body }) => ok(sandbox.addFault(body ?? {})),
    'GET /_sandbox/faults': () => ok(sandbox.faults()),
    'DELETE /_sandbox/faults': () => {
      sandbox.clearFaults()
      return ok()
    },
    'DELETE /_sandbox/faults/:id': ({ params }) => {
      sandbox.clearFaults(params.id)
      return ok()
    },
    'GET /_sandbox/warehouse': () => ok(sandbox.warehouse()),
    'POST /_sandbox/warehouse': ({ body }) => ok(sandbox.warehouse(body ?? {})),
    'GET /_sandbox/carrier': () => ok(sandbox.carrier()),
    'POST /_sandbox/carrier': ({ body }) => ok(sandbox.carrier(body ?? {})),
    'GET /_sandbox/crm': () => ok(sandbox.crm()),
    'POST /_sandbox/crm': ({ body }) => ok(sandbox.crm(body ?? {})),
    'POST /_sandbox/auth': ({ body }) => {
      sandbox.auth(system(body?.system), body?.revoked === true)
      return ok()
    },
    'POST /_sandbox/orders': ({ body }) => ok(sandbox.placeOrder(body ?? {})),
    'POST /_sandbox/orders/:number': ({ params, body }) => ok(sandbox.editOrder(params.number!, body ?? {})),
  })

  return (message, response) => {
    read(message)
      .then((request) => {
        const found = find(request.method, request.path)
        if (found.kind !== 'found')
          return send(response, { status: 404, body: { error: `No ${request.method} ${request.path} here.` } })
        const body = request.text === '' ? undefined : JSON.parse(request.text)
        send(
          response,
          guarded(() => found.handler({ request, params: found.params, query: request.query, body })),
        )
      })
      .catch((error: unknown) => {
        if (!response.destroyed)
          send(response, { status: 400, body: { error: error instanceof Error ? error.message : String(error) } })
      })
  }
}
