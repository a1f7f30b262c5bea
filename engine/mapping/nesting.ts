// The slip that almost everybody makes first: the fields of an object written straight below it, without `fields:`.
import { type Diagnostic, pathText } from '../platform/config/diagnostic.ts'
import type { YamlFile } from '../platform/config/yaml.ts'
import type { Json } from './types.ts'

const SOURCES = ['from', 'const', 'first', 'join', 'list', 'use', 'fields', 'item', 'expr', 'to']

/** What a schema says about such a file, with one sentence for each object instead of one for each of its fields. */
export function nestingTold(diagnostics: Diagnostic[], yaml: YamlFile): Diagnostic[] {
  const unknown = diagnostics.filter((one) => one.code === 'HUB_MAP_UNKNOWN_KEY' && one.hint === undefined)
  const told: Diagnostic[] = []
  const gone = new Set<Diagnostic>()
  const look = (rules: Json, at: (string | number)[]): void => {
    for (const [target, rule] of Object.entries((rules ?? {}) as Record<string, Json>)) {
      if (!rule || typeof rule !== 'object' || Array.isArray(rule)) continue
      const here = [...at, target]
      look(rule.fields, [...here, 'fields'])
      const own = Object.keys(rule).filter((key) => unknown.some((one) => one.path === pathText([...here, key])))
      if (own.length === 0 || SOURCES.some((key) => key in rule)) continue
      for (const one of diagnostics) if (one.path?.startsWith(`${pathText(here)}.`)) gone.add(one)
      const first = own[0]!
      told.push(
        yaml.diagnostic(here, 'key', {
          code: 'HUB_MAP_UNKNOWN_KEY',
          severity: 'error',
          message: `\`${target}\` has its fields straight below it: ${own.map((key) => `\`${key}\``).join(', ')}.`,
          cure:
            'each' in rule
              ? `The fields of each item stand under \`fields:\`, as in \`${target}: { each: …, fields: { ${first}: … } }\`.`
              : `They stand under \`fields:\`, as in \`${target}: { fields: { ${first}: … } }\`; or say the whole path: \`${target}.${first}: …\`.`,
        }),
      )
    }
  }
  look(yaml.value?.fields, ['fields'])
  return [...diagnostics.filter((one) => !gone.has(one)), ...told]
}
