// `handoff failures edit`: a person corrects what a record or an item says, and it goes through again.
import { spawnSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir, userInfo } from 'node:os'
import path from 'node:path'
import type { Command } from 'commander'
import type { Json, Problem } from '../hub.ts'
import { type FailureDetail, showFailure, splitItemId } from '../insight/failures.ts'
import { type Corrected, correctItem, correctRecord, type Wish } from '../intake/correct.ts'
import { differences, editPath, readAt } from '../platform/edits.ts'
import type { Store } from '../platform/store/store.ts'
import type { Facts } from '../setup/facts.ts'
import { CommandError, EXIT } from './exit.ts'
import { environment, hubOf, out, withStore } from './open.ts'
import { changeLines, tone, wrapped } from './print.ts'
import { recordFacts } from './record-facts.ts'

interface Options {
  set: string[]
  unset: string[]
  record?: string
  by?: string
  config?: string
  json?: boolean
}

export function editCommand(failures: Command): void {
  const gather = (value: string, before: string[]) => [...before, value]
  failures
    .command('edit <id>')
    .description('correct what the record (of a handoff) or the item says, and have it go through again')
    .option(
      '--set <path=value>',
      'a field and what it should be, as often as needed: shipTo.postcode=90210',
      gather,
      [],
    )
    .option('--unset <path>', 'a field that should not be there', gather, [])
    .option(
      '--record <type>',
      'of a handoff: the order or customer that its record hangs on, instead of the record itself',
    )
    .option('--by <name>', 'who says so (default: the user of this machine)')
    .option(
      '--config <folder>',
      'the configuration folder (default: config, or the last demo where nothing is configured)',
    )
    .option('--json', 'print JSON')
    .action(async (id: string, options: Options) => {
      const print = out(options)
      const done = await withStore(hubOf(options).environment, async (store) => {
        const failure = await showFailure(store, id)
        if (!failure)
          throw new CommandError(
            EXIT.notFound,
            `HUB_FAILURE_UNKNOWN Nothing stuck has the id "${id}": handoff failures list.`,
          )
        const { facts } = recordFacts()
        const subject = failure.what === 'item' ? undefined : await recordOf(store, failure, options.record, facts)
        const data = subject?.data ?? failure.data
        const fits = subject && fitting(subject.type, facts)
        const named = options.set.length + options.unset.length > 0
        const wishes = named ? asked(options, data, fits) : inEditor(id, data)
        const by = options.by ?? userInfo().username
        return { failure, subject, corrected: await correct(store, failure, subject, wishes, by, facts) }
      })
      const { failure, subject, corrected } = done
      if ('refused' in corrected) throw new CommandError(EXIT.wrong, refusal(corrected.refused))
      if (print.json) return print.line(JSON.stringify({ id, changes: corrected.told }))
      if (corrected.told.length === 0 && failure.what === 'handoff')
        return print.line(`Nothing is changed. To send it as it is: handoff failures retry ${id}`)
      print.line(tone(print, 'strong', subject ? `${subject.type} ${subject.key}` : failure.subject))
      for (const line of changeLines(corrected.told, '  ')) print.line(line)
      for (const line of wrapped(next(failure, subject), '')) print.line(line)
    })
}

function next({ id, what, state, where, subject }: FailureDetail, record: Subject | undefined): string {
  if (what === 'item' || !record)
    return `A running hub decides on it again within seconds: handoff trace ${splitItemId(id)[1]}`
  if (state === 'held')
    return `A running hub takes the correction up within seconds. The handoff stays held, because a write may have happened: look at the destination, then handoff failures retry ${id}, or resolve ${id}.`
  const number = `handoff trace ${record.key}`
  if (subject !== `${record.type} ${record.key}`)
    return `A running hub makes a new version of it within seconds (${number}). Then send what needed it: handoff failures retry ${id}`
  return `A running hub makes a new version of it within seconds and owes it to ${where} again: ${number}`
}

async function correct(
  store: Store,
  failure: FailureDetail,
  subject: Subject | undefined,
  wishes: Wish[],
  by: string,
  facts: Facts,
): Promise<Corrected> {
  if (!subject) {
    const [source, externalId] = splitItemId(failure.id)
    const corrected = await correctItem(store, { source, externalId }, wishes, by)
    if (corrected) return corrected
    throw new CommandError(EXIT.notFound, `HUB_FAILURE_UNKNOWN ${failure.id} is not parked any more.`)
  }
  const { id, type } = subject
  const named = facts.keyFields(type).find((key) => wishes.some((wish) => key[0] === wish.path[0]))
  if (named)
    throw new CommandError(
      EXIT.usage,
      `HUB_EDIT_KEY ${named.join('.')} names the ${type} across all systems and cannot be corrected here; correct it at its source.`,
    )
  return correctRecord(store, id, wishes, by, facts.faults)
}

