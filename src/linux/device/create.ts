import type { Nanos } from '../../sim/time.ts'
import type { Mac } from '../../util/address.ts'
import type { Namespace } from '../namespace.ts'
import { Bridge } from './bridge.ts'
import { Dummy } from './dummy.ts'
import { Link } from './link.ts'
import type { NetDevice } from './net-device.ts'
import { Nic } from './nic.ts'
import type { Segment } from './segment.ts'
import { VETH_LATENCY, Veth } from './veth.ts'
import { Vxlan, VxlanPort, type VxlanSpec } from './vxlan.ts'

/** Options of `ip link add`. Without a MAC a device has one derived from its name; the MTU is 1500 unless said. */
export interface LinkOptions {
  readonly mtu?: number
  readonly mac?: Mac
}

export interface VethOptions extends LinkOptions {
  readonly peerMac?: Mac
  /** In nanoseconds, above 0. */
  readonly latency?: Nanos
}

const MTU = 1500

/** `ip link add NAME type veth peer name PEER netns OTHER`: both ends, up. */
export function addVeth(
  namespace: Namespace,
  name: string,
  other: Namespace,
  peer: string,
  options: VethOptions = {},
): readonly [NetDevice, NetDevice] {
  const { mtu = MTU, mac, peerMac, latency = VETH_LATENCY } = options
  const link = new Link(namespace.kernel, latency)
  const near = new Veth(link)
  const far = new Veth(link)
  const nearDevice = namespace.addDevice(name, near, mtu, mac)
  const farDevice = other.addDevice(peer, far, mtu, peerMac)
  near.peer = farDevice
  far.peer = nearDevice
  return [nearDevice, farDevice]
}

/** `ip link add NAME type dummy`: down, as it is made. */
export function addDummy(namespace: Namespace, name: string, options: LinkOptions = {}): NetDevice {
  const device = namespace.addDevice(name, new Dummy(), options.mtu ?? MTU, options.mac)
  device.up = false
  return device
}

/** `ip link add NAME type bridge`. */
export function addBridge(namespace: Namespace, name: string, options: LinkOptions = {}): Bridge {
  const bridge = new Bridge()
  bridge.attach(namespace.addDevice(name, bridge, options.mtu ?? MTU, options.mac))
  return bridge
}

/** `ip link add NAME type vxlan id VNI dstport PORT local ADDRESS nolearning`. */
export function addVxlan(namespace: Namespace, name: string, spec: VxlanSpec, options: LinkOptions = {}): Vxlan {
  const seed = namespace.kernel.rng.fork(`vxlan/${namespace.node}/${name}`).u32()
  const vxlan = new Vxlan(spec, seed)
  vxlan.attach(namespace.addDevice(name, vxlan, options.mtu ?? MTU - vxlan.overhead, options.mac))
  const port = spec.port ?? 8472
  namespace.tunnels ??= new Map()
  let ends = namespace.tunnels.get(port)
  if (ends === undefined) namespace.tunnels.set(port, (ends = new VxlanPort(namespace)))
  ends.add(vxlan)
  return vxlan
}

/** Plugs a machine into a LAN. */
export function addNic(namespace: Namespace, name: string, segment: Segment, options: LinkOptions = {}): NetDevice {
  const nic = new Nic(segment, new Link(namespace.kernel, segment.latency))
  const device = namespace.addDevice(name, nic, options.mtu ?? MTU, options.mac)
  segment.attach(device)
  return device
}
