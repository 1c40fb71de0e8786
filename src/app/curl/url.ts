import { parseAddress } from '../../util/address.ts'

export interface Url {
  readonly scheme: string
  /** A name, or an address without brackets. */
  readonly host: string
  readonly port: number
  /** Path and query, from the slash on. */
  readonly target: string
  /** What the Host header says. */
  readonly authority: string
}

const DEFAULT_PORT: Readonly<Record<string, number>> = { http: 80, https: 443 }

const SCHEME = /^(?:([a-zA-Z][a-zA-Z0-9+.-]*):\/\/)?(.*)$/
const USER = /^[^/?#@]*@/
const REST = /^(\[[0-9a-fA-F:.]+\]|[^/?#:[\]]*)(?::([0-9]*))?([/?][^#]*)?(?:#.*)?$/

/** RFC 3986 3, as far as curl takes it: a missing scheme is http. Null: not a URL. The scheme may be one nobody knows. */
export function parseUrl(text: string): Url | null {
  if ([...text].some((character) => character <= ' ' || character === '\x7f')) return null
  const [, scheme = 'http', rest] = SCHEME.exec(text)!
  const match = REST.exec(rest.replace(USER, ''))
  if (match === null) return null
  const [, bracketed, port = '', path = ''] = match
  const host = bracketed.replace(/^\[|\]$/g, '')
  if (host === '' || (bracketed.startsWith('[') && parseAddress(host) === null)) return null
  const lower = scheme.toLowerCase()
  const number = port === '' ? (DEFAULT_PORT[lower] ?? 0) : Number(port)
  if (number > 65_535) return null
  const target = path === '' ? '/' : path.startsWith('?') ? `/${path}` : path
  const authority = number === DEFAULT_PORT[lower] ? bracketed : `${bracketed}:${number}`
  return { scheme: lower, host, port: number, target, authority }
}
