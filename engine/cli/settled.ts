import { setTimeout as sleep } from 'node:timers/promises'
import type { Store } from '../platform/store/store.ts'

/** Resolves when nothing is undecided, in flight or due: what is left waits for a moment, for something or for a person. */
export async function settled(store: Store): Promise<void> {
  for (let calm = 0; calm < 3; await sleep(200)) {
    const [busy] = await store.query<{ busy: boolean }>(
      `select exists (select from item where status = 'new')
           or exists (select from handoff where state = 'sending' or (state = 'owed' and due_at <= hub_now() + interval '1 second')) as busy`,
    )
    calm = busy!.busy ? 0 : calm + 1
  }
}