interface Subject extends Record<string, unknown> {
  id: number
  type: string
  key: string
  data: Json
}

/** The record of a handoff, or the one of another type that it hangs on (the order of a shipment, the customer of that). */
async function recordOf(
  store: Store,
  failure: FailureDetail,
  wanted: string | undefined,
  facts: Facts,
): Promise<Subject> {
  const [own] = await store.query<Subject>(
    "select r.id, r.type, r.key, r.data from handoff h join record r on r.id = h.record_id where h.id = $1 and r.type <> 'alert'",
    [Number(failure.id)],
  )
  if (!own)
    throw new CommandError(
      EXIT.usage,
      `HUB_EDIT_ALERT ${failure.subject} is the hub's own message; there is nothing to correct in it: handoff failures retry ${failure.id}`,
    )
  const near = [own]
  for (const record of near) {
    if (wanted === undefined || record.type === wanted) return record
    for (const [type, at] of Object.entries(facts.parents(record.type))) {
      const key = readAt(record.data, at)
      if (near.some((each) => each.type === type) || typeof key !== 'string') continue
      near.push(
        ...(await store.query<Subject>('select id, type, key, data from record where type = $1 and key = $2', [
          type,
          key,
        ])),
      )
    }
  }
  throw new CommandError(
    EXIT.notFound,
    `HUB_EDIT_NO_RECORD ${failure.subject} hangs on no ${wanted}. Known: ${near.map((each) => each.type).join(', ')}.`,
  )
}

/** Whether a value may stand at a path of such a record, by its schema. */
function fitting(type: string, facts: Facts): (path: Wish['path'], value: Json) => boolean {
  return (at, value) => {
    const probe = at.reduceRight<Json>((inner, step) => (typeof step === 'number' ? [inner] : { [step]: inner }), value)
    const path = at.map((step) => (typeof step === 'number' ? 0 : step))
    const start = path.reduce<string>(
      (text, step) => (typeof step === 'number' ? `${text}[0]` : text ? `${text}.${step}` : step),
      '',
    )
    return !facts.faults(type, probe).some((fault) => fault.at === start && fault.code !== 'HUB_RECORD_MISSING_KEY')
  }
}

/** What `--set` and `--unset` say. A value is text, unless only a number, true, a list … fits there. */
function asked(options: Options, data: Json, fits: ReturnType<typeof fitting> | undefined): Wish[] {
  const place = (text: string) => {
    const found = editPath(text)
    if (found) return found
    throw new CommandError(EXIT.usage, `HUB_EDIT_PATH "${text}" is not a field; write shipTo.postcode or lines[0].sku.`)
  }
  const set = options.set.map((each) => {
    const equals = each.indexOf('=')
    if (equals < 1)
      throw new CommandError(EXIT.usage, `HUB_EDIT_PATH "${each}" is not path=value; write shipTo.postcode=90210.`)
    const at = place(each.slice(0, equals))
    const text = each.slice(equals + 1)
    const asText = fits ? fits(at, text) : ['string', 'undefined'].includes(typeof readAt(data, at))
    return { path: at, now: asText ? text : jsonOr(text) }
  })
  return [...set, ...options.unset.map((each) => ({ path: place(each) }))]
}

function jsonOr(text: string): Json {
  try {
    return JSON.parse(text)
  } catch {
    return text
  }
}

/** Opens the JSON in the person's editor; what differs afterwards is what they want. */
function inEditor(id: string, data: Json): Wish[] {
  const editor = environment.variable('VISUAL') || environment.variable('EDITOR')
  if (!editor)
    throw new CommandError(
      EXIT.usage,
      `HUB_EDIT_NOTHING Say what to correct: handoff failures edit ${id} --set shipTo.postcode=90210; or set EDITOR and run it without --set.`,
    )
  const folder = mkdtempSync(path.join(tmpdir(), 'handoff-edit-'))
  try {
    const file = path.join(folder, 'record.json')
    writeFileSync(file, `${JSON.stringify(data, null, 2)}\n`, { mode: 0o600 })
    spawnSync(`${editor} "${file}"`, { stdio: 'inherit', shell: true })
    const after = JSON.parse(readFileSync(file, 'utf8'))
    return differences(data, after).map((each) => ({ path: each.path, now: each.new }))
  } catch (error) {
    throw new CommandError(EXIT.usage, `HUB_EDIT_NOT_JSON What you saved is not JSON: ${(error as Error).message}`)
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}

function refusal(problems: Problem[]): string {
  const lines = problems.map((each) => `  ${each.at ? `${each.at}: ` : ''}${each.message} [${each.code}]`)
  return `HUB_EDIT_REFUSED It would not be right, so nothing was stored:\n${lines.join('\n')}`
}
