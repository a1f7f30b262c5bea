import type { Json } from '../types.ts'
import { type Conversion, type Convert, type Fault, shown, wrongType } from './conversion.ts'
import { decimalText, toNumber, toScale } from './decimal.ts'

const same: Convert = (value) => value

/** A single value as text, digits kept. */
function asText(value: Json, fault: Fault): string | undefined {
  if (typeof value === 'string') return value
  if (typeof value === 'boolean') return String(value)
  return decimalText(value) ?? wrongType(value, 'a single value', fault)
}

function textual(title: string, change: (text: string) => string, example: [string, string]): Conversion {
  const convert: Convert = (value, fault) => {
    const text = typeof value === 'string' ? value : asText(value, fault)
    return text === undefined ? undefined : change(text)
  }
  return {
    title,
    options: [],
    read: () => convert,
    write: () => convert,
    back: () => same,
    gives: { read: ['string'], write: ['string'] },
    examples: [{ given: example[0], gives: example[1] }],
  }
}

const string: Conversion = {
  title: 'A number or a truth value as text; digits are kept.',
  options: [],
  read: () => asText,
  write: () => asText,
  back: (_, types) => {
    if (!types || types.includes('string')) return same
    if (types.includes('boolean')) return (value) => (value === 'true' ? true : value === 'false' ? false : value)
    return (value) => (decimalText(value) === undefined ? value : (toNumber(decimalText(value)!) ?? value))
  },
  gives: { read: ['string'], write: ['string'] },
  examples: [
    { given: 727, gives: '727' },
    { given: true, gives: 'true' },
    { given: [1], fails: 'HUB_MAP_WRONG_TYPE' },
  ],
}

const number: Conversion = {
  title: 'Text as a JSON number, if a JSON number keeps all its digits.',
  options: ['scale', 'round'],
  read: (options) => (value, fault) => {
    let text = typeof value === 'boolean' ? undefined : decimalText(value)
    if (text === undefined)
      return typeof value === 'string'
        ? fault.fail('HUB_MAP_BAD_VALUE', `\`${shown(value)}\` is not a number.`)
        : wrongType(value, 'a number', fault)
    if (options.scale !== undefined) text = toScale(text, options.scale, options.round)
    const found = text === undefined ? undefined : toNumber(text)
    return (
      found ??
      fault.fail(
        'HUB_MAP_LOSSY',
        `\`${shown(value)}\` does not fit a JSON number${options.scale === undefined ? '' : ` of ${options.scale} decimals`}.`,
      )
    )
  },
  write: (options) => number.read(options),
  back: (_, types) => (types && !types.includes('number') && !types.includes('integer') ? asText : same),
  gives: { read: ['number'], write: ['number'] },
  examples: [
    { given: '12.50', gives: 12.5 },
    { given: '12345678901234567890.1', fails: 'HUB_MAP_LOSSY' },
    { given: 'twelve', fails: 'HUB_MAP_BAD_VALUE' },
  ],
}

const integer: Conversion = {
  title: 'A whole number.',
  options: ['round'],
  read:
    ({ round }) =>
    (value, fault) => {
      if (Number.isSafeInteger(value)) return value === 0 ? 0 : value
      const text = typeof value === 'boolean' ? undefined : decimalText(value)
      if (text === undefined)
        return typeof value === 'string'
          ? fault.fail('HUB_MAP_BAD_VALUE', `\`${shown(value)}\` is not a whole number.`)
          : wrongType(value, 'a whole number', fault)
      const whole = toScale(text, 0, round)
      const found = whole === undefined ? undefined : toNumber(whole)
      return (
        found ??
        fault.fail(
          'HUB_MAP_LOSSY',
          `\`${shown(value)}\` is no whole number${whole === undefined ? '' : ' that JSON keeps'}.`,
        )
      )
    },
  write: (options) => integer.read(options),
  back: (_, types) => (types && !types.includes('number') && !types.includes('integer') ? asText : same),
  gives: { read: ['integer'], write: ['integer'] },
  examples: [
    { given: '12', gives: 12 },
    { given: '2.000', gives: 2 },
    { given: 2.5, fails: 'HUB_MAP_LOSSY' },
    { options: { round: 'up' }, given: 2.5, gives: 3 },
  ],
}

const YES = new Set<Json>([true, 1, 'true', '1', 'yes', 'on'])
const NO = new Set<Json>([false, 0, 'false', '0', 'no', 'off'])

const boolean: Conversion = {
  title: 'True or false, from true/false, 1/0, yes/no, on/off.',
  options: [],
  read: () => (value, fault) => {
    const word = typeof value === 'string' ? value.trim().toLowerCase() : value
    return YES.has(word)
      ? true
      : NO.has(word)
        ? false
        : fault.fail(
            'HUB_MAP_BAD_VALUE',
            `\`${shown(value)}\` is neither true nor false.`,
            'Use `map:` to say which words mean what.',
          )
  },
  write: (options) => boolean.read(options),
  back: (_, types) =>
    !types || types.includes('boolean')
      ? same
      : types.includes('integer') || types.includes('number')
        ? (value) => (value ? 1 : 0)
        : undefined,
  gives: { read: ['boolean'], write: ['boolean'] },
  examples: [
    { given: 'yes', gives: true },
    { given: 0, gives: false },
    { given: 'perhaps', fails: 'HUB_MAP_BAD_VALUE' },
  ],
}

const truncate: Conversion = {
  title: 'The first characters of a text. What is cut off is gone: for targets that take no more.',
  options: [],
  args: { length: 'How many characters are kept.' },
  read: () => (value, fault, given) => {
    const text = asText(value, fault)
    const length = Number(given?.length)
    if (text === undefined) return undefined
    if (!Number.isSafeInteger(length) || length < 1)
      return fault.fail('HUB_MAP_BAD_VALUE', '`truncate` needs `args: { length: { const: 35 } }`.')
    if (text.length <= length) return text
    // A character beyond the first plane is two units; never cut it in half.
    const cut = text.slice(0, length)
    return (cut.isWellFormed() ? cut : cut.slice(0, -1)).trimEnd()
  },
  write: (options) => truncate.read(options),
  back: () => undefined,
  gives: { read: ['string'], write: ['string'] },
  examples: [{ given: 'Analytical Engines Ltd', args: { length: 10 }, gives: 'Analytical' }],
}

export const texts = {
  string,
  number,
  integer,
  boolean,
  lowercase: textual('Text in lower case.', (text) => text.toLowerCase(), ['Ada@Example.com', 'ada@example.com']),
  uppercase: textual('Text in upper case.', (text) => text.toUpperCase(), ['gb', 'GB']),
  trim: textual('Text without white space at its ends.', (text) => text.trim(), ['  Ada ', 'Ada']),
  truncate,
}
