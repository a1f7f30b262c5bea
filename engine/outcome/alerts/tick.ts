// Looks once a second at what is wrong, and keeps the alerts: opened, told, grown, reminded of, over.
import type { Store, Transaction } from '../../platform/store/store.ts'
import { detectNow, detectSlow, type Limits } from './detect.ts'
import { type Alert, dueMessages, hearers, insertAlert, openAlerts, saveAlert, tell, tellEnd } from './ledger.ts'
import { titleOf } from './message.ts'
import { nameOf, type Policy, type Trouble } from './trouble.ts'

export interface AlertFacts {
  store: Store
  policies: () => Policy[]
  limits: () => Omit<Limits, 'startedAt'>
  /** Sends handoffs of a connection now. */
  deliver: (connection: string, ids: number[]) => Promise<void>
  onError: (error: Error) => void
  /** Called with the title of an alert that no connection is left to tell to. */
  onUnheard: (title: string) => void
  /** Shorter in tests. */
  pace?: Pace
}

interface Pace {
  /** How long a trouble is watched before it is told, so that many of one cause are one message; below the five seconds promised. */
  gatherMs: number
  /** What may be a moment between two chunks must last. */
  noWorkerMs: number
  /** So many times as long as a look has taken, there is none: however much there is to see, looking takes little of the time. */
  rest: number
  /** How often silence and lateness are looked at. */
  slowMs: number
}
const PACE: Pace = { gatherMs: 1_500, noWorkerMs: 20_000, rest: 9, slowMs: 5_000 }
/** Over is what has been over for so long: a retry that fails again is the same trouble. */
const CALM_MS = 15_000
/** More causes than these, of one kind at one moment, are one alert. */
const CAUSES = 10
/** A group that has grown so many times is told again before its reminder. */
const GROWN = 10

export function openAlertTicker(facts: AlertFacts) {
  const pace = facts.pace ?? PACE
  /** When each trouble was seen first, by this process's own clock. */
  const seen = new Map<string, number>()
  let sending: Promise<unknown> = Promise.resolve()
  let startedAt: Date | undefined
  let notBefore = 0
  const slow = { troubles: [] as Trouble[], notBefore: 0, tookMs: 0 }

  async function tick(): Promise<void> {
    if (performance.now() < notBefore) return
    const began = performance.now()
    startedAt ??= (await facts.store.query<{ now: Date }>('select hub_now() as now'))[0]!.now
    const due = await look(startedAt)
    notBefore = performance.now() + pace.rest * (performance.now() - began - slow.tookMs)
    sending = Promise.all(
      [...Map.groupBy(due, (one) => one.connection)].map(([connection, rows]) =>
        facts
          .deliver(
            connection,
            rows.map((row) => row.id),
          )
          .catch(facts.onError),
      ),
    )
    await sending
  }

  async function look(startedAt: Date): Promise<{ id: number; connection: string }[]> {
    const policies = facts.policies()
    return facts.store.transaction(async (tx) => {
      // One process at a time; the others look again a second later.
      const [mine] = await tx.query<{ got: boolean }>(
        "select pg_try_advisory_xact_lock(hashtext(current_schema() || '.alerts')) as got",
      )
      if (!mine!.got) return []
      const [clock] = await tx.query<{ now: Date }>('select hub_now() as now')
      const troubles = await everything(tx, { ...facts.limits(), startedAt })
      remember(troubles)
      const alerts = await openAlerts(tx)
      for (const policy of policies) {
        const own = alerts.filter((alert) => alert.data.policy === policy.name)
        await keep(
          tx,
          policy,
          folded(
            troubles.filter((one) => concerns(policy, one)),
            own,
            watched,
          ),
          own,
          clock!.now,
        )
      }
      // An alert of a policy that was removed has nobody to tell.
      for (const alert of alerts.filter((one) => !policies.some((policy) => policy.name === one.data.policy)))
        await finish(tx, alert, clock!.now)
      return dueMessages(tx)
    })
  }

  /** What only time makes wrong is looked at less often: reading a long backlog must not delay what is urgent. */
  async function everything(tx: Transaction, limits: Limits): Promise<Trouble[]> {
    const now = await detectNow(tx, limits)
    if (performance.now() >= slow.notBefore) {
      const began = performance.now()
      slow.troubles = await detectSlow(tx, limits)
      slow.tookMs = performance.now() - began
      slow.notBefore = performance.now() + Math.max(pace.slowMs, pace.rest * slow.tookMs)
    } else slow.tookMs = 0
    return [...now, ...slow.troubles]
  }

  function remember(troubles: Trouble[]): void {
    const now = performance.now()
    const names = new Set(troubles.map(nameOf))
    for (const name of seen.keys()) if (!names.has(name)) seen.delete(name)
    for (const name of names) if (!seen.has(name)) seen.set(name, now)
  }

  const watched = (trouble: Trouble): boolean => {
    const ms = performance.now() - (seen.get(nameOf(trouble)) ?? performance.now())
    if (trouble.kind === 'no-worker') return ms >= pace.noWorkerMs
    return trouble.what === 'connection' || trouble.what === 'source' || ms >= pace.gatherMs
  }

  async function keep(tx: Transaction, policy: Policy, troubles: Trouble[], alerts: Alert[], now: Date): Promise<void> {
    const known = new Map(alerts.map((alert) => [nameOf(alert.data.trouble), alert]))
    for (const trouble of troubles) {
      const alert = known.get(nameOf(trouble))
      known.delete(nameOf(trouble))
      if (alert) await goesOn(tx, policy, alert, trouble, now)
      else {
        const { data } = await insertAlert(tx, policy, trouble, now)
        if (data.to.length === 0) facts.onUnheard(titleOf(data.trouble))
      }
    }
    for (const alert of known.values()) {
      const { calmSince } = alert.data
      if (!calmSince) await saveAlert(tx, { ...alert, data: { ...alert.data, calmSince: now.toISOString() } })
      else if (now.getTime() - Date.parse(calmSince) >= CALM_MS) await finish(tx, alert, now)
    }
  }

  return { tick, idle: () => sending.then(() => undefined) }
}

