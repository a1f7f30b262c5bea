// A generator of load in a process of its own: `load.ts SPEC` (JSON). Signed webhooks, either at a constant rate (open loop: each
// is sent when it is due, however slow the answers are, and its latency counts from that moment) or as many as the other side
// takes (closed loop: so many connections, each sends the next one when it has its answer).
import { createHmac } from 'node:crypto'
import { setTimeout as sleep } from 'node:timers/promises'
import { Agent, request } from 'undici'
import { orderText } from './orders.ts'

export interface LoadSpec {
  url: string
  secret: string
  /** `order N` are orders with that number, `stock N` levels of one of so many SKUs, with N pieces available. */
  topic: 'order' | 'stock'
  skus?: number
  /** The number of the first one. */
  from: number
  /** Open loop: so many a second, for so long. */
  rate?: number
  seconds: number
  /** Closed loop: without a rate. It ends after `seconds`, or when so many were sent. */
  connections?: number
  amount?: number
}
export interface LoadReport {
  sent: number
  failures: number
  /** Of the whole run: the last answer is in it. */
  seconds: number
  latencies: number[]
  /** When each was due, by its number, in milliseconds of the wall clock. */
  due: [mark: string, at: number][]
}

const spec = JSON.parse(process.argv[2]!) as LoadSpec
const connections = spec.connections ?? 256
const agent = new Agent({ connections, pipelining: 1, keepAliveTimeout: 60_000 })
const report: LoadReport = { sent: 0, failures: 0, seconds: 0, latencies: [], due: [] }

const bodyOf = (n: number): string =>
  spec.topic === 'order' ? orderText(n) : JSON.stringify({ sku: `SKU-${n % (spec.skus ?? 1)}`, available: n })
const signed = (body: string) => ({
  body,
  headers: {
    'content-type': 'application/json',
    'x-topic': spec.topic,
    'x-signature': createHmac('sha256', spec.secret).update(body).digest('base64'),
  },
})

async function send(what: ReturnType<typeof signed>, dueAt: number): Promise<void> {
  report.sent++
  try {
    const answer = await request(spec.url, { method: 'POST', dispatcher: agent, ...what })
    await answer.body.dump()
    if (answer.statusCode !== 200) report.failures++
  } catch {
    report.failures++
  }
  report.latencies.push(performance.now() - dueAt)
}

const began = performance.now() + 50
if (spec.rate) {
  const calls = Array.from({ length: Math.round(spec.rate * spec.seconds) }, (_, i) => signed(bodyOf(spec.from + i)))
  const start = performance.now() + 50
  const inFlight: Promise<void>[] = []
  for (const [index, call] of calls.entries()) {
    const dueAt = start + (index * 1000) / spec.rate
    const wait = dueAt - performance.now()
    if (wait > 0) await sleep(wait)
    report.due.push([String(spec.from + index), performance.timeOrigin + dueAt])
    inFlight.push(send(call, dueAt))
  }
  await Promise.all(inFlight)
} else {
  const until = began + spec.seconds * 1000
  const end = spec.from + (spec.amount ?? Number.POSITIVE_INFINITY)
  let next = spec.from
  const lane = async () => {
    while (performance.now() < until && next < end) await send(signed(bodyOf(next++)), performance.now())
  }
  await Promise.all(Array.from({ length: connections }, lane))
}
report.seconds = (performance.now() - began) / 1000
console.log(JSON.stringify(report))
