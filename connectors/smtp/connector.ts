import { type AlertMessage, defineConnector, field, mailer } from '#connector'

export default defineConnector({
  name: 'smtp',
  title: 'E-mail',
  kind: 'alert',
  docs: 'https://www.rfc-editor.org/rfc/rfc5321',

  settings: {
    host: field.text('Mail server', { example: 'smtp.example.com' }),
    port: field.integer('Port', { default: 587 }),
    tls: field.choice('Encryption', ['start', 'always', 'none'], {
      default: 'start',
      hint: '`start`: STARTTLS (port 587), refused where the server has none. `always`: from the first byte (port 465). `none`: in the clear.',
    }),
    user: field.text('User', { optional: true }),
    password: field.secret('Password', {
      optional: true,
      hint: 'Often an app password, made in the account of the user.',
    }),
    from: field.text('Sender', { example: 'Handoff <handoff@example.com>' }),
    to: field.list('Recipients', { hint: 'Everybody gets the same message.', example: ['ops@example.com'] }),
  },

  check: (_api, settings) => serverOf(settings).check(),

  resources: {},

  actions: {
    send: {
      schema: 'message.json',
      answerSchema: 'sent.json',
      repeat: 'allow',
      call: (_api, message: AlertMessage, { settings, idempotencyKey }) =>
        serverOf(settings).send({
          from: settings.from,
          to: settings.to,
          subject: `[Handoff] ${message.title}`,
          text: message.text,
          name: idempotencyKey,
          // Mail programs show what belongs to one trouble as one conversation; auto-replies stay away (RFC 3834).
          headers: {
            'Thread-Topic': message.key,
            References: `<${message.key.replaceAll(/[^\w.-]/g, '-')}@handoff>`,
            'Auto-Submitted': 'auto-generated',
            'X-Handoff-State': message.state,
          },
        }),
      id: (sent) => sent.id,
    },
  },
})

interface Settings {
  host: string
  port: number
  tls: 'start' | 'always' | 'none'
  user?: string | undefined
  password?: string | undefined
}
const serverOf = ({ host, port, tls, user, password }: Settings) => mailer({ host, port, tls, user, password })
