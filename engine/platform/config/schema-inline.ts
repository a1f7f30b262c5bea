/** A JSON Schema, or a part of one. */
export interface JsonSchema {
  type?: string | string[]
  properties?: Record<string, JsonSchema>
  required?: string[]
  items?: JsonSchema
  enum?: unknown[]
  additionalProperties?: boolean | JsonSchema
  format?: string
  title?: string
  description?: string
  examples?: unknown[]
  $ref?: string
  [keyword: string]: any
}

const verbatim = new Set(['$defs', 'definitions', 'examples', 'enum', 'const', 'default'])

/**
 * A schema with its references put in place, so that it can be walked. References go to files of the same set by
 * relative path (`shared/money.json#/…`) or into the same file (`#/$defs/…`). Words beside a reference win over what
 * it refers to. Where a schema contains itself, the inner one keeps its reference and a `$defs` to find it.
 */
export function inlineSchema(set: ReadonlyMap<string, JsonSchema>, name: string): JsonSchema {
  const root = set.get(name)
  if (!root) throw new Error(`There is no schema named ${name}.`)
  const recursive = new Map<string, JsonSchema>()

  const walk = (node: unknown, file: string, open: readonly string[]): unknown => {
    if (Array.isArray(node)) return node.map((item) => walk(item, file, open))
    if (!node || typeof node !== 'object') return node
    const { $ref, ...rest } = node as JsonSchema
    const own = Object.fromEntries(
      Object.entries(rest).map(([key, value]) => [
        key,
        key === 'properties' ? properties(value, file, open) : verbatim.has(key) ? value : walk(value, file, open),
      ]),
    )
    if (typeof $ref !== 'string') return own
    const target = locate(file, $ref)
    if (open.includes(target.id)) {
      if (!recursive.has(target.id)) {
        recursive.set(target.id, {})
        recursive.set(target.id, walk(target.schema, target.file, [target.id]) as JsonSchema)
      }
      return { $ref: `#/$defs/${defName(target.id)}` }
    }
    return { ...(walk(target.schema, target.file, [...open, target.id]) as JsonSchema), ...own }
  }

  // Names of properties are the user's own words: one may be called `examples`.
  const properties = (all: object, file: string, open: readonly string[]) =>
    Object.fromEntries(Object.entries(all ?? {}).map(([key, value]) => [key, walk(value, file, open)]))

  const locate = (file: string, ref: string) => {
    const [path = '', fragment = ''] = ref.split('#')
    const target = path ? join(file, path) : file
    let schema: any = set.get(target)
    if (!schema) throw new Error(`The schema ${file} refers to ${ref}, which does not exist.`)
    for (const part of fragment.split('/').filter(Boolean)) {
      schema = schema?.[decodeURIComponent(part).replaceAll('~1', '/').replaceAll('~0', '~')]
      if (schema === undefined) throw new Error(`The schema ${file} refers to ${ref}, which does not exist.`)
    }
    return { id: `${target}#${fragment}`, file: target, schema }
  }

  const { $schema: _, ...whole } = walk(root, name, [`${name}#`]) as JsonSchema
  delete whole['$defs']
  delete whole['definitions']
  if (recursive.size) whole['$defs'] = Object.fromEntries([...recursive].map(([id, schema]) => [defName(id), schema]))
  return whole
}

function defName(id: string): string {
  return id.replace(/[^\w]+/g, '_')
}

function join(file: string, path: string): string {
  const parts = file.split('/').slice(0, -1)
  for (const part of path.replace(/\.json$/, '').split('/')) {
    if (part === '..') parts.pop()
    else if (part !== '.') parts.push(part)
  }
  return parts.join('/')
}
