// Node-RED: the same work as a flow (http in → function → http request). It keeps nothing and repeats nothing: what it loses is lost.
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { stripTypeScriptTypes } from 'node:module'
import path from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import type { Peer } from './peer.ts'

export const NODE_RED = '5.0.7'
const PORT = 1881

const SETTINGS = `module.exports = {
  flowFile: 'flows.json', uiHost: '127.0.0.1', uiPort: ${PORT}, httpAdminRoot: false, disableEditor: true, credentialSecret: false,
  telemetry: { enabled: false, updateNotification: false }, diagnostics: { enabled: false, ui: false }, logging: { console: { level: 'warn' } },
  externalModules: { autoInstall: false }, apiMaxLength: '50mb',
}`

/** `modules` holds the installed package. */
export async function startNodeRed(
  modules: string,
  folder: string,
  orders: { url: string; amount: number },
  sink: string,
): Promise<Peer> {
  const home = path.join(folder, 'node-red')
  mkdirSync(home, { recursive: true })
  writeFileSync(path.join(home, 'settings.js'), SETTINGS)
  writeFileSync(
    path.join(home, 'flows.json'),
    JSON.stringify(flows(`${orders.url}/orders?token=0&limit=${orders.amount}`, `${sink}/orders`)),
  )
  const args = [path.join(modules, 'node-red', 'red.js'), '-s', path.join(home, 'settings.js'), '-u', home]
  const child = spawn(process.execPath, args, { stdio: ['ignore', 'ignore', 'inherit'] })
  const url = `http://127.0.0.1:${PORT}`
  for (let turn = 0; !(await fetch(`${url}/single`).catch(() => undefined)); turn++) {
    if (turn > 600 || child.exitCode !== null) throw new Error('Node-RED did not start')
    await sleep(100)
  }
  await sleep(2_000)
  return {
    pid: child.pid!,
    single: `${url}/single`,
    batch: `${url}/batch`,
    [Symbol.asyncDispose]: async () => {
      const ended = once(child, 'exit')
      child.kill('SIGTERM')
      if ((await Promise.race([ended, sleep(10_000)])) === undefined) child.kill('SIGKILL')
    },
  }
}

function flows(source: string, sink: string) {
  const source_ = readFileSync(path.join(import.meta.dirname, '..', 'mapping', 'unchecked.ts'), 'utf8')
  const mapping = stripTypeScriptTypes(source_).replace('export function', 'function')
  const place = { z: 'tab', x: 100, y: 100 }
  const take = (id: string, wires: string[]) => ({
    ...place,
    id,
    type: 'http in',
    url: `/${id}`,
    method: 'post',
    upload: false,
    wires: [wires],
  })
  const work = (id: string, func: string, wires: string[]) => ({
    ...place,
    id,
    type: 'function',
    func,
    outputs: 1,
    libs: [],
    wires: [wires],
  })
  const ask = (id: string, method: string, url: string, wires: string[]) => ({
    ...place,
    id,
    type: 'http request',
    method,
    ret: 'obj',
    paytoqs: 'ignore',
    url,
    persist: true,
    authType: '',
    headers: [],
    wires: [wires],
  })
  const answer = (id: string) => ({ ...place, id, type: 'http response', statusCode: '200', headers: {}, wires: [] })
  return [
    { id: 'tab', type: 'tab', label: 'bench', disabled: false },
    take('single', ['map']),
    work('map', `${mapping}\nmsg.payload = mapOrderUnchecked(msg.payload, 'shop'); delete msg.headers; return msg;`, [
      'send',
    ]),
    ask('send', 'POST', sink, ['sent']),
    answer('sent'),
    take('batch', ['begun', 'bare']),
    answer('begun'),
    work('bare', 'return {};', ['read']),
    ask('read', 'GET', source, ['orders']),
    work('orders', 'return { payload: msg.payload.orders };', ['split']),
    {
      ...place,
      id: 'split',
      type: 'split',
      arraySplt: 1,
      arraySpltType: 'len',
      splt: '\\n',
      spltType: 'str',
      wires: [['map-one']],
    },
    work('map-one', `${mapping}\nreturn { payload: mapOrderUnchecked(msg.payload, 'shop') };`, ['send-one']),
    ask('send-one', 'POST', sink, []),
  ]
}
