import { createServer, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { setTimeout as sleep } from 'node:timers/promises'
import { expect, test, vi } from 'vitest'
import { openTransport } from './http.ts'

test('what waited for a free connection while the process stood still is not sent any more', async () => {
  const open: ServerResponse[] = []
  const came: string[] = []
  const server = createServer((request, response) => {
    came.push(request.url!)
    open.push(response)
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const base = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
  const transport = openTransport()
  const send = (path: string) =>
    transport.send({ method: 'POST', url: `${base}${path}`, headers: {}, body: '{}', timeoutMs: 5_000 })
  const first = Array.from({ length: 32 }, (_, index) => send(`/${index}`))
  while (came.length < 32) await sleep(5)
  const waiting = send('/late').catch((error) => error)
  await sleep(20)
  const real = performance.now.bind(performance)
  const clock = vi.spyOn(performance, 'now').mockImplementation(() => real() + 60_000)
  for (const response of open) response.end('{}')
  await Promise.all(first)
  expect(await waiting).toMatchObject({ reason: 'timeout', sent: false })
  clock.mockRestore()
  const next = send('/next')
  while (!came.includes('/next')) await sleep(5)
  open.at(-1)!.end('{}')
  expect((await next).status).toBe(200)
  expect(came).not.toContain('/late')
  await transport.close()
  server.close()
})
