// `npm run demo`: five local systems, a hub between them, 500 orders carried all the way, and an audit.
import { once } from 'node:events'
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { type AddressInfo, createServer } from 'node:net'
import path from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import type { Command } from 'commander'
import { type HubProcess, startHub } from '../hub-process.ts'
import type { Environment } from '../platform/config/environment.ts'
import { openLog } from '../platform/log.ts'
import { PROJECT } from '../setup/load.ts'
import { type Audit, audit } from './demo/audit.ts'
import { collect } from './demo/collections.ts'
import { orderOutcomes } from './demo/outcomes.ts'
import { progressDisplay } from './demo/progress.ts'
import { type Systems, startSystems } from './demo/systems.ts'
import { fileVariables, systemVariables } from './demo/variables.ts'
import { CommandError, EXIT } from './exit.ts'
import { demoEnvironment, environment, loadRight, out } from './open.ts'
import { type Printer, table, tone, wrapped } from './print.ts'
import { whenAsked } from './signals.ts'

interface Options {
  orders?: string
  mapping?: string
  groupBy?: string
  count: string
  seed: string
  once?: boolean
  json?: boolean
}
/** Where the orders come from: the stand-in store, or a CSV file. */
interface Story {
  source: string
  connection: string
  resource: string
  route: string
  withStorefront: boolean
}

/** Without any progress for this long the demo gives up waiting and audits what there is. */
const STUCK_AFTER_MS = 45_000

export function demoCommand(program: Command): void {
  program
    .command('demo')
    .description('carry 500 orders through five local stand-ins of real systems, then audit them')
    .option('--orders <file.csv>', 'take the orders from this CSV export instead of the generated store')
    .option('--mapping <name>', 'of --orders: the mapping for its columns; by default the one that knows them')
    .option('--group-by <column>', 'of --orders: rows with the same value here are one order')
    .option('--count <number>', 'how many orders to generate', '500')
    .option('--seed <number>', 'which orders to generate', '42')
    .option('--once', 'end after the audit, also in a terminal')
    .option('--json', 'print the audit as JSON')
    .action(async (options: Options) => {
      const asked = whenAsked()
      const print = out(options)
      const stay = !options.once && !print.json && process.stdin.isTTY === true && process.stdout.isTTY === true
      const held = await run(options, print, stay, asked)
      if (!held && !stay) throw new CommandError(EXIT.wrong, '')
    })
}

async function run(options: Options, print: Printer, stay: boolean, asked: Promise<void>): Promise<boolean> {
  const home = demoEnvironment(options.orders ? 'demo-csv' : 'demo')
  const talk = print.json ? () => {} : print.line
  const file = options.orders ? fileVariables(options.orders, options) : {}
  talk(tone(print, 'strong', 'Handoff demo'))
  const port = await rememberedPort(home.stateDir)
  if (await answers(port))
    throw new CommandError(
      EXIT.unable,
      `HUB_DEMO_RUNNING The demo runs already, at http://127.0.0.1:${port}. Its terminal says what to try; Ctrl-C there stops it.`,
    )
  const systems = await startSystems(path.join(home.stateDir, 'systems'))
  talk(
    '  five local stand-ins: a WooCommerce store, a ShipHero warehouse, an EasyPost carrier account, an Odoo ERP, a HubSpot CRM',
  )
  if (!options.orders) await systems.post('seed', { orders: Number(options.count), seed: Number(options.seed) })
  const variables = { ...(await systemVariables(systems.addresses)), ...file }
  const own: Environment = { ...home, variable: (name) => variables[name] ?? environment.variable(name) }
  const configDir = path.join(PROJECT, 'config', options.orders ? 'demo-csv' : 'demo')
  const loaded = await loadRight(configDir, print, { variable: own.variable })
  const hub = await startHub(loaded, {
    environment: own,
    configDir,
    log: openLog(environment.logLevel),
    serve: true,
    schedule: true,
    port,
  })
  talk(
    `  a hub between them: database ${hub.store.embedded ? `embedded in ${path.relative('.', own.stateDir)}` : 'at DATABASE_URL'}, queue on ${hub.queues.backend}, listening on ${hub.url}\n`,
  )
  const story: Story = options.orders
    ? { source: 'file-orders', connection: 'files', resource: 'orders', route: 'to-warehouse', withStorefront: false }
    : { source: 'shop-orders', connection: 'shop', resource: 'orders', route: 'to-warehouse', withStorefront: true }
  try {
    const stopped = Symbol('stopped')
    const result = await Promise.race([carry(hub, systems, story, print), asked.then(() => stopped)])
    if (typeof result === 'symbol') return false
    if (print.json) print.line(JSON.stringify(result, null, 2))
    else show(print, result)
    if (stay) {
      next(print, result)
      await asked
      talk('\nStopping: what is in flight is finished first.')
    }
    return result.holds
  } finally {
    await hub.stop()
    systems.stop()
  }
}

