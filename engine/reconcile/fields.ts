// Which fields of a record are compared: those that the mappings of both sides speak of.
import type { Json, Mapper } from '../hub.ts'
import { fingerprint } from '../platform/fingerprint.ts'

/** What each system says about itself, and never agrees on. */
const OWN = ['updatedAt', 'lineId']

/** Whether a field (`lines[].sku`) is one that both speak of. */
export function spokenByBoth(mappers: Mapper[], keys: string[]): (field: string) => boolean {
  const spoken = mappers.flatMap(({ speaks }) => (speaks ? [leavesOf(speaks)] : []))
  return (field) =>
    !keys.includes(field) &&
    !OWN.includes(field.split('.').at(-1)!) &&
    spoken.every((targets) => targets.some((target) => isWithin(field, target)))
}

const isWithin = (field: string, target: string) =>
  field === target || field.startsWith(`${target}.`) || field.startsWith(`${target}[]`)

/** A target that holds others says nothing beyond them; the parts of a rule (`total[] (quantity)`) belong to its target. */
function leavesOf(targets: string[]): string[] {
  const plain = [
    ...new Set(
      targets.map((target) =>
        target
          .split(' ')[0]!
          .replace(/\[\d+\]/g, '[]')
          .replace(/\[\]$/, ''),
      ),
    ),
  ]
  return plain.filter((one) => !plain.some((other) => other.startsWith(`${one}.`) || other.startsWith(`${one}[].`)))
}

/** The compared part of a record; undefined where nothing of it is compared. The order of a list says nothing. */
export function comparedPart(data: Json, compared: (field: string) => boolean, at = ''): Json {
  if (data === null || data === undefined) return undefined
  if (Array.isArray(data)) {
    const parts = data.map((each) => comparedPart(each, compared, `${at}[]`)).filter((each) => each !== undefined)
    return parts.length > 0 ? parts.sort((a, b) => (nameOf(a) < nameOf(b) ? -1 : 1)) : undefined
  }
  if (typeof data !== 'object') return compared(at) ? data : undefined
  const entries = Object.entries(data).flatMap(([name, value]): [string, Json][] => {
    const part = comparedPart(value, compared, at ? `${at}.${name}` : name)
    return part === undefined ? [] : [[name, part]]
  })
  return entries.length > 0 ? Object.fromEntries(entries) : undefined
}

const nameOf = (value: Json): string => String(value?.sku ?? value?.number ?? fingerprint(value))
