/** Who may ask the server. */
import { isIP } from 'node:net'

/**
 * Whether a Host header names this server. A web page on another host can make a browser ask this server, if its name
 * resolves to this machine's address (DNS rebinding). Then the header has that name. So only numeric addresses,
 * `localhost` and the names in `known` are let in.
 */
export function isOwnHost(header: string | undefined, known: readonly string[]): boolean {
  if (header === undefined) return false
  const match = /^(?:\[([0-9a-f:.]+)\]|([^:[\]]+))(?::\d{1,5})?$/i.exec(header)
  if (match === null) return false
  const name = (match[1] ?? match[2]).toLowerCase()
  if (match[1] !== undefined) return isIP(name) === 6
  return isIP(name) === 4 || name === 'localhost' || known.some((host) => host.toLowerCase() === name)
}

/** Headers of every answer: nothing but the page's own files is loaded, and nobody else may embed or read them. */
export const HEADERS: Readonly<Record<string, string>> = {
  'Cache-Control': 'no-store',
  'Content-Security-Policy':
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
  'Cross-Origin-Resource-Policy': 'same-origin',
  'Referrer-Policy': 'no-referrer',
  'X-Content-Type-Options': 'nosniff',
}
