// Errors as Odoo's JSON-RPC controller sends them: status 200, code 200, and the exception's class under `data.name`.
// https://www.odoo.com/documentation/17.0/developer/reference/external_api.html and odoo/http.py (serialize_exception)

export class Exception extends Error {
  readonly type: string
  constructor(type: string, message: string) {
    super(message)
    this.type = type
  }
}

export const accessDenied = () => new Exception('odoo.exceptions.AccessDenied', 'Access Denied')
export const userError = (message: string) => new Exception('odoo.exceptions.UserError', message)
export const validationError = (message: string) => new Exception('odoo.exceptions.ValidationError', message)
export const valueError = (message: string) => new Exception('builtins.ValueError', message)
export const missingError = (model: string, ids: readonly unknown[]) =>
  new Exception(
    'odoo.exceptions.MissingError',
    `Record does not exist or has been deleted.\n(Record: ${model}(${ids.join(', ')},), User: 2)`,
  )

export function shape(error: Exception): Record<string, unknown> {
  return {
    code: 200,
    message: 'Odoo Server Error',
    data: {
      name: error.type,
      debug: `Traceback (most recent call last):\n  File "/usr/lib/python3/dist-packages/odoo/http.py"\n${error.type.replace('builtins.', '')}: ${error.message}\n`,
      message: error.message,
      arguments: [error.message],
      context: {},
    },
  }
}
