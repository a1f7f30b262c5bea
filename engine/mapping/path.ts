import { type Path, pathText } from '../platform/config/diagnostic.ts'

/** One step of a path: a name, a place in a list (`-1` is the last), or the first item whose field has a value. */
export type Segment = { name: string } | { index: number } | { field: string; equals: string }

/** A path of the mapping language. */
export interface FieldPath {
  /** As it was written. */
  text: string
  /** Where it starts: the current item, the top (`$.`), or a name (`$order`). */
  root: 'item' | 'top' | { name: string }
  segments: Segment[]
}

/** Reads `a.b[0].c`, `$.x`, `$order.lines[-1]`, `meta[key=_po].value`, `["odd.name"]`, `.`; answers a sentence when it cannot. */
export function parsePath(text: string): FieldPath | string {
  const path: FieldPath = { text, root: 'item', segments: [] }
  if (text === '.') return path
  let rest = text
  const root = /^\$(\w*)(?=$|[.[])/.exec(text)
  if (root) {
    path.root = root[1] ? { name: `$${root[1]}` } : 'top'
    rest = text.slice(root[0].length)
    if (rest === '.' && path.root === 'top') return path
    if (rest.startsWith('.')) rest = rest.slice(1)
    else if (rest && !rest.startsWith('[')) return `\`${text}\` is not a path.`
    if (!rest) return text.endsWith('.') ? `\`${text}\` ends with a dot.` : path
  }
  let first = true
  while (rest) {
    const part = (
      first || rest.startsWith('[') ? /^\[(?:(-?\d+)|"((?:[^"\\]|\\.)*)"|([^\]=[]+)=([^\]]*))\]/ : /^$/
    ).exec(rest)
    if (part) {
      if (part[1] !== undefined) path.segments.push({ index: Number(part[1]) })
      else if (part[2] !== undefined) path.segments.push({ name: unquote(part[2]) })
      else path.segments.push({ field: part[3]!.trim(), equals: unquote(part[4]!.trim().replace(/^"(.*)"$/, '$1')) })
      rest = rest.slice(part[0].length)
    } else {
      if (!first) {
        if (!rest.startsWith('.')) return `\`${text}\` is not a path: a dot is missing before \`${rest}\`.`
        rest = rest.slice(1)
      }
      const name = /^[^.[\]]+/.exec(rest)?.[0]
      if (!name) return rest ? `\`${text}\` is not a path: \`${rest}\` is no name.` : `\`${text}\` ends with a dot.`
      if (name.trim() !== name) return `\`${text}\` is not a path: a name begins or ends with a space.`
      path.segments.push({ name })
      rest = rest.slice(name.length)
    }
    first = false
  }
  return path.segments.length ? path : 'A path is empty.'
}

function unquote(text: string): string {
  return text.replace(/\\(.)/g, '$1')
}

/** The segments as text, without the root: `lines[0].sku`. */
export function segmentsText(segments: readonly Segment[]): string {
  let text = ''
  let plain: (string | number)[] = []
  const flush = () => {
    const said = pathText(plain as Path)
    text += text && said && !said.startsWith('[') ? `.${said}` : said
    plain = []
  }
  for (const segment of segments) {
    if ('field' in segment) {
      flush()
      text += `[${segment.field}=${segment.equals}]`
    } else plain.push('name' in segment ? segment.name : segment.index)
  }
  flush()
  return text
}

/** A path inside an item, put behind the path of that item. */
export function joinPath(base: string, more: string): string {
  return !base || !more ? base || more : more.startsWith('[') ? base + more : `${base}.${more}`
}
