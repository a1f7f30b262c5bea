// n8n: the same work as a workflow (Webhook → Edit Fields → HTTP Request), as installed and at its best setting.
import { execFileSync, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdirSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { FIELDS } from '../mapping/n8n.ts'
import type { Peer } from './peer.ts'

export const N8N = '2.41.1'
const PORT = 5678

// Quiet: nothing is sent to anybody, the editor and modules that are of no use here are off.
const QUIET = {
  N8N_ENCRYPTION_KEY: 'bench-bench-bench-bench-bench-32',
  N8N_LISTEN_ADDRESS: '127.0.0.1',
  N8N_HOST: '127.0.0.1',
  N8N_PORT: String(PORT),
  N8N_DIAGNOSTICS_ENABLED: 'false',
  N8N_VERSION_NOTIFICATIONS_ENABLED: 'false',
  N8N_TEMPLATES_ENABLED: 'false',
  N8N_PERSONALIZATION_ENABLED: 'false',
  N8N_COMMUNITY_PACKAGES_ENABLED: 'false',
  N8N_PUBLIC_API_DISABLED: 'true',
  N8N_DISABLE_UI: 'true',
  N8N_INSIGHTS_ENABLED: 'false',
  N8N_DISABLED_MODULES:
    'mcp-registry,instance-ai,agents,chat-hub,community-packages,workflow-builder,mcp,quick-connect,source-control,external-secrets',
  N8N_LOG_LEVEL: 'error',
  DB_TYPE: 'sqlite',
  NO_UPDATE_NOTIFIER: '1',
}
/** Expressions in the process itself instead of in an isolate. With this, workflows that save nothing are used. */
const BEST = { N8N_EXPRESSION_ENGINE: 'legacy' }
const SAVE_NOTHING = {
  saveDataSuccessExecution: 'none',
  saveDataErrorExecution: 'none',
  saveManualExecutions: false,
  saveExecutionProgress: false,
}

/** Imports the workflows once; `modules` holds the installed package. */
export function prepareN8n(modules: string, folder: string, orders: { url: string; amount: number }, sink: string) {
  const home = path.join(folder, 'n8n')
  const workflows = path.join(folder, 'n8n-workflows')
  for (const each of [home, workflows]) {
    rmSync(each, { recursive: true, force: true })
    mkdirSync(each, { recursive: true })
  }
  for (const [kept, settings] of [
    ['saved', {}],
    ['nothing', SAVE_NOTHING],
  ] as const)
    for (const made of [single(kept, settings, sink), batch(kept, settings, orders, sink)])
      writeFileSync(path.join(workflows, `${made.id}.json`), JSON.stringify(made))
  const bin = path.join(modules, 'n8n', 'bin', 'n8n')
  const env = { ...process.env, ...QUIET, N8N_USER_FOLDER: home }
  const cli = (...args: string[]) =>
    execFileSync(process.execPath, [bin, ...args], { env, stdio: ['ignore', 'ignore', 'inherit'] })
  cli('import:workflow', '--separate', `--input=${workflows}`)
  for (const file of readdirSync(workflows)) cli('publish:workflow', `--id=${file.replace('.json', '')}`)

  return async (best: boolean): Promise<Peer> => {
    const child = spawn(process.execPath, [bin, 'start'], {
      env: { ...env, ...(best ? BEST : {}) },
      stdio: ['ignore', 'ignore', 'inherit'],
    })
    const url = `http://127.0.0.1:${PORT}`
    for (let turn = 0; !(await fetch(`${url}/healthz/readiness`).catch(() => undefined))?.ok; turn++) {
      if (turn > 600 || child.exitCode !== null) throw new Error('n8n did not start')
      await sleep(200)
    }
    await sleep(3_000)
    const kept = best ? 'nothing' : 'saved'
    return {
      pid: child.pid!,
      single: `${url}/webhook/single-${kept}`,
      batch: `${url}/webhook/batch-${kept}`,
      [Symbol.asyncDispose]: async () => {
        const ended = once(child, 'exit')
        child.kill('SIGTERM')
        if ((await Promise.race([ended, sleep(10_000)])) === undefined) child.kill('SIGKILL')
      },
    }
  }
}

type Node = { name: string } & Record<string, unknown>

function workflow(id: string, settings: object, nodes: Node[]) {
  const links = nodes
    .slice(0, -1)
    .map((node, i) => [node.name, { main: [[{ node: nodes[i + 1]!.name, type: 'main', index: 0 }]] }])
  const placed = nodes.map((node, i) => ({ id: node.name, position: [i * 200, 0], ...node }))
  return {
    id,
    name: id,
    active: false,
    nodes: placed,
    connections: Object.fromEntries(links),
    settings: { executionOrder: 'v1', ...settings },
  }
}

const webhook = (id: string, responseMode: string): Node => ({
  name: 'In',
  type: 'n8n-nodes-base.webhook',
  typeVersion: 2,
  webhookId: id,
  parameters: { httpMethod: 'POST', path: id, responseMode, options: {} },
})
const send = (sink: string, options: object): Node => ({
  name: 'Send',
  type: 'n8n-nodes-base.httpRequest',
  typeVersion: 4.2,
  parameters: {
    method: 'POST',
    url: `${sink}/orders`,
    sendBody: true,
    specifyBody: 'json',
    jsonBody: '={{ JSON.stringify($json) }}',
    options,
  },
})
const TYPES: Record<string, string> = {
  total: 'object',
  shippingTotal: 'object',
  taxTotal: 'object',
  lines: 'array',
  'shipTo.street': 'array',
}
const map = (order: string): Node => ({
  name: 'Map',
  type: 'n8n-nodes-base.set',
  typeVersion: 3.4,
  parameters: {
    mode: 'manual',
    assignments: {
      assignments: Object.entries(FIELDS).map(([name, expression], i) => ({
        id: `a${i}`,
        name,
        type: TYPES[name] ?? 'string',
        value: expression.replaceAll('$json', order),
      })),
    },
    includeOtherFields: false,
    options: {},
  },
})

const single = (kept: string, settings: object, sink: string) =>
  workflow(`single-${kept}`, settings, [webhook(`single-${kept}`, 'lastNode'), map('$json.body'), send(sink, {})])

function batch(kept: string, settings: object, { url, amount }: { url: string; amount: number }, sink: string) {
  const read: Node = {
    name: 'Read',
    type: 'n8n-nodes-base.httpRequest',
    typeVersion: 4.2,
    parameters: { method: 'GET', url: `${url}/orders?token=0&limit=${amount}`, options: {} },
  }
  const split: Node = {
    name: 'Split',
    type: 'n8n-nodes-base.splitOut',
    typeVersion: 1,
    parameters: { fieldToSplitOut: 'orders', options: {} },
  }
  const sending = send(sink, { batching: { batch: { batchSize: 50, batchInterval: 0 } } })
  return workflow(`batch-${kept}`, settings, [
    webhook(`batch-${kept}`, 'onReceived'),
    read,
    split,
    map('$json'),
    sending,
  ])
}
