import type { V4 } from '../util/address.ts'
import type { Codec, Reader, Writer } from '../util/bytes.ts'
import { seal } from './sealing.ts'

/** ICMP (RFC 792). `quoted` is the start of the packet that an error is about. */
export type Icmp =
  | {
      readonly kind: 'echoRequest' | 'echoReply'
      readonly id: number
      readonly sequence: number
      readonly payload: Uint8Array
    }
  | {
      readonly kind: 'unreachable'
      readonly code: number
      /** Of the next hop, for `fragmentationNeeded` (RFC 1191 4); else 0. */
      readonly mtu: number
      readonly quoted: Uint8Array
    }
  | { readonly kind: 'timeExceeded'; readonly code: number; readonly quoted: Uint8Array }
  | { readonly kind: 'redirect'; readonly code: number; readonly gateway: V4; readonly quoted: Uint8Array }
  | { readonly kind: 'parameterProblem'; readonly code: number; readonly pointer: number; readonly quoted: Uint8Array }
  | { readonly kind: 'unknown'; readonly type: number; readonly code: number; readonly body: Uint8Array }

export const ICMP_TYPE = {
  echoReply: 0,
  unreachable: 3,
  redirect: 5,
  echoRequest: 8,
  timeExceeded: 11,
  parameterProblem: 12,
} as const

/** Codes of "destination unreachable" (RFC 792, RFC 1122 3.2.2.1, RFC 1812 5.2.7.1). */
export const UNREACHABLE = {
  network: 0,
  host: 1,
  protocol: 2,
  port: 3,
  fragmentationNeeded: 4,
  sourceRouteFailed: 5,
  networkProhibited: 9,
  hostProhibited: 10,
  administrativelyProhibited: 13,
} as const

export const icmp: Codec<Icmp> = {
  name: 'icmp',
  read(r) {
    const type = r.u8('type')
    const code = r.u8('code')
    r.u16('checksum', 'hex')
    return readBody(r, type, code)
  },
  write(w, value) {
    const start = w.length
    w.u8(value.kind === 'unknown' ? value.type : ICMP_TYPE[value.kind])
    w.u8('code' in value ? value.code : 0).u16(0)
    writeBody(w, value)
    seal(w, start, 2)
  },
}

function readBody(r: Reader, type: number, code: number): Icmp {
  switch (type) {
    case ICMP_TYPE.echoRequest:
    case ICMP_TYPE.echoReply:
      return {
        kind: type === ICMP_TYPE.echoRequest ? 'echoRequest' : 'echoReply',
        id: r.u16('id'),
        sequence: r.u16('sequence'),
        payload: r.rest('payload'),
      }
    case ICMP_TYPE.unreachable: {
      r.u16('unused', 'hex')
      const mtu = r.u16(code === UNREACHABLE.fragmentationNeeded ? 'mtu' : 'unused')
      return {
        kind: 'unreachable',
        code,
        mtu: code === UNREACHABLE.fragmentationNeeded ? mtu : 0,
        quoted: r.rest('quoted'),
      }
    }
    case ICMP_TYPE.timeExceeded:
      r.u32('unused', 'hex')
      return { kind: 'timeExceeded', code, quoted: r.rest('quoted') }
    case ICMP_TYPE.redirect:
      return { kind: 'redirect', code, gateway: r.v4('gateway'), quoted: r.rest('quoted') }
    case ICMP_TYPE.parameterProblem: {
      const pointer = r.u8('pointer')
      r.u24('unused', 'hex')
      return { kind: 'parameterProblem', code, pointer, quoted: r.rest('quoted') }
    }
    default:
      return { kind: 'unknown', type, code, body: r.rest('body') }
  }
}

function writeBody(w: Writer, value: Icmp): void {
  switch (value.kind) {
    case 'echoRequest':
    case 'echoReply':
      w.u16(value.id).u16(value.sequence).take(value.payload)
      return
    case 'unreachable':
      w.u16(0).u16(value.mtu).take(value.quoted)
      return
    case 'timeExceeded':
      w.u32(0).take(value.quoted)
      return
    case 'redirect':
      w.u32(value.gateway).take(value.quoted)
      return
    case 'parameterProblem':
      w.u8(value.pointer).u24(0).take(value.quoted)
      return
    case 'unknown':
      w.take(value.body)
  }
}
