// An Odoo 17 database behind POST /jsonrpc, services `common` and `object`.
// https://www.odoo.com/documentation/17.0/developer/reference/external_api.html
import { retryHeader } from '../core/router.ts'
import type { Store } from '../core/store.ts'
import type { Json, Meaning, Reply, System } from '../core/types.ts'
import { credentials } from '../credentials.ts'
import { accessDenied, Exception, shape } from './errors.ts'
import { guardPosted, invoices } from './invoices.ts'
import { models } from './models.ts'
import { Orm } from './orm.ts'

const reads = ['search', 'search_read', 'search_count', 'read', 'fields_get', 'name_search', 'check_access_rights']
const version = {
  server_version: '17.0',
  server_version_info: [17, 0, 0, 'final', 0, ''],
  server_serie: '17.0',
  protocol_version: 1,
}
const userId = 2

export interface Odoo extends System {
  orm: Orm
}

export function odoo(store: Store, revoked: () => boolean): Odoo {
  const lines = store.collection('account.move.line')
  lines.index('move_id', ({ move_id }) => (move_id ? String(move_id) : undefined))
  store.collection('res.partner').index('parent_id', ({ parent_id }) => (parent_id ? String(parent_id) : undefined))
  const orm = new Orm(store)
  const posting = invoices(orm)
  const { database, login, password } = credentials.odoo
  const known = (db: Json, secret: Json) => db === database && secret === password && !revoked()

  const common = (method: string, args: Json[]): Json => {
    if (method === 'version') return version
    if (method === 'authenticate' || method === 'login')
      return known(args[0], args[2]) && args[1] === login ? userId : false
    throw new Exception('builtins.NameError', `Method not available: ${method}`)
  }
  const call = (model: string, method: string, args: Json[], kwargs: Json): Json => {
    if (!models[model]) throw new Exception('builtins.KeyError', model)
    const ids = () => (Array.isArray(args[0]) ? args[0] : [args[0]])
    switch (method) {
      case 'create':
        return orm.create(model, args[0] ?? kwargs.vals_list)
      case 'write':
        if (model === 'account.move') guardPosted(orm, ids(), args[1] ?? kwargs.vals)
        return orm.write(model, ids(), args[1] ?? kwargs.vals)
      case 'unlink':
        return orm.unlink(model, ids())
      case 'read':
        return orm.read(model, ids(), args[1] ?? kwargs.fields)
      case 'search':
        return orm.search(model, args[0] ?? kwargs.domain ?? [], options(args.slice(1), kwargs))
      case 'search_count':
        return orm.search(model, args[0] ?? kwargs.domain ?? [], { context: kwargs.context }).length
      case 'search_read': {
        const found = orm.search(model, args[0] ?? kwargs.domain ?? [], options(args.slice(2), kwargs))
        return orm.read(model, found, args[1] ?? kwargs.fields)
      }
      case 'fields_get':
        return fieldsGet(model, args[0] ?? kwargs.allfields, args[1] ?? kwargs.attributes)
      case 'check_access_rights':
        return true
      default: {
        const action = model === 'account.move' ? posting[method] : undefined
        if (action) return action(ids())
        throw new Exception('builtins.AttributeError', `The method '${model}.${method}' does not exist`)
      }
    }
  }
  const object = (method: string, args: Json[]): Json => {
    if (method !== 'execute_kw' && method !== 'execute')
      throw new Exception('builtins.NameError', `Method not available ${method}`)
    const [db, uid, secret, model, name, ...rest] = args
    if (!known(db, secret) || uid !== userId) throw accessDenied()
    return method === 'execute' ? call(model, name, rest, {}) : call(model, name, rest[0] ?? [], rest[1] ?? {})
  }

  return {
    name: 'odoo',
    store,
    orm,
    handle: (request) => {
      if (request.path !== '/jsonrpc') return html(404, '404: Not Found')
      if (request.method !== 'POST') return html(405, '405: Method Not Allowed')
      const body = parsed(request.text)
      if (!body) return html(400, '400: Bad Request. Invalid JSON data')
      const { service, method, args = [] } = body.params ?? {}
      const answer = { jsonrpc: '2.0', id: body.id ?? null }
      try {
        if (service !== 'common' && service !== 'object') throw new Exception('builtins.KeyError', String(service))
        const result = service === 'common' ? common(method, args) : object(method, args)
        return { status: 200, body: { ...answer, result } }
      } catch (error) {
        if (error instanceof Exception) return { status: 200, body: { ...answer, error: shape(error) } }
        throw error
      }
    },
    meaning: ({ method, path, text }): Meaning => {
      const { service, args = [], method: name } = parsed(text)?.params ?? {}
      if (service !== 'object') return { operation: service ? `${service}.${name}` : `${method} ${path}`, write: false }
      return { operation: `${args[3]}.${args[4]}`, write: !reads.includes(args[4]) }
    },
    // What fails before Odoo is the proxy in front of it, and that speaks HTML.
    failure: (status, retryAfter) => ({ ...html(status, `${status}: nginx`), headers: retryHeader(retryAfter) }),
    resume: () => {},
    close: () => {},
  }
}

function options([offset, limit, order]: Json[], kwargs: Json): Json {
  return {
    offset: offset ?? kwargs.offset,
    limit: limit ?? kwargs.limit,
    order: order ?? kwargs.order,
    context: kwargs.context,
  }
}

function fieldsGet(model: string, names?: string[], attributes?: string[]): Json {
  const facts = Object.entries(models[model]!.fields).filter(
    ([name]) => !names || names.length === 0 || names.includes(name),
  )
  return Object.fromEntries(
    facts.map(([name, { default: _, inverse, ...fact }]) => {
      const whole: Json = {
        name,
        readonly: false,
        required: false,
        searchable: true,
        sortable: true,
        store: true,
        ...fact,
        ...(inverse && { relation_field: inverse }),
      }
      return [
        name,
        attributes
          ? Object.fromEntries(attributes.filter((key) => key in whole).map((key) => [key, whole[key]]))
          : whole,
      ]
    }),
  )
}

function html(status: number, title: string): Reply {
  return {
    status,
    text: `<!doctype html><html><head><title>${title}</title></head><body><h1>${title}</h1></body></html>`,
  }
}

function parsed(text: string): Json {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}
