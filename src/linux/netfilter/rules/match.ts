import type { Address } from '../../../util/address.ts'
import type { Prefix } from '../../../util/prefix.ts'
import type { AddressType } from '../netfilter.ts'

/** `-m conntrack --ctstate`; SNAT and DNAT are virtual: the connection's reply tuple differs from the inverted original. */
export type CtState = 'INVALID' | 'NEW' | 'ESTABLISHED' | 'RELATED' | 'UNTRACKED' | 'SNAT' | 'DNAT'

/** Both ends included. */
export interface PortRange {
  readonly low: number
  readonly high: number
}

/** What `! ` before an option does. */
interface Negatable {
  readonly negate?: boolean
}

/**
 * One condition of a rule, as iptables(8) and iptables-extensions(8) name them. Their order in a rule is the order of their
 * text; as in the kernel the conditions on the IP header and the devices are looked at first.
 */
export type Match =
  /** `-p`; `module` where its own extension is loaded too (`-m tcp`), which is what prints the ports. */
  | ({ readonly kind: 'protocol'; readonly protocol: number; readonly module?: boolean } & Negatable)
  | ({ readonly kind: 'source' | 'destination'; readonly prefix: Prefix } & Negatable)
  /** A device name; `cali+` is every name that begins with `cali`. */
  /** nftables: `{ 10.0.0.0/8, 192.0.2.1 }`, or a named set. */
  | ({ readonly kind: 'source-in' | 'destination-in'; readonly set: AddressSet } & Negatable)
  | ({ readonly kind: 'input' | 'output'; readonly device: string } & Negatable)
  | ({ readonly kind: 'source-port' | 'destination-port'; readonly ports: PortRange } & Negatable)
  | ({
      readonly kind: 'multiport'
      readonly side: 'source' | 'destination' | 'either'
      readonly ports: readonly PortRange[]
    } & Negatable)
  /** `--tcp-flags MASK SET`, over FIN SYN RST PSH ACK URG as the header has them. */
  | ({ readonly kind: 'tcp-flags'; readonly mask: number; readonly set: number } & Negatable)
  /** `--icmp-type` or `--icmpv6-type`; a null code is any. */
  | ({ readonly kind: 'icmp'; readonly type: number; readonly code: number | null } & Negatable)
  | ({ readonly kind: 'mark'; readonly value: number; readonly mask: number } & Negatable)
  | ({ readonly kind: 'ctstate'; readonly states: readonly CtState[] } & Negatable)
  | { readonly kind: 'ctdir'; readonly direction: 'ORIGINAL' | 'REPLY' }
  | ({ readonly kind: 'ctorigdst'; readonly prefix: Prefix } & Negatable)
  /** `-m addrtype`; `limit` is `--limit-iface-in` or `-out`: only this device's addresses count as local. */
  | ({
      readonly kind: 'addrtype'
      readonly side: 'source' | 'destination'
      readonly type: AddressType
      readonly limit?: 'in' | 'out'
    } & Negatable)
  | { readonly kind: 'comment'; readonly text: string }
  /** `-m statistic --mode random --probability`. */
  | { readonly kind: 'random'; readonly probability: number }
  /** `-m recent`: lists of addresses with the times they were seen. `seconds` 0 is no limit. */
  | ({
      readonly kind: 'recent'
      /** Lists are known by name; kube-proxy names them as the endpoint's chain. */
      readonly list: { readonly name: string }
      readonly action: 'set' | 'rcheck' | 'update' | 'remove'
      readonly seconds: number
      readonly reap: boolean
    } & Negatable)
  /** `-m set --match-set NAME src,dst`. */
  | ({ readonly kind: 'set'; readonly set: string; readonly sides: readonly ('src' | 'dst')[] } & Negatable)
  /** `-m ipvs`: IPVS has sent the packet on, or not; with `server`, for this virtual server alone, and not its answers. */
  | ({
      readonly kind: 'ipvs'
      readonly server: { readonly address: Address; readonly protocol: number; readonly port: number } | null
    } & Negatable)
  | ({ readonly kind: 'physdev'; readonly side: 'in' | 'out'; readonly device: string } & Negatable)
  | ({ readonly kind: 'physdev-is'; readonly what: 'in' | 'out' | 'bridged' } & Negatable)
  /** `-m limit`: a bucket of `burst` that refills at `amount` per `unit`. */
  | {
      readonly kind: 'limit'
      readonly amount: number
      readonly unit: 'sec' | 'min' | 'hour' | 'day'
      readonly burst: number
    }
  /** `-m nfacct`: counts, and always matches. */
  | { readonly kind: 'nfacct'; readonly name: string }

/** Addresses and networks; without a name they stand in the rule itself. */
export interface AddressSet {
  readonly name?: string
  readonly comment?: string
  readonly prefixes: readonly Prefix[]
}

export type MatchKind = Match['kind']
