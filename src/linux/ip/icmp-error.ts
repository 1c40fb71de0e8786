import type { DropReason } from '../../trace/drops.ts'
import type { Address, V4 } from '../../util/address.ts'
import * as icmp from '../../wire/fast/icmp.ts'
import * as ipv4 from '../../wire/fast/ipv4.ts'
import { Frame } from '../../wire/frame.ts'
import { PROTOCOL } from '../../wire/numbers.ts'
import type { Namespace } from '../namespace.ts'
import { Skb } from '../skb.ts'
import { isMulticastV4 } from './address.ts'
import { refusal } from './refusal.ts'

/** Why an error is sent, and what else it says. */
export interface ErrorDetail {
  readonly why: DropReason | 'redirect'
  /** Fragmentation needed, packet too big. */
  readonly mtu?: number
  /** Redirect: the better next hop. */
  readonly gateway?: V4
  /** Parameter problem. */
  readonly pointer?: number
}

const UNREACHABLE = 3
const FRAGMENTATION_NEEDED = 4
/** RFC 1812 4.3.2.3: as much of the packet as fits in 576 bytes. */
const LONGEST = 576
/** IPTOS_PREC_INTERNETCONTROL */
const PRECEDENCE = 0xc0
/** IPTOS_TOS_MASK */
const TOS_MASK = 0x1e
/** icmp_ratemask: unreachable, source quench, time exceeded, parameter problem. */
const LIMITED = 0x1818

/** `icmp_send`: an error about `skb`, whose `frame.start` is at its IPv4 header. The packet stays the caller's. */
export function icmpErrorV4(namespace: Namespace, skb: Skb, type: number, code: number, detail: ErrorDetail): void {
  const { bytes: b, start: o, end } = skb.frame
  const to = ipv4.source(b, o)
  if (!answerable(namespace, skb)) return
  const route = namespace.fibs.v4.lookupV4(to)
  if (refusal(route) !== null) return
  const original = ipv4.destination(b, o)
  const source = namespace.isLocal(original) ? original : namespace.sourceOf(route!, to)
  if (typeof source !== 'number') return
  const local = route!.kind === 'local'
  const limited = (LIMITED & (1 << type)) !== 0 && !(type === UNREACHABLE && code === FRAGMENTATION_NEEDED)
  if (limited && !local && !namespace.icmpLimit.allow(to, namespace.sysctl.icmpRateLimit)) return
  const mtu = Math.min(LONGEST, local ? LONGEST : route!.device!.mtu)
  const length = Math.min(end - o, mtu - ipv4.IPV4 - icmp.ICMP)
  const frame = Frame.allocate(length)
  const at = frame.put(length)
  for (let i = 0; i < length; i++) frame.bytes[at + i] = b[o + i]
  icmp.writeIcmp(frame, type, code, detail.mtu ?? detail.gateway ?? (detail.pointer ?? 0) << 24)
  const answer = new Skb(frame, namespace.kernel.recorder.packet(), noteError(namespace, skb, type, code, to, detail))
  answer.relate(skb)
  const tos = (ipv4.tos(b, o) & TOS_MASK) | PRECEDENCE
  namespace.send(answer, { source, destination: to, protocol: PROTOCOL.icmp, tos })
}

/** RFC 1122 3.2.2: never about an ICMP error, a later fragment, or what was sent to or from more than one host. */
function answerable(namespace: Namespace, skb: Skb): boolean {
  const { bytes: b, start: o, end } = skb.frame
  const to = ipv4.destination(b, o)
  const from = ipv4.source(b, o)
  if (ipv4.fragmentOffset(b, o) > 0 || isMulticastV4(to) || isMulticastV4(from) || from === 0 || from === -1)
    return false
  if (to === -1 || namespace.addressType(to) === 'broadcast' || namespace.addressType(from) === 'broadcast')
    return false
  if (ipv4.protocol(b, o) !== PROTOCOL.icmp) return true
  const t = ipv4.transport(b, o)
  return t < end && !icmp.isErrorV4(icmp.type(b, t))
}

/** The step that the error is caused by. The packet it is about goes on from where it was. */
export function noteError(
  namespace: Namespace,
  skb: Skb,
  type: number,
  code: number,
  to: Address,
  { why, mtu = null }: { readonly why: DropReason | 'redirect'; readonly mtu?: number | null },
): number {
  const { recorder, simulation } = namespace.kernel
  if (!recorder.on) return recorder.skip()
  const event = { kind: 'icmp-error', type, code, mtu, to, why } as const
  return recorder.step(simulation.now, namespace.place, skb.cause, skb.packet, null, event)
}
