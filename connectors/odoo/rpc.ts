import { type Api, ConnectorError, type Json, type ReadRequest, type WriteContext } from '#connector'

export const RPC = '/jsonrpc'
const READS = new Set(['search_read', 'read', 'search', 'search_count'])

/** Calls a method of a model; `execute_kw` of the external API. Only what reads may be asked twice. */
export async function call(api: Api, model: string, method: string, args: Json[], kwargs: Json = {}): Promise<Json> {
  const body = { execute: [model, method, args, kwargs] }
  return (READS.has(method) ? await api.query(RPC, body) : await api.post(RPC, body)).result
}

/** One record, as a request. */
export const readOne = (model: string, id: string, fields: string[]): ReadRequest & { item: string } => ({
  method: 'POST',
  path: RPC,
  body: {
    execute: [model, 'search_read', [[['id', '=', Number(id)]]], { fields, limit: 1, context: { active_test: false } }],
  },
  item: 'result.0',
})

/** The id of a country or currency by its code, read once. Throws `invalid` where Odoo does not have it. */
export async function idOf(
  api: Api,
  { remember }: Pick<WriteContext, 'remember'>,
  model: string,
  field: string,
  code: string,
): Promise<number> {
  const id = await remember(
    `${model}:${code}`,
    async () => (await call(api, model, 'search_read', [[[field, '=', code]]], { fields: ['id'], limit: 1 }))[0]?.id,
  )
  if (id === undefined)
    throw new ConnectorError(
      'invalid',
      'HUB_ODOO_UNKNOWN',
      `Odoo has no ${model} with ${field} "${code}", or it is not active.`,
    )
  return id
}
