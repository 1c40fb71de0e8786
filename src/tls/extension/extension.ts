import type { Reader, Writer } from '../../util/bytes.ts'
import { TlsError } from '../alert.ts'
import { readVector, writeOpaque, writeVector } from '../message/vector.ts'
import { EXTENSION, type ExtensionName, extensionName, type HandshakeName } from '../numbers.ts'
import { codecOf } from './codecs.ts'

/** As it lies in a message; what it means is asked for with `find`. */
export interface Extension {
  readonly type: number
  readonly data: Uint8Array
}

/** A block of extensions belongs to a message; a HelloRetryRequest is a ServerHello with forms of its own. */
export type ExtensionPlace = HandshakeName | 'HelloRetryRequest'

/** `extensions<0..2^16-1>`. Where fields are recorded, the insides of those we know are, too. */
export function readExtensions(r: Reader, place: ExtensionPlace): readonly Extension[] {
  const extensions = readVector(r, 2, 'extensions', 0, (inner): Extension => {
    const type = inner.u16('extension_type')
    const length = inner.ensure(inner.u16('extension_data length'), 'extension_data')
    const body = inner.sub(length, extensionName(type))
    const data = inner.bytes.subarray(body.offset, body.end)
    if (inner.spans !== null) describe(body, type, place, data)
    return { type, data }
  })
  const seen = new Set<number>()
  for (const { type } of extensions) {
    if (seen.has(type)) {
      const rule = `there is no more than one extension of a type in a block: ${extensionName(type)} stands twice`
      throw new TlsError('illegal_parameter', rule, 'RFC 8446 4.2')
    }
    seen.add(type)
  }
  return extensions
}

function describe(body: Reader, type: number, place: ExtensionPlace, data: Uint8Array): void {
  const codec = codecOf(type, place)
  const marks = body.spans!.length
  if (codec !== null) {
    try {
      codec.read(body)
      if (body.remaining === 0) return
    } catch {
      // Told as bytes; whoever needs its meaning will fail on it.
    }
  }
  body.spans!.length = marks
  body.note('extension_data', body.start, data.length, data, 'bytes')
}

export function writeExtensions(w: Writer, extensions: readonly Extension[]): void {
  writeVector(w, 2, extensions, ({ type, data }) => {
    w.u16(type)
    writeOpaque(w, 2, data)
  })
}

/** The raw extension of that name, or null. */
export function rawExtension(extensions: readonly Extension[], name: ExtensionName): Extension | null {
  const type = EXTENSION[name]
  return extensions.find((extension) => extension.type === type) ?? null
}

export const hasExtension = (extensions: readonly Extension[], name: ExtensionName): boolean =>
  rawExtension(extensions, name) !== null
