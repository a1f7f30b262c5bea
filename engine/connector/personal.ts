// Keeps people out of what an attempt's page shows: e-mail addresses, phone numbers, names, street lines and postcodes are cut to their
// shape (`J… D…`, `j…@e….com`), while numbers, SKUs, statuses and messages stay. By the names of fields where the text is JSON, also
// where it was cut off; by pattern elsewhere. One pass over text of a bounded length: it runs for every request.

type Kind = 'secret' | 'email' | 'phone' | 'text' | 'name'

// Names of fields in lower case, without anything but letters and digits; also at the end of a longer name (`billing_first_name`).
const SECRET = /(secret|password|accesstoken|refreshtoken|apikey)$/
const EMAIL = /e?mail(address)?$/
const PHONE = /((mobile|tele)?phone(number)?\d?|mobile|faxnumber)$|^(tel|fax|cell)$/
const TEXT = new RegExp(
  `(${[
    'first|last|middle|given|family|full|contact|customer|recipient|receiver|shipto|billto|company|business|maiden',
    'buyer|consignee|owner|cardholder|partner',
  ].join(
    '|',
  )})name$|(surname|company|attention|attn|salutation|signedby|deliveryinstructions|customernote|packingnote)$|` +
    '(street(name|address|line)?|addr(ess)?(line)?|deliveryline|name)\\d+$|(street(name|address|line)?|addresslines?|streetlines|housenumber)$|' +
    '(^|address)line\\d$|(zip(code)?4?|post(al)?code)$|^address$|(birthday|birthdate|dateofbirth|useragent|ipaddress|vatnumber|taxid|vat)$|^ip$',
)
/** A person's, a product's or a number's: decided by what it looks like. */
const NAME = /^(name|displayname|dealname|nickname|partyname|label)$/
/** `{ "key": "billing_phone", "value": "…" }`: the field's name is itself a value. */
const NAMING = /^(name|key|id|(property|field)(_?name)?)$/i
const OPERATOR = /^(!?=|=?i?like|not i?like|in|not in|eq|neq|contains)$/i

const known = new Map<string, Kind | undefined>()
const MOST_KNOWN = 5_000

function kindOf(field: string): Kind | undefined {
  if (known.has(field)) return known.get(field)
  const plain = field.toLowerCase().replace(/[^a-z0-9]/g, '')
  const kind = SECRET.test(plain)
    ? 'secret'
    : EMAIL.test(plain)
      ? 'email'
      : PHONE.test(plain)
        ? 'phone'
        : TEXT.test(plain)
          ? 'text'
          : NAME.test(plain)
            ? 'name'
            : undefined
  if (known.size >= MOST_KNOWN) known.clear()
  known.set(field, kind)
  return kind
}

const ADDRESS = /[\w.+%-]{1,64}(?:@|%40)(?:[\w-]+(?:\.[\w-]+)*)?/gi
const INTERNATIONAL = /\+\d[\d ()./-]{6,20}\d/g
/** What no person is called: numbers (INV/2026/0001), identifiers (`odoo.exceptions`), states (processing), addresses of pages. */
const NO_NAME = /\d|^[^\s]*[._:/][^\s]*$|^[a-z]+$/
const FIRST_OF_WORD = /(\\u[\da-f]{4}|\\.|[^\s\\])(?:\\.|[^\s\\])*/gi

/** E-mail addresses and international phone numbers in any text. */
export function hidePeople(text: string): string {
  let hidden = text
  if (hidden.includes('@') || hidden.includes('%40')) hidden = hidden.replace(ADDRESS, shapeOfAddress)
  return hidden.includes('+') ? hidden.replace(INTERNATIONAL, (number) => `+…${number.slice(-2)}`) : hidden
}

function shapeOfAddress(address: string): string {
  const [person, host] = address.split(/@|%40/i) as [string, string]
  const dot = host.lastIndexOf('.')
  return `${person[0]}…@${host[0] ?? ''}…${dot > 0 ? host.slice(dot) : ''}`
}

const shape = (kind: Kind, text: string): string => {
  if (kind === 'secret') return text === '' ? '' : '•••'
  if (text.includes('@') || kind === 'email') return /@|%40/i.test(text) ? hidePeople(text) : shapeOfWords(text)
  if (kind === 'phone') return text.replace(/^.*\d.*$/s, () => `…${text.slice(-2)}`)
  if (/^https?:/.test(text) || (kind === 'name' && NO_NAME.test(text.replace(/\\(u[\da-f]{4}|.)/gi, '-'))))
    return hidePeople(text)
  return shapeOfWords(text)
}
const shapeOfWords = (text: string) => text.replace(FIRST_OF_WORD, '$1…')

const NUMBER = /-?\d[\d.eE+-]*/y

/** JSON by the names of its fields; any other text by pattern. May be cut off anywhere. */
export function hidePeopleInBody(text: string): string {
  if (!/^\s*[[{"]/.test(text)) return hidePeople(text)
  const patterns = text.includes('@') || text.includes('%40') || text.includes('+')
  let hidden = ''
  let done = 0
  let field: Kind | undefined
  let key = ''
  let named: Kind | undefined
  let earlier = ''
  let last = ''
  const put = (from: number, to: number, instead: string) => {
    hidden += text.slice(done, from) + instead
    done = to
  }
  for (let open = text.indexOf('"'); open >= 0; ) {
    const close = endOf(text, open + 1)
    const inner = text.slice(open + 1, close)
    let next = close + 1
    while (text.charCodeAt(next) <= SPACE) next++
    if (text.charCodeAt(next) === COLON) {
      key = inner
      field = key === 'value' || key === 'values' ? named : kindOf(key)
      last = ''
      if (field === 'phone' || field === 'text') {
        NUMBER.lastIndex = next + 1 + Number(text.charCodeAt(next + 1) === SPACE)
        const from = NUMBER.lastIndex
        const number = NUMBER.exec(text)?.[0]
        if (number) put(from, from + number.length, `"${shape(field, number)}"`)
      }
    } else {
      const naming = NAMING.test(key)
      if (naming) named = kindOf(inner)
      const kind = naming && named ? undefined : last !== '' && OPERATOR.test(last) ? kindOf(earlier) : field
      earlier = last
      last = inner
      // A name that was cut off no longer looks like what it is.
      if (kind) put(open + 1, close, shape(kind === 'name' && close === text.length ? 'text' : kind, inner))
      else if (patterns) put(open + 1, close, hidePeople(inner))
    }
    open = text.indexOf('"', close + 1)
  }
  return hidden + text.slice(done)
}
const [SPACE, COLON, BACKSLASH] = [32, 58, 92]

/** Where the string ends that begins here: at its closing quote, or with the text. */
function endOf(text: string, from: number): number {
  for (let at = text.indexOf('"', from); at >= 0; at = text.indexOf('"', at + 1)) {
    let slashes = 0
    while (text.charCodeAt(at - 1 - slashes) === BACKSLASH) slashes++
    if (slashes % 2 === 0) return at
  }
  return text.length
}

/** An address with its query: by the names of its parameters, and by pattern. */
export function hidePeopleInUrl(url: string): string {
  const hidden = url.includes('?')
    ? url.replace(/([?&])([^=&]+)=([^&]*)/g, (pair, sign: string, name: string, value: string) => {
        const kind = kindOf(name)
        return kind && kind !== 'email'
          ? `${sign}${name}=${shape(kind, value.replaceAll('+', ' ').replaceAll('%20', ' '))}`
          : pair
      })
    : url
  return hidePeople(hidden)
}
