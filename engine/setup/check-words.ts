// What the checks of a configuration share: how they report, and what they say about a name or a schedule that is not right.
import { type Diagnostic, nearest, type Path } from '../platform/config/diagnostic.ts'
import { nextRun } from '../platform/queue/cron.ts'

export type Found = Pick<Diagnostic, 'code' | 'message'> & Partial<Pick<Diagnostic, 'hint' | 'cure'>>
export type Reporter = (path: Path, found: Found, part?: 'key' | 'value') => void

export function unknown(code: string, what: string, word: string, known: string[]): Found {
  const hint = nearest(word, known)
  return {
    code,
    message: `There is no ${what} "${word}".`,
    ...(hint ? { hint } : {}),
    ...(known.length > 0 ? { cure: `Known: ${known.sort().join(', ')}.` } : {}),
  }
}

interface Timing {
  every?: string
  cron?: string
  zone?: string
}

/** Both of them, or a line or a zone that no clock knows. */
export function checkTiming({ every, cron, zone }: Timing, report: Reporter): void {
  if (every && cron)
    report(
      ['cron'],
      {
        code: 'HUB_CONFIG_TWO_SCHEDULES',
        message: 'There is either `every` or `cron`.',
        cure: 'Remove one of the two.',
      },
      'key',
    )
  if (zone && !isZone(zone)) {
    const found = unknown('HUB_CONFIG_UNKNOWN_ZONE', 'time zone', zone, Intl.supportedValuesOf('timeZone'))
    report(['zone'], { ...found, cure: 'Write an IANA name: Europe/Berlin.' })
  }
  if (cron && !isCron(cron))
    report(['cron'], {
      code: 'HUB_CONFIG_WRONG_CRON',
      message: `"${cron}" is no cron line that ever comes due.`,
      cure: 'Write minute, hour, day, month and day of the week: "30 3 * * *".',
    })
}

function isZone(zone: string): boolean {
  try {
    new Intl.DateTimeFormat('en-US', { timeZone: zone })
    return true
  } catch {
    return false
  }
}

function isCron(line: string): boolean {
  try {
    return nextRun(Date.now(), line, 'UTC') !== undefined
  } catch {
    return false
  }
}
