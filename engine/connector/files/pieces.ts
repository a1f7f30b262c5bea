// The bytes of a file, a piece at a time, in memory that is used again for the next piece: what is read of a file of any size
// leaves nothing behind but its rows.
import { readSync } from 'node:fs'
import type { FileHandle } from 'node:fs/promises'
import { type CsvForm, type Row, scanRows } from './rows.ts'

/** Small, because all rows of a piece are in memory at once, and large enough that waiting for the disk does not count. */
const PIECE = 128 * 1024

/** All rows from a place on, those of a piece together. */
export async function* rowsOf(
  handle: FileHandle,
  form: CsvForm,
  { offset, line }: { offset: number; line: number },
): AsyncGenerator<Row[]> {
  let buffer = Buffer.allocUnsafe(PIECE)
  let kept = 0
  for (;;) {
    const { bytesRead } = await handle.read(buffer, kept, buffer.length - kept, offset + kept)
    const length = kept + bytesRead
    const { rows, used, lines } = scanRows(buffer.subarray(0, length), form, { offset, line }, bytesRead === 0)
    offset += used
    line += lines
    kept = length - used
    // Twice the size for a row that does not fit: each time a little more would scan its beginning again and again.
    const next = kept * 2 > buffer.length ? Buffer.allocUnsafe(buffer.length * 2) : buffer
    buffer.copy(next, 0, used, length)
    buffer = next
    yield rows
    if (bytesRead === 0) return
  }
}

/**
 * Reads pieces that mostly follow one another. Where they do, a large piece is read ahead; where they are scattered, just
 * what is asked for, at once: a million waits for the thread pool would cost ten times the reading. What it answers is valid
 * until the next call.
 */
export function nearReader(handle: FileHandle): (offset: number, length: number) => Promise<Buffer> {
  let ahead = Buffer.allocUnsafe(PIECE)
  let heldAt = 0
  let held = 0
  let single = Buffer.allocUnsafe(PIECE)
  return async (offset, length) => {
    const end = heldAt + held
    if (offset >= heldAt && offset + length <= end) return ahead.subarray(offset - heldAt, offset - heldAt + length)
    if (offset >= heldAt && offset - end < PIECE) {
      if (length > ahead.length) ahead = Buffer.allocUnsafe(length)
      held = (await handle.read(ahead, 0, ahead.length, offset)).bytesRead
      heldAt = offset
      return ahead.subarray(0, Math.min(length, held))
    }
    if (length > single.length) single = Buffer.allocUnsafe(length)
    return single.subarray(0, readSync(handle.fd, single, 0, length, offset))
  }
}
