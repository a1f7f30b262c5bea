// Where a process spends its CPU: each sample of a profile counts for the nearest function on its stack that belongs to a room, so
// that what Node does inside of it counts for whoever called it.
import { readFileSync } from 'node:fs'
import path from 'node:path'

const ROOT = path.resolve(import.meta.dirname, '..', '..')

/** By what a function is called and where it stands; the first that fits counts. */
const ROOMS: [room: string, fits: RegExp][] = [
  ['garbage collector', /^\(garbage collector\)/],
  ['JSON', /^(jsonList|parseJson|sliceArray|sliceValue) | engine\/connector\/json\.ts$|^(parse|stringify) $/],
  ['fingerprints and hashes', /^hashOf | (engine\/platform\/fingerprint\.ts|node:internal\/crypto\/.*)$/],
  ['masking of exchanges', / engine\/(connector\/(mask|personal)|delivery\/exchanges)\.ts$/],
  // Compiled mappings and schema checks have no file, only a place in their own text.
  [
    'mapping and schema checks',
    / (engine\/mapping\/.*|mappings\/.*|node_modules\/(ajv|luxon|big\.js|jsonata).*|generated)$/,
  ],
  ['driver of PostgreSQL', / (node_modules\/pg.*|engine\/platform\/store\/.*)$/],
  [
    'HTTP server',
    / (node_modules\/(fastify|find-my-way|light-my-request|avvio|@fastify).*|engine\/platform\/server\/.*|node:_http_.*)$/,
  ],
  ['queue', / (node_modules\/(bullmq|ioredis).*|engine\/platform\/queue\/.*)$/],
  ['HTTP client and sockets', / (node_modules\/undici\/.*|engine\/connector\/.*|engine\/platform\/rate-limit\.ts)$/],
  ['intake', / engine\/(intake\/.*|handoff\/owe\.ts)$/],
  ['outcome', / engine\/outcome\/.*$/],
  ['delivery', / engine\/(delivery|handoff)\/.*$/],
]
/** For a stack without any of these. */
const SOCKETS = / node:(net|internal\/(stream_base_commons|streams\/.*|js_stream_socket))$/
const ELSE = 'everything else'
export const ROOM_NAMES = [...ROOMS.map(([room]) => room), ELSE]

interface Profile {
  nodes: { id: number; callFrame: { functionName: string; url: string; lineNumber: number }; children?: number[] }[]
  /** In microseconds of the machine's own clock. */
  startTime: number
  samples: number[]
  timeDeltas: number[]
}

/** Seconds by room of the samples between two moments of `process.hrtime`, in microseconds. */
export function secondsByRoom(file: string, from: number, to: number): Map<string, number> {
  const profile = JSON.parse(readFileSync(file, 'utf8')) as Profile
  const nodes = new Map(profile.nodes.map((node) => [node.id, node]))
  const room = new Map<number, string>()
  const enter = (id: number, above: string) => {
    const { callFrame, children = [] } = nodes.get(id)!
    const own = roomOf(callFrame) ?? above
    room.set(id, own)
    for (const child of children) enter(child, own)
  }
  enter(profile.nodes[0]!.id, ELSE)
  const seconds = new Map(ROOM_NAMES.map((name) => [name, 0]))
  let at = profile.startTime
  for (const [index, id] of profile.samples.entries()) {
    const took = profile.timeDeltas[index]!
    at += took
    if (at < from || at > to || nodes.get(id)!.callFrame.functionName === '(idle)') continue
    seconds.set(room.get(id)!, seconds.get(room.get(id)!)! + took / 1e6)
  }
  return seconds
}

function roomOf({ functionName, url, lineNumber }: Profile['nodes'][0]['callFrame']): string | undefined {
  const place =
    url === '' ? (lineNumber > 0 ? 'generated' : '') : url.replace(`file://${ROOT}/`, '').replace(`${ROOT}/`, '')
  const text = `${functionName} ${place}`
  return ROOMS.find(([, fits]) => fits.test(text))?.[0] ?? (SOCKETS.test(text) ? 'HTTP client and sockets' : undefined)
}
