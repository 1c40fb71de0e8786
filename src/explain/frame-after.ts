import type { Event } from '../trace/step.ts'
import { ETHERNET } from '../wire/fast/ethernet.ts'
import * as ipv4 from '../wire/fast/ipv4.ts'
import * as ipv6 from '../wire/fast/ipv6.ts'
import * as layout from '../wire/fast/layout.ts'
import * as nat from '../wire/fast/nat.ts'
import { Frame } from '../wire/frame.ts'
import { PROTOCOL } from '../wire/numbers.ts'

type Nat = Extract<Event, { kind: 'nat' }>

/**
 * An Ethernet frame as a step left it that no tap stands behind: NAT's new address and port, forwarding's TTL, with the checksums that follow.
 * The frame itself when the step rewrites nothing.
 */
export function frameAfter(frame: Uint8Array, event: Event): Uint8Array {
  if (event.kind !== 'nat' && (event.kind !== 'route' || event.ttl === null)) return frame
  const copy = Frame.of(frame.slice())
  const at = copy.start + ETHERNET
  const l = new layout.Layout()
  if (!layout.locate(copy.bytes, at, copy.end, l)) return frame
  if (event.kind === 'nat') rewrite(copy, l, event)
  else if (l.family === 4) ipv4.decrementTtl(copy, at)
  else ipv6.decrementHopLimit(copy, at)
  return copy.copy()
}

/** Undoing DNAT rewrites the source of the answer, and undoing SNAT its destination. An ICMP query keeps its id. */
function rewrite(frame: Frame, l: layout.Layout, { nat: kind, reverse, to }: Nat): void {
  const ports = l.protocol !== PROTOCOL.icmp && l.protocol !== PROTOCOL.icmpv6
  if ((kind === 'dnat') !== reverse) {
    nat.setDestination(frame, l, to.address)
    if (ports) nat.setDestinationPort(frame, l, to.port)
  } else {
    nat.setSource(frame, l, to.address)
    if (ports) nat.setSourcePort(frame, l, to.port)
  }
}
