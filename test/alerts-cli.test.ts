// Alerts as a person meets them: in the configuration, on the command line, and from a hub that runs.
import { spawn } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { describe, expect, test } from 'vitest'
import { startHub } from '../engine/hub-process.ts'
import { readEnvironment } from '../engine/platform/config/environment.ts'
import { openLog } from '../engine/platform/log.ts'
import { loadHub } from '../engine/setup/load.ts'
import { startMailServer } from './support/mail-server.ts'

const ROOT = path.resolve(import.meta.dirname, '..')

function folderWith(yaml: string): { folder: string; config: string; [Symbol.dispose]: () => void } {
  const folder = mkdtempSync(path.join(tmpdir(), 'handoff-alerts-'))
  const config = path.join(folder, 'config')
  mkdirSync(config)
  writeFileSync(path.join(config, 'hub.yaml'), yaml)
  return { folder, config, [Symbol.dispose]: () => rmSync(folder, { recursive: true, force: true }) }
}
const check = async (yaml: string) => {
  using place = folderWith(yaml)
  const { diagnostics } = await loadHub({ configDir: place.config, variable: () => undefined, offline: true })
  return diagnostics.map(({ severity, code, line, message, hint }) => ({ severity, code, line, message, hint }))
}

const mailHub = (port: number, more = '') => `
connections:
  mail: { connector: smtp, settings: { host: 127.0.0.1, port: ${port}, tls: none, from: handoff@example.com, to: [ops@example.com] } }
  hook: { connector: webhook, settings: { url: "http://127.0.0.1:1/", secret: a-secret-of-some-length } }
${more}`

async function handoff(
  env: Record<string, string>,
  ...args: string[]
): Promise<{ code: number | null; output: string }> {
  const child = spawn(process.execPath, [path.join(ROOT, 'engine', 'cli', 'main.ts'), ...args], {
    env: { ...process.env, NO_COLOR: '1', HANDOFF_LOG: 'silent', REDIS_URL: '', ...env },
  })
  let output = ''
  child.stdout.on('data', (chunk) => (output += chunk))
  child.stderr.on('data', (chunk) => (output += chunk))
  return { code: await new Promise((resolve) => child.on('close', resolve)), output }
}

describe('the configuration', () => {
  test('the example with alerts has no errors', async () => {
    expect(await check(readFileSync(path.join(ROOT, 'config', 'examples', 'with-alerts.yaml'), 'utf8'))).toEqual([])
  })

  test('what could never be told is found before it is needed', async () => {
    const found = await check(
      mailHub(
        25,
        `  shop: { connector: woocommerce, settings: { url: "https://shop.example.com", key: k, secret: s } }
alerts:
  a: { to: [maill] }
  b: { to: [shop] }
  c: { to: [mail], about: [shopp] }
  d: { to: [mail], on: [overdue] }
  e: { to: [mail], on: [fialed] }
`,
      ),
    )
    // A file with a fault of form is not read further: the last one stands alone.
    expect(found).toMatchObject([{ severity: 'error', code: 'HUB_CONFIG_WRONG_VALUE', line: 11, hint: 'failed' }])
  })

  test('names that are not there, channels that cannot tell, and limits that nobody set', async () => {
    const found = await check(
      mailHub(
        25,
        `  shop: { connector: woocommerce, settings: { url: "https://shop.example.com", key: k, secret: s } }
alerts:
  a: { to: [maill] }
  b: { to: [shop] }
  c: { to: [mail], about: [shopp] }
  d: { to: [mail], on: [overdue] }
`,
      ),
    )
    expect(found).toMatchObject([
      { severity: 'error', code: 'HUB_CONFIG_UNKNOWN_CONNECTION', line: 7, hint: 'mail' },
      { severity: 'error', code: 'HUB_CONFIG_NO_ALERTS', line: 8 },
      { severity: 'error', code: 'HUB_CONFIG_UNKNOWN_PLACE', line: 9, hint: 'shop' },
      { severity: 'warning', code: 'HUB_CONFIG_NEVER_OVERDUE', line: 10 },
    ])
  })
})

