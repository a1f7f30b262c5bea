// Vendor JSON without loss: digits that a float would drop are kept as text, and items are kept as the bytes that came.

/** Sixteen characters of one number, or an exponent of two digits. */
const SUSPECT = /\d[\d.]{14}\d|\d[eE][+-]?\d\d/
const PROTO = /__proto__|\\u005[fF]/

/**
 * JSON.parse that loses nothing: a number whose digits a float cannot hold becomes its source text, and a key
 * `__proto__` is dropped (merging it later would change prototypes). Throws SyntaxError as JSON.parse does.
 */
export function parseJson<T = any>(text: string): T {
  const body = text.charCodeAt(0) === 0xfeff ? text.slice(1) : text
  const digits = SUSPECT.test(body)
  const proto = PROTO.test(body)
  if (!digits && !proto) return JSON.parse(body)
  return parseWithSource(body, (key, value, context) => {
    if (proto && key === '__proto__') return undefined
    if (typeof value === 'number' && context.source.length > 15 && !sameNumber(context.source, value))
      return context.source
    if (typeof value === 'number' && !Number.isFinite(value)) return context.source
    return value
  })
}

type Reviver = (key: string, value: unknown, context: { source: string }) => unknown
const parseWithSource = JSON.parse as unknown as (text: string, reviver: Reviver) => any

/** Whether a number's source text and the float made from it say the same number. */
function sameNumber(source: string, value: number): boolean {
  const [a, b] = [significant(source), significant(String(value))]
  return a.digits === b.digits && a.exponent === b.exponent
}

function significant(text: string): { digits: string; exponent: number } {
  const match = /^-?(\d+)(?:\.(\d+))?(?:[eE]([+-]?\d+))?$/.exec(text)
  if (!match) return { digits: text, exponent: 0 }
  const [, whole = '', fraction = '', power = '0'] = match
  const all = (whole + fraction).replace(/^0+/, '')
  const digits = all.replace(/0+$/, '')
  if (digits === '') return { digits: '0', exponent: 0 }
  return { digits, exponent: Number(power) - fraction.length + (all.length - digits.length) }
}

/**
 * The exact text of each element of an array inside a JSON text that JSON.parse accepts. `path` names the array
 * (`data.orders.edges`; empty: the whole text). Undefined when nothing or something else stands there. Linear.
 */
export function sliceArray(text: string, path = ''): string[] | undefined {
  const start = locate(text, path)
  if (start === undefined || text.charCodeAt(start) !== 0x5b) return undefined
  const slices: string[] = []
  let at = skipBlank(text, start + 1)
  while (text.charCodeAt(at) !== 0x5d) {
    const end = skipValue(text, at)
    if (end <= at) return undefined
    slices.push(text.slice(at, end))
    at = skipBlank(text, end)
    if (text.charCodeAt(at) === 0x2c) at = skipBlank(text, at + 1)
  }
  return slices
}

/** The exact text of the value at a path (`data.order`, `result.0`), or undefined when nothing stands there. */
export function sliceValue(text: string, path = ''): string | undefined {
  const start = locate(text, path)
  return start === undefined ? undefined : text.slice(start, skipValue(text, start))
}

/** The value at a path of a parsed body: `data.orders.edges`, `result.0`; empty: the body itself. */
export function valueAt(json: any, path = ''): any {
  if (path === '') return json
  let value = json
  for (const step of path.split('.')) value = value === null || value === undefined ? undefined : value[step]
  return value
}

function locate(text: string, path: string): number | undefined {
  let at: number | undefined = skipBlank(text, text.charCodeAt(0) === 0xfeff ? 1 : 0)
  if (path === '') return at
  for (const step of path.split('.')) {
    if (at === undefined) return undefined
    const opening: number = text.charCodeAt(at)
    at = opening === 0x7b ? memberAt(text, at, step) : opening === 0x5b ? elementAt(text, at, Number(step)) : undefined
  }
  return at
}

/** Of two members with one name the last counts, as for JSON.parse. */
function memberAt(text: string, start: number, name: string): number | undefined {
  let found: number | undefined
  let at = skipBlank(text, start + 1)
  while (text.charCodeAt(at) === 0x22) {
    const end = skipString(text, at)
    const raw = text.slice(at + 1, end - 1)
    const key = raw.includes('\\') ? JSON.parse(text.slice(at, end)) : raw
    at = skipBlank(text, skipBlank(text, end) + 1)
    if (key === name) found = at
    at = skipBlank(text, skipValue(text, at))
    if (text.charCodeAt(at) === 0x2c) at = skipBlank(text, at + 1)
  }
  return found
}

function elementAt(text: string, start: number, index: number): number | undefined {
  let at = skipBlank(text, start + 1)
  for (let i = 0; text.charCodeAt(at) !== 0x5d; i++) {
    if (i === index) return at
    const end = skipValue(text, at)
    if (end <= at) return undefined
    at = skipBlank(text, end)
    if (text.charCodeAt(at) === 0x2c) at = skipBlank(text, at + 1)
  }
  return undefined
}

function skipBlank(text: string, at: number): number {
  for (;;) {
    const c = text.charCodeAt(at)
    if (c !== 0x20 && c !== 0x0a && c !== 0x0d && c !== 0x09) return at
    at++
  }
}

function skipString(text: string, at: number): number {
  for (let end = text.indexOf('"', at + 1); end >= 0; end = text.indexOf('"', end + 1)) {
    let slashes = 0
    while (text.charCodeAt(end - 1 - slashes) === 0x5c) slashes++
    if (slashes % 2 === 0) return end + 1
  }
  return text.length
}

function skipValue(text: string, at: number): number {
  const first = text.charCodeAt(at)
  if (first === 0x22) return skipString(text, at)
  let depth = 0
  for (let i = at; i < text.length; i++) {
    const c = text.charCodeAt(i)
    if (c === 0x22) i = skipString(text, i) - 1
    else if (c === 0x7b || c === 0x5b) depth++
    else if (c === 0x7d || c === 0x5d) {
      if (depth === 0) return i
      if (--depth === 0) return i + 1
    } else if (depth === 0 && (c === 0x2c || c === 0x20 || c === 0x0a || c === 0x0d || c === 0x09)) return i
  }
  return text.length
}
