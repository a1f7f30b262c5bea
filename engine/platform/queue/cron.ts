// When a cron line is due next in a time zone, so that a change of the clocks neither skips nor doubles a run. A line with fixed
// hours is due once for each of its moments on the wall clock: one that the clocks leave out comes as much later, one that they show
// twice is the first. A line for every hour (`*`) goes by hours that pass.
import { getNextMillis } from 'bullmq'

/** No change of clocks is longer. */
const LONGEST_CHANGE_MS = 3 * 3_600_000
const DAY_MS = 86_400_000

/** The first moment after `now` (both in milliseconds since 1970) at which the line is due; undefined when it never is again. */
export function nextRun(now: number, pattern: string, zone: string): number | undefined {
  const fields = pattern.trim().split(/\s+/)
  const hours = fields.length > 5 ? fields[2]! : fields[1]!
  if (hours.startsWith('*')) return getNextMillis(now, { pattern, tz: zone })
  // From before a change that may just have been: what it left out may still be due.
  let wall: number | undefined = wallClock(now, zone) - LONGEST_CHANGE_MS
  for (;;) {
    wall = getNextMillis(wall, { pattern, tz: 'UTC' })
    if (wall === undefined) return undefined
    const at = momentOf(wall, zone)
    if (at > now) return at
  }
}

const pauses = new Map<string, number>()
/** The longest time between two runs of a cron line, in milliseconds, as far as its next runs show it. */
export function longestPause(pattern: string, zone: string): number {
  const name = `${pattern} ${zone}`
  let longest = pauses.get(name)
  if (longest !== undefined) return longest
  longest = 0
  let last = nextRun(Date.now(), pattern, zone)
  for (let turn = 0; turn < 20 && last !== undefined; turn++) {
    const next = nextRun(last, pattern, zone)
    if (next !== undefined) longest = Math.max(longest, next - last)
    last = next
  }
  pauses.set(name, longest)
  return longest
}

/** What the clocks on the wall show, as if it were UTC. */
function wallClock(at: number, zone: string): number {
  const parts = formatOf(zone).formatToParts(at)
  const of = (type: string) => Number(parts.find((part) => part.type === type)!.value)
  return Date.UTC(of('year'), of('month') - 1, of('day'), of('hour'), of('minute'), of('second'))
}

const formats = new Map<string, Intl.DateTimeFormat>()
function formatOf(timeZone: string): Intl.DateTimeFormat {
  const known = formats.get(timeZone)
  if (known) return known
  const day = { year: 'numeric', month: 'numeric', day: 'numeric' } as const
  const time = { hour: 'numeric', minute: 'numeric', second: 'numeric', hourCycle: 'h23' } as const
  const format = new Intl.DateTimeFormat('en-US', { timeZone, ...day, ...time })
  formats.set(timeZone, format)
  return format
}

/** The first moment at which the clocks show it; where they leave it out, as long after as it would have been. */
function momentOf(wall: number, zone: string): number {
  const offset = (at: number) => wallClock(at, zone) - at
  const before = wall - offset(wall - DAY_MS)
  const after = wall - offset(wall + DAY_MS)
  return wallClock(before, zone) !== wall && wallClock(after, zone) === wall ? after : before
}
