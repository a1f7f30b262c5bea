// From `retention:` in the configuration to how long each kind is kept.
import { milliseconds } from '#connector'
import type { Kept, Retention } from '../outcome/retention.ts'

const DEFAULTS: Record<Kept, string> = {
  payloads: '90d',
  attempts: '90d',
  events: '400d',
  webhooks: '30d',
  runs: '30d',
}

export const retentionOf = (wished: Partial<Record<Kept, string>>): Retention =>
  Object.fromEntries(
    Object.entries({ ...DEFAULTS, ...wished }).map(([kept, text]) => [kept, milliseconds(text)]),
  ) as Retention
