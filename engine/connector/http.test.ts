import { createServer, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { setTimeout as sleep } from 'node:timers/promises'
import { expect, test, vi } from 'vitest'
import { type HttpRequest, openTransport } from './http.ts'

/** A server that answers nothing by itself, and a transport whose connections to it are all taken. */
async function busy() {
  const open: ServerResponse[] = []
  const came: string[] = []
  const server = createServer((request, response) => {
    came.push(request.url!)
    open.push(response)
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const base = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
  const transport = openTransport()
  const send = (path: string, more: Partial<HttpRequest> = {}) =>
    transport.send({ method: 'POST', url: `${base}${path}`, headers: {}, body: '{}', timeoutMs: 5_000, ...more })
  const first = Array.from({ length: 32 }, (_, index) => send(`/${index}`))
  while (came.length < 32) await sleep(5)
  return {
    open,
    came,
    send,
    /** Answers everything, and waits until nothing is on its way. */
    async end() {
      for (const response of open) if (!response.writableEnded) response.end('{}')
      await Promise.all(first)
    },
    async [Symbol.asyncDispose]() {
      await transport.close()
      server.close()
    },
  }
}

test('what waited for a free connection while the process stood still is not sent any more', async () => {
  await using world = await busy()
  const { open, came, send } = world
  const waiting = send('/late').catch((error) => error)
  await sleep(20)
  const real = performance.now.bind(performance)
  const clock = vi.spyOn(performance, 'now').mockImplementation(() => real() + 60_000)
  await world.end()
  expect(await waiting).toMatchObject({ reason: 'timeout', sent: false })
  clock.mockRestore()
  const next = send('/next')
  while (!came.includes('/next')) await sleep(5)
  open.at(-1)!.end('{}')
  expect((await next).status).toBe(200)
  expect(came).not.toContain('/late')
})

test('what is given up before a connection was free has certainly not been sent', async () => {
  await using world = await busy()
  const { came, send } = world
  const stop = new AbortController()
  const late = send('/late', { timeoutMs: 50 }).catch((error) => error)
  const stopped = send('/stopped', { signal: stop.signal }).catch((error) => error)
  expect(await late).toMatchObject({ reason: 'timeout', sent: false })
  stop.abort()
  expect(await stopped).toMatchObject({ reason: 'aborted', sent: false })
  await world.end()
  const next = send('/next')
  while (!came.includes('/next')) await sleep(5)
  world.open.at(-1)!.end('{}')
  await next
  expect(came).not.toContain('/late')
  expect(came).not.toContain('/stopped')
})

test('what is given up on its way may have arrived', async () => {
  await using world = await busy()
  await world.end()
  const waiting = world.send('/slow', { timeoutMs: 50 }).catch((error) => error)
  expect(await waiting).toMatchObject({ reason: 'timeout', sent: true })
  expect(world.came).toContain('/slow')
})
