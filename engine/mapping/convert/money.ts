import type { AsOptions } from '../rule.ts'
import type { Json } from '../types.ts'
import { type Conversion, type Fault, shown, wrongType } from './conversion.ts'
import { decimalText, shift, toNumber, toScale } from './decimal.ts'

// ISO 4217 minor units where they are not 2. (CLDR, which Intl asks, differs from ISO for several of these.)
const DIGITS: Record<string, number> = Object.fromEntries([
  ...'BIF CLP DJF GNF ISK JPY KMF KRW PYG RWF UGX UYI VND VUV XAF XOF XPF'.split(' ').map((code) => [code, 0]),
  ...'BHD IQD JOD KWD LYD OMR TND'.split(' ').map((code) => [code, 3]),
  ...'CLF UYW'.split(' ').map((code) => [code, 4]),
])

/** How many decimals the minor unit of a currency stands for. */
function minorDigits(currency: string): number {
  return DIGITS[currency] ?? 2
}

/** Separators as a sample shows them: `1.234,56`. */
function separators(sample: string): { group: string; point: string } | undefined {
  const found = /^1([.,' \u00a0\u202f]?)234(?:([.,])56)?$/.exec(sample)
  if (!found || (found[1] && found[1] === found[2])) return undefined
  return { group: found[1] ?? '', point: found[2] ?? '' }
}

function unformat(text: string, { group, point }: { group: string; point: string }): string | undefined {
  const sign = /^-/.test(text) || /-$/.test(text) ? '-' : ''
  const bare = text.replace(/^[-+]|-$/g, '').trim()
  const [whole = '', fraction, surplus] = point ? bare.split(point) : [bare]
  if (surplus !== undefined || (fraction !== undefined && !/^\d+$/.test(fraction))) return undefined
  const groups = group ? whole.split(group) : [whole]
  if (!groups.every((part, i) => (i === 0 ? (groups.length > 1 ? /^\d{1,3}$/ : /^\d+$/) : /^\d{3}$/).test(part)))
    return undefined
  return `${sign}${groups.join('')}${fraction === undefined ? '' : `.${fraction}`}`
}

function format(text: string, { group, point }: { group: string; point: string }, fault: Fault): string | undefined {
  const [whole = '', fraction] = text.split('.')
  if (fraction && !point) return fault.fail('HUB_MAP_LOSSY', `\`${text}\` has decimals and the format has none.`)
  return whole.replace(/\B(?=(\d{3})+$)/g, group) + (fraction ? point + fraction : '')
}

function read(options: AsOptions) {
  const { scale, round, unit } = options
  const sample = options.format === undefined ? undefined : separators(options.format)
  return (value: Json, fault: Fault, currency?: Json): Json => {
    if (typeof currency !== 'string' || currency.length !== 3) {
      if (currency === undefined || currency === null)
        return fault.fail('HUB_MAP_REQUIRED', 'This amount has no currency.', 'Mend `currency:`.')
      return fault.fail(
        'HUB_MAP_BAD_VALUE',
        `\`${shown(currency)}\` is not a currency.`,
        'Mend `currency:`; it is an ISO 4217 code or the path of one.',
      )
    }
    if (typeof value !== 'string' && typeof value !== 'number') return wrongType(value, 'an amount', fault)
    let text = sample && typeof value === 'string' ? unformat(value.trim(), sample) : decimalText(value)
    if (text !== undefined && sample) text = decimalText(text)
    if (text === undefined) return fault.fail('HUB_MAP_BAD_VALUE', `\`${shown(value)}\` is not an amount.`)
    const code = currency.toUpperCase()
    if (unit === 'minor') {
      const digits = minorDigits(code)
      text = shift(text, -digits)
      // 3110 cents are 31.10; fractions of a cent are kept as they are.
      text = toScale(text, digits) ?? text
    }
    if (scale !== undefined || round !== undefined) {
      const scaled = toScale(text, scale ?? minorDigits(code), round)
      if (scaled === undefined) return fault.fail('HUB_MAP_LOSSY', `\`${text}\` has more than ${scale} decimals.`)
      text = scaled
    }
    return { amount: text, currency: code }
  }
}

function write(options: AsOptions) {
  const { scale, round, unit } = options
  const sample = options.format === undefined ? undefined : separators(options.format)
  return (value: Json, fault: Fault, currency?: Json): Json => {
    const amount = value?.amount
    const text = typeof value === 'object' && decimalText(amount)
    if (!text || typeof value.currency !== 'string') return wrongType(value, 'money', fault)
    if (options.currency !== undefined && typeof currency !== 'string') {
      return fault.fail(
        'HUB_MAP_CURRENCY',
        `The amount is in ${value.currency}, and the target's currency is not there.`,
      )
    }
    if (typeof currency === 'string' && currency.toUpperCase() !== value.currency) {
      return fault.fail('HUB_MAP_CURRENCY', `The amount is in ${value.currency}, the target takes ${currency}.`)
    }
    if (unit === 'minor') {
      const minor = toScale(shift(text, minorDigits(value.currency)), 0, round)
      if (minor === undefined)
        return fault.fail('HUB_MAP_LOSSY', `\`${text}\` ${value.currency} is no whole number of minor units.`)
      return toNumber(minor) ?? minor
    }
    const wanted = scale ?? (round === undefined ? undefined : minorDigits(value.currency))
    const scaled = wanted === undefined ? text : toScale(text, wanted, round)
    if (scaled === undefined) return fault.fail('HUB_MAP_LOSSY', `\`${text}\` has more than ${wanted} decimals.`)
    return sample ? format(scaled, sample, fault) : scaled
  }
}

export const money: Conversion = {
  title: 'An amount with its currency: `{ amount: "31.15", currency: EUR }`.',
  options: ['currency', 'unit', 'scale', 'round', 'format'],
  read,
  write,
  back: (options, types) => {
    const text = write(options)
    if (!types || types.includes('string') || options.unit === 'minor') return text
    return (value, fault, currency) => {
      const written = text(value, fault, currency)
      return typeof written === 'string'
        ? (toNumber(written) ?? fault.fail('HUB_MAP_LOSSY', `\`${written}\` does not fit a JSON number.`))
        : written
    }
  },
  gives: { read: ['object'] },
  check: ({ unit, format, round, scale }) => {
    if (unit !== undefined && unit !== 'minor' && unit !== 'major')
      return `Money has no unit \`${unit}\`, only \`minor\`.`
    if (format !== undefined && !separators(format))
      return `\`${format}\` is no sample of an amount; write 1.234,56 or 1,234.56 or 1234,56.`
    if (unit === 'minor' && format !== undefined) return 'Minor units are whole numbers and have no `format`.'
    return round !== undefined && scale === undefined && unit !== 'minor'
      ? '`round` needs `scale`: how many decimals to keep.'
      : undefined
  },
  examples: [
    { options: { currency: 'EUR' }, given: '31.15', gives: { amount: '31.15', currency: 'EUR' } },
    { options: { currency: 'JPY', unit: 'minor' }, given: 3115, gives: { amount: '3115', currency: 'JPY' } },
    { options: { currency: 'EUR', unit: 'minor' }, given: 3115, gives: { amount: '31.15', currency: 'EUR' } },
    {
      options: { currency: 'EUR', scale: 4, round: 'half-up' },
      given: '10.416666666666666',
      gives: { amount: '10.4167', currency: 'EUR' },
    },
    { options: { currency: 'EUR', scale: 2 }, given: '10.4167', fails: 'HUB_MAP_LOSSY' },
    {
      options: { currency: 'EUR', format: '1.234,56' },
      given: '2.500,50',
      gives: { amount: '2500.50', currency: 'EUR' },
    },
    { direction: 'write', options: { currency: 'EUR' }, given: { amount: '31.15', currency: 'EUR' }, gives: '31.15' },
    {
      direction: 'write',
      options: { currency: 'EUR', unit: 'minor' },
      given: { amount: '31.15', currency: 'EUR' },
      gives: 3115,
    },
    {
      direction: 'write',
      options: { currency: 'EUR', unit: 'minor' },
      given: { amount: '10.4167', currency: 'EUR' },
      fails: 'HUB_MAP_LOSSY',
    },
    {
      direction: 'write',
      options: { currency: 'EUR' },
      given: { amount: '31.15', currency: 'USD' },
      fails: 'HUB_MAP_CURRENCY',
    },
  ],
}
