// Runs one command and turns what it throws into a message and an exit code.
import { CommanderError } from 'commander'
import { CommandError, EXIT } from './exit.ts'
import { buildProgram } from './program.ts'

async function main(): Promise<number> {
  try {
    await buildProgram().parseAsync()
    return EXIT.fine
  } catch (error) {
    if (error instanceof CommanderError) return error.exitCode === 0 ? EXIT.fine : EXIT.usage
    if (error instanceof CommandError) {
      if (error.message) process.stderr.write(`${error.message}\n`)
      return error.exit
    }
    const { message, stack, code } = error as Error & { code?: string }
    const known = /^HUB_/.test(message) ? message : /^HUB_/.test(code ?? '') ? `${code} ${message}` : undefined
    process.stderr.write(`${known ?? stack ?? message}\n`)
    return EXIT.unable
  }
}

// `handoff … | head` closes our output early; that is not an error.
process.stdout.on('error', (error: NodeJS.ErrnoException) => {
  if (error.code === 'EPIPE') process.exit(EXIT.fine)
  throw error
})
process.exitCode = await main()
