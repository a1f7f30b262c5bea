import { createHmac } from 'node:crypto'
import { createServer, type IncomingHttpHeaders } from 'node:http'
import type { AddressInfo } from 'node:net'
import { expect, test } from 'vitest'
import { openConnection } from '#connector'
import { conformance } from '#connector/conformance'
import connector from './connector.ts'

conformance(connector, import.meta.dirname)

test('the receiver can verify the signature over the bytes that came, also while the secret is being changed', async () => {
  const came: { headers: IncomingHttpHeaders; body: string }[] = []
  const server = createServer(async (request, response) => {
    let body = ''
    for await (const chunk of request) body += chunk
    came.push({ headers: request.headers, body })
    response.writeHead(204).end()
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const client = openConnection({
    name: 'hook',
    connector,
    settings: {
      url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/hook`,
      secret: `whsec_${Buffer.from('the new secret of the test').toString('base64')}`,
      previousSecret: 'the old secret of the test',
    },
  })
  const message = { key: 'alert-1', state: 'open', severity: 'error', title: 'Tür 1', text: '…' }
  await client.action('send').call(message, { idempotencyKey: 'm:1.a' })
  await client.action('send').call(message, { idempotencyKey: 'm:1.a' })
  await client.close()
  server.close()

  const [{ headers, body }, again] = came as [(typeof came)[0], (typeof came)[0]]
  expect(JSON.parse(body)).toMatchObject({ type: 'handoff.alert.open', data: message })
  expect(headers['webhook-id']).toMatch(/^msg_[\w-]+$/)
  expect(again.headers['webhook-id']).toBe(headers['webhook-id'])
  expect(Math.abs(Number(headers['webhook-timestamp']) * 1000 - Date.now())).toBeLessThan(5000)
  const signed = `${headers['webhook-id']}.${headers['webhook-timestamp']}.${body}`
  const wanted = ['the new secret of the test', 'the old secret of the test'].map(
    (key) => `v1,${createHmac('sha256', key).update(signed).digest('base64')}`,
  )
  expect(String(headers['webhook-signature']).split(' ')).toEqual(wanted)
})
