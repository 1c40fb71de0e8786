import { concat, text } from '../util/bytes.ts'
import { Malformed } from '../util/malformed.ts'

/** One packet of a capture. */
export interface Captured {
  /** Nanoseconds since 1970. */
  readonly at: bigint
  readonly bytes: Uint8Array
  /** What `bytes` begins with; null for a link layer that is not known here. */
  readonly from: 'ethernet' | 'ip' | null
}

export interface CaptureFile {
  readonly packets: readonly Captured[]
  /** TLS key log lines that the file carries itself (pcapng: Decryption Secrets Blocks). */
  readonly keylog: string
}

/** LINKTYPE_ values, and how many bytes stand before the IP header. */
const LINKS: Readonly<Record<number, { readonly skip: number; readonly from: 'ethernet' | 'ip' }>> = {
  0: { skip: 4, from: 'ip' },
  1: { skip: 0, from: 'ethernet' },
  12: { skip: 0, from: 'ip' },
  101: { skip: 0, from: 'ip' },
  108: { skip: 4, from: 'ip' },
  113: { skip: 16, from: 'ip' },
  228: { skip: 0, from: 'ip' },
  229: { skip: 0, from: 'ip' },
  276: { skip: 20, from: 'ip' },
}
const TLS_KEY_LOG = 0x544c534b

/** Reads a pcap or a pcapng file, of either byte order. Throws `Malformed`; a last record that is cut short is left out. */
export function readCapture(bytes: Uint8Array): CaptureFile {
  if (bytes.length < 12) throw new Malformed('capture', 'file', 'a pcap or pcapng file', `${bytes.length} bytes`, 0)
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length)
  if (view.getUint32(0) === 0x0a0d0d0a) return pcapng(bytes, view)
  for (const little of [true, false]) {
    const magic = view.getUint32(0, little)
    if (magic === 0xa1b2c3d4) return pcap(bytes, view, little, 1000n)
    if (magic === 0xa1b23c4d) return pcap(bytes, view, little, 1n)
  }
  throw new Malformed('capture', 'magic', 'that of pcap or pcapng', `0x${view.getUint32(0).toString(16)}`, 0)
}

function pcap(bytes: Uint8Array, view: DataView, little: boolean, unit: bigint): CaptureFile {
  if (bytes.length < 24) throw new Malformed('pcap', 'header', '24 bytes', bytes.length, 0)
  const link = view.getUint32(20, little) & 0xffff
  const packets: Captured[] = []
  for (let at = 24; at + 16 <= bytes.length; ) {
    const [seconds, fraction, length] = [0, 4, 8].map((offset) => view.getUint32(at + offset, little))
    if (at + 16 + length > bytes.length) break
    const time = BigInt(seconds) * 1_000_000_000n + BigInt(fraction) * unit
    packets.push(captured(link, time, bytes.subarray(at + 16, at + 16 + length)))
    at += 16 + length
  }
  return { packets, keylog: '' }
}

const captured = (link: number, at: bigint, bytes: Uint8Array): Captured => {
  const known = LINKS[link]
  return known === undefined ? { at, bytes, from: null } : { at, bytes: bytes.subarray(known.skip), from: known.from }
}

interface Interface {
  readonly link: number
  /** Units of time in a second, and seconds to be added (if_tsresol, if_tsoffset). */
  readonly perSecond: bigint
  readonly offset: bigint
}

function pcapng(bytes: Uint8Array, view: DataView): CaptureFile {
  const packets: Captured[] = []
  const keys: Uint8Array[] = []
  let interfaces: Interface[] = []
  let little = true
  for (let at = 0; at + 12 <= bytes.length; ) {
    const type = view.getUint32(at, little)
    if (type === 0x0a0d0d0a) {
      little = view.getUint32(at + 8, true) === 0x1a2b3c4d
      if (view.getUint32(at + 8, little) !== 0x1a2b3c4d)
        throw new Malformed('pcapng', 'byte-order magic', '0x1a2b3c4d', view.getUint32(at + 8), at + 8)
      interfaces = []
    }
    const length = view.getUint32(at + 4, little)
    if (length < 12 || length % 4 !== 0)
      throw new Malformed('pcapng', 'block length', 'a multiple of 4, >= 12', length, at + 4)
    if (at + length > bytes.length) break
    const [start, end] = [at + 8, at + length - 4]
    if (type === 1 && end - start >= 8) interfaces.push(interfaceOf(bytes, view, start, end, little))
    else if (type === 6 && end - start >= 20) packets.push(enhanced(bytes, view, start, end, little, interfaces))
    else if (type === 3 && end - start >= 4) {
      const size = Math.min(view.getUint32(start, little), end - start - 4)
      packets.push(captured(interfaces[0]?.link ?? -1, 0n, bytes.subarray(start + 4, start + 4 + size)))
    } else if (type === 10 && end - start >= 8 && view.getUint32(start, little) === TLS_KEY_LOG) {
      keys.push(
        bytes.subarray(start + 8, start + 8 + Math.min(view.getUint32(start + 4, little), end - start - 8)),
        NEWLINE,
      )
    }
    at += length
  }
  return { packets, keylog: text(concat(keys)) }
}

const NEWLINE = Uint8Array.of(10)

function enhanced(
  bytes: Uint8Array,
  view: DataView,
  start: number,
  end: number,
  little: boolean,
  interfaces: readonly Interface[],
): Captured {
  const [number, high, low, size] = [0, 4, 8, 12].map((offset) => view.getUint32(start + offset, little))
  const known = interfaces[number]
  if (known === undefined) throw new Malformed('pcapng', 'interface', `below ${interfaces.length}`, number, start)
  const units = (BigInt(high) << 32n) | BigInt(low)
  const time = (units * 1_000_000_000n) / known.perSecond + known.offset * 1_000_000_000n
  return captured(known.link, time, bytes.subarray(start + 20, Math.min(start + 20 + size, end)))
}

function interfaceOf(bytes: Uint8Array, view: DataView, start: number, end: number, little: boolean): Interface {
  let [perSecond, offset] = [1_000_000n, 0n]
  for (let at = start + 8; at + 4 <= end; ) {
    const [code, length] = [view.getUint16(at, little), view.getUint16(at + 2, little)]
    if (code === 0 || at + 4 + length > end) break
    if (code === 9 && length === 1) {
      const resolution = bytes[at + 4]
      perSecond = resolution & 0x80 ? 1n << BigInt(resolution & 0x7f) : 10n ** BigInt(resolution)
    }
    if (code === 14 && length === 8) offset = view.getBigInt64(at + 4, little)
    at += 4 + ((length + 3) & ~3)
  }
  return { link: view.getUint16(start, little), perSecond, offset }
}
