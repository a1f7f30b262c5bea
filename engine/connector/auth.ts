// Who asks: the headers of the usual schemes. Every value made here is masked wherever text leaves the connector kit.
import type { Auth } from './contract.ts'

/** HTTP Basic. EasyPost and others take the key as the user and an empty password. */
export function basicAuth(user: string, password = ''): Auth {
  return { headers: { authorization: `Basic ${Buffer.from(`${user}:${password}`).toString('base64')}` } }
}

export function bearer(token: string): Auth {
  return { headers: { authorization: `Bearer ${token}` } }
}

/** A key in a header of the vendor's own, or in a query parameter. */
export function apiKey(key: string, where: { header: string } | { query: string }): Auth {
  return 'header' in where ? { headers: { [where.header.toLowerCase()]: key } } : { query: { [where.query]: key } }
}
