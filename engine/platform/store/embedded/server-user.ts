// PostgreSQL refuses to run as root, and a root-only folder (a checkout under /root) is closed to any other user.
// This file answers two questions: as whom does the server run, and can that user reach a folder?
import * as fs from 'node:fs'
import * as path from 'node:path'

export interface ServerUser {
  uid: number
  gid: number
}

/** The user the server runs as when the hub is root; undefined when it runs as the hub's own user. */
export function serverUser(): ServerUser | undefined {
  if (process.platform === 'win32' || process.getuid?.() !== 0) return undefined
  const passwd = fs.readFileSync('/etc/passwd', 'utf8').split('\n')
  for (const name of ['postgres', 'node', 'nobody']) {
    const line = passwd.find((entry) => entry.startsWith(`${name}:`))
    if (!line) continue
    const [, , uid, gid] = line.split(':')
    return { uid: Number(uid), gid: Number(gid) }
  }
  throw new Error(
    'HUB_STORE_NO_USER the embedded PostgreSQL cannot run as root, and /etc/passwd knows neither postgres, node nor nobody. Run the hub as an ordinary user, or set DATABASE_URL.',
  )
}

/** Whether that user may walk through every folder above `target` and into it, where it exists. */
export function canReach(target: string, user: ServerUser | undefined): boolean {
  if (!user) return true
  for (let dir = path.resolve(target); ; dir = path.dirname(dir)) {
    if (fs.existsSync(dir)) {
      const stat = fs.statSync(dir)
      const bit = stat.uid === user.uid ? 0o100 : stat.gid === user.gid ? 0o010 : 0o001
      if (stat.isDirectory() && !(stat.mode & bit)) return false
    }
    if (dir === path.dirname(dir)) return true
  }
}
