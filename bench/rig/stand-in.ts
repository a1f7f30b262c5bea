// A system that has orders to read and takes what is pushed, as fast as a plain HTTP server can: what is measured is not this.
//   GET /orders?token=N[&limit=100] → { orders: [ … ], next }      POST /<anything> → 201 { id }
//   GET /count → { taken, distinct }                     GET /arrivals → [[path, mark, moment in ms] …]      GET /forget
// `stand-in.ts ORDERS [DELAY_MS] [FIRST]`: its orders, and the ids that it gives, begin at FIRST. The mark of what was pushed is
// its `number` or, of a stock level, its `available`.
import { createServer } from 'node:http'
import { orderText } from './orders.ts'

const count = Number(process.argv[2])
const delayMs = Number(process.argv[3] ?? 0)
const first = Number(process.argv[4] ?? 1)
const PAGE = 100

let taken = 0
const arrivals = new Map<string, [path: string, mark: string, at: number]>()
const server = createServer((request, response) => {
  const url = new URL(request.url!, 'http://127.0.0.1')
  const send = (status: number, body: string) => {
    response.writeHead(status, { 'content-type': 'application/json', 'content-length': Buffer.byteLength(body) })
    response.end(body)
  }
  if (url.pathname === '/count') return send(200, JSON.stringify({ taken, distinct: arrivals.size }))
  if (url.pathname === '/arrivals') return send(200, JSON.stringify([...arrivals.values()]))
  if (url.pathname === '/forget') {
    taken = 0
    arrivals.clear()
    return send(200, '{}')
  }
  if (request.method === 'GET') {
    const from = Number(url.searchParams.get('token') ?? 0)
    const until = Math.min(count, from + Number(url.searchParams.get('limit') ?? PAGE))
    const orders = Array.from({ length: until - from }, (_, i) => orderText(first + from + i))
    return send(200, `{"orders":[${orders.join(',')}],"next":${until < count ? `"${until}"` : 'null'}}`)
  }
  const chunks: Buffer[] = []
  request.on('data', (chunk) => chunks.push(chunk))
  request.on('end', () => {
    const at = performance.timeOrigin + performance.now()
    taken++
    const mark = /"(?:number|available)":"?(\d+)/.exec(Buffer.concat(chunks).toString())?.[1] ?? ''
    const name = `${url.pathname} ${mark}`
    if (!arrivals.has(name)) arrivals.set(name, [url.pathname, mark, at])
    const answer = () => send(201, `{"id":"${first + taken}"}`)
    if (delayMs > 0) setTimeout(answer, delayMs)
    else answer()
  })
})
server.keepAliveTimeout = 60_000
// Whoever started it is gone.
process.stdin.resume().on('end', () => process.exit(0))
server.listen(0, '127.0.0.1', () => {
  const address = server.address()
  console.log(JSON.stringify({ url: `http://127.0.0.1:${typeof address === 'object' ? address!.port : 0}` }))
})
