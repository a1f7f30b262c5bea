// `npm test`: everything that must hold, in the order in which it fails fastest. Ends with `N passed, N failed`.
import { spawnSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'

const ROOT = path.resolve(import.meta.dirname, '..')
const bin = (file: string) => path.join(ROOT, 'node_modules', file)

const CHECKS: [name: string, args: string[]][] = [
  ['formatting and lint', [bin('@biomejs/biome/bin/biome'), 'check', '--error-on-warnings', '.']],
  ['types', [bin('typescript/bin/tsc'), '--noEmit']],
  ['unused exports and dependencies', [bin('knip/bin/knip.js')]],
  ['generated files are up to date', ['tools/docs.ts', '--check']],
]

let passed = 0
let failed = 0
let skipped = 0
for (const [name, args] of CHECKS) {
  const started = Date.now()
  const run = spawnSync(process.execPath, args, { cwd: ROOT, encoding: 'utf8' })
  const good = run.status === 0
  console.log(`${good ? 'ok    ' : 'FAILED'}  ${name} (${((Date.now() - started) / 1000).toFixed(1)} s)`)
  if (good) passed++
  else {
    failed++
    console.log(`${run.stdout}${run.stderr}`)
  }
}

const folder = mkdtempSync(path.join(tmpdir(), 'handoff-report-'))
const report = path.join(folder, 'report.json')
const tests = spawnSync(
  process.execPath,
  [
    bin('vitest/vitest.mjs'),
    'run',
    '--reporter=default',
    '--reporter=json',
    `--outputFile.json=${report}`,
    ...process.argv.slice(2),
  ],
  { cwd: ROOT, stdio: 'inherit' },
)
try {
  const result = JSON.parse(readFileSync(report, 'utf8'))
  passed += result.numPassedTests
  failed += result.numFailedTests
  skipped += result.numPendingTests + result.numTodoTests
  if (tests.status !== 0 && result.numFailedTests === 0) failed++
} catch {
  failed++
}
rmSync(folder, { recursive: true, force: true })
console.log(`\n${passed} passed, ${failed} failed${skipped > 0 ? `, ${skipped} skipped` : ''}`)
process.exitCode = failed > 0 ? 1 : 0
