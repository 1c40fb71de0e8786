import { type Header, headerOf, type RequestHead, type ResponseHead, tokensOf } from './head.ts'

/** How far a message's body goes (RFC 9112 6.3). */
export type Framing =
  | { readonly kind: 'length'; readonly length: number }
  | { readonly kind: 'chunked' }
  /** Until the connection closes: responses only. */
  | { readonly kind: 'close' }
  /** What follows is another protocol: after CONNECT, or 101. */
  | { readonly kind: 'tunnel' }

/** Why the length of a body cannot be told. */
export interface FramingFault {
  readonly field: string
  readonly expected: string
  readonly got: string
}

export function requestFraming({ headers, version }: RequestHead): Framing | FramingFault {
  return declared(headers, version) ?? { kind: 'length', length: 0 }
}

/** `method` is that of the request: an answer to HEAD has no body, whatever its headers say. */
export function responseFraming({ status, headers, version }: ResponseHead, method: string): Framing | FramingFault {
  if (status === 101 || (method === 'CONNECT' && status >= 200 && status < 300)) return { kind: 'tunnel' }
  if (method === 'HEAD' || status < 200 || status === 204 || status === 304) return { kind: 'length', length: 0 }
  return declared(headers, version) ?? { kind: 'close' }
}

/** Null when the headers do not say. Two lengths in one message are how requests are smuggled, so they are a fault. */
function declared(headers: readonly Header[], version: string): Framing | FramingFault | null {
  const coding = headerOf(headers, 'transfer-encoding')
  const length = headerOf(headers, 'content-length')
  if (coding !== null) {
    if (length !== null) return fault('content-length', 'none beside transfer-encoding', length)
    if (version === '1.0') return fault('transfer-encoding', 'none in HTTP/1.0', coding)
    const codings = tokensOf(headers, 'transfer-encoding')
    if (codings.length !== 1 || codings[0] !== 'chunked') return fault('transfer-encoding', 'chunked', coding)
    return { kind: 'chunked' }
  }
  if (length === null) return null
  const values = new Set(length.split(',').map((value) => value.trim()))
  const [value] = values
  if (values.size !== 1 || !/^[0-9]{1,15}$/.test(value)) return fault('content-length', 'one decimal number', length)
  return { kind: 'length', length: Number(value) }
}

const fault = (field: string, expected: string, got: string): FramingFault => ({ field, expected, got })
