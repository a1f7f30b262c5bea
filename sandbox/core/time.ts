// Durations as text, moments as vendors write them, and timers that end with the sandbox.

const units: Record<string, number> = { ms: 1, s: 1000, m: 60_000, h: 3_600_000, d: 86_400_000 }

/** `300ms`, `2s`, `5m`, `1h` → milliseconds. Throws on anything else. */
export function milliseconds(duration: string | number): number {
  if (typeof duration === 'number') return duration
  const match = /^(\d+(?:\.\d+)?)(ms|s|m|h|d)$/.exec(duration.trim())
  if (!match) throw new Error(`"${duration}" is no duration. Write 300ms, 2s or 5m.`)
  return Number(match[1]) * units[match[2]!]!
}

/** `2026-03-01T08:30:00`: WooCommerce's GMT fields, whole seconds and no zone. */
export const withoutZone = (at: number): string => new Date(at).toISOString().slice(0, 19)

/** `2026-03-01T08:30:00Z`: EasyPost. */
export const seconds = (at: number): string => `${withoutZone(at)}Z`

/** `2026-03-01T08:30:00+00:00`: ShipHero. */
export const withOffset = (at: number): string => `${withoutZone(at)}+00:00`

/** `2026-03-01 08:30:00`: Odoo, always UTC. */
export const spaced = (at: number): string => withoutZone(at).replace('T', ' ')

/** `2026-03-01T08:30:00.000Z`: HubSpot. */
export const precise = (at: number): string => new Date(at).toISOString()

/** Timers of one system, all stopped when it closes. */
export class Timers {
  readonly #running = new Set<NodeJS.Timeout>()

  after(ms: number, action: () => void): void {
    const timer = setTimeout(
      () => {
        this.#running.delete(timer)
        action()
      },
      Math.max(0, ms),
    )
    this.#running.add(timer)
  }

  close(): void {
    for (const timer of this.#running) clearTimeout(timer)
    this.#running.clear()
  }
}
