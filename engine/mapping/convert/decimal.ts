// The only home of big.js. Decimal numbers as text: no digit is lost on the way through the hub.
import Big from 'big.js'
import type { AsOptions } from '../rule.ts'
import type { Json } from '../types.ts'

export type Rounding = NonNullable<AsOptions['round']>

// Far more digits than any price has; without bounds `1e999999` would fill the memory.
const MOST_DIGITS = 400
const Exact = Big()
Exact.DP = 40
Exact.RM = 1

/** Whether a text is a plain decimal already: `31.15`, `-4`. Written as a loop because every amount passes here. */
function isPlain(text: string): boolean {
  const length = text.length
  let i = text.charCodeAt(0) === 45 ? 1 : 0
  const first = text.charCodeAt(i)
  if (length === i || length > MOST_DIGITS) return false
  if (first === 48 && i + 1 < length && text.charCodeAt(i + 1) !== 46) return false
  let dots = 0
  let zero = i === 1
  for (; i < length; i++) {
    const code = text.charCodeAt(i)
    if (code === 46) {
      if (dots++ || i + 1 === length || i === 0 || text.charCodeAt(i - 1) === 45) return false
    } else if (code < 48 || code > 57) return false
    else if (code !== 48) zero = false
  }
  return !zero
}

/** A number, or a text with one, as plain decimal text; undefined when it is none. `-0` is 0, `1e3` is 1000. */
export function decimalText(value: Json): string | undefined {
  if (typeof value === 'string' && isPlain(value)) return value
  if (typeof value !== 'string' && typeof value !== 'number' && typeof value !== 'bigint') return undefined
  let text = String(value).trim()
  if (isPlain(text)) return text
  const parts = /^([+-]?)(\d*)(?:\.(\d*))?(?:[eE]([+-]?\d{1,4}))?$/.exec(text)
  if (!parts || (!parts[2] && !parts[3]) || text.length > MOST_DIGITS || Math.abs(Number(parts[4] ?? 0)) > MOST_DIGITS)
    return undefined
  if (parts[4] === undefined) {
    const digits = (parts[2] ?? '').replace(/^0+(?=\d)/, '') || '0'
    text = parts[3] ? `${digits}.${parts[3]}` : digits
    return parts[1] === '-' && /[1-9]/.test(text) ? `-${text}` : text
  }
  return new Exact(`${parts[1] === '-' ? '-' : ''}${parts[2] || '0'}.${parts[3] || '0'}e${parts[4]}`)
    .toFixed()
    .replace(/^-0$/, '0')
}

/** A decimal with exactly `scale` digits after the point; undefined when digits would be lost and no rounding is said. */
export function toScale(text: string, scale: number, round?: Rounding): string | undefined {
  const big = new Exact(text)
  const rounded = big.round(scale, mode(round ?? 'down'))
  if (!round && !rounded.eq(big)) return undefined
  return positiveZero(rounded.toFixed(scale))
}

/** Moves the point: `shift('31.15', 2)` is 3115. */
export function shift(text: string, places: number): string {
  const big = new Exact(text)
  if (big.c[0]) big.e += places
  return positiveZero(big.toFixed())
}

function mode(round: Rounding): 0 | 1 | 2 | 3 {
  return ({ down: 0, 'half-up': 1, 'half-even': 2, up: 3 } as const)[round]
}

function positiveZero(text: string): string {
  return text.startsWith('-') && !/[1-9]/.test(text) ? text.slice(1) : text
}

/** A decimal text as a JSON number, or undefined when a float would not keep its value. */
export function toNumber(text: string): number | undefined {
  const number = Number(text)
  if (Number.isSafeInteger(number) && !text.includes('.')) return number === 0 ? 0 : number
  if (!Number.isFinite(number)) return undefined
  const kept = decimalText(number)
  return kept !== undefined && new Exact(kept).eq(new Exact(text)) ? number + 0 : undefined
}

/** Exact arithmetic on decimal texts; division keeps 40 digits. What named functions calculate with. */
export const decimal = {
  add: (a: string, b: string): string => new Exact(a).plus(b).toFixed(),
  subtract: (a: string, b: string): string => new Exact(a).minus(b).toFixed(),
  multiply: (a: string, b: string): string => positiveZero(new Exact(a).times(b).toFixed()),
  divide: (a: string, b: string): string => new Exact(a).div(b).toFixed(),
  compare: (a: string, b: string): number => new Exact(a).cmp(b),
  round: (a: string, scale: number, round: Rounding = 'half-up'): string => toScale(a, scale, round)!,
}

/** A number with so many digits that count. */
export function significant(text: string, digits: number): number {
  return Number(new Exact(text).toPrecision(digits))
}
