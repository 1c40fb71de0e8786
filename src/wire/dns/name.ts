import type { Reader, Writer } from '../../util/bytes.ts'

/**
 * Domain names (RFC 1035 3.1) as text: labels with dots between them, no dot at the end, `.` for the root; case is kept.
 * A dot or backslash inside a label is escaped with a backslash, bytes outside printable ASCII as `\DDD` (RFC 1035 5.1).
 */
export const ROOT = '.'

const MAX_NAME = 255
const MAX_LABEL = 63
const POINTER = 0xc0
/** More would be pointers to pointers: a name has no more labels. */
const MAX_POINTERS = 127

/** Where names begin in the message being written: suffix to offset. */
export type Names = Map<string, number>

/** `origin` is where the message starts in the buffer: compression pointers count from there (RFC 1035 4.1.4). */
export function readName(r: Reader, origin: number, field: string): string {
  const b = r.bytes
  const start = r.offset
  const labels: string[] = []
  let at = start
  let segment = start
  let end = -1
  let length = 1
  let pointers = 0
  for (;;) {
    r.need(1, field, at)
    const size = b[at]
    if (size === 0) break
    if (size >= POINTER) {
      r.need(2, field, at)
      const target = origin + (((size & 0x3f) << 8) | b[at + 1])
      if (target >= segment) r.fail(field, 'a pointer to an earlier name', target - origin, at)
      if (++pointers > MAX_POINTERS) r.fail(field, `at most ${MAX_POINTERS} pointers`, pointers, at)
      if (end < 0) end = at + 2
      at = segment = target
    } else {
      if (size > MAX_LABEL) r.fail(field, `a label of at most ${MAX_LABEL} bytes`, size, at)
      r.need(size + 1, field, at)
      length += size + 1
      if (length > MAX_NAME) r.fail(field, `a name of at most ${MAX_NAME} bytes`, length, at)
      labels.push(labelText(b.subarray(at + 1, at + 1 + size)))
      at += size + 1
    }
  }
  if (end < 0) end = at + 1
  const name = labels.length === 0 ? ROOT : labels.join('.')
  r.skip(end - start, field)
  return r.note(field, start, end - start, name, 'text')
}

/** With `names`, a suffix written before is pointed at, and new ones are remembered. Throws RangeError on what is no name. */
export function writeName(w: Writer, name: string, origin: number, names: Names | null): void {
  const labels = parseName(name)
  const texts = labels.map(labelText)
  let suffix = texts.join('.')
  for (const [i, label] of labels.entries()) {
    const known = names?.get(suffix)
    if (known !== undefined) {
      w.u16((POINTER << 8) | known)
      return
    }
    const offset = w.length - origin
    if (offset < 0x4000) names?.set(suffix, offset)
    w.u8(label.length).take(label)
    suffix = suffix.slice(texts[i].length + 1)
  }
  w.u8(0)
}

/** The labels of a name, which may end in a dot. Throws RangeError on what is no name. */
export function parseName(name: string): Uint8Array[] {
  if (name === ROOT) return []
  const labels: number[][] = []
  let label: number[] = []
  for (let i = 0; i < name.length; i++) {
    const code = name.charCodeAt(i)
    if (code > 0x7e) throw new RangeError(`not a domain name: ${name}`)
    if (code === DOT) {
      labels.push(label)
      label = []
    } else if (code === BACKSLASH) {
      const { byte, length } = escaped(name, i + 1)
      label.push(byte)
      i += length
    } else label.push(code)
  }
  if (labels.length === 0 || label.length > 0) labels.push(label)
  const total = labels.reduce((sum, label) => sum + label.length + 1, 1)
  if (total > MAX_NAME || labels.some((label) => label.length === 0 || label.length > MAX_LABEL)) {
    throw new RangeError(`not a domain name: ${name}`)
  }
  return labels.map((label) => new Uint8Array(label))
}

const DOT = 0x2e
const BACKSLASH = 0x5c

/** The byte after a backslash: itself, or three digits. */
function escaped(name: string, at: number): { byte: number; length: number } {
  const digits = /^[0-9]{3}/.exec(name.slice(at))
  const byte = digits === null ? name.charCodeAt(at) : Number(digits[0])
  if (!(byte <= 255)) throw new RangeError(`not a domain name: ${name}`)
  return { byte, length: digits === null ? 1 : 3 }
}

function labelText(label: Uint8Array): string {
  let text = ''
  for (const byte of label) {
    if (byte === DOT || byte === BACKSLASH) text += `\\${String.fromCharCode(byte)}`
    else if (byte > 0x20 && byte < 0x7f) text += String.fromCharCode(byte)
    else text += `\\${String(byte).padStart(3, '0')}`
  }
  return text
}
