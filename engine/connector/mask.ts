// Keeps secrets, and the people that an attempt is about, out of every text that leaves the kit: errors, exchanges, log lines.
import { hidePeople, hidePeopleInBody, hidePeopleInUrl } from './personal.ts'

const MASK = '•••'
const EXCERPT = 2_000

export interface Mask {
  (text: string): string
  /** A body, cut to what fits an attempt's page. */
  excerpt: (text: string | undefined) => string | undefined
  url: (url: string) => string
}

/**
 * Replaces every secret, also where it is URL-encoded, JSON-escaped or base64. Secrets shorter than four characters
 * cannot be masked without making every text unreadable; settings schemas should refuse them.
 */
export function masker(secrets: string[]): Mask {
  const forms = new Set<string>()
  for (const secret of secrets) {
    if (secret.length < 4) continue
    for (const form of [
      secret,
      encodeURIComponent(secret),
      JSON.stringify(secret).slice(1, -1),
      Buffer.from(secret).toString('base64'),
    ])
      forms.add(form)
  }
  const longestFirst = [...forms].sort((a, b) => b.length - a.length)
  const hide = (text: string) => longestFirst.reduce((masked, form) => masked.replaceAll(form, MASK), text)
  const mask = (text: string) => hidePeople(hide(text))
  const excerpt = (text: string | undefined) => {
    if (text === undefined || text === '') return undefined
    // A secret must not be cut in half, so masking comes before cutting, over a bounded piece.
    const masked = hide(text.slice(0, EXCERPT * 4))
    const people = hidePeopleInBody(masked.slice(0, EXCERPT))
    return masked.length > EXCERPT ? `${people} … (${text.length} characters)` : people
  }
  return Object.assign(mask, { excerpt, url: (url: string) => hidePeopleInUrl(hide(url)) })
}
