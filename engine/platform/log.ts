// The only home of pino. One JSON line an event on stderr; stdout belongs to what a command prints.
import { pino } from 'pino'

export type Log = Pick<ReturnType<typeof pino>, 'debug' | 'info' | 'warn' | 'error'>

/** Secrets never get here: connections mask them in every text they make. The paths below are a second lock on the door. */
const REDACT = [
  'settings',
  '*.settings',
  'headers.authorization',
  '*.headers.authorization',
  'password',
  '*.password',
  'secret',
  '*.secret',
  'token',
  '*.token',
]

export function openLog(level: string): Log {
  return pino(
    { level, base: undefined, redact: { paths: REDACT, censor: '[secret]' } },
    pino.destination({ dest: 2, sync: false }),
  )
}

const QUIET_MS = 5_000

/** Logs what went wrong in the background. An outage of the database is told once in five seconds, however many works it stops. */
export function errorLog(log: Log, stopping: AbortSignal, isOutage: (error: Error) => boolean): (error: Error) => void {
  let told = 0
  return (error) => {
    if (stopping.aborted) return
    const about = { code: (error as { code?: string }).code, err: error.message }
    if (!isOutage(error)) return log.warn(about, 'work failed; the sweeper repeats it')
    if (Date.now() - told < QUIET_MS) return
    told = Date.now()
    log.warn(about, 'the database is away')
  }
}
