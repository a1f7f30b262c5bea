// Other systems are no dependency of Handoff: they are fetched from the npm registry into a folder of the system's temporary
// ones, only when somebody asks for the comparison, and stay there for the next time.
import { spawnSync } from 'node:child_process'
import { existsSync, mkdirSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'

/**
 * The `node_modules` that a package lies in. `rebuild`: those of its dependencies that must be compiled; no other install script
 * runs (n8n's fetch programs from elsewhere). Throws what npm said if it does not work.
 */
export function installed(name: string, version: string, rebuild: string[] = []): string {
  const folder = path.join(tmpdir(), 'handoff-bench-peers', `${name}-${version}`)
  const done = path.join(folder, 'installed')
  if (!existsSync(done)) {
    rmSync(folder, { recursive: true, force: true })
    mkdirSync(folder, { recursive: true })
    writeFileSync(path.join(folder, 'package.json'), '{ "private": true }\n')
    console.log(`  installing ${name} ${version} into ${folder} (n8n takes minutes and 3 GB) …`)
    // The prefix is named because npm, started by `npm run`, might take the project for its place.
    npm(folder, ['install', `${name}@${version}`, '--prefix', folder, '--ignore-scripts', '--no-audit', '--no-fund'])
    if (rebuild.length > 0) npm(folder, ['rebuild', ...rebuild, '--prefix', folder])
    writeFileSync(done, '')
  }
  return path.join(folder, 'node_modules')
}

function npm(folder: string, args: string[]): void {
  const run = spawnSync('npm', args, {
    cwd: folder,
    encoding: 'utf8',
    shell: process.platform === 'win32',
    // What is compiled must fit the Node that this process runs on.
    env: { ...process.env, PATH: `${path.dirname(process.execPath)}${path.delimiter}${process.env['PATH']}` },
  })
  if (run.status !== 0) throw new Error(`npm ${args.join(' ')} failed:\n${run.stderr || run.error}`)
}
