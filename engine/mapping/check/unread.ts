import type { JsonSchema } from '../../platform/config/schema-inline.ts'
import type { Report } from '../parse.ts'
import { parsePath } from '../path.ts'
import type { Origin } from '../rule.ts'
import { below } from '../rule.ts'
import { plainText, type Readings } from './scope.ts'
import { fieldsOf } from './walk.ts'

/** Source fields that no rule reads and `ignore` does not list; entries of `ignore` that mean nothing. */
export function checkUnread(
  schema: JsonSchema,
  readings: Readings,
  ignore: string[],
  origin: Origin,
  report: Report,
): void {
  const ignored = new Map<string, number>()
  for (const [i, text] of ignore.entries()) {
    const path = parsePath(text)
    if (typeof path === 'string')
      report(below(below(origin, 'ignore'), i), 'value', { code: 'HUB_MAP_RULE', message: path })
    else ignored.set(plainText(path.segments), i)
  }
  const covered = (path: string) =>
    [...readings.values, ...ignored.keys()].some((used) => used === '' || path === used || path.startsWith(`${used}.`))
  const touched = (path: string) =>
    [...readings.values, ...readings.parts, ...ignored.keys()].some(
      (used) => used === path || used.startsWith(`${path}.`),
    )
  const unread: string[] = []
  const known = new Set<string>()
  for (const { path } of fieldsOf(schema)) {
    known.add(path)
    if (covered(path) || touched(path) || unread.some((above) => path.startsWith(`${above}.`))) continue
    unread.push(path)
  }
  if (unread.length) {
    const shown = unread.slice(0, 20).join(', ') + (unread.length > 20 ? ` and ${unread.length - 20} more` : '')
    report(below(origin, 'ignore'), 'key', {
      code: 'HUB_MAP_UNMAPPED_SOURCE',
      severity: 'warning',
      message: `Neither mapped nor under \`ignore\`: ${shown}.`,
    })
  }
  for (const [path, i] of ignored) {
    const place = below(below(origin, 'ignore'), i)
    if (readings.values.has(path))
      report(place, 'value', {
        code: 'HUB_MAP_DEAD',
        severity: 'warning',
        message: `\`${path}\` is mapped, so ignoring it means nothing.`,
      })
    else if (known.size && !known.has(path) && schema.additionalProperties === false)
      report(place, 'value', { code: 'HUB_MAP_DEAD', severity: 'warning', message: `The source has no \`${path}\`.` })
  }
}

/** What a mapping has to do with a field of its source, as `Mapping.concern` answers it. */
export function concernOf(
  { values, parts }: Readings,
  ignore: string[],
): (field: string) => 'reads' | 'ignores' | undefined {
  const ignored = ignore.flatMap((text) => {
    const path = parsePath(text)
    return typeof path === 'string' ? [] : [plainText(path.segments)]
  })
  const covers = (used: string, path: string) => used === '' || used === path || path.startsWith(`${used}.`)
  return (field) => {
    const path = field.replaceAll('[]', '')
    if ([...values].some((used) => covers(used, path) || covers(path, used))) return 'reads'
    if ([...parts].some((used) => covers(path, used))) return 'reads'
    return ignored.some((used) => covers(used, path)) ? 'ignores' : undefined
  }
}
