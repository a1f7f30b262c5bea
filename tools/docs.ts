// `npm run docs`: writes everything that is generated; with --check it writes nothing and fails on the first difference.
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { cliReference } from './docs-cli.ts'
import { errorsReference } from './docs-errors.ts'
import { mappingReference } from './docs-mapping.ts'
import { configReference, recordsReference } from './docs-schemas.ts'
import { mappingNamesSchema } from './mapping-names.ts'

const ROOT = path.resolve(import.meta.dirname, '..')
const PAGES: Record<string, () => string | Promise<string>> = {
  'docs/reference/cli.md': cliReference,
  'docs/reference/config.md': configReference,
  'docs/reference/records.md': recordsReference,
  'docs/reference/errors.md': errorsReference,
  'docs/reference/mapping.md': mappingReference,
  'schemas/mapping-names.json': mappingNamesSchema,
}

const checking = process.argv.includes('--check')
for (const [file, make] of Object.entries(PAGES)) {
  const target = path.join(ROOT, file)
  const text = await make()
  if (checking) {
    if (!existsSync(target) || readFileSync(target, 'utf8') !== text) {
      console.error(`${file} is not up to date: run \`npm run docs\`.`)
      process.exitCode = 1
    }
  } else {
    mkdirSync(path.dirname(target), { recursive: true })
    writeFileSync(target, text)
  }
}
