import type { PlaceId } from '../../trace/step.ts'
import type { Address, Mac } from '../../util/address.ts'
import { fromHalves, highOf, lowOf, writeEthernet } from '../../wire/fast/ethernet.ts'
import { drop } from '../drop.ts'
import type { InterfaceAddress } from '../ip/address.ts'
import { linkInput } from '../ip/link-input.ts'
import type { Namespace } from '../namespace.ts'
import { NeighbourTable } from '../route/neighbour-table.ts'
import type { Skb } from '../skb.ts'
import type { BridgePort } from './bridge-port.ts'
import type { Device } from './device.ts'

/** What is behind a device (`net_device_ops`): a veth pair, a bridge, a tunnel, a LAN. */
export interface Driver {
  readonly kind: 'loopback' | 'veth' | 'ethernet' | 'bridge' | 'vxlan' | 'dummy'
  /** Takes a frame that taps have seen. */
  transmit(skb: Skb, device: NetDevice): void
  /** The device leaves its namespace for good (`ip link del`). */
  remove?(device: NetDevice): void
}

const TRANSMIT = { kind: 'transmit' } as const
const RECEIVE = { kind: 'receive' } as const
const NO_ADDRESSES: readonly InterfaceAddress[] = []

/** Linux's net_device: one shape for every kind, so that the packet path stays monomorphic. */
export class NetDevice implements Device {
  /** The address in halves, which a number in an object is not: that one would be an object of its own. */
  readonly macHigh: number
  readonly macLow: number
  up = true
  /** Set while the device is a port of a bridge, which then takes all that it receives (`rx_handler`). */
  port: BridgePort | null = null
  /** Made when the first neighbour is asked for or learnt. */
  private table: NeighbourTable | null = null
  addresses: readonly InterfaceAddress[] = NO_ADDRESSES
  private placeId = -1

  constructor(
    readonly namespace: Namespace,
    readonly name: string,
    readonly index: number,
    mac: Mac,
    public mtu: number,
    readonly driver: Driver,
  ) {
    this.macHigh = highOf(mac)
    this.macLow = lowOf(mac)
  }

  get mac(): Mac {
    return fromHalves(this.macHigh, this.macLow)
  }

  /** Interned when first needed: most devices of a large cluster never see a packet. */
  get place(): PlaceId {
    if (this.placeId < 0) {
      const { node, name } = this.namespace
      this.placeId = this.namespace.kernel.recorder.place(node, name, this.name)
    }
    return this.placeId
  }

  get neighbours(): NeighbourTable {
    this.table ??= new NeighbourTable(this)
    return this.table
  }

  forgetNeighbours(): void {
    this.table?.clear()
    this.table = null
  }

  /** `neigh_output`: sends an IP packet (`frame.start` at its header) to a neighbour, once its MAC address is known. */
  send(nextHop: Address, skb: Skb, etherType: number): void {
    if (this.driver.kind === 'loopback') {
      writeEthernet(skb.frame, this.mac, this.mac, etherType)
      this.transmit(skb)
      return
    }
    const { neighbours } = this
    const neighbour = neighbours.find(nextHop)
    if (neighbour === undefined || !neighbour.connected(this.namespace.kernel.simulation.now)) {
      neighbours.resolve(neighbour ?? neighbours.create(nextHop), skb, etherType)
      return
    }
    writeEthernet(skb.frame, neighbour.mac, this.mac, etherType)
    neighbour.cached = true
    this.transmit(skb)
  }

  /** `dev_queue_xmit`: taps see the frame, then the driver has it. */
  transmit(skb: Skb): void {
    const { kernel } = this.namespace
    if (!this.up) {
      drop(kernel, this.place, skb, 'device-down')
      return
    }
    const rec = kernel.recorder
    skb.cause = rec.on
      ? rec.step(kernel.simulation.now, this.place, skb.cause, skb.packet, skb.frame, TRANSMIT)
      : rec.skip()
    this.driver.transmit(skb, this)
  }

  /** `netif_receive_skb`: taps see the frame (`frame.start` at its Ethernet header), then the bridge or the protocols have it. */
  receive(skb: Skb): void {
    const { kernel } = this.namespace
    if (!this.up) {
      drop(kernel, this.place, skb, 'device-down')
      return
    }
    const rec = kernel.recorder
    skb.cause = rec.on
      ? rec.step(kernel.simulation.now, this.place, skb.cause, skb.packet, skb.frame, RECEIVE)
      : rec.skip()
    skb.input = this
    if (this.port !== null) this.port.bridge.input(this.port, skb)
    else linkInput(this.namespace, this, skb)
  }
}
