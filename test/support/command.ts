// The command line as a person uses it, in a process of its own, on the database of a test's world.
import { type ChildProcess, spawn } from 'node:child_process'
import { tmpdir } from 'node:os'
import path from 'node:path'

const CLI = path.resolve(import.meta.dirname, '..', '..', 'engine', 'cli', 'main.ts')

interface Ended {
  code: number | null
  output: string
}

/** Starts `handoff …` on a schema of the test run's database. */
export function startHandoff(
  schema: string,
  args: string[],
  env: Record<string, string> = {},
): { child: ChildProcess; done: Promise<Ended> } {
  const child = spawn(process.execPath, [CLI, ...args], {
    env: {
      ...process.env,
      DATABASE_URL: process.env['HANDOFF_TEST_DATABASE'],
      HANDOFF_SCHEMA: schema,
      // Nobody's: a demo that was run in this folder is not the hub that is spoken of.
      HANDOFF_STATE: path.join(tmpdir(), 'handoff-no-state'),
      NO_COLOR: '1',
      EDITOR: '',
      VISUAL: '',
      HANDOFF_LOG: 'silent',
      REDIS_URL: '',
      ...env,
    },
  })
  let output = ''
  child.stdout.on('data', (chunk) => (output += chunk))
  child.stderr.on('data', (chunk) => (output += chunk))
  return { child, done: new Promise((resolve) => child.on('close', (code) => resolve({ code, output }))) }
}

/** Runs it to its end; answers exit code and everything it printed. */
export function handoff(schema: string, args: string[], env: Record<string, string> = {}): Promise<Ended> {
  return startHandoff(schema, args, env).done
}
