// The walk, side by side in one run: the bare loop (the ceiling), the hub with its queue on PostgreSQL, and on Redis where one is
// installed. Trust the ratios, not the absolute figures.
//   node tools/node24.mjs bench/walk.ts [orders]
import { type ChildProcess, spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { createInterface } from 'node:readline'

const count = Number(process.argv[2] ?? 20_000)
const here = path.join(import.meta.dirname, 'walk')
const folder = mkdtempSync(path.join(tmpdir(), 'handoff-bench-'))

interface Figures {
  seconds: number
  cpuSeconds: number
  peakMb: number
  walBytes?: number
  transactions?: number
}

async function standIn(): Promise<{ url: string; child: ChildProcess }> {
  const child = spawn(process.execPath, [path.join(here, 'stand-in.ts'), String(count)], {
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  const [line] = (await once(createInterface(child.stdout!), 'line')) as [string]
  return { url: JSON.parse(line).url, child }
}

async function run(
  name: string,
  make: (source: string, sink: string) => { args: string[]; env?: Record<string, string>; report?: string },
): Promise<Figures> {
  const source = await standIn()
  const sink = await standIn()
  const { args, env, report } = make(source.url, sink.url)
  const child = spawn(process.execPath, args, { stdio: ['ignore', 'pipe', 'inherit'], env: { ...process.env, ...env } })
  let output = ''
  child.stdout!.on('data', (chunk) => (output += chunk))
  await once(child, 'close')
  const { distinct } = (await (await fetch(`${sink.url}/count`)).json()) as { distinct: number }
  source.child.kill()
  sink.child.kill()
  if (distinct !== count) throw new Error(`${name}: ${distinct} of ${count} orders arrived\n${output}`)
  return JSON.parse(report ? readFileSync(report, 'utf8') : output.trim().split('\n').at(-1)!)
}

const hub = (name: string, env: Record<string, string>) =>
  run(name, (source, sink) => {
    const state = path.join(folder, name.replaceAll(' ', '-'))
    return {
      args: [path.join(here, 'hub.ts'), source, sink, String(count), state],
      env,
      report: path.join(state, 'report.json'),
    }
  })

const results: [string, Figures][] = [
  [
    'bare loop (undici)',
    await run('bare loop', (source, sink) => ({ args: [path.join(here, 'bare-loop.ts'), source, sink] })),
  ],
]
spawnSync('chmod', ['755', folder])
results.push(['hub, queue on PostgreSQL', await hub('postgres', { REDIS_URL: '', DATABASE_URL: '' })])
if (!spawnSync('redis-server', ['--version']).error) {
  const port = 20_000 + Math.floor(Math.random() * 20_000)
  const redis = spawn('redis-server', ['--port', String(port), '--bind', '127.0.0.1', '--save', '', '--dir', folder], {
    stdio: 'ignore',
  })
  await new Promise((resolve) => setTimeout(resolve, 500))
  results.push([
    'hub, queue on Redis',
    await hub('redis', { REDIS_URL: `redis://127.0.0.1:${port}`, DATABASE_URL: '' }),
  ])
  redis.kill()
}
const ceiling = count / results[0]![1].seconds
console.log(`${count} orders of 5 lines, read over HTTP, mapped twice, kept, pushed over HTTP:`)
for (const [name, figures] of results) {
  const rate = count / figures.seconds
  console.log(
    `  ${name.padEnd(26)} ${Math.round(rate).toString().padStart(6)} orders/s  ×${(rate / ceiling).toFixed(2)} of the bare loop  ${((figures.cpuSeconds / count) * 1000).toFixed(2)} CPU s per 1,000 (this process)  ${Math.round(figures.peakMb)} MB${figures.walBytes ? `  ${Math.round(figures.walBytes / count)} WAL bytes and ${(figures.transactions! / count).toFixed(3)} transactions an order` : ''}`,
  )
}
rmSync(folder, { recursive: true, force: true })
