import type { JsonSchema } from '../../platform/config/schema-inline.ts'
import { joinPath, type Segment, segmentsText } from '../path.ts'

/** What a schema knows about a path: the schema there, nothing (an open part), or that there is no such field. */
export type Walked =
  | { kind: 'found'; schema: JsonSchema; required: boolean }
  | { kind: 'open' }
  | { kind: 'missing'; name: string; inside: string; known: string[] }
  /** A step that the schema forbids: an index into something that is no list, a name in a list. */
  | { kind: 'shape'; is: 'list' | 'not a list'; inside: string }

/** Follows a path through a schema. */
export function walk(schema: JsonSchema, segments: readonly Segment[], root = schema): Walked {
  let here = flat(schema, root)
  let required = true
  for (const [i, segment] of segments.entries()) {
    const inside = segmentsText(segments.slice(0, i))
    const types = typesOf(here)
    if (!('name' in segment)) {
      if (types && !types.includes('array')) return { kind: 'shape', is: 'not a list', inside }
      if (!here.items) return { kind: 'open' }
      here = flat(here.items, root)
      required = false
      continue
    }
    if (types?.includes('array') && !types.includes('object')) return { kind: 'shape', is: 'list', inside }
    const known = here.properties
    if (known && Object.hasOwn(known, segment.name)) {
      required &&= here.required?.includes(segment.name) ?? false
      here = flat(known[segment.name]!, root)
      continue
    }
    if (here.additionalProperties && typeof here.additionalProperties === 'object') {
      here = flat(here.additionalProperties, root)
      required = false
      continue
    }
    // A schema that lists fields and does not say that there are others knows all of them.
    if (known && here.additionalProperties !== true && !here['patternProperties']) {
      return { kind: 'missing', name: segment.name, inside, known: Object.keys(known) }
    }
    if (types && !types.includes('object') && !known) return { kind: 'missing', name: segment.name, inside, known: [] }
    return { kind: 'open' }
  }
  return { kind: 'found', schema: here, required }
}

/** A schema with its alternatives laid over each other, so that it can be asked for fields and types. */
export function flat(schema: JsonSchema, root: JsonSchema): JsonSchema {
  let here = schema
  for (let hops = 0; here.$ref && hops < 20; hops++) {
    const target = here.$ref
      .split('/')
      .slice(1)
      .reduce<any>((at, part) => at?.[part], root)
    if (!target) return {}
    const { $ref: _, ...own } = here
    here = { ...target, ...own }
  }
  const parts: JsonSchema[] = [...(here['allOf'] ?? []), ...(here['anyOf'] ?? []), ...(here['oneOf'] ?? [])]
  if (!parts.length) return here
  const merged: JsonSchema = { ...here }
  const choice = [...(here['anyOf'] ?? []), ...(here['oneOf'] ?? [])] as JsonSchema[]
  for (const part of parts.map((one) => flat(one, root))) {
    if (part.properties) merged.properties = { ...part.properties, ...merged.properties }
    if (part.items && !merged.items) merged.items = part.items
    if (part.additionalProperties === true) merged.additionalProperties = true
    if (!choice.length && part.required) merged.required = [...new Set([...(merged.required ?? []), ...part.required])]
  }
  if (!here.type) {
    const types = (choice.length ? choice : parts).map((one) => typesOf(flat(one, root)))
    if (types.every((type) => type)) merged.type = [...new Set(types.flatMap((type) => type!))]
  }
  if (!here.enum && choice.length) {
    const enums = choice.map((one) => flat(one, root)).filter((one) => one.type !== 'null')
    if (enums.every((one) => one.enum)) merged.enum = enums.flatMap((one) => one.enum!)
  }
  return merged
}

/** The types a schema allows, without null; undefined when it allows any. */
export function typesOf(schema: JsonSchema): string[] | undefined {
  if (schema.type) {
    const types = [schema.type].flat().filter((type) => type !== 'null')
    return types.length ? types : undefined
  }
  if (schema.properties) return ['object']
  if (schema.items) return ['array']
  const values = schema.enum ?? ('const' in schema ? [schema['const']] : undefined)
  return values
    ? [...new Set(values.filter((value) => value !== null).map((value) => typeof value as string))]
    : undefined
}

/** The values a schema lists, without null; undefined when it lists none. */
export function valuesAt(schema: JsonSchema): unknown[] | undefined {
  if ('const' in schema) return [schema['const']]
  return schema.enum?.filter((value) => value !== null)
}

/**
 * Every field below a schema as paths, lists passed through: `line_items.sku`. Stops at `most` levels. What a schema marks as
 * `x-aside` is left out: it is about the item, not of it, such as the number of a line.
 */
export function* fieldsOf(
  schema: JsonSchema,
  root = schema,
  at = '',
  most = 6,
): Generator<{ path: string; leaf: boolean }> {
  const here = flat(schema, root)
  if (here.items && most > 0) {
    yield* fieldsOf(here.items, root, at, most)
    return
  }
  for (const [name, part] of Object.entries(here.properties ?? {})) {
    if (part['x-aside']) continue
    const path = joinPath(at, segmentsText([{ name }]))
    const inner = most > 1 ? [...fieldsOf(part, root, path, most - 1)] : []
    yield { path, leaf: inner.length === 0 }
    yield* inner
  }
}
