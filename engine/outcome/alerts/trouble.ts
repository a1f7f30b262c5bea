// The words of alerts: what can be wrong, who wants to hear of it, and what is remembered about one trouble.
import type { AlertKind } from '../../platform/config/hub-config.ts'

/** The cause where a source is read, but its webhooks do not come. */
export const WEBHOOKS = 'webhooks'

/** What is wrong at one place for one reason, however many are concerned. */
export interface Trouble {
  kind: AlertKind
  /** What the count counts. */
  what: 'handoff' | 'item' | 'connection' | 'source' | 'comparison'
  /** Source, route, connection, or a name in `reconcile:`. */
  place: string
  connection: string
  cause: string
  count: number
  since: Date
  /** The worst of them, for `failing`: attempts or runs in a row. */
  attempts: number
  sample: Sample[]
}
export interface Sample {
  /** As `handoff failures` names it: `4711`, or `shop-orders/727`. */
  id: string
  /** `order shop:1001` */
  subject: string
  message?: string
  cure?: string
}

/** One entry of `alerts:` with everything filled in. */
export interface Policy {
  name: string
  on: AlertKind[]
  to: string[]
  about?: string[]
  groupMs: number
  remindMs: number
  attempts: number
}

/** The data of a record of the type `alert`: one trouble, from its first message to its end. */
export interface AlertRecord {
  state: 'open' | 'recovered'
  policy: string
  trouble: Omit<Trouble, 'since'> & { since: string }
  /** The most that were concerned at once. */
  most: number
  openedAt: string
  /** Since when nothing is wrong any more; an alert is over when that lasts. */
  calmSince?: string | undefined
  recoveredAt?: string
  /** Messages so far, and how many were concerned when the last one was owed. */
  told: number
  toldAt: string
  toldCount: number
  /** The connections that it is told to. */
  to: string[]
}

export const nameOf = ({ kind, place, cause }: Pick<Trouble, 'kind' | 'place' | 'cause'>) =>
  `${kind}\n${place}\n${cause}`

/** The ledger's route of a policy's messages to one connection. No configured route has a full stop in its name. */
export const routeName = (policy: string, connection: string, over = false) =>
  `alert.${policy}.${connection}${over ? '.over' : ''}`
