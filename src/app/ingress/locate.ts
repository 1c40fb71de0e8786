import { nameMatches } from '../../tls/name.ts'
import type { Location, ProxyConfig, VirtualServer } from './config.ts'

/** The server for a Host header, or a name in SNI: an exact one before a wildcard, which stands for one label. */
export function serverFor({ servers, catchAll }: ProxyConfig, host: string): VirtualServer {
  return servers.get(host) ?? wildcardFor(servers, host) ?? catchAll
}

function wildcardFor(servers: ProxyConfig['servers'], host: string): VirtualServer | null {
  const found = servers.get(wildcardOf(host))
  return found !== undefined && nameMatches(found.host, host) ? found : null
}

/** `*.example.org`, of `shop.example.org`. */
export const wildcardOf = (host: string): string => host.replace(/^[^.]+\./, '*.')

/** `Shop.example:8443.` is `shop.example`: names compare without regard to case (RFC 9110 4.2.3). */
export const hostOf = (authority: string): string => authority.replace(/:\d+$/, '').replace(/\.$/, '').toLowerCase()

/**
 * The location for a path: one of type Exact that is the same, else the longest prefix, element by element
 * (`/foo` has `/foo/bar` below it, and not `/foobar`). Null: none.
 */
export function locate(locations: readonly Location[], path: string): Location | null {
  const exact = locations.find((location) => location.match === 'exact' && location.path === path)
  if (exact !== undefined) return exact
  return locations
    .filter((location) => location.match === 'prefix' && isBelow(path, location.path))
    .reduce<Location | null>((best, one) => (best === null || one.path.length > best.path.length ? one : best), null)
}

function isBelow(path: string, prefix: string): boolean {
  const bare = prefix.replace(/\/$/, '')
  return path === bare || path.startsWith(`${bare}/`)
}

/**
 * The path of a request target (RFC 9112 3.2) as NGINX compares it: without the query, percent-decoded, without dot segments
 * (RFC 3986 5.2.4), slashes in a row as one (merge_slashes). Null where it climbs above the root or does not decode.
 */
export function pathOf(target: string): string | null {
  const absolute = /^[a-z][a-z0-9+.-]*:\/\/[^/?#]*(.*)$/i.exec(target)
  const raw = (absolute === null ? target : absolute[1]).replace(/[?#].*$/, '')
  const decoded = decode(raw === '' ? '/' : raw)
  if (decoded === null || !decoded.startsWith('/')) return null
  const kept: string[] = []
  const segments = decoded
    .replace(/\/{2,}/g, '/')
    .slice(1)
    .split('/')
  for (const [i, segment] of segments.entries()) {
    const last = i === segments.length - 1
    if (segment === '..') {
      if (kept.pop() === undefined) return null
    } else if (segment !== '.') kept.push(segment)
    if (last && (segment === '.' || segment === '..')) kept.push('')
  }
  return `/${kept.join('/')}`
}

function decode(text: string): string | null {
  try {
    return decodeURIComponent(text)
  } catch {
    return null
  }
}
