// Time zones: what a clock on a wall means. Luxon has the rules.
import { DateTime, FixedOffsetZone, IANAZone, type Zone } from 'luxon'
import type { AsOptions } from '../rule.ts'
import type { Fault } from './conversion.ts'
import { type Local, millisOf, ofDate } from './local-time.ts'

export function zoneOf(name: string | undefined): Zone | undefined {
  return name === undefined ? undefined : name === 'UTC' ? FixedOffsetZone.utcInstance : IANAZone.create(name)
}

/** A local time in a zone as UTC; names the hour that does not exist, and the one that exists twice. */
export function toUtc(
  local: Local,
  zone: Zone | undefined,
  options: AsOptions,
  given: string,
  fault: Fault,
): Local | undefined {
  if (local.offset === undefined && !zone)
    return fault.fail('HUB_MAP_BAD_VALUE', `\`${given}\` does not say its offset from UTC.`, 'Say `zone:`.')
  let minutes = local.offset
  if (minutes === undefined && zone === FixedOffsetZone.utcInstance) return local
  if (minutes === undefined) {
    const { year, month, day, hour, minute, second } = local
    const found = DateTime.fromObject({ year, month, day, hour, minute, second }, { zone: zone! })
    if (found.hour !== hour || found.minute !== minute) {
      return fault.fail(
        'HUB_MAP_NO_SUCH_TIME',
        `\`${given}\` does not exist in ${options.zone}: the clocks go forward over it.`,
      )
    }
    const possible = found.getPossibleOffsets().sort((a, b) => a.toMillis() - b.toMillis())
    if (possible.length > 1 && !options.ambiguous) {
      return fault.fail(
        'HUB_MAP_AMBIGUOUS_TIME',
        `\`${given}\` happens twice in ${options.zone}: the clocks go back over it.`,
      )
    }
    minutes = (options.ambiguous === 'later' ? possible.at(-1) : possible[0])!.offset
  }
  const utc = new Date(Date.UTC(2000, 0))
  utc.setUTCFullYear(local.year, local.month - 1, local.day)
  utc.setUTCHours(local.hour, local.minute - minutes, local.second)
  if (!(utc.getUTCFullYear() > 0 && utc.getUTCFullYear() < 10_000))
    return fault.fail('HUB_MAP_BAD_VALUE', `\`${given}\` is beyond the years that can be written.`)
  return ofDate(utc, local.fraction)
}

export function inZone(utc: Local, zone: Zone): Local {
  if (zone === FixedOffsetZone.utcInstance) return utc
  const { year, month, day, hour, minute, second } = DateTime.fromMillis(millisOf(utc), { zone })
  return { ...utc, year, month, day, hour, minute, second }
}
