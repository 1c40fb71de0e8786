import { Malformed } from '../../util/malformed.ts'

/** One block of RFC 7468. `offset` is where its BEGIN line starts, in bytes of the file. */
export interface PemBlock {
  readonly label: string
  readonly der: Uint8Array
  readonly offset: number
}

const MAX_BYTES = 1 << 24
const MAX_BLOCKS = 10_000

/** Does it look like PEM rather than DER? Text may stand before the first block. */
export const isPem = (bytes: Uint8Array): boolean => Buffer.from(bytes).includes('-----BEGIN ')

/** The blocks in order; text between them is skipped (RFC 7468 section 2). Throws `Malformed`. */
export function parsePem(bytes: Uint8Array): readonly PemBlock[] {
  if (bytes.length > MAX_BYTES) throw new Malformed('pem', 'file', `at most ${MAX_BYTES} bytes`, bytes.length, 0)
  const text = Buffer.from(bytes).toString('latin1')
  const blocks: PemBlock[] = []
  const begin = /-----BEGIN ([^\r\n]*?)-----[ \t]*(?:\r?\n|$)/g
  for (let match = begin.exec(text); match !== null; match = begin.exec(text)) {
    const [label, offset, start] = [match[1], match.index, begin.lastIndex]
    const end = text.indexOf('-----END ', start)
    const closing = `-----END ${label}-----`
    if (end < 0) throw new Malformed('pem', label, closing, 'the end of the file', text.length)
    if (!text.startsWith(closing, end)) {
      throw new Malformed('pem', label, closing, JSON.stringify(text.slice(end, end + 40).split(/\r?\n/)[0]), end)
    }
    if (blocks.length === MAX_BLOCKS) throw new Malformed('pem', 'file', `at most ${MAX_BLOCKS} blocks`, 'more', offset)
    blocks.push({ label, der: decodeBody(text.slice(start, end), label, start), offset })
    begin.lastIndex = end + closing.length
  }
  return blocks
}

/** Lines of 64 characters (RFC 7468 section 2). */
export function formatPem(label: string, der: Uint8Array): string {
  const lines =
    Buffer.from(der)
      .toString('base64')
      .match(/.{1,64}/g) ?? []
  return [`-----BEGIN ${label}-----`, ...lines, `-----END ${label}-----`, ''].join('\n')
}

function decodeBody(body: string, label: string, offset: number): Uint8Array {
  const header = /^[A-Za-z-]+:/.exec(body)
  if (header !== null) {
    const got = body.startsWith('Proc-Type: 4,ENCRYPTED') ? 'an encrypted key of the old form' : 'headers'
    throw new Malformed('pem', label, 'base64 (openssl pkey reads and rewrites old forms)', got, offset)
  }
  const stray = /[^A-Za-z0-9+/=\s]/.exec(body)
  if (stray !== null) throw new Malformed('pem', label, 'base64', JSON.stringify(stray[0]), offset + stray.index)
  const digits = body.replace(/\s+/g, '')
  if (digits.length === 0 || digits.length % 4 !== 0 || !/^[^=]*={0,2}$/.test(digits)) {
    throw new Malformed('pem', label, 'whole groups of 4 base64 characters', `${digits.length} characters`, offset)
  }
  return new Uint8Array(Buffer.from(digits, 'base64'))
}
