// `${env.NAME}`, `${env.NAME:-default}` and `${file:/run/secrets/name}` in the texts of a configuration.
import { readFileSync } from 'node:fs'
import type { Path } from './diagnostic.ts'

const REFERENCE = /\$\{(?:env\.([A-Za-z_][A-Za-z0-9_]*)(?::-([^}]*))?|file:([^}]+)|([^}]*))\}/g

export interface ReferenceFault {
  path: Path
  code: 'HUB_CONFIG_ENV_UNSET' | 'HUB_CONFIG_FILE_UNREADABLE' | 'HUB_CONFIG_BAD_REFERENCE'
  message: string
  cure: string
}

/** Replaces every reference in a value; answers a new value and what could not be resolved. `offline` leaves what is not set as it is, without a fault. */
export function resolveReferences(
  value: unknown,
  variable: (name: string) => string | undefined,
  offline = false,
): { value: unknown; faults: ReferenceFault[] } {
  const faults: ReferenceFault[] = []
  const walk = (node: unknown, path: Path): unknown => {
    if (typeof node === 'string') return node.includes('${') ? text(node, path) : node
    if (Array.isArray(node)) return node.map((each, index) => walk(each, [...path, index]))
    if (typeof node === 'object' && node !== null)
      return Object.fromEntries(Object.entries(node).map(([key, each]) => [key, walk(each, [...path, key])]))
    return node
  }
  const text = (template: string, path: Path): string =>
    template.replace(REFERENCE, (whole, name?: string, fallback?: string, file?: string) => {
      if (name) {
        const set = variable(name)
        if (set !== undefined && set !== '') return set
        if (fallback !== undefined) return fallback
        if (!offline)
          faults.push({
            path,
            code: 'HUB_CONFIG_ENV_UNSET',
            message: `The environment variable ${name} is not set.`,
            cure: `Set it, or write a default: \${env.${name}:-value}.`,
          })
        return whole
      }
      if (file) {
        try {
          return readFileSync(file, 'utf8').replace(/\r?\n$/, '')
        } catch (error) {
          if (!offline)
            faults.push({
              path,
              code: 'HUB_CONFIG_FILE_UNREADABLE',
              message: `The file ${file} cannot be read: ${(error as NodeJS.ErrnoException).code}.`,
              cure: 'Create it, or correct the path.',
            })
          return whole
        }
      }
      faults.push({
        path,
        code: 'HUB_CONFIG_BAD_REFERENCE',
        message: `\`${whole}\` is not a reference.`,
        cure: 'Write ${env.NAME}, ${env.NAME:-default} or ${file:/path}.',
      })
      return whole
    })
  return { value: walk(value, []), faults }
}
