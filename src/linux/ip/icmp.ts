import type { V4 } from '../../util/address.ts'
import { sum, update16 } from '../../wire/checksum.ts'
import { put16, u16 } from '../../wire/fast/bytes.ts'
import * as icmp from '../../wire/fast/icmp.ts'
import * as ipv4 from '../../wire/fast/ipv4.ts'
import { Frame } from '../../wire/frame.ts'
import { PROTOCOL } from '../../wire/numbers.ts'
import { drop } from '../drop.ts'
import type { Errno } from '../errno.ts'
import type { Namespace } from '../namespace.ts'
import { Skb } from '../skb.ts'
import { quotedError, reportError } from './path-error.ts'
import { delivered } from './steps.ts'
import { unwanted } from './unwanted.ts'

const ECHO_REPLY = 0
const UNREACHABLE = 3
const REDIRECT = 5
const ECHO = 8
const TIME_EXCEEDED = 11
const PARAMETER_PROBLEM = 12
const FRAGMENTATION_NEEDED = 4

/** `icmp_err_convert`, by code of "destination unreachable". */
const UNREACHABLE_ERRNO: readonly Errno[] = [
  'ENETUNREACH',
  'EHOSTUNREACH',
  'ENOPROTOOPT',
  'ECONNREFUSED',
  'EMSGSIZE',
  'EOPNOTSUPP',
  'ENETUNREACH',
  'EHOSTDOWN',
  'ENONET',
  'ENETUNREACH',
  'EHOSTUNREACH',
  'ENETUNREACH',
  'EHOSTUNREACH',
  'EHOSTUNREACH',
  'EHOSTUNREACH',
  'EHOSTUNREACH',
]

/** `icmp_rcv`: answers echo requests, hands errors to the sockets they are about, the rest to whoever listens. */
export function icmpInput(namespace: Namespace, skb: Skb): void {
  const { bytes: b, start: o, end } = skb.frame
  const t = ipv4.transport(b, o)
  if (end - t < icmp.ICMP) {
    drop(namespace.kernel, namespace.place, skb, 'packet-too-small')
    return
  }
  if (sum(b, t, end) !== 0xffff) {
    drop(namespace.kernel, namespace.place, skb, 'icmp-checksum')
    return
  }
  switch (icmp.type(b, t)) {
    case ECHO:
      echo(namespace, skb, t)
      return
    case UNREACHABLE:
    case TIME_EXCEEDED:
    case PARAMETER_PROBLEM:
      error(namespace, skb, t)
      return
    case REDIRECT:
      // A redirect is heard and not followed: accept_redirects is off on anything that forwards, and pods have one way out.
      delivered(namespace, skb, PROTOCOL.icmp, ipv4.destination(b, o), 0)
      return
    default:
      reply(namespace, skb, t)
  }
}

/** `icmp_echo`: back with the same id, sequence, payload and TOS. Broadcast echoes are ignored (icmp_echo_ignore_broadcasts). */
function echo(namespace: Namespace, skb: Skb, t: number): void {
  const { bytes: b, start: o, end } = skb.frame
  const to = ipv4.source(b, o)
  const source = ipv4.destination(b, o)
  if (!namespace.isLocal(source)) {
    drop(namespace.kernel, namespace.place, skb, 'not-specified', 'broadcast echo request')
    return
  }
  delivered(namespace, skb, PROTOCOL.icmp, source, icmp.id(b, t))
  const frame = Frame.allocate(end - t)
  const at = frame.put(end - t)
  const copy = frame.bytes
  for (let i = 0; i < end - t; i++) copy[at + i] = b[t + i]
  copy[at] = ECHO_REPLY
  put16(copy, at + 2, update16(u16(copy, at + 2), ECHO << 8, ECHO_REPLY << 8))
  const answer = new Skb(frame, namespace.kernel.recorder.packet(), skb.cause)
  namespace.send(answer, { source, destination: to, protocol: PROTOCOL.icmp, tos: ipv4.tos(b, o) & 0x1e })
}

/** `icmp_unreach` and the like. */
function error(namespace: Namespace, skb: Skb, t: number): void {
  const { bytes: b, start: o, end } = skb.frame
  delivered(namespace, skb, PROTOCOL.icmp, ipv4.destination(b, o), 0)
  const type = icmp.type(b, t)
  const code = icmp.code(b, t)
  const needed = type === UNREACHABLE && code === FRAGMENTATION_NEEDED
  const about = quotedError(b, t + icmp.ICMP, end, {
    errno: errnoOf(type, code),
    from: ipv4.source(b, o),
    type,
    code,
    mtu: needed ? icmp.mtuV4(b, t) : 0,
  })
  if (about !== null) reportError(namespace, about, skb.cause)
}

function errnoOf(type: number, code: number): Errno {
  if (type === UNREACHABLE) return UNREACHABLE_ERRNO[code] ?? 'EHOSTUNREACH'
  return type === TIME_EXCEEDED ? 'EHOSTUNREACH' : 'EPROTO'
}

/** Echo replies and other answers: for ping sockets. What no socket wants is gone, with no word to its sender. */
function reply(namespace: Namespace, skb: Skb, t: number): void {
  const { frame } = skb
  const { bytes: b, start: o } = frame
  const from: V4 = ipv4.source(b, o)
  const to: V4 = ipv4.destination(b, o)
  const header = t - o
  const ttl = ipv4.ttl(b, o)
  frame.pull(header)
  const verdict = namespace.transport?.receive(skb, PROTOCOL.icmp, from, to, ttl) ?? 'no-socket'
  if (verdict === 'delivered') return
  frame.push(header)
  unwanted(namespace, skb, 4, PROTOCOL.icmp, 'no-socket')
}
