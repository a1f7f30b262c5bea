// For commands that ask the systems themselves: the configuration with its secrets, and where there is none yet, the running demo's.
import path from 'node:path'
import type { Environment } from '../platform/config/environment.ts'
import type { LoadedHub } from '../setup/load.ts'
import { runningSystems } from './demo/systems.ts'
import { systemVariables } from './demo/variables.ts'
import { CommandError, EXIT } from './exit.ts'
import { hubOf, loadRight } from './open.ts'
import type { Printer } from './print.ts'

export async function configured(
  given: string,
  print: Printer,
): Promise<{ loaded: LoadedHub; environment: Environment; config: string }> {
  const { config, environment } = hubOf({ config: given })
  if (config === given) return { loaded: await loadRight(config, print), environment, config }
  const systems = await runningSystems(path.join(environment.stateDir, 'systems'))
  if (!systems)
    throw new CommandError(
      EXIT.unable,
      `HUB_DEMO_SYSTEMS There is no configuration in ${given}/, and no demo runs: npm run demo, or write ${given}/hub.yaml.`,
    )
  const variables = await systemVariables(systems.addresses)
  const variable = (name: string) => variables[name] ?? environment.variable(name)
  return { loaded: await loadRight(config, print, { variable }), environment: { ...environment, variable }, config }
}
