// The ceiling: the same reads and writes over HTTP, sixteen in flight, and nothing else. Nothing is mapped, stored or retried.
import { request } from 'undici'

const [, , url, sink] = process.argv
const began = performance.now()
let token: string | null = '0'
let sent = 0
while (token !== null) {
  const page = (await (await request(`${url}/orders?token=${token}`)).body.json()) as {
    orders: object[]
    next: string | null
  }
  token = page.next
  let next = 0
  const lane = async () => {
    while (next < page.orders.length) {
      const order = page.orders[next++]
      const answer = await request(`${sink}/orders`, {
        method: 'POST',
        body: JSON.stringify(order),
        headers: { 'content-type': 'application/json' },
      })
      await answer.body.json()
      sent++
    }
  }
  await Promise.all(Array.from({ length: 16 }, lane))
}
const { user, system } = process.cpuUsage()
console.log(
  JSON.stringify({
    sent,
    seconds: (performance.now() - began) / 1000,
    cpuSeconds: (user + system) / 1e6,
    peakMb: process.resourceUsage().maxRSS / 1024,
  }),
)
