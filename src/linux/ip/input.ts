import type { V4 } from '../../util/address.ts'
import { prefix } from '../../util/prefix.ts'
import * as ipv4 from '../../wire/fast/ipv4.ts'
import type { NetDevice } from '../device/net-device.ts'
import { drop } from '../drop.ts'
import type { Namespace } from '../namespace.ts'
import { Route } from '../route/route.ts'
import type { Skb } from '../skb.ts'
import { deliverV4 } from './deliver.ts'
import { forwardV4 } from './forward.ts'
import { martian, noRoute } from './no-route.ts'
import { routed } from './steps.ts'
import { validateSource } from './validate-source.ts'

const FAULTS = { header: 'ip-header', checksum: 'ip-checksum', truncated: 'packet-too-small' } as const

/** 255.255.255.255 needs no route. */
const LIMITED = new Route({ destination: prefix('255.255.255.255/32'), kind: 'broadcast', table: 'local' })

/** `ip_rcv`: an IPv4 packet from a device. `toUs`: the frame was addressed to the device's MAC, not to a group. */
export function inputV4(namespace: Namespace, device: NetDevice, skb: Skb, toUs: boolean): void {
  const { frame } = skb
  const fault = ipv4.fault(frame.bytes, frame.start, frame.end)
  if (fault !== null) {
    drop(namespace.kernel, device.place, skb, FAULTS[fault])
    return
  }
  frame.trim(ipv4.totalLength(frame.bytes, frame.start))
  skb.forgetFragments()
  // A packet that came up through a bridge has been through PREROUTING at its port (ip_sabotage_in).
  if (namespace.netfilter !== null && skb.bridgeInput === null) {
    if (!namespace.netfilter.run('PREROUTING', 4, skb, device, null)) return
  }
  const { bytes, start } = skb.frame
  const to = ipv4.destination(bytes, start)
  const from = ipv4.source(bytes, start)
  if (
    device.driver.kind !== 'loopback' &&
    outlandish(from >>> 24, to >>> 24) &&
    refuseMartian(namespace, skb, from, to)
  ) {
    return
  }
  routeInput(namespace, device, skb, toUs, from, to)
}

/** `ip_route_input_slow`: ours, someone else's, or nobody's. */
function routeInput(namespace: Namespace, device: NetDevice, skb: Skb, toUs: boolean, from: V4, to: V4): void {
  const route = to === -1 ? LIMITED : namespace.fibs.v4.lookupV4(to)
  if (route === null) {
    noRoute(namespace, skb, 4, null)
    return
  }
  const ours = route.kind === 'local' || route.kind === 'broadcast'
  if (!ours && (route.kind !== 'unicast' || !namespace.sysctl.ipForward)) {
    noRoute(namespace, skb, 4, route.kind)
    return
  }
  const invalid = validateSource(namespace, from, device)
  if (invalid !== null) {
    drop(namespace.kernel, device.place, skb, invalid)
    return
  }
  if (ours) {
    routed(namespace, skb, 'local', to, route)
    deliverV4(namespace, device, skb)
  } else {
    forwardV4(namespace, device, skb, route, toUs)
  }
}

/** Whether the first byte of an address is one that routing never takes as it comes: 0, 127, or 224 and above. */
function outlandish(from: number, to: number): boolean {
  return from === 0 || from === 127 || from >= 224 || to === 0 || to === 127 || to >= 224
}

/** True when the packet was dropped for its addresses (RFC 1812 5.3.7). */
function refuseMartian(namespace: Namespace, skb: Skb, from: V4, to: V4): boolean {
  const source = from >>> 24
  const target = to >>> 24
  const { routeLocalnet } = namespace.sysctl
  if ((source >= 224 && source < 240) || from === -1) return martian(namespace, skb, 'source')
  if (to === -1 || (from === 0 && to === 0)) return false
  if (source === 0) return martian(namespace, skb, 'source')
  if (target === 0) return martian(namespace, skb, 'destination')
  if (routeLocalnet) return false
  if (target === 127) return martian(namespace, skb, 'destination')
  if (source === 127) return martian(namespace, skb, 'source')
  // Multicast is not modelled: nobody has joined a group.
  if (target >= 224 && target < 240) return martian(namespace, skb, 'destination')
  return false
}
