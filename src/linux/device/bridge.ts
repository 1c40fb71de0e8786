import type { Mac } from '../../util/address.ts'
import * as ethernet from '../../wire/fast/ethernet.ts'
import { drop } from '../drop.ts'
import type { Skb } from '../skb.ts'
import * as bridgeNetfilter from './bridge-netfilter.ts'
import { BridgePort } from './bridge-port.ts'
import { Fdb } from './fdb.ts'
import type { Driver, NetDevice } from './net-device.ts'

/** What `is_skb_forwardable` allows beyond the MTU: the Ethernet header and a VLAN tag. */
const OVERHEAD = 18
/** 01:80:c2:00:00:0X: for the bridge itself, never forwarded (IEEE 802.1D). */
const RESERVED_HIGH = 0x0180
const RESERVED_LOW = 0xc2000000 | 0

/** A learning bridge (net/bridge) without STP. Its own device is how the host takes part: `attach` joins the two. */
export class Bridge implements Driver {
  readonly kind = 'bridge'
  readonly fdb = new Fdb()
  /** The newest first, which is the order Linux floods in. */
  private readonly ports: BridgePort[] = []
  private own: NetDevice | null = null

  attach(device: NetDevice): void {
    this.own = device
  }

  get device(): NetDevice {
    return this.own!
  }

  /** `ip link set PORT master BRIDGE`. */
  addPort(device: NetDevice, options: { readonly hairpin?: boolean } = {}): BridgePort {
    const port = new BridgePort(this, device)
    port.hairpin = options.hairpin ?? false
    device.port = port
    this.ports.unshift(port)
    return port
  }

  removePort(port: BridgePort): void {
    const at = this.ports.indexOf(port)
    if (at >= 0) this.ports.splice(at, 1)
    port.device.port = null
    this.fdb.forget(port)
  }

  /** The bridge is deleted: its ports go on as plain devices. */
  remove(): void {
    for (const port of [...this.ports]) this.removePort(port)
  }

  /** `br_handle_frame`: a port received a frame. */
  input(port: BridgePort, skb: Skb): void {
    const { bytes: b, start: o } = skb.frame
    const { namespace } = this.device
    if (!this.device.up) {
      drop(namespace.kernel, port.device.place, skb, 'bridge-ingress', `${this.device.name} is down`)
      return
    }
    if (ethernet.destinationHigh(b, o) === RESERVED_HIGH && (ethernet.destinationLow(b, o) & ~15) === RESERVED_LOW) {
      drop(namespace.kernel, port.device.place, skb, 'bridge-ingress', 'link-local group')
      return
    }
    if (bridgeNetfilter.preRouting(this, port, skb)) this.finish(port, skb)
  }

  /** `br_handle_frame_finish`: learns the source, then forwards, floods, or passes up. */
  finish(port: BridgePort, skb: Skb): void {
    const { bytes: b, start: o } = skb.frame
    const { now } = this.device.namespace.kernel.simulation
    const learned = this.fdb.learn(ethernet.source(b, o), port, now)
    if (ethernet.isGroup(b, o)) {
      this.flood(port, skb, true, learned)
      return
    }
    if (ethernet.isFor(b, o, this.device.macHigh, this.device.macLow)) {
      this.note(port, skb, 'local', NAMES_NONE, learned)
      this.passUp(skb)
      return
    }
    const to = this.fdb.find(ethernet.destination(b, o), now)
    if (to === null) {
      this.flood(port, skb, false, learned)
    } else if (to === port && !port.hairpin) {
      drop(this.device.namespace.kernel, port.device.place, skb, 'bridge-same-port')
    } else {
      this.note(port, skb, to === port ? 'hairpin' : 'forward', [to.device.name], learned)
      this.forward(port, to, skb)
    }
  }

  /** `br_dev_xmit`: the host sends through the bridge. Taps on the bridge device have seen the frame. */
  transmit(skb: Skb): void {
    if (bridgeNetfilter.bridgedDnat(this, skb)) return
    const { bytes: b, start: o } = skb.frame
    const { now } = this.device.namespace.kernel.simulation
    const to = ethernet.isGroup(b, o) ? null : this.fdb.find(ethernet.destination(b, o), now)
    if (to === null) {
      this.flood(null, skb, false, false)
    } else {
      this.note(null, skb, 'forward', [to.device.name], false)
      this.out(to, skb)
    }
  }

  /** `br_flood`: out of every port but the one it came in by, and with `local` up to the host too, in that order. */
  private flood(from: BridgePort | null, skb: Skb, local: boolean, learned: boolean): void {
    const targets = this.ports.filter((port) => port !== from || port.hairpin)
    const names = targets.map((port) => port.device.name)
    if (local) names.push(this.device.name)
    this.note(from, skb, 'flood', names, learned)
    const last = local ? null : targets.pop()
    for (const port of targets) {
      const copy = skb.clone()
      copy.bridgeInput = skb.bridgeInput
      this.forward(from, port, copy)
    }
    if (local) this.passUp(skb)
    else if (last !== undefined && last !== null) this.forward(from, last, skb)
    else drop(this.device.namespace.kernel, this.device.place, skb, 'not-specified', 'no port to send it out of')
  }

  /** `br_forward`: bridged frames pass FORWARD and POSTROUTING, those of the host have passed OUTPUT already. */
  private forward(from: BridgePort | null, to: BridgePort, skb: Skb): void {
    if (from === null) {
      this.out(to, skb)
      return
    }
    const parts = bridgeNetfilter.forward(this, to, skb)
    if (parts === null) return
    if (parts.length === 0) this.out(to, skb)
    for (const part of parts) this.out(to, part)
  }

  /** `br_dev_queue_push_xmit`. */
  private out(to: BridgePort, skb: Skb): void {
    if (skb.frame.length > to.device.mtu + OVERHEAD) {
      drop(this.device.namespace.kernel, to.device.place, skb, 'too-big', `${to.device.name} has mtu ${to.device.mtu}`)
      return
    }
    to.device.transmit(skb)
  }

  /** `br_pass_frame_up`: the bridge device receives. */
  private passUp(skb: Skb): void {
    this.device.receive(skb)
  }

  private note(
    from: BridgePort | null,
    skb: Skb,
    decision: 'forward' | 'flood' | 'local' | 'hairpin',
    to: readonly string[],
    learned: boolean,
  ): void {
    const { recorder, simulation } = this.device.namespace.kernel
    if (!recorder.on) {
      skb.cause = recorder.skip()
      return
    }
    const { frame } = skb
    const destination: Mac = ethernet.destination(frame.bytes, frame.start)
    skb.cause = recorder.step(simulation.now, this.device.place, skb.cause, skb.packet, frame, {
      kind: 'bridge',
      decision,
      from: from?.device.name ?? this.device.name,
      to: decision === 'local' ? [this.device.name] : to,
      destination,
      learned,
    })
  }
}

const NAMES_NONE: readonly string[] = []
