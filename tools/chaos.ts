// `npm run chaos`: breaks a running hub in every way that we know, on both queue backends, counts in the systems what became of
// the orders, and writes docs/guarantees.md when everything ran. Options: --only TEXT, --backend postgres|redis, --runs N, --seed N.
import { spawnSync } from 'node:child_process'
import { chmodSync, mkdirSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { parseArgs } from 'node:util'
import { writeGuarantees } from '../test/chaos/guarantees.ts'
import type { Backend } from '../test/chaos/place.ts'
import { type Scenario, scenarios } from '../test/chaos/scenarios.ts'
import { cells, openMachines, type Row, run } from '../test/chaos/table.ts'

const { values } = parseArgs({
  options: {
    only: { type: 'string' },
    backend: { type: 'string' },
    runs: { type: 'string', default: '1' },
    seed: { type: 'string', default: '42' },
    short: { type: 'boolean', default: false },
  },
})
const chosen = scenarios.filter(
  (each) => (!values.only || each.name.includes(values.only)) && (!values.short || each.short),
)
const withRedis = !spawnSync('redis-server', ['--version']).error
const backends = (['postgres', ...(withRedis ? ['redis'] : [])] as Backend[]).filter(
  (each) => !values.backend || each === values.backend,
)
const rows: Row[] = []
const begun = Date.now()
for (let turn = 0; turn < Number(values.runs); turn++) {
  // The backends side by side, each with machines of its own to break.
  const both = await Promise.all(backends.map((backend) => all(backend, turn)))
  rows.push(...both.flat())
  const whole = !values.only && !values.backend && !values.short
  if (whole && rows.every((row) => row.wrong.length === 0)) writeGuarantees(rows, turn + 1)
}
const wrong = rows.filter((row) => row.wrong.length > 0)
console.log(
  `\n${rows.length} rows in ${((Date.now() - begun) / 60_000).toFixed(1)} minutes, ${wrong.length} do not hold`,
)
process.exitCode = wrong.length > 0 ? 1 : 0

async function all(backend: Backend, turn: number): Promise<Row[]> {
  const machines = await openMachines({ redis: backend === 'redis' })
  const done: Row[] = []
  const mine = chosen.filter((scenario) => !scenario.only || scenario.only === backend)
  for (const scenario of mine) {
    const row = scenario.smallDisk
      ? await onSmallDisk(backend, scenario)
      : await run(machines, backend, scenario, Number(values.seed) + turn)
    done.push(row)
    const minutes = ((Date.now() - begun) / 60_000).toFixed(1)
    console.log(`${minutes} min, run ${turn + 1}, ${done.length} of ${mine.length} | ${cells(row).join(' | ')}`)
  }
  await machines.close()
  return done
}

/** A database on a tmpfs that is quickly full; where nothing may be mounted the row is skipped. */
async function onSmallDisk(backend: Backend, scenario: Scenario): Promise<Row> {
  const above = mkdtempSync(path.join(tmpdir(), 'handoff-disk-'))
  chmodSync(above, 0o755)
  const folder = path.join(above, 'disk')
  mkdirSync(folder)
  if (spawnSync('mount', ['-t', 'tmpfs', '-o', 'size=260m,mode=755', 'tmpfs', folder]).status !== 0) {
    return {
      scenario: scenario.name,
      backend,
      struck: 0,
      count: undefined,
      seconds: 0,
      wrong: [],
      skipped: 'nothing may be mounted here',
    }
  }
  try {
    const small = await openMachines({ folder, redis: backend === 'redis' })
    try {
      return await run(small, backend, scenario, Number(values.seed))
    } finally {
      await small.close().catch(() => {})
    }
  } finally {
    spawnSync('umount', [folder])
    rmSync(above, { recursive: true, force: true })
  }
}
