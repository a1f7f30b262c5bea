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
