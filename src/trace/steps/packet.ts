import type { Address, Mac } from '../../util/address.ts'
import type { DropReason } from '../drops.ts'

/** Where netfilter looks at a packet; names as `nf_inet_hooks` and iptables print them. */
export type HookName = 'PREROUTING' | 'INPUT' | 'FORWARD' | 'OUTPUT' | 'POSTROUTING'

/** An address and a port; for ICMP the port is the echo id. */
export interface Endpoint {
  readonly address: Address
  readonly port: number
}

/** Both directions of a conntrack entry, as `conntrack -L` prints them. `protocol` is the IP protocol number. */
export interface TuplePair {
  readonly protocol: number
  readonly original: { readonly source: Endpoint; readonly destination: Endpoint }
  readonly reply: { readonly source: Endpoint; readonly destination: Endpoint }
}

/** A route as `ip route get` prints it. `via` is null for a connected destination. */
export interface RouteTaken {
  readonly destination: { readonly address: Address; readonly length: number }
  readonly via: Address | null
  readonly device: string
  readonly kind: 'unicast' | 'local' | 'broadcast' | 'unreachable' | 'blackhole' | 'prohibit'
}

/** The rule that decided, and the chains walked to it. Indices count from 1, as `iptables -L --line-numbers`. */
export interface RuleTaken {
  readonly table: string
  readonly chain: string
  readonly index: number
  /** The rule as iptables-save prints it. */
  readonly text: string
  /** Chains from the built-in one down to `chain`. */
  readonly path: readonly string[]
  /** The Kubernetes object that the rule was written for: `Service default/web`. */
  readonly origin: string | null
}

/** IPVS's schedulers, as `ipvsadm -s` names them. */
export type SchedulerName = 'rr' | 'wrr' | 'lc' | 'wlc' | 'sed' | 'nq' | 'sh' | 'mh'

