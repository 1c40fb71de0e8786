import { sum } from '../../wire/checksum.ts'
import * as icmp from '../../wire/fast/icmp.ts'
import * as ipv6 from '../../wire/fast/ipv6.ts'
import { Frame } from '../../wire/frame.ts'
import { PROTOCOL } from '../../wire/numbers.ts'
import type { NetDevice } from '../device/net-device.ts'
import { drop } from '../drop.ts'
import type { Errno } from '../errno.ts'
import type { Namespace } from '../namespace.ts'
import * as ndp from '../route/ndp.ts'
import { Skb } from '../skb.ts'
import { isLinkLocal } from './address.ts'
import { quotedError, reportError } from './path-error.ts'
import { delivered } from './steps.ts'
import { unwanted } from './unwanted.ts'

const UNREACHABLE = 1
const TOO_BIG = 2
const TIME_EXCEEDED = 3
const PARAMETER_PROBLEM = 4
const ECHO = 128
const ECHO_REPLY = 129

/** `tab_unreach`, by code of "destination unreachable". */
const UNREACHABLE_ERRNO: readonly Errno[] = [
  'ENETUNREACH',
  'EACCES',
  'EHOSTUNREACH',
  'EHOSTUNREACH',
  'ECONNREFUSED',
  'EACCES',
  'EACCES',
]

/** `icmpv6_rcv`; `[t, end)` is the ICMPv6 message. Listener and router discovery are heard and ignored. */
export function icmpv6Input(namespace: Namespace, device: NetDevice, skb: Skb, t: number, end: number): void {
  const { bytes: b, start: o } = skb.frame
  if (end - t < icmp.ICMP) {
    drop(namespace.kernel, namespace.place, skb, 'packet-too-small')
    return
  }
  if (sum(b, t, end, sum(b, o + 8, o + 40, PROTOCOL.icmpv6 + end - t)) !== 0xffff) {
    drop(namespace.kernel, namespace.place, skb, 'icmp-checksum')
    return
  }
  switch (icmp.type(b, t)) {
    case ECHO:
      echo(namespace, device, skb, t, end)
      return
    case UNREACHABLE:
    case TOO_BIG:
    case TIME_EXCEEDED:
    case PARAMETER_PROBLEM:
      error(namespace, skb, t, end)
      return
    case ndp.SOLICITATION:
    case ndp.ADVERTISEMENT:
      ndp.receive(device, skb, t, end)
      return
    case ECHO_REPLY:
      reply(namespace, skb, t)
      return
    default:
  }
}

/** `icmpv6_echo_reply`. An echo request to a group is answered from the device's own address. */
function echo(namespace: Namespace, device: NetDevice, skb: Skb, t: number, end: number): void {
  const { bytes: b, start: o } = skb.frame
  const to = ipv6.source(b, o)
  const asked = ipv6.destination(b, o)
  const source = ipv6.isMulticast(b, o) ? namespace.addressOn(device, to) : asked
  if (source === null || typeof source === 'number') return
  delivered(namespace, skb, PROTOCOL.icmpv6, asked, icmp.id(b, t))
  const length = end - t - icmp.ICMP
  const frame = Frame.allocate(length)
  const at = frame.put(length)
  for (let i = 0; i < length; i++) frame.bytes[at + i] = b[t + icmp.ICMP + i]
  icmp.writeIcmpv6(frame, source, to, ECHO_REPLY, 0, icmp.word(b, t))
  const answer = new Skb(frame, namespace.kernel.recorder.packet(), skb.cause)
  const link = isLinkLocal(to) ? { device } : {}
  namespace.send(answer, { source, destination: to, protocol: PROTOCOL.icmpv6, ...link })
}

function error(namespace: Namespace, skb: Skb, t: number, end: number): void {
  const { bytes: b, start: o } = skb.frame
  delivered(namespace, skb, PROTOCOL.icmpv6, ipv6.destination(b, o), 0)
  const type = icmp.type(b, t)
  const code = icmp.code(b, t)
  const about = quotedError(b, t + icmp.ICMP, end, {
    errno: errnoOf(type, code),
    from: ipv6.source(b, o),
    type,
    code,
    mtu: type === TOO_BIG ? icmp.word(b, t) >>> 0 : 0,
  })
  if (about !== null) reportError(namespace, about, skb.cause)
}

function errnoOf(type: number, code: number): Errno {
  switch (type) {
    case UNREACHABLE:
      return UNREACHABLE_ERRNO[code] ?? 'EPROTO'
    case TOO_BIG:
      return 'EMSGSIZE'
    case TIME_EXCEEDED:
      return 'EHOSTUNREACH'
    default:
      return 'EPROTO'
  }
}

/** For ping sockets. What no socket wants is gone, with no word to its sender. */
function reply(namespace: Namespace, skb: Skb, t: number): void {
  const { frame } = skb
  const { bytes: b, start: o } = frame
  const header = t - o
  const from = ipv6.source(b, o)
  const to = ipv6.destination(b, o)
  const hops = ipv6.hopLimit(b, o)
  frame.pull(header)
  const verdict = namespace.transport?.receive(skb, PROTOCOL.icmpv6, from, to, hops) ?? 'no-socket'
  if (verdict === 'delivered') return
  frame.push(header)
  unwanted(namespace, skb, 6, PROTOCOL.icmpv6, 'no-socket')
}
