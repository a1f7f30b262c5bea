// `node tools/node24.mjs sandbox/main.ts --dir DIR [--control-port PORT]`: runs the stand-ins until SIGTERM or SIGINT.
// One line of JSON on standard output says when they are ready and where: {"control": URL, "systems": {NAME: URL, …}}.
import { parseArgs } from 'node:util'
import { startSandbox } from './sandbox.ts'

const { values } = parseArgs({ options: { dir: { type: 'string' }, 'control-port': { type: 'string', default: '0' } } })
if (!values.dir) {
  console.error('Say where to keep the state: sandbox/main.ts --dir DIR')
  process.exit(2)
}

try {
  const sandbox = await startSandbox({ dir: values.dir, controlPort: Number(values['control-port']) })
  const stop = () => sandbox.close().then(() => process.exit(0))
  process.once('SIGTERM', stop)
  process.once('SIGINT', stop)
  console.log(JSON.stringify({ control: sandbox.control, systems: sandbox.systems }))
} catch (error) {
  console.error(error instanceof Error ? error.message : error)
  process.exit(1)
}
