// A folder of CSV files as a source. What is saved is which files were read whole, by size and times, and how far the one
// that is being read got; a file that has changed is read again from its beginning, because an order may have grown.
import { glob, stat } from 'node:fs/promises'
import path from 'node:path'
import type { Pull, PulledPage, SourceItem } from '../contract.ts'
import { instant, moment } from '../duration.ts'
import { ConnectorError } from '../errors.ts'
import { type CsvOptions, csvItems, type NumberedItem } from './csv-file.ts'
import { narrowed } from './text.ts'

export interface CsvFolder extends CsvOptions {
  /** Which files of the folder, as a pattern: `orders-*.csv`. Read in the order of their names. */
  files: string
}

const ITEMS = 200
const CHARACTERS = 1_000_000

interface Found {
  name: string
  file: string
  identity: string
  changed: number
}

/** Pulls the items of all files that are new or changed. */
export function csvPull(folder: string, facts: CsvFolder): Pull {
  return async function* pull({ position, since, signal }) {
    const files = await filesIn(folder, facts.files)
    const here = new Set(files.map(({ name }) => name))
    const done: Record<string, string> = Object.fromEntries(
      Object.entries(position['done'] ?? {}).filter(([name]) => here.has(name)),
    ) as Record<string, string>

    for (const found of files) {
      const { name, identity, changed } = found
      if (done[name] === identity || changed < (instant(since) ?? Number.NEGATIVE_INFINITY)) continue
      const read: number = position['file'] === name && position['identity'] === identity ? position['read'] : 0
      const { file, dispose } = await narrowed(found.file, facts.encoding ?? 'utf-8')
      try {
        for await (const { items, next } of batches(csvItems(file, name, moment(changed), facts, read))) {
          if (signal.aborted) return
          yield page(items, { done: { ...done }, file: name, identity, read: next })
        }
      } finally {
        await dispose()
      }
      // A file that was written while it was read is read again.
      if ((await inspect(folder, name))?.identity === identity) done[name] = identity
    }
    yield { ...page([], { done }), last: true }
  }
}

/** Throws where the folder is not there or cannot be read. */
export async function checkFolder(folder: string): Promise<void> {
  const found = await stat(folder).catch((error) => cannotRead(folder, error))
  if (!found.isDirectory()) throw new ConnectorError('permanent', 'HUB_FILE_FOLDER', `${folder} is not a folder.`)
}

const page = (items: SourceItem[], position: PulledPage['position']): PulledPage => ({ items, position, last: false })

async function filesIn(folder: string, pattern: string): Promise<Found[]> {
  await checkFolder(folder)
  const found: Found[] = []
  for await (const name of glob(pattern, { cwd: folder })) {
    const one = await inspect(folder, name)
    if (one) found.push(one)
  }
  return found.sort((a, b) => (a.name < b.name ? -1 : 1))
}

/** Undefined for what is no file, or lies outside of the folder. */
async function inspect(folder: string, name: string): Promise<Found | undefined> {
  const file = path.resolve(folder, name)
  if (!file.startsWith(path.resolve(folder) + path.sep)) return undefined
  const facts = await stat(file).catch(() => undefined)
  if (!facts?.isFile()) return undefined
  return {
    name: path.relative(folder, file).split(path.sep).join('/'),
    file,
    identity: `${facts.size}-${facts.mtimeMs}-${facts.ino}`,
    changed: Math.floor(facts.mtimeMs),
  }
}

async function* batches(numbered: AsyncIterable<NumberedItem>): AsyncGenerator<{ items: SourceItem[]; next: number }> {
  let items: SourceItem[] = []
  let characters = 0
  let last = 0
  for await (const { item, next } of numbered) {
    items.push(item)
    characters += item.text.length
    last = next
    if (items.length < ITEMS && characters < CHARACTERS) continue
    yield { items, next }
    items = []
    characters = 0
  }
  if (items.length > 0) yield { items, next: last }
}

function cannotRead(folder: string, error: unknown): never {
  throw new ConnectorError(
    'retryable',
    'HUB_FILE_FOLDER',
    `The folder ${folder} cannot be read: ${error instanceof Error ? error.message : error}.`,
    { cause: error },
  )
}