/** What happens to packets. A step's place says where; its frame, where it has one, is what a tap there sees. */
export type PacketEvent =
  /** The frame leaves the namespace through the device: what tcpdump -Q out shows. */
  | { readonly kind: 'transmit' }
  /** The frame enters the namespace through the device: what tcpdump -Q in shows. */
  | { readonly kind: 'receive' }
  /** The bridge decided: out of one port, out of all of them, up to the host, or dropped. */
  | {
      readonly kind: 'bridge'
      readonly decision: 'forward' | 'flood' | 'local' | 'hairpin'
      /** The port the frame came in by; the bridge's own name when the host sent it. */
      readonly from: string
      readonly to: readonly string[]
      readonly destination: Mac
      /** The source address was new at this port. */
      readonly learned: boolean
    }
  | {
      readonly kind: 'route'
      readonly decision: 'forward' | 'local' | 'output'
      readonly destination: Address
      readonly route: RouteTaken
      /** Hop limit before and after, when forwarding. */
      readonly ttl: { readonly before: number; readonly after: number } | null
    }
  /** A packet waits for (or gave up on) a link-layer address. */
  | {
      readonly kind: 'neighbour'
      readonly change: 'wait' | 'resolved' | 'failed' | 'learned'
      readonly address: Address
      readonly mac: Mac | null
    }
  /** A rule with an effect matched: a verdict, a mark. Rules that merely jumped are in its `path`. */
  | {
      readonly kind: 'rule'
      readonly hook: HookName
      readonly verdict:
        | 'ACCEPT'
        | 'DROP'
        | 'REJECT'
        | 'MARK'
        | 'MASQUERADE'
        | 'SNAT'
        | 'DNAT'
        | 'REDIRECT'
        | 'NOTRACK'
        | 'RETURN'
      readonly rule: RuleTaken
      readonly mark: number
      /** Rules the kernel would have evaluated in this table at this hook. */
      readonly evaluated: number
    }
  /** An address was rewritten. `reverse`: undone by conntrack for the other direction, no rule was asked. */
  | {
      readonly kind: 'nat'
      readonly nat: 'dnat' | 'snat' | 'masquerade'
      readonly hook: HookName
      readonly reverse: boolean
      readonly from: Endpoint
      readonly to: Endpoint
      readonly rule: RuleTaken | null
      /** Not conntrack's doing: IPVS keeps connections of its own. `first`: this packet began one. */
      readonly by?: 'ipvs'
      readonly first?: boolean
    }
  /** IPVS chose a real server for a client's new connection: null when none takes it. */
  | {
      readonly kind: 'ipvs'
      readonly hook: HookName
      readonly protocol: number
      readonly virtual: Endpoint
      readonly scheduler: SchedulerName
      /** Seconds for which the client keeps its real server; 0 without persistence. */
      readonly persistence: number
      /** Persistence had chosen before: the scheduler was not asked. */
      readonly bound: boolean
      readonly chosen: Endpoint | null
      /** All real servers as the scheduler saw them, in the order of `ipvsadm -Ln`. */
      readonly reals: readonly {
        readonly real: Endpoint
        readonly weight: number
        readonly active: number
        readonly inactive: number
      }[]
      /** The Kubernetes object that the virtual server was made for: `Service default/web`. */
      readonly origin: string
    }
  | {
      readonly kind: 'conntrack'
      readonly change: 'new' | 'established' | 'state' | 'related' | 'destroyed' | 'invalid'
      readonly connection: number
      readonly tuples: TuplePair
      /** TCP state name (SYN_SENT …), empty for other protocols. */
      readonly state: string
    }
  | {
      readonly kind: 'encap'
      readonly vni: number
      readonly local: Address
      readonly remote: Address
      readonly overhead: number
    }
  | { readonly kind: 'decap'; readonly vni: number; readonly remote: Address }
  | { readonly kind: 'fragment'; readonly mtu: number; readonly count: number }
  | { readonly kind: 'reassemble'; readonly count: number; readonly length: number }
  /** The packet reached what it was for: a socket, or the kernel itself (echo request, an ICMP error). */
  | {
      readonly kind: 'deliver'
      readonly protocol: number
      readonly to: 'socket' | 'listener' | 'kernel'
      readonly local: Endpoint
    }
  /** The namespace answers with an ICMP error, which is a packet of its own. */
  | {
      readonly kind: 'icmp-error'
      readonly type: number
      readonly code: number
      readonly mtu: number | null
      readonly to: Address
      /** `redirect`: the packet goes on, its sender is told of a shorter way. */
      readonly why: DropReason | 'redirect'
    }
  | { readonly kind: 'drop'; readonly reason: DropReason; readonly detail?: string }

/** What happens to sockets; the packet is the one that caused it, or 0. */
export type SocketEvent =
  | {
      readonly kind: 'tcp-state'
      readonly from: string
      readonly to: string
      readonly local: Endpoint
      readonly remote: Endpoint
    }
  | {
      readonly kind: 'tcp-retransmit'
      readonly local: Endpoint
      readonly remote: Endpoint
      readonly sequence: number
      readonly cause: 'timeout' | 'fast'
      /** How often this segment was sent before. */
      readonly attempt: number
    }
  /** A system call failed, with its errno name: ECONNREFUSED, EMSGSIZE, EHOSTUNREACH, ETIMEDOUT. */
  | {
      readonly kind: 'socket-error'
      readonly errno: string
      readonly call: string
      readonly local: Endpoint | null
      readonly remote: Endpoint | null
    }

/** What programs do. */
export type ProgramEvent =
  | {
      readonly kind: 'program'
      readonly program: string
      readonly change: 'start' | 'exit'
      readonly code: number | null
    }
  | {
      readonly kind: 'http-request'
      readonly method: string
      readonly url: string
      readonly headers: readonly (readonly [string, string])[]
    }
  | {
      readonly kind: 'http-response'
      readonly status: number
      readonly reason: string
      readonly headers: readonly (readonly [string, string])[]
      readonly bytes: number
    }
  | { readonly kind: 'dns-query'; readonly name: string; readonly type: string; readonly server: Address }
  | {
      readonly kind: 'dns-answer'
      readonly name: string
      readonly type: string
      readonly rcode: string
      readonly answers: readonly string[]
    }
  /** A line that the program printed. */
  | { readonly kind: 'output'; readonly program: string; readonly line: string }