describe('handoff alerts test', () => {
  test('says of each channel whether the message was taken', async () => {
    await using server = await startMailServer()
    using place = folderWith(mailHub(server.port, 'alerts: { operations: { to: [mail, hook] } }\n'))
    const both = await handoff({}, 'alerts', 'test', '--config', place.config)
    expect(both.output).toMatch(/mail: the message was taken, after \d+ ms/)
    expect(both.output).toMatch(/hook: Signed webhook cannot be reached.*\n?.*HUB_HTTP_UNREACHABLE/s)
    expect(both.code).toBe(1)
    expect(server.letters).toHaveLength(1)
    expect(server.letters[0]!.headers['subject']).toBe('[Handoff] A test message of Handoff')
    const one = await handoff({}, 'alerts', 'test', 'mail', '--json', '--config', place.config)
    expect(one.code).toBe(0)
    expect(JSON.parse(one.output)).toMatchObject([{ connection: 'mail' }])
    const none = await handoff({}, 'alerts', 'test', 'nobody', '--config', place.config)
    expect(none).toMatchObject({ code: 3, output: expect.stringContaining('HUB_ALERT_NO_CONNECTION') })
  })
})

test('a running hub tells of an item that it cannot map, lists the alert, and says when it is over', {
  timeout: 60_000,
}, async () => {
  await using server = await startMailServer()
  using place = folderWith('')
  const files = path.join(place.folder, 'files')
  mkdirSync(files)
  writeFileSync(
    path.join(place.config, 'hub.yaml'),
    mailHub(
      server.port,
      `  files: { connector: csv, settings: { folder: ${files}, resources: { orders: { files: "*.csv", groupBy: order_id } } } }
sources:
  exports: { pull: files.orders, into: order, mapping: csv/northwind, every: 1s }
alerts:
  operations: { to: [mail] }
`,
    ),
  )
  cpSync(path.join(ROOT, 'mappings'), path.join(place.folder, 'mappings'), { recursive: true })
  const schema = `t_${randomBytes(6).toString('hex')}`
  const database = process.env['HANDOFF_TEST_DATABASE']!
  const env = { DATABASE_URL: database, HANDOFF_SCHEMA: schema, HANDOFF_STATE: place.folder }
  const environment = readEnvironment({ ...process.env, ...env })
  const loaded = await loadHub({ configDir: place.config, variable: environment.variable })
  expect(loaded.diagnostics.filter((each) => each.severity === 'error')).toEqual([])
  const hub = await startHub(loaded, {
    environment,
    configDir: place.config,
    log: openLog('silent'),
    serve: false,
    schedule: true,
  })
  try {
    const header =
      'order_id,order_date,customer_id,company_name,contact_name,address,city,region,postal_code,country,phone,freight'
    const wroteAt = Date.now()
    writeFileSync(
      path.join(files, 'orders.csv'),
      `${header}\n10248,1996-07-04,,Vins et alcools,Paul Henriot,59 rue,Reims,,51100,France,26.47.15.10,32.38\n`,
    )
    for (let turn = 0; turn < 200 && server.letters.length === 0; turn++) await sleep(50)
    expect(server.letters).toHaveLength(1)
    expect(Date.now() - wroteAt).toBeLessThan(10_000)
    expect(server.letters[0]!.headers['subject']).toContain('1 item of exports is parked')
    expect(server.letters[0]!.body).toContain('handoff failures show exports/')
    const listed = await handoff(env, 'alerts', 'list', '--config', place.config)
    expect(listed.output).toContain('1 item of exports is parked')
    expect(listed.output).toContain('mail: told')
    await handoff(env, 'failures', 'resolve', '--all', '--config', place.config)
    const over = "select from record where type = 'alert' and data->>'calmSince' is not null"
    for (let turn = 0; turn < 200 && (await hub.store.query(over)).length === 0; turn++) await sleep(50)
    await hub.store.query("update clock set shift = shift + interval '20 seconds'")
    for (let turn = 0; turn < 200 && server.letters.length < 2; turn++) await sleep(50)
    expect(server.letters[1]!.headers['subject']).toContain('Over after')
    expect((await handoff(env, 'alerts', 'list', '--config', place.config)).output).toContain('No alert is open.')
  } finally {
    await hub.stop()
  }
})
