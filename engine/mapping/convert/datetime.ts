// Moments and days. Moments are RFC 3339 in UTC, days are YYYY-MM-DD; local times need a zone.
import { DateTime, FixedOffsetZone, IANAZone } from 'luxon'
import type { AsOptions } from '../rule.ts'
import type { Json } from '../types.ts'
import { type Conversion, type Convert, type Fault, shown, wrongType } from './conversion.ts'
import { decimalText, shift } from './decimal.ts'
import { dayText, isPlainIso, type Local, millisOf, momentText, ofDate, pad, parseIso } from './local-time.ts'
import { inZone, toUtc, zoneOf } from './zone.ts'

/** A count of seconds or milliseconds since 1970 as UTC. */
function ofEpoch(value: Json, format: string, fault: Fault): Local | undefined {
  const text = typeof value === 'boolean' ? undefined : decimalText(value)
  const millis = text === undefined ? Number.NaN : Number(format === 'epoch-s' ? shift(text, 3) : text)
  const utc = new Date(Math.floor(millis))
  if (!(utc.getUTCFullYear() > 0 && utc.getUTCFullYear() < 10_000))
    return fault.fail(
      'HUB_MAP_BAD_VALUE',
      `\`${shown(value)}\` is no count of ${format === 'epoch-s' ? 'seconds' : 'milliseconds'} since 1970.`,
    )
  return ofDate(utc, pad(utc.getUTCMilliseconds(), 3).replace(/0+$/, ''))
}

/** A format is taken apart once, not for every text: four times the rate. */
const parsers = new Map<string, ReturnType<typeof DateTime.buildFormatParser>>()
function parserOf(format: string) {
  const parser = parsers.get(format) ?? DateTime.buildFormatParser(format, { locale: 'en' })
  parsers.set(format, parser)
  return parser
}

/** A text in Luxon's tokens; its offset is that of the text when the tokens have one. */
function ofFormat(value: Json, format: string, fault: Fault): Local | undefined {
  if (typeof value !== 'string') return wrongType(value, 'text', fault)
  const found = DateTime.fromFormatParser(value.trim().slice(0, 100), parserOf(format), {
    zone: 'UTC',
    setZone: true,
    locale: 'en',
  })
  if (!found.isValid) return fault.fail('HUB_MAP_BAD_VALUE', `\`${shown(value)}\` is not of the form \`${format}\`.`)
  const { year, month, day, hour, minute, second, millisecond } = found
  const local: Local = {
    year,
    month,
    day,
    hour,
    minute,
    second,
    fraction: millisecond ? pad(millisecond, 3).replace(/0+$/, '') : '',
    timed: true,
  }
  return hasOffset(format) ? { ...local, offset: found.offset } : local
}

function hasOffset(format: string): boolean {
  return /[Zzo]/.test(format.replace(/'[^']*'/g, ''))
}

function localOf(value: Json, format: string | undefined, fault: Fault): Local | undefined {
  if (format === 'epoch-ms' || format === 'epoch-s') return ofEpoch(value, format, fault)
  if (format !== undefined) return ofFormat(value, format, fault)
  if (typeof value !== 'string') return wrongType(value, 'a moment as text', fault)
  return (
    parseIso(value.trim()) ??
    fault.fail('HUB_MAP_BAD_VALUE', `\`${shown(value)}\` is not a moment.`, 'Say its form with `format:`.')
  )
}

function readMoment(options: AsOptions): Convert {
  const zone = zoneOf(options.zone)
  const utc = options.format === undefined && options.zone === 'UTC'
  return (value, fault) => {
    if (typeof value === 'string' && options.format === undefined) {
      if (utc && value.length === 19 && isPlainIso(value)) return `${value}Z`
      if (value.length === 20 && value.charCodeAt(19) === 90 && isPlainIso(value)) return value
    }
    const local = localOf(value, options.format, fault)
    const at = local && toUtc(local, zone, options, shown(value), fault)
    return at && momentText(at)
  }
}

function readDay(options: AsOptions): Convert {
  const zone = zoneOf(options.zone)
  return (value, fault) => {
    const local = localOf(value, options.format, fault)
    if (!local) return undefined
    if (local.offset === undefined || !local.timed) return dayText(local)
    if (!zone)
      return fault.fail(
        'HUB_MAP_BAD_VALUE',
        `\`${shown(value)}\` is a moment; which day it is depends on the zone.`,
        'Say `zone:`.',
      )
    const at = toUtc(local, zone, options, shown(value), fault)
    return at && dayText(inZone(at, zone))
  }
}

/** The hub's moment in a vendor's form. What the form has no room for is lost only when `round: down` says so. */
function writeMoment(options: AsOptions): Convert {
  const { format, round } = options
  const zone = zoneOf(options.zone)
  return (value, fault) => {
    const utc = typeof value === 'string' ? parseIso(value) : undefined
    if (utc?.offset === undefined) return wrongType(value, 'a moment in UTC', fault)
    if (format === undefined && !zone) return value
    const lossy = () =>
      fault.fail(
        'HUB_MAP_LOSSY',
        `\`${value}\` has more than ${format ? `\`${format}\`` : 'the target'} can say.`,
        'Say `round: down` to drop it.',
      )
    const millis = millisOf({ ...utc, minute: utc.minute - utc.offset })
    if (format === 'epoch-ms') return utc.fraction.length > 3 && !round ? lossy() : millis
    if (format === 'epoch-s') return utc.fraction && !round ? lossy() : Math.floor(millis / 1000)
    const local = inZone({ ...ofDate(new Date(millis), utc.fraction) }, zone ?? FixedOffsetZone.utcInstance)
    if (format === undefined) return momentText(local).slice(0, -1)
    const text = DateTime.fromMillis(millis, { zone: zone ?? 'UTC', locale: 'en' }).toFormat(format)
    if (round) return text
    const again = ofFormat(text, format, { fail: () => undefined })
    return again && momentText({ ...again }) === momentText(local) ? text : lossy()
  }
}

function writeDay(options: AsOptions): Convert {
  const { format } = options
  const zone = zoneOf(options.zone)
  return (value, fault) => {
    const local = typeof value === 'string' ? parseIso(value) : undefined
    if (!local) return wrongType(value, 'a day', fault)
    let day = local
    if (local.timed) {
      if (!zone)
        return fault.fail(
          'HUB_MAP_BAD_VALUE',
          `\`${value}\` is a moment; which day it is depends on the zone.`,
          'Say `zone:`.',
        )
      const utc = toUtc(local, zone, options, value, fault)
      if (!utc) return undefined
      day = inZone(utc, zone)
    }
    if (format === undefined) return dayText(day)
    const { year, month, day: date } = day
    const at = DateTime.fromObject({ year, month, day: date }, { zone: zone ?? 'UTC', locale: 'en' } as never)
    return format === 'epoch-ms' ? at.toMillis() : format === 'epoch-s' ? at.toSeconds() : at.toFormat(format)
  }
}

