// The only place that reads environment variables.
import path from 'node:path'

export interface Environment {
  /** DATABASE_URL: your PostgreSQL instead of the embedded one. */
  databaseUrl: string | undefined
  /** REDIS_URL: the queues on Redis instead of PostgreSQL. */
  redisUrl: string | undefined
  /** HANDOFF_STATE: the folder of the embedded database. Default `.handoff` in the working folder. */
  stateDir: string
  /** HANDOFF_SCHEMA: the PostgreSQL schema and queue prefix. Default `handoff`. */
  schema: string
  /** HANDOFF_LOG: trace, debug, info, warn, error, silent. */
  logLevel: string
  /** NO_COLOR and CI turn colours off. */
  color: boolean
  /** HANDOFF_REFERENCE_DIR: where vendors' own descriptions and real data lie, for tests that compare with them. */
  referenceDir: string | undefined
  /** Any variable, for `${env.NAME}`. */
  variable: (name: string) => string | undefined
}

export function readEnvironment(env: NodeJS.ProcessEnv = process.env): Environment {
  return {
    databaseUrl: env['DATABASE_URL'] || undefined,
    redisUrl: env['REDIS_URL'] || undefined,
    stateDir: path.resolve(env['HANDOFF_STATE'] || '.handoff'),
    schema: env['HANDOFF_SCHEMA'] || 'handoff',
    logLevel: env['HANDOFF_LOG'] || 'warn',
    color: !env['NO_COLOR'] && (env['FORCE_COLOR'] !== undefined || process.stdout.isTTY === true),
    referenceDir: env['HANDOFF_REFERENCE_DIR'] || undefined,
    variable: (name) => env[name],
  }
}
