import { existsSync, readdirSync, writeFileSync } from 'node:fs'
import { dirname, join, relative, resolve } from 'node:path'
import type { Diagnostic } from '../../platform/config/diagnostic.ts'
import type { Schemas } from '../../platform/config/schema.ts'
import { editYaml, readYaml, type YamlFile } from '../../platform/config/yaml.ts'
import type { Direction, Mapping, MappingSet, RuleInfo } from '../types.ts'
import { runTest, type TestSpec } from './run-test.ts'

export interface MappingTestOptions {
  root: string
  dirs?: string[]
  schemas: Schemas
  /** The folder of a connector's fixtures; they are also looked for beside the test. */
  fixtures: (connector: string) => string | undefined
  /** Only tests of files or folders that begin with this path (relative to the root), or of a mapping of this name. */
  path?: string
  /** Rewrites `expect` of failing tests with what came out. */
  update?: boolean
}

/** One test, ready to run. */
export interface MappingTest {
  file: string
  line: number
  mapping: string
  name: string
  /** Lines that say what is wrong; none when it passes. */
  run(): Promise<string[]>
}

export interface MappingTestReport {
  passed: number
  failed: number
  updated: number
  results: { file: string; line: number; mapping: string; name: string; failures: string[] }[]
  /** What is wrong with test files themselves. */
  diagnostics: Diagnostic[]
  /** Rules that no test gives a value to, by mapping and direction; only of mappings that were tested. */
  untouched: { mapping: string; direction: Direction; rule: RuleInfo }[]
  rules: number
  /** Mappings without a single test. */
  untested: string[]
  /** How many `expr:` there are in all mappings. */
  expressions: number
}

/** Every test of the set, without running it. */
export function mappingTests(
  set: MappingSet,
  options: MappingTestOptions,
  touched?: (mapping: Mapping, direction: Direction, rule: number) => void,
): {
  tests: MappingTest[]
  diagnostics: Diagnostic[]
  changes: Map<YamlFile, { path: (string | number)[]; value: unknown }[]>
} {
  const root = resolve(options.root)
  const tests: MappingTest[] = []
  const diagnostics: Diagnostic[] = []
  const changes = new Map<YamlFile, { path: (string | number)[]; value: unknown }[]>()
  for (const file of testFiles(root, options.dirs ?? ['mappings'])) {
    const shown = relative(root, file).replaceAll('\\', '/')
    const yaml = readYaml(file, shown)
    const faults = yaml.diagnostics.length ? yaml.diagnostics : options.schemas.check('mapping-test', yaml, 'MAP')
    const name =
      yaml.value?.mapping ??
      shown
        .split('/')
        .slice(-2)
        .join('/')
        .replace(/\.test\.yaml$/, '')
    if (options.path && !shown.startsWith(options.path.replace(/^\.\//, '')) && name !== options.path) continue
    diagnostics.push(...faults)
    if (faults.length) continue
    const mapping = set.get(name)
    if (!mapping) {
      diagnostics.push(
        yaml.diagnostic(['mapping'], 'value', {
          code: 'HUB_MAP_UNKNOWN_NAME',
          severity: 'error',
          message: `There is no mapping \`${name}\` that can run.`,
        }),
      )
      continue
    }
    for (const [i, test] of (yaml.value.tests as TestSpec[]).entries()) {
      const spec: TestSpec = {
        ...test,
        links: { ...yaml.value.links, ...test.links },
        ...((test.connection ?? yaml.value.connection) ? { connection: test.connection ?? yaml.value.connection } : {}),
      }
      const setting = {
        mapping,
        schemas: options.schemas,
        places: [options.fixtures(name.split('/')[0]!) ?? [], dirname(file), root].flat(),
        touched: (direction: Direction, rule: number) => touched?.(mapping, direction, rule),
      }
      tests.push({
        file: shown,
        line: yaml.at(['tests', i]).line,
        mapping: name,
        name: test.name,
        async run() {
          const { failures, record } = await runTest(spec, setting)
          if (!failures.length || !options.update || record === undefined || test.expect === undefined) return failures
          changes.set(yaml, [...(changes.get(yaml) ?? []), { path: ['tests', i, 'expect'], value: record }])
          return []
        },
      })
    }
  }
  return { tests, diagnostics, changes }
}

/** Runs the tests of a set, one after another. */
export async function runMappingTests(set: MappingSet, options: MappingTestOptions): Promise<MappingTestReport> {
  const touched = new Map<string, Set<string>>()
  const keyOf = (rule: RuleInfo) => `${rule.file}:${rule.line}:${rule.col} ${rule.target}`
  const { tests, diagnostics, changes } = mappingTests(set, options, (mapping, direction, rule) => {
    const key = `${mapping.name} ${direction}`
    if (!touched.has(key)) touched.set(key, new Set())
    touched.get(key)!.add(keyOf(mapping[direction]!.rules[rule]!))
  })
  const results: MappingTestReport['results'] = []
  for (const { run, ...test } of tests) results.push({ ...test, failures: await run() })
  for (const [yaml, edits] of changes) writeFileSync(join(resolve(options.root), yaml.file), editYaml(yaml.text, edits))

  const untouched: MappingTestReport['untouched'] = []
  let rules = 0
  const tested = new Set(tests.map((test) => test.mapping))
  for (const name of tested) {
    const mapping = set.get(name)!
    for (const direction of ['in', 'out'] as const) {
      for (const rule of new Map((mapping[direction]?.rules ?? []).map((one) => [keyOf(one), one])).values()) {
        rules++
        if (!touched.get(`${name} ${direction}`)?.has(keyOf(rule))) untouched.push({ mapping: name, direction, rule })
      }
    }
  }
  const failed = results.filter((result) => result.failures.length).length
  return {
    results,
    diagnostics,
    untouched,
    rules,
    failed,
    passed: results.length - failed,
    updated: [...changes.values()].flat().length,
    untested: options.path ? [] : set.names().filter((name) => !tested.has(name)),
    expressions: set
      .names()
      .reduce((sum, name) => sum + (set.get(name)!.in?.expressions ?? 0) + (set.get(name)!.out?.expressions ?? 0), 0),
  }
}

/** The report as a person reads it. */
export function renderTestReport(report: MappingTestReport): string {
  const lines: string[] = []
  for (const { file, line, name, failures } of report.results)
    if (failures.length) lines.push(`✗ ${file}:${line} ${name}`, ...failures)
  for (const { mapping, direction, rule } of report.untouched)
    lines.push(`  untested rule ${rule.file}:${rule.line} \`${rule.target}\` (${mapping}, ${direction})`)
  for (const name of report.untested) lines.push(`  ${name} has no test`)
  const covered = report.rules - report.untouched.length
  lines.push(
    `${report.passed} passed, ${report.failed} failed${report.updated ? `, ${report.updated} updated` : ''}; ${covered} of ${report.rules} rules touched; ${report.expressions} expression${report.expressions === 1 ? '' : 's'}`,
  )
  return lines.join('\n')
}

function testFiles(root: string, dirs: string[]): string[] {
  return dirs
    .map((dir) => join(root, dir))
    .filter((folder) => existsSync(folder))
    .flatMap((folder) =>
      readdirSync(folder, { recursive: true, withFileTypes: true })
        .filter((entry) => entry.isFile() && entry.name.endsWith('.test.yaml'))
        .map((entry) => join(entry.parentPath, entry.name)),
    )
    .sort()
}
