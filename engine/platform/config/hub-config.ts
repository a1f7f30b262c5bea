// The configuration of a hub: every *.yaml of one folder (never of its subfolders), read as one, checked by schema.
import { readdirSync } from 'node:fs'
import path from 'node:path'
import type { Diagnostic } from './diagnostic.ts'
import type { ReferenceFault } from './references.ts'
import { resolveReferences } from './references.ts'
import type { Schemas } from './schema.ts'
import { readYaml, type YamlFile } from './yaml.ts'

export interface ConnectionConfig {
  connector: string
  settings?: Record<string, unknown>
  limit?: { requests: number; per: string }
  concurrency?: number
}
export interface SourceConfig {
  pull: string
  into: string
  also?: string[]
  mapping?: string
  every?: string
  cron?: string
  zone?: string
  since?: string
  silent?: string
  webhook?: boolean
  lane?: 'urgent' | 'normal' | 'bulk'
}
export interface RouteConfig {
  record: string
  when?: Record<string, unknown>
  push?: string
  call?: string
  once?: string
  with?: string[]
  mapping?: string
  since?: string
  within?: string
  lane?: 'urgent' | 'normal' | 'bulk'
}
export interface ReconcileConfig {
  record: string
  /** What the first one holds should be at the second one. */
  between: [string, string]
  since?: string
  every?: string
  cron?: string
  zone?: string
  redrive?: boolean
}
/** What an alert may be about; schemas/config/hub.json explains each. */
export const ALERT_KINDS = [
  'failed',
  'parked',
  'held',
  'failing',
  'connection-down',
  'silent',
  'overdue',
  'no-worker',
  'drift',
  'reconcile-gap',
] as const
export type AlertKind = (typeof ALERT_KINDS)[number]
export interface AlertConfig {
  on?: AlertKind[]
  to: string[]
  about?: string[]
  group?: string
  remind?: string
  attempts?: number
}
export interface HubConfig {
  connections: Record<string, ConnectionConfig>
  sources: Record<string, SourceConfig>
  routes: Record<string, RouteConfig>
  owners: Record<string, string>
  alerts: Record<string, AlertConfig>
  reconcile?: Record<string, ReconcileConfig>
  retention?: { payloads?: string; attempts?: string; events?: string; webhooks?: string; runs?: string }
  server: { host: string; port: number; publicUrl?: string }
}

/** A configuration as read: its value with references resolved, and where each part of it stands. */
export interface ReadConfig {
  config: HubConfig
  diagnostics: Diagnostic[]
  /** The file that holds `section.name`, for further diagnostics. */
  fileOf: (section: string, name: string) => YamlFile | undefined
  /** Whether there is a hub at all: a folder with at least one YAML file. */
  found: boolean
}

const SECTIONS = ['connections', 'sources', 'routes', 'owners', 'alerts', 'reconcile'] as const

export function readConfig(
  folder: string,
  schemas: Schemas,
  variable: (name: string) => string | undefined,
  offline = false,
): ReadConfig {
  const config: HubConfig = {
    connections: {},
    sources: {},
    routes: {},
    owners: {},
    alerts: {},
    reconcile: {},
    server: { host: '127.0.0.1', port: 8480 },
  }
  const diagnostics: Diagnostic[] = []
  const homes = new Map<string, YamlFile>()
  const names = listYaml(folder)
  for (const name of names) {
    const file = path.join(folder, name)
    const yaml = readYaml(file, path.relative('.', file) || file)
    diagnostics.push(...yaml.diagnostics)
    if (yaml.diagnostics.some((each) => each.severity === 'error') || yaml.value === null || yaml.value === undefined)
      continue
    const faults = schemas.check('config/hub', yaml, 'CONFIG')
    diagnostics.push(...faults)
    const resolved = resolveReferences(yaml.value, variable, offline)
    diagnostics.push(...resolved.faults.map((fault) => referenceDiagnostic(yaml, fault)))
    if (faults.length > 0) continue
    mergeInto(config, resolved.value as Partial<HubConfig>, yaml, homes, diagnostics)
  }
  return { config, diagnostics, fileOf: (section, name) => homes.get(`${section}.${name}`), found: names.length > 0 }
}

function listYaml(folder: string): string[] {
  try {
    return readdirSync(folder, { withFileTypes: true })
      .filter((entry) => entry.isFile() && /\.ya?ml$/.test(entry.name))
      .map((entry) => entry.name)
      .sort()
  } catch {
    return []
  }
}

function referenceDiagnostic(yaml: YamlFile, { path: at, ...rest }: ReferenceFault): Diagnostic {
  return yaml.diagnostic(at, 'value', { severity: 'error', ...rest })
}

function mergeInto(
  config: HubConfig,
  part: Partial<HubConfig>,
  yaml: YamlFile,
  homes: Map<string, YamlFile>,
  diagnostics: Diagnostic[],
): void {
  for (const section of SECTIONS) {
    for (const [name, value] of Object.entries(part[section] ?? {})) {
      const home = homes.get(`${section}.${name}`)
      if (home) {
        const message = `${section}.${name} is already in ${home.file}:${home.at([section, name], 'key').line}.`
        diagnostics.push(
          yaml.diagnostic([section, name], 'key', {
            code: 'HUB_CONFIG_TWICE',
            severity: 'error',
            message,
            cure: 'Keep one of the two.',
          }),
        )
        continue
      }
      homes.set(`${section}.${name}`, yaml)
      ;(config[section] as Record<string, unknown>)[name] = value
    }
  }
  Object.assign(config.server, part.server)
  if (part.retention) config.retention = { ...config.retention, ...part.retention }
}
