import { Simulation } from '../../sim/simulation.ts'
import { Recorder, type Recording } from '../../trace/recorder.ts'
import type { Step } from '../../trace/step.ts'
import { type Address, address, type Mac } from '../../util/address.ts'
import { prefix } from '../../util/prefix.ts'
import { Rng } from '../../util/rng.ts'
import type { Bridge } from '../device/bridge.ts'
import { addBridge, addNic, addVeth, addVxlan } from '../device/create.ts'
import type { NetDevice } from '../device/net-device.ts'
import { Segment } from '../device/segment.ts'
import type { Vxlan } from '../device/vxlan.ts'
import type { Kernel } from '../kernel.ts'
import { Namespace } from '../namespace.ts'

export interface LabOptions {
  readonly overlay?: 'vxlan' | 'host-gw'
  readonly podMtu?: number
  readonly seed?: number
  readonly recording?: Recording
  /** Run on every node before anything else is made: to add netfilter. */
  readonly node?: (namespace: Namespace) => void
  readonly pod?: (namespace: Namespace) => void
}

export interface Pod {
  readonly namespace: Namespace
  readonly device: NetDevice
  readonly v4: Address
  readonly v6: Address
}

export interface LabNode {
  readonly namespace: Namespace
  readonly eth0: NetDevice
  readonly cni0: Bridge
  readonly flannel: Vxlan | null
  readonly pods: readonly Pod[]
}

/**
 * Two nodes with two pods each, as flannel and the bridge plugin build them, in both families: pods 10.244.N.2 and .3 behind
 * cni0 10.244.N.1, nodes 192.168.56.11 and .12, a laptop .1 on the same LAN. All forward; nothing has netfilter unless given.
 */
export class Lab {
  readonly kernel: Kernel
  readonly segment: Segment
  readonly nodes: readonly LabNode[]
  readonly laptop: Namespace
  readonly options: LabOptions

  constructor(options: LabOptions = {}) {
    this.options = options
    this.kernel = {
      simulation: new Simulation(),
      recorder: new Recorder(options.recording ?? 'frames'),
      rng: new Rng(options.seed ?? 1),
    }
    this.segment = new Segment(this.kernel)
    this.laptop = new Namespace(this.kernel, 'laptop', 'host')
    const eth0 = addNic(this.laptop, 'eth0', this.segment)
    this.laptop.addAddress(eth0, '192.168.56.1/24')
    this.laptop.addAddress(eth0, 'fd00:56::1/64')
    this.nodes = [this.node(1), this.node(2)]
    this.join()
  }

  /** Pod `pod` (1 or 2) of node `node` (1 or 2). */
  pod(node: number, pod: number): Pod {
    return this.nodes[node - 1].pods[pod - 1]
  }

  run(): void {
    const end = this.kernel.simulation.run()
    if (end.kind === 'storm') throw new Error(`storm of ${end.events} events at ${end.at}`)
  }

  steps(): readonly Step[] {
    return this.kernel.recorder.steps
  }

  private node(n: number): LabNode {
    const namespace = new Namespace(this.kernel, `node-${n}`, 'host')
    namespace.configure({ ipForward: true, ipv6Forward: true })
    this.options.node?.(namespace)
    const eth0 = addNic(namespace, 'eth0', this.segment)
    namespace.addAddress(eth0, `192.168.56.${10 + n}/24`)
    namespace.addAddress(eth0, `fd00:56::${10 + n}/64`)
    namespace.addRoute({ destination: prefix('0.0.0.0/0'), via: address('192.168.56.1'), device: eth0 })
    namespace.addRoute({ destination: prefix('::/0'), via: address('fd00:56::1'), device: eth0 })
    const cni0 = addBridge(namespace, 'cni0', { mtu: this.options.podMtu ?? 1500 })
    namespace.addAddress(cni0.device, `10.244.${n}.1/24`)
    namespace.addAddress(cni0.device, `fd00:10:244:${n}::1/64`)
    const flannel = this.options.overlay === 'host-gw' ? null : this.tunnel(namespace, n)
    return {
      namespace,
      eth0,
      cni0,
      flannel,
      pods: [this.addPod(namespace, cni0, n, 1), this.addPod(namespace, cni0, n, 2)],
    }
  }

  private tunnel(namespace: Namespace, n: number): Vxlan {
    const flannel = addVxlan(namespace, 'flannel.1', { vni: 1, local: address(`192.168.56.${10 + n}`) }, { mtu: 1450 })
    namespace.addAddress(flannel.device, `10.244.${n}.0/32`)
    namespace.addAddress(flannel.device, `fd00:10:244:${n}::/128`)
    return flannel
  }

  private addPod(node: Namespace, cni0: Bridge, n: number, p: number): Pod {
    const namespace = new Namespace(this.kernel, `node-${n}`, `default/pod-${n}${p}`)
    this.options.pod?.(namespace)
    const mtu = this.options.podMtu ?? 1500
    const [device, port] = addVeth(namespace, 'eth0', node, `veth${n}${p}`, { mtu })
    cni0.addPort(port, { hairpin: true })
    const v4 = address(`10.244.${n}.${1 + p}`)
    const v6 = address(`fd00:10:244:${n}::${1 + p}`)
    namespace.addAddress(device, { address: v4, length: 24 })
    namespace.addAddress(device, { address: v6, length: 64 })
    namespace.addRoute({ destination: prefix('0.0.0.0/0'), via: address(`10.244.${n}.1`), device })
    namespace.addRoute({ destination: prefix('::/0'), via: address(`fd00:10:244:${n}::1`), device })
    return { namespace, device, v4, v6 }
  }

  /** Routes, neighbours and FDB entries towards the other node, as flannel writes them. */
  private join(): void {
    for (const [here, there, n] of [
      [this.nodes[0], this.nodes[1], 2],
      [this.nodes[1], this.nodes[0], 1],
    ] as const) {
      const v4 = prefix(`10.244.${n}.0/24`)
      const v6 = prefix(`fd00:10:244:${n}::/64`)
      if (here.flannel === null || there.flannel === null) {
        here.namespace.addRoute({ destination: v4, via: address(`192.168.56.${10 + n}`), device: here.eth0 })
        here.namespace.addRoute({ destination: v6, via: address(`fd00:56::${10 + n}`), device: here.eth0 })
        continue
      }
      const { device } = here.flannel
      const mac: Mac = there.flannel.device.mac
      for (const destination of [v4, v6]) {
        here.namespace.addRoute({ destination, via: destination.address, device })
        device.neighbours.setPermanent(destination.address, mac)
      }
      here.flannel.addFdb(mac, address(`192.168.56.${10 + n}`))
    }
  }
}
