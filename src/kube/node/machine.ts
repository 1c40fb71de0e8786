import { addNic } from '../../linux/device/create.ts'
import type { NetDevice } from '../../linux/device/net-device.ts'
import type { Segment } from '../../linux/device/segment.ts'
import type { Kernel } from '../../linux/kernel.ts'
import { Namespace } from '../../linux/namespace.ts'
import { type Address, familyOf } from '../../util/address.ts'
import { type Prefix, prefix } from '../../util/prefix.ts'
import { macFromName } from './names.ts'

/** A network card: the LAN it is on, its addresses with their subnets' lengths, and further subnets that are on-link. */
export interface NicSpec {
  readonly name: string
  readonly segment: Segment
  readonly mtu: number
  readonly addresses: readonly Prefix[]
  readonly onLink?: readonly Prefix[]
}

export interface MachineSpec {
  readonly name: string
  readonly nics: readonly NicSpec[]
  /** Where its default routes lead, one a family, and by which card; none for the gateway itself. */
  readonly gateway: readonly Address[]
  readonly gatewayNic: string
  /** A Kubernetes node forwards; a laptop does not. */
  readonly forwards: boolean
}

const DEFAULT = { 4: prefix('0.0.0.0/0'), 6: prefix('::/0') } as const

/** A computer on the nodes' network: its host namespace with cards, addresses and default routes. */
export class Machine {
  readonly host: Namespace

  constructor(
    kernel: Kernel,
    readonly spec: MachineSpec,
  ) {
    this.host = new Namespace(kernel, spec.name, 'host')
    if (spec.forwards) this.host.configure({ ipForward: true, ipv6Forward: true })
    for (const nic of spec.nics) this.plug(nic)
    const device = this.host.device(spec.gatewayNic)
    for (const via of spec.gateway) this.host.addRoute({ destination: DEFAULT[familyOf(via)], via, device })
  }

  nic(name: string): NetDevice {
    const device = this.host.device(name)
    if (device === null) throw new Error(`machine ${this.spec.name}: expected a card ${name}`)
    return device
  }

  private plug({ name, segment, mtu, addresses, onLink = [] }: NicSpec): void {
    const device = addNic(this.host, name, segment, { mtu, mac: macFromName(`${this.spec.name} ${name}`) })
    for (const address of addresses) this.host.addAddress(device, address)
    for (const destination of onLink) this.host.addRoute({ destination, device })
  }
}
