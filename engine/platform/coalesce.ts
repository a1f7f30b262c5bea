/** A function that starts the work, or, while it runs, lets it run once more afterwards: however often it is called meanwhile. */
export function coalesced(work: () => Promise<void>, onError: (error: Error) => void): () => void {
  let running = false
  let again = false
  const run = async (): Promise<void> => {
    running = true
    do {
      again = false
      await work().catch(onError)
    } while (again)
    running = false
  }
  return () => {
    if (running) again = true
    else void run()
  }
}
