import { PROTOCOL } from '../../wire/numbers.ts'
import { drop } from '../drop.ts'
import type { Namespace } from '../namespace.ts'
import type { Skb } from '../skb.ts'

/** Destination unreachable, and the codes for a port and a protocol (RFC 792; RFC 4443 3.1, 3.4). */
const UNREACHABLE = { 4: 3, 6: 1 } as const
const PORT = { 4: 3, 6: 4 } as const
const PROTOCOL_UNREACHABLE = 2
const PARAMETER_PROBLEM_V6 = 4
const UNRECOGNISED_NEXT_HEADER = 1

/**
 * Nobody takes the packet, `frame.start` at its IP header: answered as RFC 1122 3.2.2.1 has it. A namespace without sockets
 * refuses like one that has none open.
 */
export function unwanted(
  namespace: Namespace,
  skb: Skb,
  family: 4 | 6,
  protocol: number,
  verdict: 'no-socket' | 'unknown-protocol',
): void {
  switch (protocol) {
    case PROTOCOL.tcp:
      namespace.tcpReset(skb, family)
      break
    case PROTOCOL.udp:
      namespace.icmpError(skb, family, UNREACHABLE[family], PORT[family], { why: 'no-socket' })
      break
    case PROTOCOL.icmp:
    case PROTOCOL.icmpv6:
      break
    default:
      if (family === 4) namespace.icmpError(skb, 4, UNREACHABLE[4], PROTOCOL_UNREACHABLE, { why: 'unknown-protocol' })
      else namespace.icmpError(skb, 6, PARAMETER_PROBLEM_V6, UNRECOGNISED_NEXT_HEADER, { why: 'unknown-protocol' })
  }
  drop(namespace.kernel, namespace.place, skb, verdict)
}
