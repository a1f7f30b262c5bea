/** One Ctrl-C arrives several times: from the terminal, and forwarded by npm and by the launcher. */
const SAME_KEYSTROKE_MS = 1_000

/** Resolves at the first Ctrl-C or SIGTERM; a second one, a moment later, ends the process at once. */
export function whenAsked(): Promise<void> {
  return new Promise((resolve) => {
    let asked: number | undefined
    for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
      process.on(signal, () => {
        if (asked !== undefined && Date.now() - asked > SAME_KEYSTROKE_MS) process.exit(130)
        asked ??= Date.now()
        resolve()
      })
    }
  })
}
