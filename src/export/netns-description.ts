/**
 * What `export netns` builds: a cluster as plain data. Addresses are text; those of interfaces carry their prefix length
 * (`192.168.56.11/24`, `fd00::11/64`), others do not. MACs are `aa:bb:cc:dd:ee:ff`, fixed so that captures compare.
 */
export interface NetnsDescription {
  /** For the comment at the top of the script. */
  readonly title: string
  /** Every namespace is called `PREFIX-NAME`. */
  readonly prefix: string
  /** What flannel calls Network, one a family: not masqueraded between themselves. */
  readonly clusterCidrs: readonly string[]
  readonly networks: readonly NetnsNetwork[]
  /** Machines that are no nodes: the laptop that is the gateway and the external client. */
  readonly machines: readonly NetnsMachine[]
  readonly nodes: readonly NetnsNode[]
  /** In the order in which they came up: the order of bridge ports, hence of flooding. */
  readonly pods: readonly NetnsPod[]
}

/** One broadcast domain. */
export interface NetnsNetwork {
  /** Also the name of its bridge: up to 15 characters. */
  readonly name: string
  readonly mtu: number
}

export interface NetnsMachine {
  readonly name: string
  readonly forwards: boolean
  readonly interfaces: readonly NetnsInterface[]
  readonly routes: readonly NetnsRoute[]
}

export interface NetnsInterface {
  readonly name: string
  readonly network: string
  /** The switch's end of the cable: unique among all ports, up to 15 characters. */
  readonly port: string
  readonly mac: string
  readonly mtu: number
  readonly addresses: readonly string[]
}

export interface NetnsRoute {
  /** A CIDR or `default`. */
  readonly to: string
  readonly via: string | null
  readonly device: string | null
}

export interface NetnsNode extends NetnsMachine {
  /** What the CNI bridge plugin made: `cni0`, with the gateway addresses of the node's pods. */
  readonly bridge: {
    readonly name: string
    readonly mac: string
    readonly mtu: number
    readonly addresses: readonly string[]
  }
  /** One for each pod CIDR of the node. */
  readonly overlays: readonly NetnsOverlay[]
}

export type NetnsOverlay =
  | {
      readonly kind: 'host-gw'
      readonly podCidr: string
      /** Where the other nodes send packets for `podCidr`. */
      readonly address: string
    }
  | {
      readonly kind: 'vxlan'
      readonly podCidr: string
      /** `flannel.1`; its `address` is the network address of `podCidr`. */
      readonly device: string
      readonly address: string
      readonly mac: string
      readonly mtu: number
      readonly vni: number
      readonly port: number
      /** The interface and the address that the outer packets take. */
      readonly underlay: string
      readonly local: string
    }

export interface NetnsPod {
  readonly namespace: string
  readonly name: string
  readonly node: string
  readonly mac: string
  readonly mtu: number
  readonly addresses: readonly string[]
  /** The node's end of the pair: up to 15 characters. */
  readonly veth: string
  readonly vethMac: string
}
