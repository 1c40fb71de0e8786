/** A field line (RFC 9110 5.1): names compare without regard to case. Values are bytes as Latin-1. */
export type Header = readonly [name: string, value: string]

export type HttpVersion = '1.0' | '1.1'

export interface RequestHead {
  readonly method: string
  readonly target: string
  readonly version: HttpVersion
  readonly headers: readonly Header[]
}

export interface ResponseHead {
  readonly status: number
  readonly reason: string
  readonly version: HttpVersion
  readonly headers: readonly Header[]
}

/** All values of a field joined by commas (RFC 9110 5.3), null when there is none. */
export function headerOf(headers: readonly Header[], name: string): string | null {
  const wanted = name.toLowerCase()
  const values = headers.filter(([key]) => key.toLowerCase() === wanted).map(([, value]) => value)
  return values.length === 0 ? null : values.join(', ')
}

/** The members of a field that is a list of tokens, in lower case. */
export function tokensOf(headers: readonly Header[], name: string): readonly string[] {
  const value = headerOf(headers, name)
  if (value === null) return []
  return value
    .split(',')
    .map((token) => token.trim().toLowerCase())
    .filter((token) => token !== '')
}

/** Whether the connection stays open after this message (RFC 9112 9.3). */
export function keepsAlive({ version, headers }: RequestHead | ResponseHead): boolean {
  const options = tokensOf(headers, 'connection')
  if (options.includes('close')) return false
  return version === '1.1' || options.includes('keep-alive')
}

const TOKEN = /^[!#$%&'*+\-.^_`|~0-9A-Za-z]+$/
/** Visible characters, spaces and tabs between them, and bytes above ASCII (RFC 9110 5.5). */
const VALUE = /^(?:[\x21-\x7e\x80-\xff](?:[\t\x20-\x7e\x80-\xff]*[\x21-\x7e\x80-\xff])?)?$/
const REASON = /^[\t\x20-\x7e\x80-\xff]*$/
const TARGET = /^[\x21-\x7e]+$/

/** RFC 9110 5.6.2. */
export const isToken = (text: string): boolean => TOKEN.test(text)
export const isFieldValue = (text: string): boolean => VALUE.test(text)
export const isReason = (text: string): boolean => REASON.test(text)
export const isTarget = (text: string): boolean => TARGET.test(text)

/** One character a byte, as header fields are read and written. */
export function latin1(bytes: Uint8Array): string {
  let text = ''
  for (const byte of bytes) text += String.fromCharCode(byte)
  return text
}

export function fromLatin1(text: string): Uint8Array {
  const bytes = new Uint8Array(text.length)
  for (let i = 0; i < bytes.length; i++) bytes[i] = text.charCodeAt(i)
  return bytes
}
