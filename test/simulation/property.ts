// What must hold for every schedule, and the story of one that breaks it.
import fc from 'fast-check'
import type { Route } from '../../engine/hub.ts'
import type { Books } from './books.ts'
import { memoryBooks } from './memory.ts'
import { type Lacks, play, type Tally } from './run.ts'
import { type Schedule, schedule } from './schedule.ts'

interface How {
  open: (routes: Map<string, Route>) => Promise<Books>
  lacks?: Lacks
  played?: (tally: Tally) => void
}

export const holds = ({ open, lacks, played }: How) =>
  fc.asyncProperty(schedule, async (each) => {
    const tally = await play(each, { open, ...(lacks ? { lacks } : {}) })
    played?.(tally)
  })

/** What happens in a schedule, line by line, up to the law that it breaks. */
export async function story(each: Schedule): Promise<string> {
  const lines = [`a warehouse that is ${each.push}, a carrier that is ${each.call}`]
  await play(each, { open: async (routes) => memoryBooks(routes), tell: (line) => lines.push(line) }).catch((error) =>
    lines.push(`=> ${(error as Error).message}`),
  )
  return lines.join('\n')
}
