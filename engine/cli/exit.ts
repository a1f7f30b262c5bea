/** Exit codes, as `handoff --help` and docs/reference/cli.md state them. */
export const EXIT = {
  /** Everything is as it should be. */
  fine: 0,
  /** The command did its work, and the work found something wrong: a test fails, the audit does not hold. */
  wrong: 1,
  /** The configuration or the arguments are wrong; nothing was done. */
  usage: 2,
  /** There is nothing of that name. */
  notFound: 3,
  /** The hub cannot work: no database, a folder that cannot be reached. */
  unable: 4,
} as const

/** An error that a person can do something about: its text starts with a stable code. */
export class CommandError extends Error {
  readonly exit: number
  constructor(exit: number, message: string) {
    super(message)
    this.name = 'CommandError'
    this.exit = exit
  }
}
