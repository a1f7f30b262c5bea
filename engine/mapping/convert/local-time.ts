// Times on a clock as ISO text, without any zone's rules.

/** A time on a clock somewhere, to the second; further digits are kept as text. */
export interface Local {
  year: number
  month: number
  day: number
  hour: number
  minute: number
  second: number
  fraction: string
  /** Minutes east of UTC, where the text says so. */
  offset?: number
  /** Whether the text has a time of day. */
  timed: boolean
}

const ISO =
  /^(\d{4})-(\d\d)-(\d\d)(?:[T ](\d\d):(\d\d)(?::(\d\d)(?:[.,](\d{1,12}))?)?)?\s?(?:(Z|z)|([+-])(\d\d):?(\d\d)?)?$/

export function parseIso(text: string): Local | undefined {
  const found = text.length <= 48 ? ISO.exec(text) : null
  if (!found) return undefined
  const [, year, month, day, hour, minute, second, fraction, utc, sign, hours, minutes] = found
  const east = utc ? 0 : sign ? (sign === '-' ? -1 : 1) * (Number(hours) * 60 + Number(minutes ?? 0)) : undefined
  const local: Local = {
    year: Number(year),
    month: Number(month),
    day: Number(day),
    hour: Number(hour ?? 0),
    minute: Number(minute ?? 0),
    second: Number(second ?? 0),
    fraction: (fraction ?? '').replace(/0+$/, ''),
    timed: hour !== undefined,
    ...(east === undefined ? {} : { offset: east }),
  }
  return isReal(local) ? local : undefined
}

function isReal({ year, month, day, hour, minute, second }: Local): boolean {
  return (
    year > 0 &&
    month > 0 &&
    month < 13 &&
    day > 0 &&
    day <= monthDays(year, month) &&
    hour < 24 &&
    minute < 60 &&
    second < 60
  )
}

function monthDays(year: number, month: number): number {
  if (month === 2) return (year % 4 === 0 && year % 100 !== 0) || year % 400 === 0 ? 29 : 28
  return month === 4 || month === 6 || month === 9 || month === 11 ? 30 : 31
}

export const pad = (value: number, width = 2) => String(value).padStart(width, '0')
export const dayText = (at: { year: number; month: number; day: number }) =>
  `${pad(at.year, 4)}-${pad(at.month)}-${pad(at.day)}`
export const momentText = (at: Pick<Local, 'year' | 'month' | 'day' | 'hour' | 'minute' | 'second' | 'fraction'>) =>
  `${dayText(at)}T${pad(at.hour)}:${pad(at.minute)}:${pad(at.second)}${at.fraction ? `.${at.fraction}` : ''}Z`

/** `2026-03-29T00:30:00` and its like, checked digit by digit: most vendors send exactly this, and a regular expression costs five times as much. */
export function isPlainIso(text: string): boolean {
  if (
    text.charCodeAt(4) !== 45 ||
    text.charCodeAt(7) !== 45 ||
    text.charCodeAt(10) !== 84 ||
    text.charCodeAt(13) !== 58 ||
    text.charCodeAt(16) !== 58
  )
    return false
  const two = (at: number) => {
    const [a, b] = [text.charCodeAt(at) - 48, text.charCodeAt(at + 1) - 48]
    return a >= 0 && a < 10 && b >= 0 && b < 10 ? a * 10 + b : 99
  }
  const [century, years, month, day] = [two(0), two(2), two(5), two(8)]
  const year = century * 100 + years
  if (century === 99 || years === 99 || year < 1 || two(11) > 23 || two(14) > 59 || two(17) > 59) return false
  return month > 0 && month < 13 && day > 0 && (day < 29 || (day < 99 && day <= monthDays(year, month)))
}

export function ofDate(utc: Date, fraction: string): Local {
  return {
    year: utc.getUTCFullYear(),
    month: utc.getUTCMonth() + 1,
    day: utc.getUTCDate(),
    hour: utc.getUTCHours(),
    minute: utc.getUTCMinutes(),
    second: utc.getUTCSeconds(),
    fraction,
    offset: 0,
    timed: true,
  }
}

export function millisOf(utc: Local): number {
  const date = new Date(Date.UTC(2000, 0))
  date.setUTCFullYear(utc.year, utc.month - 1, utc.day)
  return date.setUTCHours(utc.hour, utc.minute, utc.second, Number(`${utc.fraction}000`.slice(0, 3)))
}
