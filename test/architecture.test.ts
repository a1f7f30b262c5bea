// Dependencies point one way (DESIGN: layout), and this file says which. It also lists the one home of each library.
import { readdirSync, readFileSync } from 'node:fs'
import path from 'node:path'
import { describe, expect, test } from 'vitest'

const ROOT = path.resolve(import.meta.dirname, '..')
const FOLDERS = ['engine', 'connectors', 'mappings', 'sandbox', 'bench', 'test', 'tools']

interface Module {
  file: string
  text: string
  /** Specifiers of value imports, of type imports, and what each resolves to inside the project. */
  imports: { specifier: string; typeOnly: boolean; target: string | undefined }[]
}

const modules = FOLDERS.flatMap((folder) => sources(path.join(ROOT, folder))).map(read)
const production = modules.filter(({ file }) => !file.endsWith('.test.ts'))
const STAGES = ['intake', 'mapping', 'handoff', 'delivery', 'outcome', 'process', 'insight']

/** Where each third-party library lives: nowhere else may it be imported. */
const HOMES: Record<string, RegExp> = {
  ajv: /^engine\/platform\/config\//,
  'ajv-formats': /^engine\/platform\/config\//,
  undici: /^engine\/connector\/http\.ts$|^bench\//,
  'big.js': /^engine\/mapping\//,
  bullmq: /^engine\/platform\/queue\/|^bench\//,
  commander: /^engine\/cli\/|^tools\/docs-cli\.ts$/,
  'iconv-lite': /^engine\/connector\//,
  'fast-check': /\.test\.ts$|^test\/simulation\/|^tools\/simulate\.ts$/,
  fastify: /^engine\/platform\/server\//,
  graphql: /^sandbox\//,
  ioredis: /^engine\/platform\/queue\/|^bench\//,
  'json-schema-to-typescript': /^tools\//,
  jsonata: /^engine\/mapping\/|^bench\//,
  luxon: /^engine\/mapping\//,
  nodemailer: /^engine\/connector\/mail\.ts$/,
  'smtp-server': /\.test\.ts$|^test\//,
  nock: /^engine\/connector\/conformance\/|\.test\.ts$/,
  pg: /^engine\/platform\/store\/|^bench\/|\.test\.ts$/,
  pino: /^engine\/platform\/log\.ts$/,
  'prom-client': /^engine\/platform\/metrics\.ts$/,
  vitest: /^engine\/connector\/conformance\/|\.test\.ts$|^test\//,
  yaml: /^engine\/platform\/config\//,
}

