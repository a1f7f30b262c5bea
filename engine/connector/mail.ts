// The only home of nodemailer: sends one message to an SMTP server, and says what became of it in the kinds of errors.ts.
import { createHash } from 'node:crypto'
import type { NodemailerError } from 'nodemailer'
import { ConnectorError } from './errors.ts'
import { masker } from './mask.ts'

export interface MailServer {
  host: string
  port: number
  /** `always`: TLS from the first byte (465). `start`: STARTTLS or nothing (587). `none`: in the clear, for a relay on this machine. */
  tls: 'always' | 'start' | 'none'
  user: string | undefined
  password: string | undefined
}
export interface Mail {
  from: string
  to: string[]
  subject: string
  text: string
  headers: Record<string, string>
  /** Names this message: a repetition has the same Message-ID, by which mail programs show it once. */
  name: string
}

/** Below the hard deadline of a request (20 s), which the hub's leases outlive. */
const DEADLINE_MS = 18_000
const TIMES = { connectionTimeout: 6_000, greetingTimeout: 6_000, socketTimeout: 12_000, dnsTimeout: 6_000 }

/** Speaks with one server, anew for every message: alerts are few, and idle connections are closed by servers. */
export function mailer(server: MailServer) {
  const mask = masker(server.password ? [server.password] : [])
  const open = async () => {
    // Most commands send no mail: what they do not need is not loaded.
    const { createTransport } = await import('nodemailer')
    return createTransport({
      host: server.host,
      port: server.port,
      secure: server.tls === 'always',
      requireTLS: server.tls === 'start',
      ignoreTLS: server.tls === 'none',
      ...(server.user ? { auth: { user: server.user, pass: server.password ?? '' } } : {}),
      ...TIMES,
    })
  }
  const speak = async <T>(work: (transport: Awaited<ReturnType<typeof open>>) => Promise<T>): Promise<T> => {
    const transport = await open()
    let timer: NodeJS.Timeout | undefined
    const late = new Promise<never>((_, reject) => {
      timer = setTimeout(() => reject(Object.assign(new Error('no end in time'), { code: 'ETIMEDOUT' })), DEADLINE_MS)
    })
    try {
      return await Promise.race([work(transport), late])
    } catch (error) {
      throw failure(server.host, error as NodemailerError, mask)
    } finally {
      clearTimeout(timer)
      transport.close()
    }
  }
  return {
    /** Connects and logs in; sends nothing. */
    check: () => speak((transport) => transport.verify()),

    /** Answers the Message-ID. A recipient whom the server refuses is an error, also where others were accepted. */
    async send(mail: Mail): Promise<{ id: string; accepted: string[] }> {
      const { name, ...message } = mail
      const domain = mail.from.replace(/^.*@([^\s>]+).*$/, '$1')
      const messageId = `<${createHash('sha256').update(name).digest('hex').slice(0, 40)}@${domain}>`
      const sent = await speak((transport) => transport.sendMail({ ...message, messageId }))
      if (sent.rejected.length > 0) {
        const say = `The mail server ${server.host} took the message for ${sent.accepted.join(', ') || 'nobody'}, but not for ${sent.rejected.join(', ')}.`
        throw new ConnectorError('permanent', 'HUB_MAIL_REFUSED', say)
      }
      return { id: messageId, accepted: sent.accepted }
    },
  }
}

const NOT_REACHED = new Set(['EDNS', 'ECONNREFUSED', 'ENOTFOUND', 'EHOSTUNREACH', 'ENETUNREACH'])

/** RFC 5321: 4xx means later, 5xx means no. Where the server said nothing, the message may have been taken. */
function failure(host: string, error: NodemailerError, mask: (text: string) => string): ConnectorError {
  const { responseCode = 0 } = error
  const code = String(error.code ?? '')
  const cause = (error.cause as { code?: string } | undefined)?.code ?? ''
  const why = mask(error.message)
  const say = (sentence: string) => `The mail server ${host} ${sentence}: ${why}`
  // STARTTLS that is not offered comes with a 5xx of its own: the message was not even shown to the server.
  if (code === 'ETLS' || code === 'EREQUIRETLS' || /certificate/i.test(error.message))
    return new ConnectorError('retryable', 'HUB_MAIL_TLS', say('speaks no TLS'), { cause: error })
  if (responseCode >= 400 && responseCode < 500)
    return new ConnectorError('retryable', 'HUB_MAIL_LATER', say('asks to try again later'), { cause: error })
  if (code === 'EAUTH' || code === 'ENOAUTH' || [530, 534, 535].includes(responseCode))
    return new ConnectorError('auth', 'HUB_MAIL_LOGIN', say('does not let the hub in'), { cause: error })
  if (responseCode >= 500 || code === 'EENVELOPE' || code === 'EMESSAGE')
    return new ConnectorError('permanent', 'HUB_MAIL_REFUSED', say('refused the message'), { cause: error })
  if (
    NOT_REACHED.has(code) ||
    NOT_REACHED.has(cause) ||
    /ECONNREFUSED|ENOTFOUND|greeting|connection timeout/i.test(error.message)
  )
    return new ConnectorError('retryable', 'HUB_MAIL_UNREACHABLE', say('cannot be reached'), { cause: error })
  return new ConnectorError('uncertain', 'HUB_MAIL_BROKEN', say('did not say whether it took the message'), {
    cause: error,
  })
}
