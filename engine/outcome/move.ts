// What each result means for the handoff: the table of moves. Pure, so that every move can be tested.
import type { ConnectorError } from '#connector'
import type { Problem, Result } from '../hub.ts'
import { backoff } from './backoff.ts'

export interface Move {
  /** `rest`: resting, or owed again at once when a newer version is wanted than the one that was sent. */
  to: 'rest' | 'owed' | 'waiting' | 'held' | 'parked' | 'failed'
  outcome?: 'delivered' | 'unchanged' | 'skipped'
  /** Milliseconds until it is due. */
  delayMs?: number
  /** Whether this counted as an attempt. */
  attempt: boolean
  /** Whether the write may have happened: keep what was uncertain, mark it now, or clear it. */
  uncertain: 'keep' | 'mark' | 'clear'
  problems?: Problem[]
  waitingFor?: string
  /** What the connection learns from it. */
  connection?:
    | { state: 'limited' | 'paused'; forMs?: number; reason: string }
    | { state: 'ok' }
    | { state: 'failing'; reason: string }
}

/** A rate limit without a wish of the vendor's. */
const RATE_LIMIT_PAUSE_MS = 5_000

export function moveFor(input: Result, attempts: number): Move {
  switch (input.result) {
    case 'sent':
      return { to: 'rest', outcome: 'delivered', attempt: true, uncertain: 'clear', connection: { state: 'ok' } }
    case 'unchanged':
      return { to: 'rest', outcome: 'unchanged', attempt: false, uncertain: 'clear' }
    case 'skipped':
      return { to: 'rest', outcome: 'skipped', attempt: false, uncertain: 'keep', problems: [input.problem] }
    case 'waiting':
      return {
        to: 'waiting',
        attempt: false,
        uncertain: 'keep',
        problems: [input.problem],
        waitingFor: input.waitingFor,
      }
    case 'parked':
      return { to: 'parked', attempt: false, uncertain: 'keep', problems: input.problems }
    case 'held':
      return { to: 'held', attempt: false, uncertain: 'keep', problems: [input.problem] }
    case 'settling':
      return {
        to: 'owed',
        delayMs: input.waitMs,
        attempt: false,
        uncertain: 'keep',
        problems: [
          {
            code: 'HUB_SEND_SETTLING',
            message: 'A write was sent and no answer came; it is looked up again once it can no longer land.',
          },
        ],
      }
    case 'released':
      return { to: 'owed', delayMs: input.waitMs ?? 0, attempt: false, uncertain: 'keep' }
    case 'error':
      return moveForError(input.error, attempts)
  }
}

function moveForError(error: ConnectorError, attempts: number): Move {
  const problem: Problem = { code: error.code, message: error.message }
  const again = (uncertain: Move['uncertain'], connection?: Move['connection']): Move => {
    const delayMs = backoff(attempts + 1, error.detail.retryAfterMs)
    const base = { attempt: true, uncertain, problems: [problem], ...(connection ? { connection } : {}) }
    if (delayMs !== undefined) return { to: 'owed', delayMs, ...base }
    // A write that may have happened is never simply given up: a person looks.
    return { to: uncertain === 'mark' ? 'held' : 'failed', ...base }
  }
  switch (error.kind) {
    case 'retryable':
      return again('keep', { state: 'failing', reason: error.message })
    case 'uncertain':
      return again('mark', { state: 'failing', reason: error.message })
    case 'rate_limited': {
      const forMs = error.detail.retryAfterMs ?? RATE_LIMIT_PAUSE_MS
      return {
        to: 'owed',
        delayMs: forMs,
        attempt: false,
        uncertain: 'keep',
        problems: [problem],
        connection: { state: 'limited', forMs, reason: error.message },
      }
    }
    case 'auth':
      return {
        to: 'owed',
        delayMs: 0,
        attempt: false,
        uncertain: 'keep',
        problems: [problem],
        connection: { state: 'paused', reason: error.message },
      }
    case 'invalid':
      return { to: 'parked', attempt: true, uncertain: 'keep', problems: [problem] }
    case 'conflict':
    case 'permanent':
      return { to: 'failed', attempt: true, uncertain: 'keep', problems: [problem] }
  }
}
