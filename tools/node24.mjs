// Runs `node <args>` under Node 24 or newer, whatever Node started it: the machine's own where it is new enough,
// otherwise the one that npm installed (node-<platform>-<arch>, an optional dependency without an install script).
import { spawn } from 'node:child_process'
import { createRequire } from 'node:module'
import path from 'node:path'
import { fileURLToPath } from 'node:url'

function node24() {
  if (Number(process.versions.node.split('.')[0]) >= 24) return process.execPath
  const platform = process.platform === 'win32' ? 'win' : process.platform
  const name = `node-${platform}-${process.arch}`
  try {
    const manifest = createRequire(import.meta.url).resolve(`${name}/package.json`)
    return path.join(path.dirname(manifest), 'bin', platform === 'win' ? 'node.exe' : 'node')
  } catch {
    console.error(`Handoff needs Node 24 or newer; this is ${process.version}, and ${name} is not installed.`)
    console.error('Run `npm ci` again without --omit=optional, or install Node 24 from your system.')
    process.exit(1)
  }
}

export function run(args) {
  const bin = node24()
  const env = {
    // Code is compiled once, not at every start: half of its CPU, and 20 MB less. Where it cannot be written, Node does without.
    NODE_COMPILE_CACHE: fileURLToPath(new URL('../node_modules/.cache/code', import.meta.url)),
    ...process.env,
    PATH: `${path.dirname(bin)}${path.delimiter}${process.env.PATH ?? ''}`,
  }
  const child = spawn(bin, args, { stdio: 'inherit', env })
  // A terminal sends Ctrl-C to the whole group, so the child has it already; forwarding makes `kill PID` work too.
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.on(signal, () => child.kill(signal))
  child.on('exit', (code, signal) => process.exit(code ?? (signal ? 143 : 1)))
}

if (import.meta.url === `file://${process.argv[1]}` || process.argv[1]?.endsWith('node24.mjs'))
  run(process.argv.slice(2))
