export interface Coalesced {
  /** Starts the work, or, while it runs, lets it run once more afterwards: however often it is called meanwhile. */
  (): void
  /** Resolves when nothing runs any more. */
  idle(): Promise<void>
}

export function coalesced(work: () => Promise<void>, onError: (error: Error) => void): Coalesced {
  let current: Promise<void> | undefined
  let again = false
  const run = async (): Promise<void> => {
    do {
      again = false
      await work().catch(onError)
    } while (again)
    current = undefined
  }
  const start = () => {
    if (current) again = true
    else current = run()
  }
  return Object.assign(start, { idle: async () => current })
}

/** A queue of one: each work begins when the one before it has ended, however that ended. */
export function turns(): <T>(work: () => Promise<T>) => Promise<T> {
  let last: Promise<unknown> = Promise.resolve()
  return (work) => {
    const turn = last.then(work)
    last = turn.catch(() => {})
    return turn
  }
}

/** At most so many at once; the others wait their turn. */
export function limited(most: number): <T>(work: () => Promise<T>) => Promise<T> {
  let running = 0
  const waiting: (() => void)[] = []
  return async (work) => {
    if (running >= most) await new Promise<void>((go) => waiting.push(go))
    else running++
    try {
      return await work()
    } finally {
      const next = waiting.shift()
      if (next) next()
      else running--
    }
  }
}
