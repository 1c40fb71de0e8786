import { parseAddress } from '../util/address.ts'

export const isIP = (name: string): boolean => parseAddress(name) !== null

/** `*.example.org` stands for exactly one label. Names compare without regard to case (RFC 6066 3). */
export function nameMatches(pattern: string, name: string): boolean {
  const [wanted, got] = [pattern.toLowerCase(), name.toLowerCase().replace(/\.$/, '')]
  if (!wanted.startsWith('*.')) return wanted === got
  const dot = got.indexOf('.')
  return dot > 0 && got.slice(dot + 1) === wanted.slice(2)
}

/** What goes into SNI: RFC 6066 3 permits no literal addresses and no trailing dot. */
export const hostNameOf = (name: string | null): string | null =>
  name === null || isIP(name) ? null : name.replace(/\.$/, '')
