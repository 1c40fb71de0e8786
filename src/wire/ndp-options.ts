import type { Mac, V6 } from '../util/address.ts'
import type { Reader, Writer } from '../util/bytes.ts'

/** RFC 4861 4.6, RFC 8106 5.1. Lifetimes are in seconds, 0xffffffff is for ever. */
export type NdpOption =
  | { readonly kind: 'sourceLinkLayer' | 'targetLinkLayer'; readonly mac: Mac }
  | PrefixInformation
  /** Padded to a multiple of 8 bytes; the packet's own length says where it ends. */
  | { readonly kind: 'redirectedHeader'; readonly quoted: Uint8Array }
  | { readonly kind: 'mtu'; readonly mtu: number }
  | { readonly kind: 'recursiveDns'; readonly lifetime: number; readonly servers: readonly V6[] }
  /** Kept as it came: 6 bytes and a multiple of 8. */
  | { readonly kind: 'unknown'; readonly number: number; readonly data: Uint8Array }

export interface PrefixInformation {
  readonly kind: 'prefix'
  readonly prefix: V6
  readonly length: number
  readonly onLink: boolean
  readonly autonomous: boolean
  readonly validLifetime: number
  readonly preferredLifetime: number
}

const NUMBER = {
  sourceLinkLayer: 1,
  targetLinkLayer: 2,
  prefix: 3,
  redirectedHeader: 4,
  mtu: 5,
  recursiveDns: 25,
} as const

/** Up to the end of the message. An option of length zero makes the whole message void (RFC 4861 4.6). */
export function readNdpOptions(r: Reader): NdpOption[] {
  const options: NdpOption[] = []
  while (r.remaining > 0) {
    const number = r.u8('option')
    const units = r.u8('optionLength')
    if (units === 0) r.fail('optionLength', '>= 1', units)
    if (units * 8 - 2 > r.remaining) r.fail('optionLength', `${units * 8 - 2} bytes to follow`, `${r.remaining} bytes`)
    checkUnits(r, number, units)
    options.push(readOption(r.sub(units * 8 - 2, r.protocol, 'option'), number))
  }
  return options
}

export function writeNdpOptions(w: Writer, options: readonly NdpOption[]): void {
  for (const option of options) {
    const start = w.length
    w.u8(option.kind === 'unknown' ? option.number : NUMBER[option.kind]).u8(0)
    writeOption(w, option)
    w.pad(8, start)
    w.patch8(start + 1, (w.length - start) / 8)
  }
}

function checkUnits(r: Reader, number: number, units: number): void {
  const fixed = FIXED_UNITS.get(number)
  if (fixed !== undefined && units !== fixed) r.fail('optionLength', String(fixed), units)
  if (number === NUMBER.recursiveDns && (units < 3 || units % 2 === 0))
    r.fail('optionLength', '1 and 2 a server', units)
}

const FIXED_UNITS: ReadonlyMap<number, number> = new Map([
  [NUMBER.sourceLinkLayer, 1],
  [NUMBER.targetLinkLayer, 1],
  [NUMBER.prefix, 4],
  [NUMBER.mtu, 1],
])

function readOption(r: Reader, number: number): NdpOption {
  switch (number) {
    case NUMBER.sourceLinkLayer:
      return { kind: 'sourceLinkLayer', mac: r.mac('sourceLinkLayer') }
    case NUMBER.targetLinkLayer:
      return { kind: 'targetLinkLayer', mac: r.mac('targetLinkLayer') }
    case NUMBER.prefix:
      return readPrefix(r)
    case NUMBER.redirectedHeader:
      r.take(6, 'reserved')
      return { kind: 'redirectedHeader', quoted: r.rest('quoted') }
    case NUMBER.mtu:
      r.u16('reserved', 'hex')
      return { kind: 'mtu', mtu: r.u32('mtu') }
    case NUMBER.recursiveDns: {
      r.u16('reserved', 'hex')
      const lifetime = r.u32('lifetime')
      return { kind: 'recursiveDns', lifetime, servers: Array.from({ length: r.remaining / 16 }, () => r.v6('server')) }
    }
    default:
      return { kind: 'unknown', number, data: r.rest('optionData') }
  }
}

function readPrefix(r: Reader): NdpOption {
  const length = r.u8('prefixLength')
  if (length > 128) r.fail('prefixLength', '<= 128', length)
  const { onLink, autonomous } = r.bits({ onLink: 1, autonomous: 1, reserved: 6 })
  const validLifetime = r.u32('validLifetime')
  const preferredLifetime = r.u32('preferredLifetime')
  r.u32('reserved', 'hex')
  return {
    kind: 'prefix',
    prefix: r.v6('prefix'),
    length,
    onLink: onLink === 1,
    autonomous: autonomous === 1,
    validLifetime,
    preferredLifetime,
  }
}

function writeOption(w: Writer, option: NdpOption): void {
  switch (option.kind) {
    case 'sourceLinkLayer':
    case 'targetLinkLayer':
      w.u48(option.mac)
      return
    case 'prefix':
      w.u8(option.length).u8((option.onLink ? 0x80 : 0) | (option.autonomous ? 0x40 : 0))
      w.u32(option.validLifetime).u32(option.preferredLifetime).u32(0).v6(option.prefix)
      return
    case 'redirectedHeader':
      w.u16(0).u32(0).take(option.quoted)
      return
    case 'mtu':
      w.u16(0).u32(option.mtu)
      return
    case 'recursiveDns':
      w.u16(0).u32(option.lifetime)
      for (const server of option.servers) w.v6(server)
      return
    case 'unknown':
      w.take(option.data)
  }
}
