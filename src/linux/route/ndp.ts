import { type Mac, sameAddress, V6 } from '../../util/address.ts'
import { put16, put32 } from '../../wire/fast/bytes.ts'
import { highOf, lowOf, macAt, writeEthernet } from '../../wire/fast/ethernet.ts'
import * as icmp from '../../wire/fast/icmp.ts'
import * as ipv6 from '../../wire/fast/ipv6.ts'
import { Frame } from '../../wire/frame.ts'
import { ETHERTYPE, PROTOCOL } from '../../wire/numbers.ts'
import type { NetDevice } from '../device/net-device.ts'
import { drop } from '../drop.ts'
import { isMulticastV6, linkLocal } from '../ip/address.ts'
import { Skb } from '../skb.ts'

/** RFC 4861. Duplicate address detection and router discovery are not done: addresses come from the CNI with `nodad`. */
export const SOLICITATION = 135
export const ADVERTISEMENT = 136
const SOURCE_LLA = 1
const TARGET_LLA = 2
const ROUTER = 0x80000000
const SOLICITED = 0x40000000
const OVERRIDE = 0x20000000
const HOP_LIMIT = 255
const TARGET = 16
const OPTION = 8

/**
 * `ndisc_solicit`: asks the target's multicast group or, probing, the neighbour alone. It speaks with the source of the packet
 * that waits, if that is an address of this very device.
 */
export function solicit(device: NetDevice, target: V6, to: Mac | null, asker: Skb | null, cause: number): void {
  let from: V6 | null = null
  if (asker !== null) {
    const wanted = ipv6.source(asker.frame.bytes, asker.frame.start)
    if (device.addresses.some(({ address }) => sameAddress(address, wanted))) from = wanted
  }
  emit(
    device,
    SOLICITATION,
    0,
    target,
    SOURCE_LLA,
    from ?? linkLocal(device.mac),
    to === null ? solicitedNode(target) : target,
    to,
    cause,
  )
}

/** RFC 4291 2.7.1: ff02::1:ffXX:XXXX. */
export function solicitedNode(target: V6): V6 {
  return new V6(0xff020000 | 0, 0, 1, (0xff << 24) | (target.d & 0xffffff))
}

/** RFC 2464 7. */
export const multicastMac = (group: V6): Mac => (0x333300000000 + (group.d >>> 0)) as Mac

/** Neighbour solicitations and advertisements; `t` is where the ICMPv6 header starts. Consumes the packet. */
export function receive(device: NetDevice, skb: Skb, t: number, end: number): void {
  const { bytes: b, start } = skb.frame
  const { namespace } = device
  if (ipv6.hopLimit(b, start) !== HOP_LIMIT || b[t + 1] !== 0 || end - t < icmp.ICMP + TARGET) {
    drop(namespace.kernel, device.place, skb, 'not-specified', 'neighbour discovery from off the link')
    return
  }
  const target = ipv6.v6At(b, t + icmp.ICMP)
  if (icmp.type(b, t) === SOLICITATION) solicited(device, skb, t, end, target)
  else advertised(device, skb, t, end, target)
}

function solicited(device: NetDevice, skb: Skb, t: number, end: number, target: V6): void {
  const { bytes: b, start } = skb.frame
  const { namespace, neighbours } = device
  const from = ipv6.source(b, start)
  const multicast = ipv6.isMulticast(b, start)
  if (!namespace.isLocalOn(target, device) || namespace.isLocal(from)) return
  const mac = option(b, t + icmp.ICMP + TARGET, end, SOURCE_LLA)
  const known = neighbours.find(from)
  if (mac !== null) neighbours.update(known ?? neighbours.create(from), mac, 'stale', true, false, skb)
  const router = namespace.sysctl.ipv6Forward ? ROUTER : 0
  const flags = router | SOLICITED | (multicast ? OVERRIDE : 0)
  emit(device, ADVERTISEMENT, flags, target, multicast ? TARGET_LLA : 0, target, from, null, skb.cause)
}

function advertised(device: NetDevice, skb: Skb, t: number, end: number, target: V6): void {
  const { bytes: b } = skb.frame
  const known = device.neighbours.find(target)
  if (known === undefined || known.state === 'failed') return
  const flags = icmp.word(b, t)
  const mac = option(b, t + icmp.ICMP + TARGET, end, TARGET_LLA)
  const state = (flags & SOLICITED) !== 0 ? 'reachable' : 'stale'
  device.neighbours.update(known, mac, state, (flags & OVERRIDE) !== 0, true, skb)
}

/** The link-layer address in an option of this kind, if there is one. */
function option(b: Uint8Array, from: number, end: number, kind: number): Mac | null {
  for (let at = from; at + OPTION <= end && b[at + 1] !== 0; at += b[at + 1] << 3) {
    if (b[at] === kind) return macAt(b, at + 2)
  }
  return null
}

/** `ndisc_send_skb`: through OUTPUT and POSTROUTING like any packet. `toMac` null: by group, or by the neighbour table. */
function emit(
  device: NetDevice,
  kind: number,
  flags: number,
  target: V6,
  optionKind: number,
  from: V6,
  to: V6,
  toMac: Mac | null,
  cause: number,
): void {
  const { namespace } = device
  const frame = Frame.allocate(TARGET + OPTION)
  const o = frame.put(TARGET + (optionKind === 0 ? 0 : OPTION))
  ipv6.putV6(frame.bytes, o, target)
  if (optionKind !== 0) {
    frame.bytes[o + TARGET] = optionKind
    frame.bytes[o + TARGET + 1] = 1
    put16(frame.bytes, o + TARGET + 2, highOf(device.mac))
    put32(frame.bytes, o + TARGET + 4, lowOf(device.mac))
  }
  icmp.writeIcmpv6(frame, from, to, kind, 0, flags | 0)
  ipv6.writeIpv6(frame, from, to, PROTOCOL.icmpv6, HOP_LIMIT)
  const skb = new Skb(frame, namespace.kernel.recorder.packet(), cause)
  const { netfilter } = namespace
  if (netfilter !== null) {
    if (!netfilter.run('OUTPUT', 6, skb, null, device)) return
    if (!netfilter.run('POSTROUTING', 6, skb, null, device)) return
  }
  const mac = isMulticastV6(to) ? multicastMac(to) : toMac
  if (mac === null) {
    device.send(to, skb, ETHERTYPE.ipv6)
    return
  }
  writeEthernet(skb.frame, mac, device.mac, ETHERTYPE.ipv6)
  device.transmit(skb)
}