function check(day: boolean): Conversion['check'] {
  return ({ zone, format, unit, scale }) => {
    if (unit !== undefined || scale !== undefined) return 'A time has neither `unit` nor `scale`.'
    if (zone !== undefined && zone !== 'UTC' && !IANAZone.isValidZone(zone)) return `There is no time zone \`${zone}\`.`
    if (day && format?.startsWith('epoch') && !zone) return 'Which day a moment is depends on the zone; say `zone:`.'
    if (format?.startsWith('epoch') && format !== 'epoch-ms' && format !== 'epoch-s')
      return `\`${format}\` is not known; there are epoch-ms and epoch-s.`
    return !day && format && !format.startsWith('epoch') && !hasOffset(format) && !zone
      ? 'A time without an offset needs `zone:`.'
      : undefined
  }
}

const options: Conversion['options'] = ['zone', 'format', 'ambiguous', 'round']
const isEpoch = (format: string | undefined) => format === 'epoch-ms' || format === 'epoch-s'
const back =
  (write: (options: AsOptions) => Convert): Conversion['back'] =>
  (given, types) => {
    const run = write(given)
    return types && isEpoch(given.format) && !types.includes('integer') && !types.includes('number')
      ? (value, fault) => decimalText(run(value, fault))
      : run
  }

export const times = {
  datetime: {
    title: 'A moment; the hub’s is RFC 3339 in UTC.',
    options,
    read: readMoment,
    write: writeMoment,
    back: back(writeMoment),
    gives: { read: ['string'] },
    check: check(false),
    examples: [
      { options: { zone: 'UTC' }, given: '2026-03-29T00:30:00', gives: '2026-03-29T00:30:00Z' },
      { given: '2026-03-29T02:30:00+02:00', gives: '2026-03-29T00:30:00Z' },
      {
        options: { format: 'dd.MM.yyyy HH:mm', zone: 'Europe/Berlin' },
        given: '29.03.2026 14:05',
        gives: '2026-03-29T12:05:00Z',
      },
      {
        options: { format: 'dd.MM.yyyy HH:mm', zone: 'Europe/Berlin' },
        given: '29.03.2026 02:30',
        fails: 'HUB_MAP_NO_SUCH_TIME',
      },
      { options: { zone: 'Europe/Berlin' }, given: '2026-10-25 02:30:00', fails: 'HUB_MAP_AMBIGUOUS_TIME' },
      {
        options: { zone: 'Europe/Berlin', ambiguous: 'earlier' },
        given: '2026-10-25 02:30:00',
        gives: '2026-10-25T00:30:00Z',
      },
      { options: { format: 'epoch-ms' }, given: 1774744200000, gives: '2026-03-29T00:30:00Z' },
      {
        direction: 'write',
        options: { zone: 'Europe/Berlin' },
        given: '2026-03-29T12:05:00Z',
        gives: '2026-03-29T14:05:00',
      },
      { direction: 'write', options: { format: 'epoch-s' }, given: '2026-03-29T00:30:00.5Z', fails: 'HUB_MAP_LOSSY' },
    ],
  },
  date: {
    title: 'A day; the hub’s is YYYY-MM-DD. Writing also takes a moment, with `zone`.',
    options,
    read: readDay,
    write: writeDay,
    back: back(writeDay),
    gives: { read: ['string'] },
    check: check(true),
    examples: [
      { options: { format: 'dd.MM.yyyy' }, given: '29.03.2026', gives: '2026-03-29' },
      { options: { format: 'epoch-ms', zone: 'UTC' }, given: 1767225600000, gives: '2026-01-01' },
      { given: '2026-03-28T23:30:00Z', fails: 'HUB_MAP_BAD_VALUE' },
      { options: { zone: 'Europe/Berlin' }, given: '2026-03-28T23:30:00Z', gives: '2026-03-29' },
      { direction: 'write', options: { zone: 'Europe/Berlin' }, given: '2026-03-28T23:30:00Z', gives: '2026-03-29' },
      { direction: 'write', options: { format: 'epoch-ms', zone: 'UTC' }, given: '2026-01-01', gives: 1767225600000 },
    ],
  },
} satisfies Record<string, Conversion>
