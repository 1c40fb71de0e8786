import { Malformed } from '../../util/malformed.ts'
import { type Header, type HttpVersion, isFieldValue, isReason, isTarget, isToken } from './head.ts'

export interface RequestLine {
  readonly kind: 'request'
  readonly method: string
  readonly target: string
  readonly version: HttpVersion
}

export interface StatusLine {
  readonly kind: 'response'
  readonly status: number
  readonly reason: string
  readonly version: HttpVersion
}

/** RFC 9112 3: three parts and single spaces. `at`, here and below, is where the line begins in the stream. */
export function requestLine(line: string, at: number): RequestLine {
  const [method, target, protocol, ...more] = line.split(' ')
  if (!isToken(method)) fail('method', 'a token', method, at)
  if (target === undefined || !isTarget(target)) fail('target', 'a request target', target ?? '', at)
  if (protocol === undefined || more.length > 0) fail('startLine', 'a method, a target and a version', line, at)
  return { kind: 'request', method, target, version: version(protocol, at) }
}

/** RFC 9112 4. The reason may be empty, and then some leave out the space before it. */
export function statusLine(line: string, at: number): StatusLine {
  const match = /^([^ ]*) ([0-9]{3})(?: (.*))?$/.exec(line)
  if (match === null) return fail('startLine', 'a version, a status and a reason', line, at)
  const [, protocol, status, reason = ''] = match
  if (Number(status) < 100) fail('status', '>= 100', status, at)
  if (!isReason(reason)) fail('reason', 'text', reason, at)
  return { kind: 'response', status: Number(status), reason, version: version(protocol, at) }
}

/** A name, a colon with no space before it, a value (RFC 9112 5.1). Folded lines (5.2) are refused. */
export function fieldLine(line: string, at: number): Header {
  const colon = line.indexOf(':')
  const name = line.slice(0, Math.max(colon, 0))
  if (!isToken(name)) fail('headerName', 'a token and a colon', line, at)
  const value = line.slice(colon + 1).replace(/^[\t ]+|[\t ]+$/g, '')
  if (!isFieldValue(value)) fail('headerValue', 'text', value, at)
  return [name, value]
}

/** Hexadecimal digits, then extensions, which nobody needs (RFC 9112 7.1). */
export function chunkSize(line: string, at: number): number {
  const match = /^([0-9a-fA-F]{1,12})[\t ]*(?:;[\t\x20-\x7e\x80-\xff]*)?$/.exec(line)
  return match === null ? fail('chunkSize', 'hexadecimal digits', line, at) : Number.parseInt(match[1], 16)
}

/** RFC 9110 2.5: a higher minor version is read as the highest that is known. */
function version(text: string, at: number): HttpVersion {
  if (!/^HTTP\/1\.[0-9]$/.test(text)) fail('version', 'HTTP/1.1', text, at)
  return text === 'HTTP/1.0' ? '1.0' : '1.1'
}

function fail(field: string, expected: string, got: string, at: number): never {
  const shown = JSON.stringify(got.length > 40 ? `${got.slice(0, 40)}…` : got)
  throw new Malformed('http', field, expected, shown, at)
}
