import { expect, test } from 'vitest'
import { type Diagnostic, nearest, renderDiagnostics } from './diagnostic.ts'
import { emptySchemas } from './schema.ts'
import { editYaml, parseYaml } from './yaml.ts'

test('a diagnostic shows place, code, sentence, line, caret, hint and cure', () => {
  const found: Diagnostic = {
    code: 'HUB_X',
    severity: 'error',
    file: 'a.yaml',
    line: 2,
    col: 3,
    length: 4,
    message: 'Wrong.',
    hint: 'open',
    cure: 'Mend it.',
  }
  const text = renderDiagnostics([found], { readSource: () => 'one\n  opne: 1\n' })
  expect(text).toBe('a.yaml:2:3 HUB_X Wrong. Did you mean `open`?\n    opne: 1\n    ^^^^\n  cure: Mend it.')
  expect(renderDiagnostics([found])).toBe('a.yaml:2:3 HUB_X Wrong. Did you mean `open`?\n  cure: Mend it.')
})

test('diagnostics come in the order of the file; a long line is cut around the caret', () => {
  const at = (line: number, col: number): Diagnostic => ({
    code: 'HUB_X',
    severity: 'warning',
    file: 'a',
    line,
    col,
    message: `${line}`,
  })
  const text = renderDiagnostics([at(2, 1), at(1, 500)], { readSource: () => `${'x'.repeat(499)}HERE\ny` }).split('\n')
  expect(text[0]).toContain('a:1:500')
  expect(text[1]!.length).toBeLessThan(160)
  expect(text[1]!.slice(text[2]!.indexOf('^')).slice(0, 4)).toBe('HERE')
})

test('nearest answers slips of the pen, and nothing else', () => {
  expect(nearest('emial', ['name', 'email', 'phone'])).toBe('email')
  expect(nearest('status_', ['state', 'status'])).toBe('status')
  expect(nearest('Status', ['status'])).toBe('status')
  expect(nearest('address', ['addressLine', 'city'])).toBe('addressLine')
  expect(nearest('zebra', ['name', 'email'])).toBeUndefined()
  expect(nearest('x', [])).toBeUndefined()
})

test('YAML keys keep the text that was written, and places are known', () => {
  const yaml = parseYaml('007: a\n"x": { y: [1, no] }\n2026-03-29: NO\n', 'f')
  expect(yaml.value).toEqual({ '007': 'a', x: { y: [1, 'no'] }, '2026-03-29': 'NO' })
  expect(yaml.at(['x', 'y', 1])).toEqual({ line: 2, col: 15, length: 2 })
  expect(yaml.at(['x', 'y'], 'key')).toEqual({ line: 2, col: 8, length: 1 })
  expect(yaml.at(['x', 'gone'])).toEqual({ line: 2, col: 1, length: 3 })
})

test('duplicate keys and syntax errors are diagnostics with places', () => {
  expect(parseYaml('a: 1\na: 2\n', 'f').diagnostics).toMatchObject([
    { code: 'HUB_YAML_DUPLICATE_KEY', line: 2, col: 1 },
  ])
  expect(parseYaml('a: [1\nb: 2', 'f').diagnostics[0]).toMatchObject({ code: 'HUB_YAML_SYNTAX', file: 'f' })
  expect(parseYaml('', 'f')).toMatchObject({ value: undefined, diagnostics: [] })
})

test('values are replaced and comments stay', () => {
  expect(editYaml('# top\na: 1 # one\nb: { c: 2 }\n', [{ path: ['b', 'c'], value: [3] }])).toBe(
    '# top\na: 1 # one\nb: { c: [ 3 ] }\n',
  )
})

test('schema faults become diagnostics at the key or the value, with the nearest right word', () => {
  const schemas = emptySchemas()
  schemas.add('shared/size', { enum: ['small', 'large'] })
  schemas.add('thing', {
    type: 'object',
    additionalProperties: false,
    required: ['name'],
    properties: {
      name: { type: 'string' },
      size: { $ref: 'shared/size.json' },
      parts: { type: 'array', items: { $ref: '#' } },
      either: {
        oneOf: [{ type: 'string' }, { type: 'object', properties: { a: { type: 'number' } }, required: ['a'] }],
      },
    },
  })
  const check = (text: string) =>
    schemas
      .check('thing', parseYaml(text, 'f'), 'T')
      .map(({ line, col, code, message, hint }) => `${line}:${col} ${code} ${message}${hint ? ` (${hint})` : ''}`)
  expect(check('nmae: x\n')).toEqual([
    '1:1 HUB_T_MISSING_KEY `name` is missing.',
    '1:1 HUB_T_UNKNOWN_KEY `nmae` is not known here. (name)',
  ])
  expect(check('name: 5\nsize: smal\n')).toEqual([
    '1:7 HUB_T_WRONG_TYPE 5 should be text.',
    '2:7 HUB_T_WRONG_VALUE "smal" is not one of small, large. (small)',
  ])
  expect(check('name: x\nparts: [{ name: y, parts: [{}] }]\n')).toEqual([
    '2:28 HUB_T_MISSING_KEY `name` is missing in `parts[0].parts[0]`.',
  ])
  expect(check('name: x\neither: { a: b }\n')).toEqual(['2:14 HUB_T_WRONG_TYPE "b" should be a number.'])
  expect(check('name: x\neither: 5\n')).toEqual(['2:9 HUB_T_WRONG_TYPE 5 should be text or an object.'])
  expect(schemas.get('thing')!.properties!['size']).toEqual({ enum: ['small', 'large'] })
})
