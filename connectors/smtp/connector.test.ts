import { describe, expect, test } from 'vitest'
import { type AlertMessage, type ConnectorError, openConnection } from '#connector'
import { conformance } from '#connector/conformance'
import { startMailServer } from '../../test/support/mail-server.ts'
import connector from './connector.ts'

conformance(connector, import.meta.dirname)

const message: AlertMessage = {
  key: 'alert-17',
  state: 'open',
  severity: 'error',
  title: 'Übergabe gescheitert: order shop:1001',
  text: 'Cause: The warehouse does not know this SKU.\n\nhandoff failures list',
}
const open = (port: number, more: object = {}) =>
  openConnection({
    name: 'mail',
    connector,
    settings: {
      host: '127.0.0.1',
      port,
      tls: 'none',
      from: 'Handoff <handoff@example.com>',
      to: ['ops@example.com', 'night@example.com'],
      ...more,
    },
  })
const send = (port: number, more: object = {}) =>
  open(port, more).action('send').call(message, { idempotencyKey: 'm1' })
const errorOf = (work: Promise<unknown>): Promise<ConnectorError> =>
  work.then(
    () => expect.unreachable() as never,
    (error) => error,
  )

describe('with a real SMTP server', () => {
  test('the message arrives whole, and a repetition has the same Message-ID', async () => {
    await using server = await startMailServer()
    const first = await send(server.port)
    const again = await send(server.port)
    expect(again.id).toBe(first.id)
    expect(server.letters).toHaveLength(2)
    const [letter] = server.letters
    expect(letter).toMatchObject({ from: 'handoff@example.com', to: ['ops@example.com', 'night@example.com'] })
    expect(letter!.headers).toMatchObject({
      subject: '[Handoff] Übergabe gescheitert: order shop:1001',
      'message-id': first.id,
      'auto-submitted': 'auto-generated',
    })
    expect(letter!.body).toBe(message.text)
  })

  test('it logs in, and a wrong password pauses the connection without showing it', async () => {
    await using server = await startMailServer({ login: { user: 'handoff', password: 'right-password' } })
    await open(server.port, { user: 'handoff', password: 'right-password' }).check()
    await send(server.port, { user: 'handoff', password: 'right-password' })
    expect(server.letters).toHaveLength(1)
    const error = await errorOf(send(server.port, { user: 'handoff', password: 'wrong-password' }))
    expect(error).toMatchObject({ kind: 'auth', code: 'HUB_MAIL_LOGIN' })
    expect(`${error.message} ${error.stack}`).not.toContain('wrong-password')
    expect(await errorOf(open(server.port, { user: 'handoff', password: 'wrong-password' }).check())).toMatchObject({
      kind: 'auth',
    })
  })

  test.each([
    ['recipient', 550, 'permanent'],
    ['recipient', 450, 'retryable'],
    ['data', 554, 'permanent'],
    ['data', 452, 'retryable'],
  ] as const)('refused at the %s with %i: %s', async (at, code, kind) => {
    await using server = await startMailServer()
    server.refuse = { at, code, say: 'not today' }
    const error = await errorOf(send(server.port))
    expect(error.kind).toBe(kind)
    expect(error.message).toContain('not today')
  })

  test('one refused recipient among others is named', async () => {
    await using server = await startMailServer()
    server.refuse = { at: 'recipient', code: 550, say: 'no such user', only: 'night@example.com' }
    const error = await errorOf(send(server.port))
    expect(error).toMatchObject({ kind: 'permanent', code: 'HUB_MAIL_REFUSED' })
    expect(error.message).toContain('night@example.com')
    expect(server.letters.map((letter) => letter.to)).toEqual([['ops@example.com']])
  })

  test('nobody there is retryable; a connection that breaks after the message is uncertain', async () => {
    const port = await startMailServer().then(async (server) => {
      await server[Symbol.asyncDispose]()
      return server.port
    })
    expect(await errorOf(send(port))).toMatchObject({ kind: 'retryable', code: 'HUB_MAIL_UNREACHABLE' })
    await using server = await startMailServer()
    server.drop = true
    expect(await errorOf(send(server.port))).toMatchObject({ kind: 'uncertain', code: 'HUB_MAIL_BROKEN' })
  })

  test('a server without STARTTLS gets no password', async () => {
    await using server = await startMailServer({ login: { user: 'handoff', password: 'right-password' } })
    const error = await errorOf(send(server.port, { tls: 'start', user: 'handoff', password: 'right-password' }))
    expect(error.kind).toBe('retryable')
    expect(server.letters).toEqual([])
  })
})
