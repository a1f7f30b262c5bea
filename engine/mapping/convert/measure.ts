import type { Conversion, Convert } from './conversion.ts'
import { shown, wrongType } from './conversion.ts'
import { decimal, decimalText, significant } from './decimal.ts'

// The international avoirdupois and inch definitions; exact.
const GRAMS: Record<string, string> = { g: '1', kg: '1000', lb: '453.59237', oz: '28.349523125' }
const MILLIMETRES: Record<string, string> = { mm: '1', cm: '10', m: '1000', in: '25.4', ft: '304.8' }

// A measure is read with 12 digits and written with 15, so that reading what was written gives the same number again.
function measure(
  title: string,
  units: Record<string, string>,
  base: string,
  example: [string, number, number],
): Conversion {
  const number = (value: unknown, fault: Parameters<Convert>[1]) =>
    (typeof value === 'boolean' ? undefined : decimalText(value)) ??
    (typeof value === 'string'
      ? fault.fail(
          'HUB_MAP_BAD_VALUE',
          `\`${shown(value)}\` is not a measure.`,
          'Give the number alone, and its unit with `unit:`.',
        )
      : wrongType(value, 'a measure', fault))
  const write =
    ({ unit = base }: { unit?: string }): Convert =>
    (value, fault) => {
      const text = number(value, fault)
      return text === undefined ? undefined : significant(decimal.divide(text, units[unit]!), 15)
    }
  return {
    title,
    options: ['unit'],
    read:
      ({ unit = base }) =>
      (value, fault) => {
        const text = number(value, fault)
        return text === undefined ? undefined : significant(decimal.multiply(text, units[unit]!), 12)
      },
    write,
    back: (options, types) => {
      const back = write(options)
      return types && !types.includes('number') && !types.includes('integer')
        ? (value, fault) => decimalText(back(value, fault))
        : back
    },
    gives: { read: ['number'], write: ['number'] },
    check: ({ unit }) =>
      unit === undefined
        ? '`unit` is missing.'
        : unit in units
          ? undefined
          : `There is no unit \`${unit}\` here, only ${Object.keys(units).join(', ')}.`,
    examples: [
      { options: { unit: example[0] }, given: example[1], gives: example[2] },
      { direction: 'write', options: { unit: example[0] }, given: example[2], gives: example[1] },
      { options: { unit: example[0] }, given: 'heavy', fails: 'HUB_MAP_BAD_VALUE' },
    ],
  }
}

export const measures = {
  weight: measure('A weight; the hub’s is in grams.', GRAMS, 'g', ['lb', 2.5, 1133.980925]),
  length: measure('A length; the hub’s is in millimetres.', MILLIMETRES, 'mm', ['in', 12, 304.8]),
}
