// An alert in words: what, where, why, whom it concerns, what happens next, and the command that helps.
import type { AlertFact, AlertMessage } from '#connector'
import { type AlertRecord, type Trouble, WEBHOOKS } from './trouble.ts'

type Told = Omit<Trouble, 'since'> & { since: string }

/** The message about a trouble as it stands. `said` is how many messages went before. */
export function messageOf(
  key: string,
  { trouble, most, openedAt, told, state, recoveredAt }: AlertRecord,
): AlertMessage {
  if (state === 'recovered') return over(key, trouble, most, openedAt, recoveredAt!)
  const facts = [
    { name: 'System', value: trouble.connection },
    ...(trouble.place === trouble.connection ? [] : [{ name: PLACE[trouble.what], value: trouble.place }]),
    ...(reasonOf(trouble) ? [{ name: 'Cause', value: reasonOf(trouble)! }] : []),
    ...(trouble.what === 'handoff' || trouble.what === 'item' || trouble.kind === 'reconcile-gap'
      ? [{ name: 'Concerned', value: concerned(trouble) }]
      : []),
    ...(trouble.kind === 'drift' ? [{ name: 'Fields', value: fields(trouble) }] : []),
    { name: 'Since', value: moment(trouble.since) },
    { name: 'What happens next', value: NEXT[trouble.kind](trouble) },
    { name: 'To do', value: todo(trouble) },
  ]
  return {
    key,
    state: told > 1 ? 'still' : 'open',
    severity: SEVERITY[trouble.kind],
    title: `${told > 1 ? 'Still: ' : ''}${titleOf(trouble)}`,
    text: textOf(facts),
    facts,
    since: trouble.since,
    count: trouble.count,
  }
}

function over(key: string, trouble: Told, most: number, openedAt: string, recoveredAt: string): AlertMessage {
  const lasted = span(Date.parse(recoveredAt) - Date.parse(trouble.since))
  const facts = [
    { name: 'System', value: trouble.connection },
    { name: 'Was', value: titleOf(trouble) },
    { name: 'From', value: `${moment(trouble.since)} (told at ${moment(openedAt)})` },
    { name: 'Until', value: `${moment(recoveredAt)}, after ${lasted}` },
    ...(most > 1 ? [{ name: 'At most', value: `${most} at once` }] : []),
    { name: 'What happens next', value: 'Nothing: it is over.' },
  ]
  return {
    key,
    state: 'recovered',
    severity: 'info',
    title: `Over after ${lasted}: ${titleOf(trouble)}`,
    text: textOf(facts),
    facts,
    since: trouble.since,
    count: 0,
  }
}

const PLACE = {
  handoff: 'Route',
  item: 'Source',
  source: 'Source',
  connection: 'Connection',
  comparison: 'Comparison',
} satisfies Record<Told['what'], string>

const textOf = (facts: AlertFact[]) => facts.map(({ name, value }) => `${name}: ${value}`).join('\n')

const SEVERITY: Record<Told['kind'], AlertMessage['severity']> = {
  failed: 'error',
  held: 'error',
  parked: 'warning',
  failing: 'warning',
  'connection-down': 'critical',
  silent: 'error',
  overdue: 'warning',
  'no-worker': 'critical',
  drift: 'warning',
  'reconcile-gap': 'error',
}

/** One line, for subjects and lists. */
export function titleOf(
  trouble: Pick<Told, 'kind' | 'what' | 'place' | 'cause' | 'count' | 'sample' | 'attempts'>,
): string {
  const { kind, what, place, cause, count, sample, attempts } = trouble
  const many = (verb: string) => `${count} ${what}${count === 1 ? '' : 's'} of ${place} ${verb}${who(sample, count)}`
  switch (kind) {
    case 'failed':
      return many('failed')
    case 'parked':
      return many(count === 1 ? 'is parked' : 'are parked')
    case 'held':
      return many(count === 1 ? 'waits for a decision' : 'wait for a decision')
    case 'failing':
      if (cause === WEBHOOKS) return `no webhooks come for ${place}`
      if (what === 'source') return `${place} could not be read ${attempts} times in a row`
      return what === 'comparison'
        ? `${place} could not be compared ${attempts} times in a row`
        : many(`${count === 1 ? 'has' : 'have'} failed up to ${attempts} times in a row`)
    case 'connection-down':
      return cause === 'refused' ? `${place} does not let the hub in` : `${place} is down`
    case 'silent':
      return cause === 'no run' ? `${place} could not be read for too long` : `${place} brings nothing new`
    case 'overdue':
      return many(`${count === 1 ? 'is' : 'are'} late`)
    case 'no-worker':
      return `Nobody works for ${place}: ${count} handoff${count === 1 ? '' : 's'} due`
    case 'drift':
      return `${place} sends ${count === 1 ? 'a field' : `${count} fields`} otherwise than before${who(sample, count)}`
    case 'reconcile-gap':
      return `${place} found ${count === 1 ? 'a gap' : `${count} gaps`}${who(sample, count)}`
  }
}

