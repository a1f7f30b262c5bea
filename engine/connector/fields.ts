// The settings of a connection. One expression is the JSON Schema, the TypeScript type, the words of a form and the
// mark that keeps the value out of every message.
import type { Connector, Field, Fields } from './contract.ts'

interface Words {
  hint?: string
  example?: unknown
}
type Optional = Words & { optional: true }
type Defaulted<T> = Words & { default: T }

interface Maker<T> {
  (title: string, options?: Words): Field<T>
  (title: string, options: Defaulted<T>): Field<T>
  (title: string, options: Optional): Field<T | undefined>
}

function maker<T>(type: Record<string, unknown>, secret = false): Maker<T> {
  return ((title: string, options: Words & { optional?: true; default?: T } = {}) =>
    make(type, title, options, secret)) as Maker<T>
}

function make(
  type: Record<string, unknown>,
  title: string,
  options: Words & { optional?: true; default?: unknown },
  secret = false,
): Field<any> {
  return {
    schema: {
      ...type,
      title,
      ...(options.hint ? { description: options.hint } : {}),
      ...(options.example === undefined ? {} : { examples: [options.example] }),
      ...(options.default === undefined ? {} : { default: options.default }),
      ...(secret ? { 'x-secret': true } : {}),
    },
    title,
    ...(options.hint ? { hint: options.hint } : {}),
    secret,
    required: !options.optional && options.default === undefined,
  }
}

export const field = {
  text: maker<string>({ type: 'string', minLength: 1 }),
  url: maker<string>({ type: 'string', pattern: '^https?://[^\\s/?#]+(/[^\\s?#]*)?$' }),
  secret: maker<string>({ type: 'string', minLength: 1 }, true),
  /** One, or several while it is being replaced: the first is the new one. */
  secrets: maker<string | string[]>(
    { type: ['string', 'array'], minLength: 1, minItems: 1, maxItems: 3, items: { type: 'string', minLength: 1 } },
    true,
  ),
  /** An address that lets whoever knows it in (a webhook of a chat). */
  secretUrl: maker<string>({ type: 'string', pattern: '^https?://[^\\s/?#]+\\S*$' }, true),
  number: maker<number>({ type: 'number' }),
  integer: maker<number>({ type: 'integer' }),
  boolean: maker<boolean>({ type: 'boolean' }),
  duration: maker<string>({ type: 'string', pattern: '^\\d+(\\.\\d+)?(ms|s|m|h|d)$' }),
  list: maker<string[]>({ type: 'array', items: { type: 'string' } }),
  /** One of a few words. */
  choice<const T extends string>(
    title: string,
    values: readonly T[],
    options: Words & { default?: T; optional?: true } = {},
  ): Field<T> {
    return make({ type: 'string', enum: values }, title, options)
  },
  /** Anything else, described by a JSON Schema of its own. */
  object<T>(
    title: string,
    schema: Record<string, unknown>,
    options: Words & { default?: T; optional?: true } = {},
  ): Field<T> {
    return make({ type: 'object', ...schema }, title, options)
  },
}

/** The JSON Schema of a connector's settings, for the configuration check and the generated pages. */
export function settingsSchema(connector: Connector<any>): Record<string, unknown> {
  const fields = Object.entries(connector.settings as Fields)
  return {
    type: 'object',
    title: `${connector.title} settings`,
    properties: Object.fromEntries(fields.map(([name, one]) => [name, one.schema])),
    required: fields.filter(([, one]) => one.required).map(([name]) => name),
    additionalProperties: false,
  }
}

/** The settings with the definition's defaults filled in. */
export function withDefaults(connector: Connector<any>, settings: Record<string, unknown>): Record<string, unknown> {
  const filled = { ...settings }
  for (const [name, one] of Object.entries(connector.settings as Fields))
    if (filled[name] === undefined && one.schema['default'] !== undefined) filled[name] = one.schema['default']
  return filled
}

/** The values that must never leave the kit in any text. */
export function secretValues(connector: Connector<any>, settings: Record<string, unknown>): string[] {
  return Object.entries(connector.settings as Fields)
    .filter(([, one]) => one.secret)
    .flatMap(([name]) => [settings[name]].flat().flatMap((one) => (typeof one === 'string' ? formsOf(one) : [])))
}

/** An address as it is written, and as it stands in requests (without `:443`, for instance). */
function formsOf(secret: string): string[] {
  return /^https?:/.test(secret) && URL.canParse(secret) ? [...new Set([secret, new URL(secret).href])] : [secret]
}
