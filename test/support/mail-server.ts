// A real SMTP server in this process, which keeps what it takes and refuses what a test tells it to.
import type { AddressInfo } from 'node:net'
import { SMTPServer } from 'smtp-server'

export interface Letter {
  from: string
  to: string[]
  /** Header names in lower case. */
  headers: Record<string, string>
  body: string
  at: number
}
export interface MailServer extends AsyncDisposable {
  port: number
  letters: Letter[]
  /** What the server says to the next messages instead of taking them. */
  refuse: { at: 'login' | 'recipient' | 'data'; code: number; say: string; only?: string } | undefined
  /** Messages that were taken, but whose sender never heard it. */
  drop: boolean
}

export async function startMailServer(
  options: { login?: { user: string; password: string }; tls?: boolean } = {},
): Promise<MailServer> {
  const refusal = () => Object.assign(new Error(server.refuse!.say), { responseCode: server.refuse!.code })
  const smtp = new SMTPServer({
    disabledCommands: [...(options.login ? [] : ['AUTH']), ...(options.tls ? [] : ['STARTTLS'])],
    allowInsecureAuth: true,
    logger: false,
    onAuth(auth, _session, done) {
      const right = auth.username === options.login?.user && auth.password === options.login?.password
      if (right) done(null, { user: auth.username })
      else done(Object.assign(new Error('5.7.8 Authentication credentials invalid'), { responseCode: 535 }))
    },
    onRcptTo(address, _session, done) {
      const { refuse } = server
      if (refuse?.at === 'recipient' && (!refuse.only || refuse.only === address.address)) return done(refusal())
      done()
    },
    onData(stream, session, done) {
      const chunks: Buffer[] = []
      stream.on('data', (chunk: Buffer) => chunks.push(chunk))
      stream.on('end', () => {
        if (server.refuse?.at === 'data') return done(refusal())
        server.letters.push(letterOf(Buffer.concat(chunks).toString('utf8'), session.envelope))
        if (server.drop) for (const connection of smtp.connections) connection._socket.destroy()
        else done()
      })
    },
  })
  smtp.on('error', () => {})
  await new Promise<void>((resolve) => smtp.listen(0, '127.0.0.1', resolve))
  const server: MailServer = {
    port: (smtp.server.address() as AddressInfo).port,
    letters: [],
    refuse: undefined,
    drop: false,
    [Symbol.asyncDispose]: () => new Promise((resolve) => smtp.close(() => resolve())),
  }
  return server
}

function letterOf(
  raw: string,
  envelope: { mailFrom: false | { address: string }; rcptTo: { address: string }[] },
): Letter {
  const [head = '', ...rest] = raw.split('\r\n\r\n')
  const headers: Record<string, string> = {}
  for (const line of head.replaceAll(/\r\n[ \t]+/g, ' ').split('\r\n')) {
    const colon = line.indexOf(':')
    headers[line.slice(0, colon).toLowerCase()] = words(line.slice(colon + 1).trim())
  }
  const body = rest.join('\r\n\r\n')
  const encoding = headers['content-transfer-encoding']
  return {
    from: envelope.mailFrom ? envelope.mailFrom.address : '',
    to: envelope.rcptTo.map((one) => one.address),
    headers,
    body: (encoding === 'quoted-printable'
      ? printable(body)
      : encoding === 'base64'
        ? Buffer.from(body, 'base64').toString()
        : body
    )
      .replaceAll('\r\n', '\n')
      .trim(),
    at: Date.now(),
  }
}

/** RFC 2047 words of a header. */
const words = (text: string) =>
  text
    .replaceAll(/\?=\s+=\?/g, '?==?')
    .replaceAll(/=\?utf-8\?(q|b)\?([^?]*)\?=/gi, (_, how: string, word: string) =>
      how.toLowerCase() === 'b' ? Buffer.from(word, 'base64').toString() : printable(word.replaceAll('_', ' ')),
    )
const printable = (text: string) =>
  Buffer.from(
    text
      .replaceAll(/=\r\n/g, '')
      .replaceAll(/=([0-9A-F]{2})/gi, (_, hex: string) => String.fromCharCode(Number.parseInt(hex, 16))),
    'latin1',
  ).toString('utf8')