function who(sample: Told['sample'], count: number): string {
  const [first] = sample
  if (!first) return ''
  return `: ${first.subject}${count > 1 ? ` and ${count - 1} more` : ''}`
}

const reasonOf = ({ sample, cause, kind }: Told): string | undefined => {
  const message = sample.find((one) => one.message)?.message
  if (kind === 'drift') return undefined
  if (kind === 'overdue' || kind === 'no-worker') return message
  return [message, /^HUB_/.test(cause) ? `[${cause}]` : ''].filter(Boolean).join(' ') || undefined
}

function concerned({ sample, count }: Told): string {
  const names = sample.map(({ id, subject }) => `${subject} (${id})`).join(', ')
  return count > sample.length ? `${names} and ${count - sample.length} more` : names
}

function fields({ sample, count }: Told): string {
  const told = sample
    .map(({ subject, message }) => `${subject}${message ? ` (${message.replace(/\.$/, '')})` : ''}`)
    .join('; ')
  return count > sample.length ? `${told}; and ${count - sample.length} more` : told
}

const NEXT: Record<Told['kind'], (trouble: Told) => string> = {
  failed: () => 'The hub has given up on this version; a newer one of the same record is sent again by itself.',
  parked: ({ what }) =>
    `Tried again by itself once the mapping, a table or the ${what === 'item' ? 'item' : 'record'} has been corrected.`,
  held: () => 'Nothing until a person decides: it may have happened there already.',
  failing: ({ what, cause }) =>
    cause === WEBHOOKS
      ? 'The source is only read on its schedule; the hub looks every five minutes whether it can subscribe.'
      : what === 'source'
        ? 'It is read again on schedule.'
        : what === 'comparison'
          ? 'It is compared again within minutes.'
          : 'They are tried again by themselves, with growing pauses.',
  'connection-down': ({ cause }) =>
    cause === 'refused'
      ? 'The connection pauses and nothing is lost; the hub asks every minute at least whether it is let in again, and goes on by itself.'
      : 'Nothing is lost; the hub asks every minute at least whether it is back, and goes on by itself.',
  silent: ({ cause }) => (cause === 'no run' ? 'It is read again on schedule.' : 'It goes on being read.'),
  overdue: () => 'They stay owed and are delivered as soon as that is possible.',
  'no-worker': () => 'They are delivered as soon as a worker takes them.',
  drift: () => 'It goes on being read; what does not map is parked.',
  'reconcile-gap': () => 'They are compared again on schedule; what is the same by then is over.',
}

function todo({ kind, what, place, connection, count, cause, sample }: Told): string {
  const [first] = sample
  const cure = first?.cure?.replaceAll(' ID', ` ${first.id}`)
  const id = first ? quoted(first.id) : 'ID'
  const all = cause && count > 1 ? `handoff failures retry --cause ${quoted(cause)}` : `handoff failures retry ${id}`
  switch (kind) {
    case 'failed':
    case 'parked':
    case 'held':
      return [cure, `handoff failures show ${id}`, ...(cure?.includes('failures retry') ? [] : [all])]
        .filter(Boolean)
        .join(' | ')
    case 'failing':
      if (cause === WEBHOOKS) return `See the webhooks of ${connection} there | handoff status`
      if (what === 'source') return `handoff run ${place}`
      return what === 'comparison'
        ? (cure ?? 'handoff status')
        : `handoff trace ${quoted(first?.subject.replace(/^\S+ /, '') ?? '')}`
    case 'connection-down':
      return cause === 'refused' ? `Correct the credentials of ${place} | handoff status` : 'handoff status'
    case 'silent':
      return `handoff status | handoff run ${place}`
    case 'overdue':
      return `handoff trace ${quoted(first?.subject.replace(/^\S+ /, '') ?? '')} | handoff status`
    case 'no-worker':
      return 'handoff status | handoff start'
    case 'drift':
      return `handoff drift list | handoff drift accept ${place}`
    case 'reconcile-gap':
      return `${cure} | ${cure} --redrive`
  }
}

/** For a shell, where it needs to be. */
const quoted = (word: string) => (/^[\w./:@+-]+$/.test(word) ? word : `"${word.replaceAll(/(["\\$`])/g, '\\$1')}"`)

const moment = (text: string) => `${text.slice(0, 19).replace('T', ' ')} UTC`

function span(ms: number): string {
  const seconds = Math.max(1, Math.round(ms / 1000))
  if (seconds < 100) return `${seconds} s`
  if (seconds < 6000) return `${Math.round(seconds / 60)} min`
  if (seconds < 48 * 3600) return `${Math.round(seconds / 3600)} h`
  return `${Math.round(seconds / 86400)} d`
}
