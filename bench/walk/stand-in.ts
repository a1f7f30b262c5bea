// A system that has orders to read and takes orders, as fast as a plain HTTP server can: what is measured is not this.
//   GET /orders?token=N&limit=100 → { orders: […], next }      POST /orders → 201 { id }      GET /count → { taken, distinct }
import { readFileSync } from 'node:fs'
import { createServer } from 'node:http'
import path from 'node:path'

const count = Number(process.argv[2])
const delayMs = Number(process.argv[3] ?? 0)
const sample = JSON.parse(readFileSync(path.join(import.meta.dirname, '..', 'mapping', 'order.json'), 'utf8'))
const [before, after] = JSON.stringify({
  ...sample,
  id: '@',
  number: '@',
  date_modified_gmt: '2026-03-01T10:00:00',
}).split('"@"', 2) as [string, string]
const rest = JSON.stringify({ ...sample, id: '@', number: '@', date_modified_gmt: '2026-03-01T10:00:00' }).split(
  '"@"',
)[2]!

let taken = 0
const numbers = new Set<string>()
const server = createServer((request, response) => {
  const url = new URL(request.url!, 'http://127.0.0.1')
  const send = (status: number, body: string) => {
    response.writeHead(status, { 'content-type': 'application/json', 'content-length': Buffer.byteLength(body) })
    response.end(body)
  }
  if (url.pathname === '/count') return send(200, JSON.stringify({ taken, distinct: numbers.size }))
  if (request.method === 'GET') {
    const from = Number(url.searchParams.get('token') ?? 0)
    const until = Math.min(count, from + 100)
    const orders: string[] = []
    for (let i = from; i < until; i++) orders.push(`${before}${i + 1}${after}"${i + 1}"${rest}`)
    return send(200, `{"orders":[${orders.join(',')}],"next":${until < count ? `"${until}"` : 'null'}}`)
  }
  const chunks: Buffer[] = []
  request.on('data', (chunk) => chunks.push(chunk))
  request.on('end', () => {
    taken++
    numbers.add(/"number":"(\d+)"/.exec(Buffer.concat(chunks).toString())?.[1] ?? '')
    const answer = () => send(201, `{"id":"${taken}"}`)
    if (delayMs > 0) setTimeout(answer, delayMs)
    else answer()
  })
})
server.keepAliveTimeout = 60_000
server.listen(0, '127.0.0.1', () => {
  const address = server.address()
  console.log(JSON.stringify({ url: `http://127.0.0.1:${typeof address === 'object' ? address!.port : 0}` }))
})
