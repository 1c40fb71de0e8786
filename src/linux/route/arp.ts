import { BROADCAST, type Mac, NO_MAC, type V4 } from '../../util/address.ts'
import { i32, put16, put32, u16 } from '../../wire/fast/bytes.ts'
import { highOf, lowOf, macAt, writeEthernet } from '../../wire/fast/ethernet.ts'
import * as ipv4 from '../../wire/fast/ipv4.ts'
import { Frame } from '../../wire/frame.ts'
import { ETHERTYPE } from '../../wire/numbers.ts'
import type { NetDevice } from '../device/net-device.ts'
import { drop } from '../drop.ts'
import { Skb } from '../skb.ts'

/** RFC 826 for Ethernet and IPv4. */
const LENGTH = 28
const REQUEST = 1
const REPLY = 2

/**
 * `arp_solicit`: asks who has `target`, of everyone or, to see whether a known neighbour is still there, of it alone. `asker`
 * is the packet that waits; its source is named as the sender's when it is one of ours (arp_announce 0).
 */
export function solicit(device: NetDevice, target: V4, to: Mac | null, asker: Skb | null, cause: number): void {
  const { namespace } = device
  let sender: V4 | null = null
  if (asker !== null) {
    const wanted = ipv4.source(asker.frame.bytes, asker.frame.start)
    if (namespace.isLocal(wanted)) sender = wanted
  }
  sender ??= namespace.addressOn(device, target)
  if (sender === null) return
  emit(device, REQUEST, sender, target, NO_MAC, to ?? BROADCAST, cause)
}

/** `arp_process`. `frame.start` is after the Ethernet header; `toUs`: the frame was addressed to this device's MAC. */
export function receive(device: NetDevice, skb: Skb, toUs: boolean): void {
  const { namespace } = device
  const { bytes: b, start: o, end } = skb.frame
  if (end - o < LENGTH || u16(b, o) !== 1 || u16(b, o + 2) !== ETHERTYPE.ipv4 || b[o + 4] !== 6 || b[o + 5] !== 4) {
    drop(namespace.kernel, device.place, skb, 'packet-too-small', 'ARP')
    return
  }
  const operation = u16(b, o + 6)
  const mac = macAt(b, o + 8)
  const sender = i32(b, o + 14) as V4
  const target = i32(b, o + 24) as V4
  if (operation === REQUEST && namespace.isLocal(target)) {
    answer(device, skb, sender, target, mac)
    return
  }
  const { neighbours } = device
  const known = neighbours.find(sender)
  if (known === undefined) return
  // An answer that was asked for confirms; anything else is hearsay.
  const state = operation === REPLY && toUs ? 'reachable' : 'stale'
  const gratuitous = sender === target
  neighbours.update(known, mac, state, gratuitous || !neighbours.locked(known), false, skb)
}

/** Someone asks for one of our addresses, on any device (arp_ignore 0), and we remember who. A sender of 0 only probes. */
function answer(device: NetDevice, skb: Skb, sender: V4, target: V4, mac: Mac): void {
  const { neighbours, namespace } = device
  if (sender !== 0) {
    // ip_route_input refuses a source that is our own.
    if (namespace.isLocal(sender)) return
    neighbours.update(neighbours.find(sender) ?? neighbours.create(sender), mac, 'stale', true, false, skb)
  }
  emit(device, REPLY, target, sender, mac, mac, skb.cause)
}

/** `ip neigh`'s announcement of a new address: a request for oneself (`arp_notify`, and what CNI plugins send). */
export function announce(device: NetDevice, address: V4, cause: number): void {
  emit(device, REQUEST, address, address, NO_MAC, BROADCAST, cause)
}

function emit(device: NetDevice, operation: number, from: V4, to: V4, toMac: Mac, frameTo: Mac, cause: number): void {
  const frame = Frame.allocate(LENGTH)
  const o = frame.put(LENGTH)
  const b = frame.bytes
  put16(b, o, 1)
  put16(b, o + 2, ETHERTYPE.ipv4)
  b[o + 4] = 6
  b[o + 5] = 4
  put16(b, o + 6, operation)
  putMac(b, o + 8, device.mac)
  put32(b, o + 14, from)
  putMac(b, o + 18, toMac)
  put32(b, o + 24, to)
  writeEthernet(frame, frameTo, device.mac, ETHERTYPE.arp)
  device.transmit(new Skb(frame, device.namespace.kernel.recorder.packet(), cause))
}

function putMac(b: Uint8Array, o: number, mac: Mac): void {
  put16(b, o, highOf(mac))
  put32(b, o + 2, lowOf(mac))
}
