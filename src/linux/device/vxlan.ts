import { type Address, familyOf, type Mac } from '../../util/address.ts'
import * as ethernet from '../../wire/fast/ethernet.ts'
import { destination, Layout, locate, source } from '../../wire/fast/layout.ts'
import { checksumOk } from '../../wire/fast/transport.ts'
import * as udp from '../../wire/fast/udp.ts'
import * as vxlan from '../../wire/fast/vxlan.ts'
import { PROTOCOL } from '../../wire/numbers.ts'
import { drop } from '../drop.ts'
import type { Namespace } from '../namespace.ts'
import type { Skb } from '../skb.ts'
import { flowPort } from './flow-port.ts'
import type { Driver, NetDevice } from './net-device.ts'

export interface VxlanSpec {
  readonly vni: number
  /** Default 8472, Linux's own; RFC 7348 says 4789. */
  readonly port?: number
  /** The underlay address that this end speaks with. */
  readonly local: Address
  /** Default 64. */
  readonly ttl?: number
}

/** The outer IP header, UDP, VXLAN and the inner Ethernet header. */
const OVERHEAD_V4 = 20 + udp.UDP + vxlan.VXLAN + ethernet.ETHERNET
const OVERHEAD_V6 = OVERHEAD_V4 + 20
const HOP_LIMIT = 64
const ALL_ZEROS = 0 as Mac

const layout = new Layout()

/** A VXLAN tunnel end (RFC 7348), `nolearning` as flannel makes it: who is where stands in the FDB. */
export class Vxlan implements Driver {
  readonly kind = 'vxlan'
  private readonly fdb = new Map<Mac, Address>()
  private own: NetDevice | null = null

  /** `seed`: the secret that flows are hashed with. */
  constructor(
    readonly spec: VxlanSpec,
    private readonly seed: number,
  ) {}

  attach(device: NetDevice): void {
    this.own = device
  }

  get device(): NetDevice {
    return this.own!
  }

  /** What encapsulation adds to a packet: 50 bytes over IPv4. */
  get overhead(): number {
    return typeof this.spec.local === 'number' ? OVERHEAD_V4 : OVERHEAD_V6
  }

  /** `bridge fdb append MAC dev DEVICE dst REMOTE`; the all-zeros address takes what no other entry does. */
  addFdb(mac: Mac, remote: Address): void {
    this.fdb.set(mac, remote)
  }

  removeFdb(mac: Mac): void {
    this.fdb.delete(mac)
  }

  fdbEntries(): ReadonlyMap<Mac, Address> {
    return this.fdb
  }

  /** `vxlan_xmit`: wraps the frame and sends it on the underlay. The mark stays, the conntrack entry does not. */
  transmit(skb: Skb): void {
    const { namespace, place } = this.device
    const { kernel } = namespace
    const { frame } = skb
    const remote = this.fdb.get(ethernet.destination(frame.bytes, frame.start)) ?? this.fdb.get(ALL_ZEROS)
    if (remote === undefined) {
      drop(kernel, place, skb, 'vxlan-no-remote')
      return
    }
    const route = namespace.fibs.lookup(remote)
    if (route?.device === this.device) {
      drop(kernel, place, skb, 'tunnel-loop', 'the way to the other end leads into the tunnel')
      return
    }
    const { vni, local, port = 8472, ttl = HOP_LIMIT } = this.spec
    const from = flowPort(frame, this.seed)
    this.learnInnerMtu(skb, route?.device?.mtu ?? 0)
    vxlan.writeVxlan(frame, vni)
    udp.writeUdp(frame, local, remote, from, port)
    this.note(skb, remote)
    skb.forgetConnection()
    const errno = namespace.send(skb, { source: local, destination: remote, protocol: PROTOCOL.udp, ttl })
    if (errno !== null && errno !== 'EPERM') drop(kernel, place, skb, 'no-route-out', errno)
  }

  remove(): void {
    this.device.namespace.tunnels?.get(this.spec.port ?? 8472)?.remove(this)
  }

  /** `vxlan_rcv`: `t` is where the UDP header starts. The namespace found this end by its port. */
  receive(skb: Skb, t: number): void {
    const { frame } = skb
    const { bytes: b, start, end } = frame
    const { namespace, place } = this.device
    const { kernel } = namespace
    const header = t + udp.UDP
    const inner = header + vxlan.VXLAN
    if (!locate(b, start, end, layout) || udp.fault(b, t, end) !== null || inner + ethernet.ETHERNET > end) {
      drop(kernel, place, skb, 'packet-too-small')
    } else if (!checksumOk(b, layout)) {
      drop(kernel, place, skb, 'udp-checksum')
    } else if (!vxlan.hasVni(b, header)) {
      drop(kernel, place, skb, 'vxlan-header')
    } else if (vxlan.vni(b, header) !== this.spec.vni) {
      drop(kernel, place, skb, 'vxlan-vni', `vni ${vxlan.vni(b, header)}`)
    } else if (ethernet.source(b, inner) === this.device.mac) {
      drop(kernel, place, skb, 'tunnel-loop', 'our own frame came back')
    } else {
      this.unwrap(skb, inner - start, source(b, layout))
    }
  }

  private unwrap(skb: Skb, overhead: number, remote: Address): void {
    const { recorder, simulation } = this.device.namespace.kernel
    skb.frame.pull(overhead)
    skb.forgetConnection()
    skb.cause = recorder.on
      ? recorder.step(simulation.now, this.device.place, skb.cause, skb.packet, null, {
          kind: 'decap',
          vni: this.spec.vni,
          remote,
        })
      : recorder.skip()
    this.device.receive(skb)
  }

  /**
   * `skb_tunnel_check_pmtu`: a packet too big for the underlay is sent, in fragments since the outer DF is off, and the way to
   * its destination is known to be narrower from now on.
   */
  private learnInnerMtu(skb: Skb, underlay: number): void {
    const { frame } = skb
    const mtu = underlay - this.overhead
    const network = frame.start + ethernet.ETHERNET
    if (underlay === 0 || frame.end - network <= mtu || !locate(frame.bytes, network, frame.end, layout)) return
    this.device.namespace.pmtu.learn(destination(frame.bytes, layout), mtu, layout.family)
  }

  private note(skb: Skb, remote: Address): void {
    const { recorder, simulation } = this.device.namespace.kernel
    const { vni, local } = this.spec
    const { overhead } = this
    skb.cause = recorder.on
      ? recorder.step(simulation.now, this.device.place, skb.cause, skb.packet, null, {
          kind: 'encap',
          vni,
          local,
          remote,
          overhead,
        })
      : recorder.skip()
  }
}

/** The tunnel ends of one UDP port of a namespace, told apart by VNI, and by family: each has a socket of its own. */
export class VxlanPort {
  private readonly ends: Vxlan[] = []

  constructor(private readonly namespace: Namespace) {}

  add(end: Vxlan): void {
    this.ends.push(end)
  }

  remove(end: Vxlan): void {
    const at = this.ends.indexOf(end)
    if (at >= 0) this.ends.splice(at, 1)
  }

  receive(skb: Skb, t: number): void {
    const { bytes, start, end } = skb.frame
    const header = t + udp.UDP
    const family = bytes[start] >> 4
    const ends = this.ends.filter(({ spec }) => familyOf(spec.local) === family)
    const known =
      header + vxlan.VXLAN <= end ? ends.find(({ spec }) => spec.vni === vxlan.vni(bytes, header)) : undefined
    const to = known ?? ends[0]
    if (to === undefined) drop(this.namespace.kernel, this.namespace.place, skb, 'vxlan-vni')
    else to.receive(skb, t)
  }
}
