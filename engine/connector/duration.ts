// Durations as people write them: `500ms`, `1s`, `2m`, `1h`, `7d`.
const UNITS: Record<string, number> = { ms: 1, s: 1_000, m: 60_000, h: 3_600_000, d: 86_400_000 }

/** Milliseconds in a duration text. Throws a RangeError that names what is wrong. */
export function milliseconds(duration: string): number {
  const match = /^(\d+(?:\.\d+)?)(ms|s|m|h|d)$/.exec(duration)
  if (!match) throw new RangeError(`"${duration}" is not a duration; write a number and a unit: 500ms, 1s, 2m, 1h, 7d`)
  return Number(match[1]) * UNITS[match[2]!]!
}

/** A moment as vendors write it (RFC 3339, `2026-03-29 00:30:00`, epoch milliseconds) in milliseconds; without a zone it is UTC. */
export function instant(value: string | number | undefined | null): number | undefined {
  if (value === undefined || value === null || value === '') return undefined
  if (typeof value === 'number' || /^\d{12,}$/.test(value)) return Number(value)
  const text = value.trim().replace(' ', 'T')
  const zoned = /(?:Z|[+-]\d\d:?\d\d)$/i.test(text) ? text : /T/.test(text) ? `${text}Z` : text
  const ms = Date.parse(zoned)
  return Number.isNaN(ms) ? undefined : ms
}

/** RFC 3339 in UTC, without needless milliseconds. */
export function moment(ms: number): string {
  return new Date(ms).toISOString().replace('.000Z', 'Z')
}
