// A hub process of the chaos scenarios: `hub.ts ROOT PORT`. Configuration and mappings are those of ROOT, a copy of the demo's, so that
// a scenario can change them; everything else comes from the environment.
import path from 'node:path'
import { startHub } from '../../engine/hub-process.ts'
import { readEnvironment } from '../../engine/platform/config/environment.ts'
import { openLog } from '../../engine/platform/log.ts'
import { loadHub } from '../../engine/setup/load.ts'

const [root, port] = process.argv.slice(2) as [string, string]
const environment = readEnvironment()
const configDir = path.join(root, 'config')
const loaded = await loadHub({ configDir, root, variable: environment.variable })
const hub = await startHub(loaded, {
  environment,
  configDir,
  root,
  log: openLog(environment.logLevel),
  serve: true,
  schedule: true,
  port: Number(port),
  drainMs: 5_000,
})
process.once('SIGTERM', () => void hub.stop().then(() => process.exit(0)))
console.log(JSON.stringify({ url: hub.url }))
