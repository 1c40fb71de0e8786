import { concat } from '../../util/bytes.ts'
import {
  fromLatin1,
  type Header,
  headerOf,
  isFieldValue,
  isReason,
  isTarget,
  isToken,
  type RequestHead,
  type ResponseHead,
} from './head.ts'

/**
 * Writers of HTTP/1.1 messages (RFC 9112). All throw RangeError on what would not be read back as it was written: a line break
 * in a value would begin a header of its own.
 */
export function writeRequest({ method, target, version, headers }: RequestHead): Uint8Array {
  if (!isToken(method)) throw new RangeError(`not an HTTP method: ${JSON.stringify(method)}`)
  if (!isTarget(target)) throw new RangeError(`not a request target: ${JSON.stringify(target)}`)
  return fromLatin1(`${method} ${target} HTTP/${version}\r\n${lines(headers)}\r\n`)
}

export function writeResponse({ status, reason, version, headers }: ResponseHead): Uint8Array {
  if (!Number.isInteger(status) || status < 100 || status > 999) throw new RangeError(`not an HTTP status: ${status}`)
  if (!isReason(reason)) throw new RangeError(`not a reason phrase: ${JSON.stringify(reason)}`)
  return fromLatin1(`HTTP/${version} ${status} ${reason}\r\n${lines(headers)}\r\n`)
}

/** Nothing for no bytes: a chunk of size zero would end the body. */
export function writeChunk(bytes: Uint8Array): Uint8Array {
  if (bytes.length === 0) return bytes
  return concat([fromLatin1(`${bytes.length.toString(16)}\r\n`), bytes, fromLatin1('\r\n')])
}

export function writeLastChunk(trailers: readonly Header[] = []): Uint8Array {
  return fromLatin1(`0\r\n${lines(trailers)}\r\n`)
}

/** The headers with a content-length for this body, unless they say already how far it goes. */
export function withLength(headers: readonly Header[], body: Uint8Array): readonly Header[] {
  const framed = headerOf(headers, 'content-length') ?? headerOf(headers, 'transfer-encoding')
  return framed === null ? [...headers, ['content-length', String(body.length)]] : headers
}

function lines(headers: readonly Header[]): string {
  return headers
    .map(([name, value]) => {
      if (!isToken(name)) throw new RangeError(`not a header name: ${JSON.stringify(name)}`)
      if (!isFieldValue(value)) throw new RangeError(`not a value for ${name}: ${JSON.stringify(value)}`)
      return `${name}: ${value}\r\n`
    })
    .join('')
}
