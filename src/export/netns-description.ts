/**
 * What `export netns` builds: network namespaces as plain data. Addresses are text; those of interfaces carry their prefix
 * length (`192.168.56.11/24`). MACs are `aa:bb:cc:dd:ee:ff`, fixed, so that captures of two builds compare.
 */
export interface NetnsDescription {
  /** For the comment at the top of the script. */
  readonly title: string
  /** Every namespace is called `PREFIX-NAME`. */
  readonly prefix: string
  readonly networks: readonly NetnsNetwork[]
  readonly namespaces: readonly NetnsNamespace[]
}

/** One broadcast domain between machines. */
export interface NetnsNetwork {
  /** Also the name of its bridge: up to 15 characters. */
  readonly name: string
  readonly mtu: number
}

export interface NetnsNamespace {
  /** Less the prefix: a node's name, or a pod's `NAMESPACE_NAME`. */
  readonly name: string
  /** What it stands for: `Pod default/web on node-1`. */
  readonly title: string
  /** `net.ipv4.ip_forward=1` */
  readonly sysctls: readonly string[]
  /** In the order in which they were made: the order of bridge ports, hence of flooding. */
  readonly devices: readonly NetnsDevice[]
  readonly routes: readonly NetnsRoute[]
  /** As iptables-save and ip6tables-save print them. */
  readonly rules: { readonly 4: string; readonly 6: string }
  /** Commands for `nft -f`; empty where there is no such table. */
  readonly nftables: string
  /** For `ipset restore` and `ipvsadm -R`; empty where kube-proxy does not run in ipvs mode. */
  readonly ipsets: string
  readonly ipvs: string
}

export interface NetnsLink {
  /** Up to 15 characters. */
  readonly name: string
  readonly mac: string
  readonly mtu: number
  readonly addresses: readonly string[]
  /** The bridge it is a port of, if any. */
  readonly port: { readonly bridge: string; readonly hairpin: boolean } | null
  /** Permanent ones. */
  readonly neighbours: readonly { readonly address: string; readonly mac: string }[]
}

export type NetnsDevice = NetnsLink &
  (
    | { readonly kind: 'bridge' }
    /** Down. */
    | { readonly kind: 'dummy' }
    /** A card on a network; `socket` is the switch's end of its cable, unique and up to 15 characters. */
    | { readonly kind: 'card'; readonly network: string; readonly socket: string }
    /** Both ends of a pair name each other. */
    | { readonly kind: 'veth'; readonly peer: { readonly netns: string; readonly name: string } }
    | {
        readonly kind: 'vxlan'
        readonly vni: number
        readonly udpPort: number
        readonly local: string
        /** The device that outer packets leave by. */
        readonly underlay: string
        readonly fdb: readonly { readonly mac: string; readonly remote: string }[]
      }
  )

export interface NetnsRoute {
  /** `default`, a CIDR, or either after a type: `blackhole 203.0.113.0/24`. */
  readonly to: string
  readonly via: string | null
  readonly device: string | null
  /** The gateway is in no connected subnet. */
  readonly onlink: boolean
}
