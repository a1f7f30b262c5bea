// The rule of every write, once for all connectors.
//
// Push: known link → update; else find(key) → adopt and update; else create. Call: once. A write that might have happened is
// looked up before it is repeated; "not found" counts only after the time in which a lost write may still land (settle) and
// appear in the look-up (lag); where there is no look-up and the vendor does not recognise repetitions, a person decides.
import { ConnectorError, type Found } from '#connector'
import type { ActionClient, Json, PushClient, Step } from '../hub.ts'

export type Sent =
  /** `replaced`: the external id it had until now. */
  | { result: 'sent'; step: Step; externalId: string; replaced?: string; answer?: Json }
  /** Not sent: it may still land. Look again in so many milliseconds. */
  | { result: 'settling'; waitMs: number }
  /** `gone`: the external id that the destination no longer knows. */
  | { result: 'held'; code: string; message: string; cure: string; gone?: string }
  | { result: 'parked'; code: string; message: string; cure: string }

interface Write {
  /** Where the record is at the destination, when that is known. */
  link: string | undefined
  uncertainMs: number | null
  /** How long ago the answer to a write of another version was lost: it may still land, and would undo this one. */
  overtakesMs: number | null
  idempotencyKey: string
  /** Awaited before each request; throws when the lease no longer covers it. */
  gate: (request: { deadlineMs: number }) => void
}

export async function push(client: PushClient, payload: Json, write: Write): Promise<Sent> {
  const { facts } = client
  const context = { idempotencyKey: write.idempotencyKey, gate: write.gate }
  const key = client.key(payload)
  const find = async () => (facts.canFind && facts.lookup !== 'none' ? client.find(key, payload, context) : undefined)
  const change = async (id: string, found?: Found): Promise<Sent> => {
    const moved = facts.canUpdate
      ? await client.update(payload, id, { ...context, ...(found ? { found } : {}) })
      : undefined
    const externalId = moved?.id ?? id
    return { result: 'sent', step: 'update', externalId, ...(externalId === id ? {} : { replaced: id }) }
  }
  const waitMs = write.overtakesMs === null ? 0 : facts.settleMs - write.overtakesMs
  if (waitMs > 0) return { result: 'settling', waitMs }
  if (write.link !== undefined) {
    try {
      return await change(write.link)
    } catch (error) {
      if (!isGone(error)) throw error
      const elsewhere = await find()
      if (elsewhere && elsewhere.id !== write.link)
        return { ...(await change(elsewhere.id, elsewhere)), replaced: write.link } as Sent
      return {
        result: 'held',
        code: 'HUB_PUSH_GONE',
        message: `What the hub made at the destination (${write.link}) is not there any more.`,
        cure: '`handoff failures retry ID` makes it anew, `handoff failures resolve ID` leaves it away.',
        gone: write.link,
      }
    }
  }
  const found = await find()
  const adopt = (existing: Found) => change(existing.id, existing)
  if (found) return adopt(found)
  const unsettled = mayStillLand(facts, write.uncertainMs)
  if (unsettled) return unsettled
  if (!facts.canCreate) {
    return {
      result: 'parked',
      code: 'HUB_PUSH_NOT_THERE',
      message: `The destination has nothing with the key ${JSON.stringify(key)}, and the hub does not create it there.`,
      cure: 'Create it at the destination, then `handoff failures retry ID`.',
    }
  }
  try {
    const created = await client.create(payload, context)
    // Under a key that was used before, the answer is what was made then, perhaps out of another version.
    const repeated = facts.idempotent && write.uncertainMs !== null && facts.canUpdate
    return repeated ? await change(created.id) : { result: 'sent', step: 'create', externalId: created.id }
  } catch (error) {
    if (!(error instanceof ConnectorError) || error.kind !== 'conflict' || !facts.canFind) throw error
    const existing = await client.find(key, payload, context)
    if (existing) return await adopt(existing)
    const message = `The destination says that it exists, but does not find it by its key ${JSON.stringify(key)}: ${error.message}`
    throw new ConnectorError('permanent', 'HUB_PUSH_CONFLICT', message, error.detail)
  }
}

/** The destination said that the thing to be changed is not there. */
function isGone(error: unknown): boolean {
  return (
    error instanceof ConnectorError &&
    error.kind === 'permanent' &&
    (error.detail.status === 404 || error.detail.status === 410)
  )
}

export async function call(
  client: ActionClient,
  request: Json,
  write: Omit<Write, 'link' | 'overtakesMs'>,
): Promise<Sent> {
  const { facts } = client
  const context = { idempotencyKey: write.idempotencyKey, gate: write.gate }
  const done = (answer: Json, step: Step): Sent => ({ result: 'sent', step, externalId: client.id(answer), answer })
  if (write.uncertainMs !== null && facts.canFind) {
    const answer = await client.find(write.idempotencyKey, request, context)
    if (answer !== undefined) return done(answer, 'find')
  }
  const unsettled = facts.repeat === 'allow' ? undefined : mayStillLand(facts, write.uncertainMs)
  if (unsettled) return unsettled
  return done(await client.call(request, context), 'call')
}

/** What to do instead of writing again, while an earlier write may still land or cannot be looked up at all. */
function mayStillLand(
  facts: PushClient['facts'] | ActionClient['facts'],
  uncertainMs: number | null,
): Sent | undefined {
  if (uncertainMs === null || facts.idempotent) return undefined
  if (!facts.canFind || facts.lookup === 'none') {
    return {
      result: 'held',
      code: 'HUB_SEND_UNCERTAIN',
      message: 'A write was sent and no answer came; the destination offers no way to look it up.',
      cure: 'Look at the destination, then `handoff failures retry ID` sends it again, `handoff failures resolve ID` says that it is there.',
    }
  }
  const waitMs = facts.settleMs + facts.lagMs - uncertainMs
  return waitMs > 0 ? { result: 'settling', waitMs } : undefined
}
