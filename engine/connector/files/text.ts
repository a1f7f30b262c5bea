// From bytes to text. Rows are found in the bytes, so a file must be in an encoding that keeps ASCII as it is; others
// (UTF-16) are first written over into a temporary UTF-8 file.
import { createReadStream, createWriteStream } from 'node:fs'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { pipeline } from 'node:stream/promises'
import iconv from 'iconv-lite'
import { ConnectorError } from '../errors.ts'

const WIDE = /^(utf-?16|utf-?32|ucs-?2)/i

/** Turns one row's bytes into text; undefined where the bytes are not of that encoding. */
export type Decode = (bytes: Buffer) => string | undefined

export function decoder(encoding: string): Decode {
  if (!iconv.encodingExists(encoding))
    throw new ConnectorError(
      'permanent',
      'HUB_FILE_ENCODING',
      `"${encoding}" is not an encoding. Known are utf-8, windows-1252, iso-8859-1, utf-16 and many more.`,
    )
  if (/^utf-?8$/i.test(encoding) || WIDE.test(encoding)) return utf8
  return (bytes) => iconv.decode(bytes, encoding)
}

function utf8(bytes: Buffer): string | undefined {
  const text = bytes.toString('utf8')
  return text.includes('\ufffd') && !bytes.includes('\ufffd') ? undefined : text
}

/** A path under which the file can be read row by row, and what removes it again where it is a copy. */
export async function narrowed(
  file: string,
  encoding: string,
): Promise<{ file: string; dispose: () => Promise<void> }> {
  if (!WIDE.test(encoding)) return { file, dispose: async () => {} }
  const folder = await mkdtemp(path.join(tmpdir(), 'handoff-csv-'))
  const copy = path.join(folder, 'rows.csv')
  const dispose = () => rm(folder, { recursive: true, force: true })
  try {
    await pipeline(
      createReadStream(file),
      iconv.decodeStream(encoding),
      iconv.encodeStream('utf8'),
      createWriteStream(copy),
    )
    return { file: copy, dispose }
  } catch (error) {
    await dispose()
    throw error
  }
}
