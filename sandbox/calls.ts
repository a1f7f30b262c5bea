// Plain calls to the stand-ins with the demo's credentials: for tests and for a look by hand.
import type { Json } from './core/types.ts'
import { credentials } from './credentials.ts'
import type { Sandbox } from './sandbox.ts'

export interface Answer {
  status: number
  headers: Headers
  /** The body as JSON, or as text where it is none. */
  body: Json
}

export async function ask(url: string, method: string, headers: Record<string, string>, body?: Json): Promise<Answer> {
  const init: RequestInit = { method, headers: { ...headers, 'content-type': 'application/json' } }
  if (body !== undefined) init.body = typeof body === 'string' ? body : JSON.stringify(body)
  const response = await fetch(url, init)
  const text = await response.text()
  let parsed: Json = text
  try {
    parsed = text === '' ? undefined : JSON.parse(text)
  } catch {
    // A page, or half of an answer: the text says more than an error would.
  }
  return { status: response.status, headers: response.headers, body: parsed }
}

const basic = (user: string, password: string) => ({
  authorization: `Basic ${Buffer.from(`${user}:${password}`).toString('base64')}`,
})

/** One function for each system, and one for the control API. */
export function calls({ systems, control }: Pick<Sandbox, 'systems' | 'control'>) {
  const { woocommerce: shop, shiphero, easypost, odoo: erp, hubspot: crm } = credentials
  return {
    /** `path` begins after `/wp-json`: `/wc/v3/orders`. */
    shop: (method: string, path: string, body?: Json) =>
      ask(`${systems.woocommerce}/wp-json${path}`, method, basic(shop.key, shop.secret), body),
    warehouse: (query: string, variables: Json = {}) =>
      ask(`${systems.shiphero}/graphql`, 'POST', { authorization: `Bearer ${shiphero.token}` }, { query, variables }),
    /** `path` begins after `/v2`. */
    carrier: (method: string, path: string, body?: Json) =>
      ask(`${systems.easypost}/v2${path}`, method, basic(easypost.apiKey, ''), body),
    erp: (model: string, name: string, args: Json[], kwargs: Json = {}) => {
      const params = {
        service: 'object',
        method: 'execute_kw',
        args: [erp.database, 2, erp.password, model, name, args, kwargs],
      }
      return ask(`${systems.odoo}/jsonrpc`, 'POST', {}, { jsonrpc: '2.0', method: 'call', id: 1, params })
    },
    crm: (method: string, path: string, body?: Json) =>
      ask(`${systems.hubspot}${path}`, method, { authorization: `Bearer ${crm.token}` }, body),
    /** `path` begins after `/_sandbox`. */
    control: (method: string, path: string, body?: Json) => ask(`${control}/_sandbox${path}`, method, {}, body),
  }
}

/** Waits until a check answers something truthy, and answers it. Throws after five seconds. */
export async function until<T>(check: () => T | Promise<T>, what = 'it'): Promise<NonNullable<T>> {
  for (let i = 0; i < 250; i += 1) {
    const found = await check()
    if (found) return found
    await new Promise((resolve) => setTimeout(resolve, 20))
  }
  throw new Error(`Waited five seconds for ${what}.`)
}
