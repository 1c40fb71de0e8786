import type { TcpStream } from '../../linux/socket/tcp/stream.ts'
import { formatAddress } from '../../util/address.ts'
import { toHex } from '../../util/bytes.ts'
import type { Rng } from '../../util/rng.ts'
import { type Header, headerOf } from '../../wire/http/head.ts'
import type { HttpRequest, HttpResponse } from '../http/message.ts'

/** Which port of the controller a request came to. */
export interface Front {
  readonly scheme: 'http' | 'https'
  readonly port: number
}

/** Set by the proxy, or of one connection alone (RFC 9110 7.6.1): what clients say in them goes no further. */
const OWN = [
  'host',
  'connection',
  'keep-alive',
  'proxy-connection',
  'te',
  'trailer',
  'transfer-encoding',
  'upgrade',
  'proxy',
  'x-request-id',
  'x-real-ip',
  'x-forwarded-for',
  'x-forwarded-host',
  'x-forwarded-port',
  'x-forwarded-proto',
  'x-forwarded-scheme',
  'x-scheme',
  'x-original-forwarded-for',
  'content-length',
]

/**
 * What an endpoint is asked with, as nginx.tmpl sets it: without use-forwarded-headers nobody's word counts but the
 * connection's; what the client said of its own way goes into X-Original-Forwarded-For.
 */
export function upstreamHeaders(
  { headers, body }: HttpRequest,
  peer: TcpStream,
  front: Front,
  vhost: string | null,
  rng: Rng,
): Header[] {
  const host = headerOf(headers, 'host') ?? ''
  const client = formatAddress(peer.remote.address)
  const before = headerOf(headers, 'x-forwarded-for')
  const framed = body.length > 0 || headerOf(headers, 'content-length') !== null
  return [
    ['Host', vhost ?? host],
    ['X-Request-ID', headerOf(headers, 'x-request-id') ?? toHex(rng.bytes(16))],
    ['X-Real-IP', client],
    ['X-Forwarded-For', client],
    ['X-Forwarded-Host', host],
    ['X-Forwarded-Port', String(front.port)],
    ['X-Forwarded-Proto', front.scheme],
    ['X-Forwarded-Scheme', front.scheme],
    ['X-Scheme', front.scheme],
    ...(before === null ? [] : [['X-Original-Forwarded-For', before] as const]),
    ...headers.filter(([name]) => !OWN.includes(name.toLowerCase())),
    ...(framed ? [['Content-Length', String(body.length)] as const] : []),
  ]
}

const HIDDEN = ['connection', 'keep-alive', 'transfer-encoding', 'date', 'server', 'content-length']
/** hsts, hsts-max-age and hsts-include-subdomains, as they are by default. */
const HSTS = ['Strict-Transport-Security', 'max-age=31536000; includeSubDomains'] as const

/** What the client is answered: the endpoint's word, without what was of the second connection alone. */
export function downstreamHeaders({ headers }: Pick<HttpResponse, 'headers'>, method: string): Header[] {
  const length = method === 'HEAD' ? headerOf(headers, 'content-length') : null
  return [
    ...headers.filter(([name]) => !HIDDEN.includes(name.toLowerCase())),
    ...(length === null ? [] : [['content-length', length] as const]),
  ]
}

export const withHsts = (response: HttpResponse, { scheme }: Front): HttpResponse =>
  scheme === 'https' ? { ...response, headers: [...response.headers, HSTS] } : response
