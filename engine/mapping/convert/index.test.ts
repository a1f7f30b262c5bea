import { describe, expect, test } from 'vitest'
import type { Fault } from './conversion.ts'
import { conversions } from './index.ts'

describe.each(Object.entries(conversions))('%s', (_, conversion) => {
  test.each(conversion.examples.map((example) => [JSON.stringify(example), example] as const))('%s', (_, example) => {
    const { direction, options = {}, given, args, gives, fails } = example
    expect(conversion.check?.(options)).toBeUndefined()
    let failed: string | undefined
    const fault: Fault = {
      fail(code) {
        failed = code
      },
    } as Fault
    const convert = direction === 'write' ? conversion.write(options) : conversion.read(options)
    expect(convert(given, fault, options.currency ?? args)).toEqual(gives)
    expect(failed).toBe(fails)
  })
})
