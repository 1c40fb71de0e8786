import { Malformed } from '../../util/malformed.ts'
import { type Framing, type FramingFault, requestFraming, responseFraming } from './framing.ts'
import type { Header, RequestHead, ResponseHead } from './head.ts'
import { LineBuffer } from './line-buffer.ts'
import { chunkSize, fieldLine, type RequestLine, requestLine, type StatusLine, statusLine } from './lines.ts'

export type HttpOutput =
  | { readonly kind: 'request'; readonly head: RequestHead }
  | { readonly kind: 'response'; readonly head: ResponseHead }
  /** A view of bytes that were pushed. */
  | { readonly kind: 'body'; readonly bytes: Uint8Array }
  /** The message is complete. Trailers come after a chunked body only. */
  | { readonly kind: 'end'; readonly trailers: readonly Header[] }
  /** What comes after a CONNECT or 101 that was agreed to: bytes of another protocol. */
  | { readonly kind: 'tunnel'; readonly bytes: Uint8Array }

/** Bounds on what is kept in memory; bodies are passed on and not kept. */
export interface HttpLimits {
  /** Bytes of a start line and its headers, or of trailers. */
  readonly head: number
  /** Field lines of a head, or of trailers. */
  readonly headers: number
  /** Bytes of a chunk's size line with its extensions. */
  readonly chunkLine: number
}

/** Head as in Node, field lines as in Apache. */
export const HTTP_LIMITS: HttpLimits = { head: 16384, headers: 100, chunkLine: 1024 }

/** What the parser is in the middle of. `from` is where a head or its trailers began in the stream. */
type State =
  | { readonly at: 'start' }
  | {
      readonly at: 'headers'
      readonly from: number
      readonly start: RequestLine | StatusLine
      readonly headers: Header[]
    }
  | { readonly at: 'body'; readonly left: number }
  | { readonly at: 'chunkSize' }
  | { readonly at: 'chunk'; readonly left: number }
  | { readonly at: 'chunkEnd' }
  | { readonly at: 'trailers'; readonly from: number; readonly headers: Header[] }
  | { readonly at: 'close' }
  | { readonly at: 'tunnel' }

/**
 * Reads HTTP/1.1 messages (RFC 9112) from a stream, one after another, as the bytes come. Throws Malformed, with offsets from
 * the start of the stream; after that the parser is of no more use. Lines end in CRLF and nothing else.
 */
export class HttpParser {
  private state: State = { at: 'start' }
  private readonly buffer = new LineBuffer()
  private readonly methods: string[] = []

  constructor(
    private readonly role: 'request' | 'response',
    private readonly limits: HttpLimits = HTTP_LIMITS,
  ) {}

  /** Responses only: the method of a request that was sent, on which the length of its answer depends. In order. */
  expect(method: string): void {
    this.methods.push(method)
  }

  push(bytes: Uint8Array): HttpOutput[] {
    this.buffer.append(bytes)
    const out: HttpOutput[] = []
    while (this.step(out));
    return out
  }

  /** The other side will send no more. Throws Malformed when a message is incomplete. */
  finish(): HttpOutput[] {
    const { at } = this.state
    if (at === 'tunnel' || (at === 'start' && this.buffer.length === 0)) return []
    if (at !== 'close') this.buffer.fail(at, 'the rest of the message', 'the end of the stream', this.buffer.length)
    return [this.end([])]
  }

  /** False when there is nothing more to do with the bytes at hand. */
  private step(out: HttpOutput[]): boolean {
    const state = this.state
    switch (state.at) {
      case 'start':
        return this.onStart()
      case 'headers':
        return this.onField(state, () => this.onHead(state.start, state.headers, out))
      case 'body':
      case 'chunk':
        return this.onBody(state.at, state.left, out)
      case 'chunkSize':
        return this.onChunkSize()
      case 'chunkEnd':
        return this.onChunkEnd()
      case 'trailers':
        return this.onField(state, () => out.push(this.end(state.headers)))
      case 'close':
      case 'tunnel':
        if (this.buffer.length > 0) {
          out.push({ kind: state.at === 'close' ? 'body' : 'tunnel', bytes: this.buffer.take(this.buffer.length) })
        }
        return false
    }
  }