/** The stand-ins send webhooks to the same address in every run, so that a second run has nothing to subscribe. */
async function rememberedPort(folder: string): Promise<number> {
  const file = path.join(folder, 'port')
  if (existsSync(file)) return Number(readFileSync(file, 'utf8'))
  const probe = createServer().listen(0, '127.0.0.1')
  await once(probe, 'listening')
  const { port } = probe.address() as AddressInfo
  probe.close()
  mkdirSync(folder, { recursive: true })
  writeFileSync(file, String(port))
  return port
}

async function answers(port: number): Promise<boolean> {
  return fetch(`http://127.0.0.1:${port}/health`, { signal: AbortSignal.timeout(1000) }).then(
    (answer) => answer.ok,
    () => false,
  )
}

/** Watches until everything that can move has moved, and audits. */
async function carry(hub: HubProcess, systems: Systems, story: Story, print: Printer): Promise<Audit> {
  const display = progressDisplay(print, print.json ? false : process.stdout.isTTY === true)
  const [{ now: started }] = (await hub.store.query<{ now: Date }>('select hub_now() as now')) as [{ now: Date }]
  let last = ''
  let moved = Date.now()
  for (;;) {
    const found = await collect(systems)
    const orders = await orderOutcomes(hub.store, story.source, story.connection, story.resource, story.route)
    const result = audit(orders, found, { withStorefront: story.withStorefront })
    if (!print.json) {
      display.show([
        {
          label: story.withStorefront ? 'orders from the store' : 'orders from the file',
          now: orders.length,
          of: story.withStorefront ? found.shopOrders.length : 0,
        },
        ...result.rows.map((row) => ({ label: `${row.what} in the ${row.system}`, now: row.found, of: row.expected })),
      ])
    }
    const done = (await readOnce(hub, started)) && result.holds && warehouseIsDone(found)
    // In this order: what the hub did last may be a webhook now, and what that says may not be decided yet.
    if (done && (await quiet(hub)) && (await heard(systems)) && (await quiet(hub))) return result
    const now = JSON.stringify([orders.length, result.rows, result.outcomes])
    if (now !== last) moved = Date.now()
    last = now
    if (Date.now() - moved > STUCK_AFTER_MS) return result
    await sleep(500)
  }
}

/** Whether every source was read to its end since the demo started. */
async function readOnce(hub: HubProcess, since: Date): Promise<boolean> {
  const sources = Object.keys(hub.loaded().config.sources)
  const read = await hub.store.query(
    'select from source_state where source = any($1::text[]) and last_success_at > $2',
    [sources, since],
  )
  return read.length === sources.length
}

/** Nothing is undecided, owed or in flight. */
async function quiet(hub: HubProcess): Promise<boolean> {
  const [busy] = await hub.store.query<{ busy: boolean }>(
    "select exists (select from item where status = 'new') or exists (select from handoff where state in ('owed', 'sending')) as busy",
  )
  return !busy!.busy
}

/** Whether every webhook of the systems was answered. */
async function heard(systems: Systems): Promise<boolean> {
  return (await systems.get('webhooks')).unanswered === 0
}

function warehouseIsDone({ warehouseOrders }: { warehouseOrders: { status: string; due?: number }[] }): boolean {
  return warehouseOrders.every((order) => order.status !== 'pending' || order.due === undefined)
}

function show(print: Printer, result: Audit): void {
  print.line()
  print.line(tone(print, 'strong', 'Audit, counted in the systems themselves'))
  for (const line of table(
    ['SYSTEM', 'WHAT', 'EXPECTED', 'FOUND', 'MISSING', 'DOUBLED'],
    result.rows.map((row) => [row.system, row.what, row.expected, row.found, row.missing, row.doubled]),
  ))
    print.line(`  ${line}`)
  print.line()
  print.line(`  ${result.orders} orders came in:`)
  for (const { outcome, count, cure } of result.outcomes) {
    const [first, ...rest] = wrapped(outcome, '         ')
    print.line(`  ${String(count).padStart(5)}  ${first!.trim()}`)
    for (const line of rest) print.line(line)
    if (cure) for (const line of wrapped(`to do: ${cure}`, '         ')) print.line(tone(print, 'dim', line))
  }
  for (const fault of result.faults) print.line(tone(print, 'bad', `  ${fault}`))
  const sum = result.outcomes.reduce((total, each) => total + each.count, 0)
  print.line()
  print.line(
    result.holds
      ? tone(
          print,
          'good',
          `  The audit holds: ${sum} of ${result.orders} orders are accounted for, nothing is missing, nothing is doubled.`,
        )
      : tone(print, 'bad', '  The audit does not hold.'),
  )
}

function next(print: Printer, result: Audit): void {
  print.line('\nThe hub keeps running. In another terminal, try:')
  print.line('  npx handoff trace 1001           where is this order?')
  print.line('  npx handoff status               connections, sources, what is owed')
  if (result.outcomes.length > 1) print.line('  npx handoff failures list        what needs a person, and what to do')
  print.line('  edit mappings/tables/shipping-services.yaml: add the unknown ship method, save,')
  print.line('  and watch those orders go.')
  print.line('Ctrl-C stops the hub and the systems; the next demo finds everything as it was.')
}
