// A compiled mapping as the stages use it: its errors become problems, and an error that may wait becomes a wait.
import type { Mapper, MapResult } from '../hub.ts'
import type { Mapper as CompiledMapper, MapResult as CompiledResult, MapError, Mapping } from '../mapping/types.ts'

export function mapperOf(mapping: Mapping, direction: 'in' | 'out'): Mapper {
  const compiled: CompiledMapper = mapping[direction]!
  return {
    name: mapping.name,
    revision: mapping.revision,
    partial: mapping.partial,
    concern: mapping.concern,
    speaks: compiled.rules.map((rule) => rule.target),
    links: (source, context) => (compiled.hasLinks ? compiled.links(source, context) : []),
    run: (source, context) => {
      const full = { ...context, link: (resource: string, value: string) => context.link({ resource, value }) }
      return compiled.expressions > 0
        ? compiled.runAsync(source, full).then(resultOf)
        : resultOf(compiled.run(source, full))
    },
  }
}

function resultOf(result: CompiledResult): MapResult {
  if (result.skipped !== undefined) return { skipped: result.skipped }
  if (result.errors === undefined) return { record: result.record }
  // It waits only when nothing else is wrong: what is wrong now would still be wrong then.
  const wait = result.errors.every((error) => error.wait) ? result.errors[0]?.wait : undefined
  const problems = result.errors.map(problemOf)
  return wait ? { problems, waitFor: { resource: wait.link.resource, value: wait.link.value } } : { problems }
}

function problemOf({ code, at, from, value, message, cure, rule }: MapError) {
  return {
    code,
    message,
    at,
    cure,
    ...(from === undefined ? {} : { from }),
    ...(value === undefined ? {} : { value }),
    ...(rule === undefined ? {} : { rule }),
  }
}
