// The floor under any walk that loses nothing: the bare loop, which keeps each order in one durable row before its push and marks it
// after that, a page at a time. It maps nothing, and knows no versions, links, attempts, or what to do after a crash.
// `durable-loop.ts SOURCE SINK DATABASE_URL`.
import pg from 'pg'
import { request } from 'undici'

interface Page {
  orders: { id: number }[]
  next: string | null
}
const [, , source, sink, databaseUrl] = process.argv
const pool = new pg.Pool({ connectionString: databaseUrl!, max: 4 })
await pool.query(
  'create table durable_loop (id bigint primary key, body text, answer text, sent_at timestamptz) with (fillfactor = 80, toast_tuple_target = 8160)',
)
const KEEP = {
  name: 'keep',
  text: 'insert into durable_loop (id, body) select * from unnest($1::bigint[], $2::text[])',
}
const MARK = {
  name: 'mark',
  text: 'update durable_loop set answer = x.answer, sent_at = now() from unnest($1::bigint[], $2::text[]) as x(id, answer) where durable_loop.id = x.id',
}

async function read(token: string): Promise<Page> {
  const page = (await (await request(`${source}/orders?token=${token}`)).body.json()) as Page
  await pool.query({
    ...KEEP,
    values: [page.orders.map(({ id }) => id), page.orders.map((each) => JSON.stringify(each))],
  })
  return page
}

const began = performance.now()
let marking: Promise<unknown> = Promise.resolve()
let coming: Promise<Page> | undefined = read('0')
while (coming) {
  const { orders, next }: Page = await coming
  // The next page is kept, and the one before is marked, while this one is sent.
  coming = next === null ? undefined : read(next)
  const answers: string[] = []
  const left = orders.entries()
  const lane = async () => {
    for (const [at, order] of left) {
      const answer = await request(`${sink}/orders`, {
        method: 'POST',
        body: JSON.stringify(order),
        headers: { 'content-type': 'application/json' },
      })
      answers[at] = await answer.body.text()
    }
  }
  await Promise.all(Array.from({ length: 16 }, lane))
  await marking
  marking = pool.query({ ...MARK, values: [orders.map(({ id }) => id), answers] })
}
await marking
const seconds = (performance.now() - began) / 1000
const { user, system } = process.cpuUsage()
await pool.end()
console.log(JSON.stringify({ seconds, cpuSeconds: (user + system) / 1e6 }))
