// The floor under any answer to a webhook: an HTTP server that looks at the signature, keeps the body with one durable insert and
// answers. `bare-intake.ts DATABASE_URL SECRET` says where it listens, and ends with its input.
import { createHmac, timingSafeEqual } from 'node:crypto'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import pg from 'pg'

const [, , databaseUrl, secret] = process.argv
const pool = new pg.Pool({ connectionString: databaseUrl!, max: 12 })
await pool.query(
  'create table if not exists bare_intake (id bigint generated always as identity primary key, body bytea)',
)
const KEEP = { name: 'keep', text: 'insert into bare_intake (body) values ($1)' }

const server = createServer((request, response) => {
  const chunks: Buffer[] = []
  request.on('data', (chunk) => chunks.push(chunk))
  request.on('end', async () => {
    const body = Buffer.concat(chunks)
    const given = Buffer.from(String(request.headers['x-signature']), 'base64')
    const right = timingSafeEqual(given, createHmac('sha256', secret!).update(body).digest())
    if (right) await pool.query({ ...KEEP, values: [body] })
    response.writeHead(right ? 200 : 401).end()
  })
})
process.stdin.resume().on('end', () => process.exit(0))
server.listen(0, '127.0.0.1', () => {
  console.log(JSON.stringify({ url: `http://127.0.0.1:${(server.address() as AddressInfo).port}` }))
})
