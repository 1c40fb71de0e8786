import { addVxlan } from '../../linux/device/create.ts'
import type { NetDevice } from '../../linux/device/net-device.ts'
import type { Vxlan } from '../../linux/device/vxlan.ts'
import type { Namespace } from '../../linux/namespace.ts'
import { type Address, type Family, familyOf, type Mac, parseMac } from '../../util/address.ts'
import type { Prefix } from '../../util/prefix.ts'
import type { Labels } from '../api/meta.ts'
import { macFromName } from './names.ts'

/** What flannel publishes of a node in its lease: enough for every other node to reach its pods. */
export interface Lease {
  readonly node: string
  readonly podCIDRs: readonly Prefix[]
  /** `public-ip`: the address of the interface that flannel was given, one a family. */
  readonly publicAddresses: readonly Address[]
  /** The MAC addresses of the tunnel ends. */
  readonly vtepMacs: Readonly<Record<Family, Mac>>
  /** Addresses of the node's pods outside its ranges. */
  readonly foreign: readonly Address[]
}

/** Joins the pods of all nodes: `flanneld` with one of its backends. */
export interface Overlay {
  /** Another node's lease was seen. */
  addPeer(lease: Lease): void
  /** Another node is gone. */
  removePeer(lease: Lease): void
}

const VNI = 1
/** IP, UDP, VXLAN and the inner Ethernet header. */
const OVERHEAD = { 4: 50, 6: 70 } as const
const DEVICE = { 4: 'flannel.1', 6: 'flannel-v6.1' } as const
const WHOLE = { 4: 32, 6: 128 } as const

/**
 * Backend `vxlan` (flannel, pkg/backend/vxlan): a tunnel end of each family with the range's first address, and for each
 * peer a route by that address on-link, a permanent neighbour and an FDB entry. Nothing is ever asked on the tunnel.
 */
export class VxlanOverlay implements Overlay {
  private readonly ends = new Map<Family, { readonly device: NetDevice; readonly tunnel: Vxlan }>()

  constructor(
    private readonly host: Namespace,
    own: Lease,
    underlay: NetDevice,
  ) {
    for (const range of own.podCIDRs) {
      const family = familyOf(range.address)
      const local = own.publicAddresses.find((address) => familyOf(address) === family)
      if (local === undefined) continue
      const mtu = underlay.mtu - OVERHEAD[family]
      const tunnel = addVxlan(host, DEVICE[family], { vni: VNI, local }, { mtu, mac: own.vtepMacs[family] })
      host.addAddress(tunnel.device, { address: range.address, length: WHOLE[family] })
      this.ends.set(family, { device: tunnel.device, tunnel })
    }
  }

  addPeer(lease: Lease): void {
    for (const { family, range, end, remote } of this.towards(lease)) {
      const via = range.address
      end.device.neighbours.setPermanent(via, lease.vtepMacs[family])
      end.tunnel.addFdb(lease.vtepMacs[family], remote)
      for (const destination of destinations(range, lease)) this.host.addRoute({ destination, via, device: end.device })
    }
  }

  removePeer(lease: Lease): void {
    for (const { family, range, end } of this.towards(lease)) {
      for (const destination of destinations(range, lease)) this.host.removeRoute(destination)
      end.tunnel.removeFdb(lease.vtepMacs[family])
      end.device.neighbours.delete(range.address)
    }
  }

  private *towards(lease: Lease) {
    for (const range of lease.podCIDRs) {
      const family = familyOf(range.address)
      const end = this.ends.get(family)
      const remote = lease.publicAddresses.find((address) => familyOf(address) === family)
      if (end !== undefined && remote !== undefined) yield { family, range, end, remote }
    }
  }
}

/** Backend `host-gw`: each node is the next hop to its range; all are on one Ethernet. */
export class HostGwOverlay implements Overlay {
  constructor(
    private readonly host: Namespace,
    private readonly underlay: NetDevice,
  ) {}

  addPeer(lease: Lease): void {
    for (const range of lease.podCIDRs) {
      const via = lease.publicAddresses.find((address) => familyOf(address) === familyOf(range.address))
      if (via === undefined) continue
      for (const destination of destinations(range, lease)) {
        this.host.addRoute({ destination, via, device: this.underlay })
      }
    }
  }

  removePeer(lease: Lease): void {
    for (const range of lease.podCIDRs) {
      for (const destination of destinations(range, lease)) this.host.removeRoute(destination)
    }
  }
}

/** The range, and the single addresses of its family that belong to the node without being in it. */
function destinations(range: Prefix, lease: Lease): Prefix[] {
  const family = familyOf(range.address)
  const single = lease.foreign.filter((address) => familyOf(address) === family)
  return [range, ...single.map((address) => ({ address, length: WHOLE[family] }))]
}

/** The MAC addresses of a node's tunnel ends: those that flannel wrote on the Node, else drawn from its name. */
export function vtepMacs(node: string, annotations: Labels): Lease['vtepMacs'] {
  const published = (key: string): Mac | null => {
    const match = /"VtepMAC":\s*"([^"]+)"/.exec(annotations[`flannel.alpha.coreos.com/${key}`] ?? '')
    return match === null ? null : parseMac(match[1])
  }
  return {
    4: published('backend-data') ?? macFromName(`${node} ${DEVICE[4]}`),
    6: published('backend-v6-data') ?? macFromName(`${node} ${DEVICE[6]}`),
  }
}
