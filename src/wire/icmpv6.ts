import type { Codec, Reader, Writer } from '../util/bytes.ts'
import { isNdp, NDP_TYPE, type Ndp, readNdp, writeNdp } from './ndp.ts'
import { PROTOCOL } from './numbers.ts'
import { between } from './sealing.ts'

/** ICMPv6 (RFC 4443) with neighbour discovery. `quoted` is the start of the packet that an error is about. */
export type Icmpv6 =
  | {
      readonly kind: 'echoRequest' | 'echoReply'
      readonly id: number
      readonly sequence: number
      readonly payload: Uint8Array
    }
  | { readonly kind: 'unreachable' | 'timeExceeded'; readonly code: number; readonly quoted: Uint8Array }
  | { readonly kind: 'packetTooBig'; readonly mtu: number; readonly quoted: Uint8Array }
  | { readonly kind: 'parameterProblem'; readonly code: number; readonly pointer: number; readonly quoted: Uint8Array }
  | Ndp
  | { readonly kind: 'unknown'; readonly type: number; readonly code: number; readonly body: Uint8Array }

export const ICMPV6_TYPE = {
  unreachable: 1,
  packetTooBig: 2,
  timeExceeded: 3,
  parameterProblem: 4,
  echoRequest: 128,
  echoReply: 129,
  ...NDP_TYPE,
} as const

/** Codes of "destination unreachable" (RFC 4443 3.1). */
export const UNREACHABLE_V6 = {
  noRoute: 0,
  administrativelyProhibited: 1,
  beyondScope: 2,
  address: 3,
  port: 4,
  policyFail: 5,
  rejectRoute: 6,
} as const

/** Leaves the checksum zero: what goes on a wire is written by `icmpv6Between`. */
export const icmpv6: Codec<Icmpv6> = {
  name: 'icmpv6',
  read(r) {
    const type = r.u8('type')
    const code = r.u8('code')
    r.u16('checksum', 'hex')
    return readNdp(r, type) ?? readBody(r, type, code)
  },
  write(w, value) {
    w.u8(value.kind === 'unknown' ? value.type : ICMPV6_TYPE[value.kind])
    w.u8('code' in value ? value.code : 0).u16(0)
    if (isNdp(value)) writeNdp(w, value)
    else writeBody(w, value)
  },
}

/** ICMPv6 between two addresses, with its checksum. */
export const icmpv6Between = between(icmpv6, PROTOCOL.icmpv6, 2)

function readBody(r: Reader, type: number, code: number): Icmpv6 {
  switch (type) {
    case ICMPV6_TYPE.echoRequest:
    case ICMPV6_TYPE.echoReply:
      return {
        kind: type === ICMPV6_TYPE.echoRequest ? 'echoRequest' : 'echoReply',
        id: r.u16('id'),
        sequence: r.u16('sequence'),
        payload: r.rest('payload'),
      }
    case ICMPV6_TYPE.unreachable:
    case ICMPV6_TYPE.timeExceeded:
      r.u32('unused', 'hex')
      return { kind: type === ICMPV6_TYPE.unreachable ? 'unreachable' : 'timeExceeded', code, quoted: r.rest('quoted') }
    case ICMPV6_TYPE.packetTooBig:
      return { kind: 'packetTooBig', mtu: r.u32('mtu'), quoted: r.rest('quoted') }
    case ICMPV6_TYPE.parameterProblem:
      return { kind: 'parameterProblem', code, pointer: r.u32('pointer'), quoted: r.rest('quoted') }
    default:
      return { kind: 'unknown', type, code, body: r.rest('body') }
  }
}

function writeBody(w: Writer, value: Exclude<Icmpv6, Ndp>): void {
  switch (value.kind) {
    case 'echoRequest':
    case 'echoReply':
      w.u16(value.id).u16(value.sequence).take(value.payload)
      return
    case 'unreachable':
    case 'timeExceeded':
      w.u32(0).take(value.quoted)
      return
    case 'packetTooBig':
      w.u32(value.mtu).take(value.quoted)
      return
    case 'parameterProblem':
      w.u32(value.pointer).take(value.quoted)
      return
    case 'unknown':
      w.take(value.body)
  }
}