async function goesOn(tx: Transaction, policy: Policy, alert: Alert, trouble: Trouble, now: Date): Promise<void> {
  const { data } = alert
  const silentMs = now.getTime() - Date.parse(data.toldAt)
  const grown = trouble.count >= data.toldCount * GROWN && silentMs >= policy.groupMs
  const again = grown || silentMs >= policy.remindMs
  if (!again && data.trouble.count === trouble.count && !data.calmSince) return
  const since = new Date(Math.min(Date.parse(data.trouble.since), trouble.since.getTime())).toISOString()
  const next: Alert = {
    ...alert,
    data: {
      ...data,
      trouble: { ...trouble, since },
      most: Math.max(data.most, trouble.count),
      calmSince: undefined,
      ...(again
        ? { told: data.told + 1, toldAt: now.toISOString(), toldCount: trouble.count, to: hearers(policy, trouble) }
        : {}),
    },
  }
  await saveAlert(tx, next)
  if (again) await tell(tx, next)
}

async function finish(tx: Transaction, alert: Alert, now: Date): Promise<void> {
  if (!(await tellEnd(tx, alert))) return
  await saveAlert(tx, { ...alert, data: { ...alert.data, state: 'recovered', recoveredAt: now.toISOString() } })
}

/** A policy always hears of trouble with its own messages: nobody else would. */
function concerns(policy: Policy, trouble: Trouble): boolean {
  if (
    policy.to.includes(trouble.connection) &&
    (trouble.place.startsWith(`alert.${policy.name}.`) || trouble.kind === 'connection-down')
  )
    return true
  if (trouble.place.startsWith('alert.') || !policy.on.includes(trouble.kind)) return false
  if (trouble.kind === 'failing' && trouble.attempts < policy.attempts) return false
  return !policy.about || policy.about.includes(trouble.place) || policy.about.includes(trouble.connection)
}

const SEVERAL = 'several causes'

/** Beyond the first few, what is new of a kind is told as one: a thousand causes are not a thousand messages. */
function folded(troubles: Trouble[], alerts: Alert[], ripe: (trouble: Trouble) => boolean): Trouble[] {
  const known = new Set(alerts.map((alert) => nameOf(alert.data.trouble)))
  return [...Map.groupBy(troubles, (one) => one.kind).values()].flatMap((group) => {
    const open = group.filter((one) => known.has(nameOf(one)))
    const fresh = group.filter((one) => !known.has(nameOf(one)) && ripe(one)).sort((a, b) => b.count - a.count)
    const room = Math.max(0, CAUSES - open.length)
    const [alone, rest] = [fresh.slice(0, room), fresh.slice(room)]
    if (rest.length === 0) return [...open, ...alone]
    const [first] = rest as [Trouble]
    const several: Trouble = {
      ...first,
      place: 'several places',
      connection: [...new Set(rest.map((one) => one.connection))].sort().slice(0, 5).join(', '),
      cause: SEVERAL,
      count: rest.reduce((sum, one) => sum + one.count, 0),
      since: new Date(Math.min(...rest.map((one) => one.since.getTime()))),
      sample: rest.flatMap((one) => one.sample.slice(0, 1)).slice(0, 5),
    }
    return [...open, ...alone, several]
  })
}
