import type { Bridge } from '../../linux/device/bridge.ts'
import { addBridge, addVeth } from '../../linux/device/create.ts'
import type { NetDevice } from '../../linux/device/net-device.ts'
import type { Namespace } from '../../linux/namespace.ts'
import { type Address, familyOf, isV4 } from '../../util/address.ts'
import { inPrefix, type Prefix, prefix } from '../../util/prefix.ts'
import { gatewayOf } from './ipam.ts'
import { macOf, vethName } from './names.ts'

/** CNI_IFNAME: what the container runtime calls a pod's interface. */
const INTERFACE = 'eth0'
const DEFAULT = { 4: prefix('0.0.0.0/0'), 6: prefix('::/0') } as const

/** The bridge plugin's configuration, as flannel delegates to it: isDefaultGateway, hairpinMode, mtu. */
export interface BridgeCniConfig {
  /** The node's pod ranges, one a family. */
  readonly podCIDRs: readonly Prefix[]
  readonly mtu: number
}

/**
 * The CNI plugin `bridge` (containernetworking/plugins, plugins/main/bridge): `cni0` with the gateway's address, made with
 * the first pod, and for each pod a veth pair with hairpin on, addresses, and default routes by the gateway.
 */
export class BridgeCni {
  private bridge: Bridge | null = null

  constructor(
    private readonly host: Namespace,
    private readonly config: BridgeCniConfig,
  ) {}

  /** CNI ADD for a pod's namespace, called `NS/POD`. */
  add(pod: Namespace, addresses: readonly Address[]): void {
    const bridge = (this.bridge ??= this.makeBridge())
    const [namespace, name] = pod.name.split('/')
    const veth = vethName(namespace, name)
    const [device, port] = addVeth(pod, INTERFACE, this.host, veth, { mtu: this.config.mtu, mac: macOf(addresses[0]) })
    bridge.addPort(port, { hairpin: true })
    for (const address of addresses) this.configure(pod, device, address)
  }

  /** CNI DEL: the plugin deletes the pod's end, and the other goes with it; nothing is sent. */
  remove(pod: Namespace): void {
    const device = pod.device(INTERFACE)
    if (device !== null) pod.removeDevice(device)
  }

  /** An address outside the node's ranges, of a foreign IPAM, is a subnet of its own, with the gateway on-link. */
  private configure(pod: Namespace, device: NetDevice, address: Address): void {
    const range = this.config.podCIDRs.find((subnet) => inPrefix(address, subnet))
    const same = this.config.podCIDRs.find((subnet) => familyOf(subnet.address) === familyOf(address))
    const whole = isV4(address) ? 32 : 128
    pod.addAddress(device, { address, length: range?.length ?? whole })
    if (same === undefined) return
    const via = gatewayOf(same)
    if (range === undefined) {
      pod.addRoute({ destination: { address: via, length: whole }, device })
      this.host.addRoute({ destination: { address, length: whole }, device: this.bridge!.device })
    }
    pod.addRoute({ destination: DEFAULT[familyOf(address)], via, device })
  }

  private makeBridge(): Bridge {
    const { podCIDRs, mtu } = this.config
    const bridge = addBridge(this.host, 'cni0', { mtu, mac: macOf(gatewayOf(podCIDRs[0])) })
    for (const subnet of podCIDRs) {
      this.host.addAddress(bridge.device, { address: gatewayOf(subnet), length: subnet.length })
    }
    return bridge
  }
}
