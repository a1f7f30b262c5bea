// What most commands begin with: read the configuration, or open the store of a hub that may be running.
import { existsSync, readdirSync, readFileSync, statSync } from 'node:fs'
import path from 'node:path'
import { renderDiagnostics } from '../platform/config/diagnostic.ts'
import { type Environment, readEnvironment } from '../platform/config/environment.ts'
import { openStore, type Store } from '../platform/store/store.ts'
import { type LoadedHub, loadHub, PROJECT } from '../setup/load.ts'
import { CommandError, EXIT } from './exit.ts'
import { type Printer, printer } from './print.ts'

/** Options that every command takes. */
export interface Common {
  config: string
  json?: boolean
}

export const environment = readEnvironment()

/** A demo keeps its things apart: in a folder of its own, and in a schema of its own where the database is yours. */
export function demoEnvironment(name: string): Environment {
  return {
    ...environment,
    stateDir: path.join(environment.stateDir, name),
    schema: `${environment.schema}_${name.replaceAll('-', '_')}`,
  }
}
export const out = (options: { json?: boolean }): Printer =>
  printer({ color: environment.color, json: options.json ?? false })

/** The hub that a command speaks of: the configured one, or, where nothing is configured yet, the last demo's. */
export function hubOf(options: { config?: string }): { environment: Environment; config: string } {
  const config = options.config ?? 'config'
  if (hasConfiguration(config)) return { environment, config }
  const demos = ['demo', 'demo-csv'].flatMap((name) => {
    const marker = path.join(environment.stateDir, name, 'port')
    return existsSync(marker) ? [{ name, at: statSync(marker).mtimeMs }] : []
  })
  const last = demos.sort((a, b) => b.at - a.at)[0]
  if (!last) return { environment, config }
  return { environment: demoEnvironment(last.name), config: path.join(PROJECT, 'config', last.name) }
}

function hasConfiguration(folder: string): boolean {
  return existsSync(folder) && readdirSync(folder).some((file) => /\.ya?ml$/.test(file))
}

/** Reads a configuration whose errors, if any, are shown and end the command. */
export async function loadRight(
  config: string,
  print: Printer,
  more: { offline?: boolean; variable?: Environment['variable'] } = {},
): Promise<LoadedHub> {
  const loaded = await loadHub({ configDir: config, variable: environment.variable, ...more })
  if (!loaded.found) {
    const shown = path.relative('.', path.resolve(config)) || '.'
    throw new CommandError(
      EXIT.usage,
      `HUB_CONFIG_MISSING There is no hub.yaml in ${shown}/.\n\nCopy an example and fill in your systems, for instance:\n  cp ${path.relative('.', PROJECT) || '.'}/config/examples/storefront-to-warehouse.yaml ${shown}/hub.yaml\n\nOr see a whole hub at work without any account:  npm run demo`,
    )
  }
  const errors = loaded.diagnostics.filter((each) => each.severity === 'error')
  if (errors.length > 0) {
    print.error(renderDiagnostics(errors, { color: print.color, readSource }))
    throw new CommandError(
      EXIT.usage,
      `HUB_CONFIG_INVALID ${errors.length} error${errors.length === 1 ? '' : 's'}; nothing was started.`,
    )
  }
  return loaded
}

export function readSource(file: string): string | undefined {
  try {
    return readFileSync(file, 'utf8')
  } catch {
    return undefined
  }
}

/** Opens the store of a hub, does the work, and closes it again; the embedded server stays if a hub uses it. */
export async function withStore<T>(own: Environment, work: (store: Store) => Promise<T>): Promise<T> {
  const store = await openStore({ databaseUrl: own.databaseUrl, stateDir: own.stateDir, schema: own.schema })
  try {
    return await work(store)
  } finally {
    await store.close()
  }
}