describe('architecture', () => {
  test('a connector imports only #connector and its own folder', () => {
    const wrong = edges(production, /^connectors\/([^/]+)\//, ({ target, specifier }, file) => {
      const own = file.split('/').slice(0, 2).join('/')
      if (specifier === '#connector' || specifier === '#connector/conformance') return true
      if (target === undefined) return specifier.startsWith('node:') || HOMES[packageOf(specifier)]?.test(file) === true
      return target.startsWith(`${own}/`)
    })
    expect(wrong).toEqual([])
  })

  test("stages import the contract, the platform and the hub's words, and never each other", () => {
    const wrong = edges(production, new RegExp(`^engine/(${STAGES.join('|')})/`), ({ target }, file) => {
      if (target === undefined) return true
      const stage = file.split('/').slice(0, 2).join('/')
      return (
        target.startsWith(`${stage}/`) ||
        /^engine\/(connector|platform)\//.test(target) ||
        target === 'engine/hub.ts' ||
        target.startsWith('schemas/')
      )
    })
    expect(wrong).toEqual([])
  })

  test('the platform imports no stage and no connector', () => {
    const wrong = edges(
      production,
      /^engine\/platform\//,
      ({ target }) => target === undefined || /^engine\/(platform|connector)\//.test(target),
    )
    expect(wrong).toEqual([])
  })

  test('the contract imports nothing of the hub', () => {
    const wrong = edges(production, /^engine\/connector\//, ({ target }, file) => {
      if (target === undefined || target.startsWith('engine/connector/')) return true
      return file.startsWith('engine/connector/conformance/')
    })
    expect(wrong).toEqual([])
  })

  test('only registry.ts knows that connectors/ exists', () => {
    const wrong = edges(production, /^engine\//, ({ target }) => !target?.startsWith('connectors/'))
    expect(wrong).toEqual([])
    const naming = production
      .filter(({ file, text }) => file.startsWith('engine/') && /['"`]connectors['"`]/.test(text))
      .map(({ file }) => file)
    expect(naming).toEqual(['engine/registry.ts'])
  })

  test('the sandbox imports nothing of the hub, and the hub nothing of the sandbox', () => {
    expect(edges(modules, /^sandbox\//, ({ target }) => target === undefined || target.startsWith('sandbox/'))).toEqual(
      [],
    )
    expect(edges(production, /^engine\/(?!cli\/)/, ({ target }) => !target?.startsWith('sandbox/'))).toEqual([])
  })

  test('every third-party library has one home', () => {
    const wrong = modules.flatMap(({ file, imports }) =>
      imports
        .filter(
          ({ target, specifier }) =>
            target === undefined && !specifier.startsWith('node:') && !specifier.startsWith('#'),
        )
        .filter(({ specifier }) => !HOMES[packageOf(specifier)]?.test(file))
        .map(({ specifier }) => `${file} imports ${specifier}`),
    )
    expect(wrong).toEqual([])
  })

  test('no import cycles', () => {
    const graph = new Map(
      modules.map(({ file, imports }) => [
        file,
        imports.filter((each) => !each.typeOnly && each.target).map((each) => each.target!),
      ]),
    )
    expect(cycles(graph)).toEqual([])
  })

  test('environment variables are read only in platform/config/', () => {
    const wrong = production.filter(
      ({ file, text }) =>
        /^(engine|connectors)\//.test(file) &&
        !file.startsWith('engine/platform/config/') &&
        /process\.env\b/.test(text.replaceAll(/\.\.\.process\.env/g, '')),
    )
    expect(wrong.map(({ file }) => file)).toEqual([])
  })

  test('no file has a name that says nothing', () => {
    const banned = /(^|\/)(utils?|helpers?|common|misc|manager|generic[a-z]*)\.ts$/i
    expect(modules.filter(({ file }) => banned.test(file)).map(({ file }) => file)).toEqual([])
  })

  test('a connector folder has the same five things', () => {
    for (const name of readdirSync(path.join(ROOT, 'connectors'))) {
      const entries = readdirSync(path.join(ROOT, 'connectors', name))
      for (const needed of ['connector.ts', 'connector.test.ts', 'schemas', 'fixtures', 'README.md'])
        expect(entries, name).toContain(needed)
      expect(
        entries.filter((entry) => !/\.ts$|^schemas$|^fixtures$|^README\.md$/.test(entry)),
        name,
      ).toEqual([])
    }
  })
})

function sources(folder: string): string[] {
  return readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile() && /\.ts$/.test(entry.name) && !entry.parentPath.includes('node_modules'))
    .map((entry) => path.join(entry.parentPath, entry.name))
}

function read(absolute: string): Module {
  const text = readFileSync(absolute, 'utf8')
  const file = path.relative(ROOT, absolute)
  const found = text.matchAll(/^\s*(import|export)\s+(type\s)?([^'"();]*?from\s+)?['"]([^'"]+)['"]/gm)
  const imports = [...found].map(([, , type, , specifier]) => ({
    specifier: specifier!,
    typeOnly: type !== undefined,
    target: resolve(absolute, specifier!),
  }))
  for (const [, specifier] of text.matchAll(/\bimport\(\s*['"]([^'"]+)['"]\s*\)/g))
    imports.push({ specifier: specifier!, typeOnly: true, target: resolve(absolute, specifier!) })
  return { file, text, imports }
}

function resolve(from: string, specifier: string): string | undefined {
  if (specifier === '#connector') return 'engine/connector/index.ts'
  if (specifier === '#connector/conformance') return 'engine/connector/conformance/index.ts'
  return specifier.startsWith('.') ? path.relative(ROOT, path.resolve(path.dirname(from), specifier)) : undefined
}

function packageOf(specifier: string): string {
  return specifier
    .split('/')
    .slice(0, specifier.startsWith('@') ? 2 : 1)
    .join('/')
}

function edges(
  from: Module[],
  rooms: RegExp,
  allowed: (edge: Module['imports'][number], file: string) => boolean,
): string[] {
  return from
    .filter(({ file }) => rooms.test(file))
    .flatMap(({ file, imports }) =>
      imports.filter((edge) => !allowed(edge, file)).map((edge) => `${file} imports ${edge.specifier}`),
    )
}

function cycles(graph: Map<string, string[]>): string[] {
  const done = new Set<string>()
  const found: string[] = []
  const visit = (file: string, trail: string[]): void => {
    if (trail.includes(file)) found.push([...trail.slice(trail.indexOf(file)), file].join(' → '))
    else if (!done.has(file)) {
      for (const next of graph.get(file) ?? []) visit(next, [...trail, file])
      done.add(file)
    }
  }
  for (const file of graph.keys()) visit(file, [])
  return found
}
