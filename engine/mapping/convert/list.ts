import type { Json } from '../types.ts'
import { type Conversion, type Fault, shown, wrongType } from './conversion.ts'
import { decimal, decimalText, toNumber } from './decimal.ts'

function taken(value: string, separator: string): string[] | undefined {
  const parts = value
    .split(separator.trim() || separator)
    .map((part) => part.trim())
    .filter(Boolean)
  return parts.length ? parts : undefined
}

const split: Conversion = {
  title: 'A text with several values as a list. When writing: a list as such a text, or a text as a list.',
  options: ['separator'],
  read:
    ({ separator = ',' }) =>
    (value, fault) =>
      Array.isArray(value)
        ? value
        : typeof value === 'string'
          ? taken(value, separator)
          : wrongType(value, 'text', fault),
  write:
    ({ separator = ', ' }) =>
    (value, fault) => {
      if (typeof value === 'string') return taken(value, separator)
      if (!Array.isArray(value)) return wrongType(value, 'a list or text', fault)
      const mark = separator.trim() || separator
      const parts: string[] = []
      for (const part of value) {
        const text = typeof part === 'string' ? part : decimalText(part)
        if (text === undefined) return wrongType(part, 'a list of single values', fault)
        if (text.includes(mark))
          return fault.fail(
            'HUB_MAP_LOSSY',
            `\`${shown(text)}\` contains the separator \`${mark}\`.`,
            'Choose another `separator:`.',
          )
        parts.push(text)
      }
      return parts.join(separator)
    },
  back: (options) => split.write(options),
  gives: { read: ['array'] },
  examples: [
    { given: 'b2b, priority', gives: ['b2b', 'priority'] },
    { direction: 'write', options: { separator: ';' }, given: ['b2b', 'priority'], gives: 'b2b;priority' },
    { direction: 'write', given: 'Ground, Express', gives: ['Ground', 'Express'] },
  ],
}

interface Quantity {
  text: string
  currency?: string
}
function quantity(value: Json, fault: Fault): Quantity | undefined {
  if (value && typeof value === 'object' && typeof value.amount === 'string')
    return { text: decimalText(value.amount) ?? '0', currency: value.currency }
  const text = typeof value === 'boolean' ? undefined : decimalText(value)
  return text === undefined ? wrongType(value, 'a number or money', fault) : { text }
}
function result(text: string, currency: string | undefined): Json {
  return currency === undefined ? (toNumber(text) ?? text) : { amount: text, currency }
}

const multiply: Conversion = {
  title: 'A number or money times a number, exact.',
  options: [],
  args: { by: 'The number to multiply by.' },
  read: () => (value, fault, given) => {
    if (given?.by === undefined)
      return fault.fail('HUB_MAP_REQUIRED', 'There is no number to multiply by.', 'Mend `args: { by: … }`.')
    const left = quantity(value, fault)
    const right = left && quantity(given.by, fault)
    if (!left || !right) return undefined
    if (left.currency && right.currency) return fault.fail('HUB_MAP_WRONG_TYPE', 'Money cannot be multiplied by money.')
    return result(decimal.multiply(left.text, right.text), left.currency ?? right.currency)
  },
  write: (options) => multiply.read(options),
  back: () => undefined,
  gives: {},
  examples: [
    { given: { amount: '10.4167', currency: 'EUR' }, args: { by: 2 }, gives: { amount: '20.8334', currency: 'EUR' } },
    { given: 3, args: { by: '-1' }, gives: -3 },
  ],
}

const sum: Conversion = {
  title: 'The sum of a list of numbers, or of money in one currency.',
  options: [],
  read: () => (value, fault) => {
    if (!Array.isArray(value)) return wrongType(value, 'a list', fault)
    let total = '0'
    let currency: string | undefined
    for (const [i, item] of value.entries()) {
      const one = quantity(item, fault)
      if (!one) return undefined
      if (i > 0 && one.currency !== currency)
        return fault.fail(
          'HUB_MAP_CURRENCY',
          `${one.currency ?? 'A number'} cannot be added to ${currency ?? 'a number'}.`,
        )
      currency = one.currency
      total = decimal.add(total, one.text)
    }
    return result(total, currency)
  },
  write: (options) => sum.read(options),
  back: () => undefined,
  gives: {},
  examples: [
    { given: [1, '2.5'], gives: 3.5 },
    {
      given: [
        { amount: '1.10', currency: 'EUR' },
        { amount: '1', currency: 'EUR' },
      ],
      gives: { amount: '2.1', currency: 'EUR' },
    },
  ],
}

const count: Conversion = {
  title: 'How many items a list has.',
  options: [],
  read: () => (value, fault) => (Array.isArray(value) ? value.length : wrongType(value, 'a list', fault)),
  write: (options) => count.read(options),
  back: () => undefined,
  gives: { read: ['integer'], write: ['integer'] },
  examples: [{ given: ['a', 'b'], gives: 2 }],
}

export const lists = { split, multiply, sum, count }