  private onStart(): boolean {
    const from = this.buffer.offset
    const line = this.buffer.line(this.limits.head, 'startLine')
    if (line === null) return false
    // RFC 9112 2.2: an empty line before a request is ignored.
    if (line === '' && this.role === 'request') return true
    const start = this.role === 'request' ? requestLine(line, from) : statusLine(line, from)
    this.state = { at: 'headers', from, start, headers: [] }
    return true
  }

  /** A field line, or the empty line that ends them. */
  private onField({ from, headers }: { from: number; headers: Header[] }, onEnd: () => void): boolean {
    const line = this.buffer.line(this.limits.head - (this.buffer.offset - from), 'headers')
    if (line === null) return false
    const at = this.buffer.lineStart
    if (line === '') onEnd()
    else if (headers.length < this.limits.headers) headers.push(fieldLine(line, at))
    else throw new Malformed('http', 'headers', `at most ${this.limits.headers}`, headers.length + 1, at)
    return true
  }

  private onHead(start: RequestLine | StatusLine, headers: readonly Header[], out: HttpOutput[]): void {
    const { version } = start
    if (start.kind === 'request') {
      const head = { method: start.method, target: start.target, version, headers }
      const framing = this.sound(requestFraming(head))
      out.push({ kind: 'request', head })
      this.begin(framing, out)
    } else {
      const { status, reason } = start
      const head = { status, reason, version, headers }
      // An informational response comes before the one that answers the request (RFC 9110 15.2).
      const interim = status < 200 && status !== 101
      const method = interim ? this.methods[0] : this.methods.shift()
      const framing = this.sound(responseFraming(head, method ?? 'GET'))
      out.push({ kind: 'response', head })
      this.begin(framing, out)
    }
  }

  private begin(framing: Framing, out: HttpOutput[]): void {
    switch (framing.kind) {
      case 'length':
        if (framing.length === 0) out.push(this.end([]))
        else this.state = { at: 'body', left: framing.length }
        return
      case 'chunked':
        this.state = { at: 'chunkSize' }
        return
      case 'close':
        this.state = { at: 'close' }
        return
      case 'tunnel':
        out.push(this.end([]))
        this.state = { at: 'tunnel' }
    }
  }

  private onBody(at: 'body' | 'chunk', left: number, out: HttpOutput[]): boolean {
    const count = Math.min(left, this.buffer.length)
    if (count === 0) return false
    out.push({ kind: 'body', bytes: this.buffer.take(count) })
    if (count < left) this.state = { at, left: left - count }
    else if (at === 'chunk') this.state = { at: 'chunkEnd' }
    else out.push(this.end([]))
    return true
  }

  private onChunkSize(): boolean {
    const line = this.buffer.line(this.limits.chunkLine, 'chunkSize')
    if (line === null) return false
    const left = chunkSize(line, this.buffer.lineStart)
    this.state = left > 0 ? { at: 'chunk', left } : { at: 'trailers', from: this.buffer.offset, headers: [] }
    return true
  }

  private onChunkEnd(): boolean {
    if (!this.buffer.lineEnd('chunkEnd')) return false
    this.state = { at: 'chunkSize' }
    return true
  }

  private end(trailers: readonly Header[]): HttpOutput {
    this.state = { at: 'start' }
    return { kind: 'end', trailers }
  }

  private sound(framing: Framing | FramingFault): Framing {
    if ('kind' in framing) return framing
    throw new Malformed('http', framing.field, framing.expected, JSON.stringify(framing.got), this.buffer.lineStart)
  }
}
