import { isKind, type Recorded } from '../explain/record.ts'
import type { Place, PlaceId } from '../trace/step.ts'
import { concat, utf8 } from '../util/bytes.ts'

/** What goes into a capture. */
export interface CaptureOptions {
  /** Which taps; every device when absent. */
  readonly at?: (place: Place) => boolean
  /** Milliseconds since 1970 of virtual time 0. */
  readonly epoch: number
  /** TLS key log lines (NSS format), written as a Decryption Secrets Block so that Wireshark decrypts by itself. */
  readonly keylog?: string
  /** Written into the section header, for whoever opens the file. */
  readonly comment?: string
}

const BLOCK = { section: 0x0a0d0d0a, interface: 1, enhancedPacket: 6, secrets: 10 } as const
const BYTE_ORDER = 0x1a2b3c4d
const TLS_KEY_LOG = 0x544c534b
const ETHERNET = 1
const NANOSECONDS = 9

/**
 * The frames of a recording as a pcapng file (draft-ietf-opsawg-pcapng): one interface for each device that saw a frame, named
 * `NODE:DEVICE` or `NS/POD:DEVICE`, and every packet with its direction.
 */
export function pcapng(recorded: Recorded, options: CaptureOptions): Uint8Array {
  const interfaces = new Map<PlaceId, number>()
  const blocks: Uint8Array[] = [sectionHeader(options.comment)]
  if (options.keylog) blocks.push(secrets(options.keylog))
  for (const step of recorded.steps) {
    if (step.frame === null || !(isKind(step, 'transmit') || isKind(step, 'receive'))) continue
    const place = recorded.places[step.place]
    if (options.at !== undefined && !options.at(place)) continue
    let number = interfaces.get(step.place)
    if (number === undefined) {
      number = interfaces.size
      interfaces.set(step.place, number)
      blocks.push(interfaceDescription(interfaceName(place)))
    }
    const time = BigInt(options.epoch) * 1_000_000n + BigInt(step.at)
    blocks.push(packet(number, time, recorded.frame(step.frame), step.event.kind === 'receive'))
  }
  return concat(blocks)
}

/** `node-1:cni0`, `default/client:eth0`. */
export function interfaceName({ node, netns, device }: Place): string {
  return `${netns === 'host' ? node : netns}:${device}`
}

function sectionHeader(comment: string | undefined): Uint8Array {
  const body = words(BYTE_ORDER, 1, 0xffffffff, 0xffffffff)
  const note = comment === undefined ? [] : [option(1, utf8(comment))]
  return block(BLOCK.section, [body, ...note, option(4, utf8('podwire')), END])
}

function interfaceDescription(name: string): Uint8Array {
  return block(BLOCK.interface, [words(ETHERNET, 0), option(2, utf8(name)), option(9, Uint8Array.of(NANOSECONDS)), END])
}

function secrets(keylog: string): Uint8Array {
  const data = utf8(keylog)
  return block(BLOCK.secrets, [words(TLS_KEY_LOG, data.length), toWords(data)])
}

/** `time` in nanoseconds since 1970. The direction is in epb_flags (option 2): 1 inbound, 2 outbound. */
function packet(number: number, time: bigint, frame: Uint8Array, inbound: boolean): Uint8Array {
  const head = words(number, Number(time >> 32n), Number(time & 0xffffffffn), frame.length, frame.length)
  return block(BLOCK.enhancedPacket, [head, toWords(frame), option(2, words(inbound ? 1 : 2)), END])
}

const END = new Uint8Array(4)

function option(code: number, value: Uint8Array): Uint8Array {
  return concat([words(code | (value.length << 16)), toWords(value)])
}

/** Every block says its length before and after its body. */
function block(type: number, parts: readonly Uint8Array[]): Uint8Array {
  const length = 12 + parts.reduce((sum, part) => sum + part.length, 0)
  return concat([words(type, length), ...parts, words(length)])
}

/** Little-endian 32-bit words. */
function words(...values: number[]): Uint8Array {
  const bytes = new Uint8Array(4 * values.length)
  const view = new DataView(bytes.buffer)
  values.forEach((value, i) => {
    view.setUint32(4 * i, value, true)
  })
  return bytes
}

/** Padded with zeros to a multiple of four bytes. */
function toWords(bytes: Uint8Array): Uint8Array {
  if (bytes.length % 4 === 0) return bytes
  const all = new Uint8Array((bytes.length + 3) & ~3)
  all.set(bytes)
  return all
}
