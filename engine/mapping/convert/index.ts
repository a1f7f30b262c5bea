import type { Conversion } from './conversion.ts'
import { times } from './datetime.ts'
import { lists } from './list.ts'
import { measures } from './measure.ts'
import { money } from './money.ts'
import { texts } from './text.ts'

/** What `as:` may name, apart from the files of mappings/functions/. */
export const conversions: Record<string, Conversion> = { ...texts, money, ...times, ...measures, ...lists }
