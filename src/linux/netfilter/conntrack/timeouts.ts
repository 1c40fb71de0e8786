import type { TcpStateName } from './tcp-track.ts'

/** Seconds; the sysctls net.netfilter.nf_conntrack_*. */
export interface Timeouts {
  /** By state, and the two that shorten it: retransmissions without an answer, and data without an ACK. */
  readonly tcp: Readonly<Record<TcpStateName | 'RETRANS' | 'UNACK', number>>
  readonly udp: number
  readonly udpStream: number
  readonly icmp: number
  readonly icmpv6: number
  readonly generic: number
  /** By SCTP state, as `SCTP_STATES` counts. */
  readonly sctp: readonly number[]
}

/** The kernel's own. kube-proxy sets TCP's ESTABLISHED to 86400 and CLOSE_WAIT to 3600. */
export const DEFAULT_TIMEOUTS: Timeouts = {
  tcp: {
    NONE: 0,
    SYN_SENT: 120,
    SYN_RECV: 60,
    ESTABLISHED: 432_000,
    FIN_WAIT: 120,
    CLOSE_WAIT: 60,
    LAST_ACK: 30,
    TIME_WAIT: 120,
    CLOSE: 10,
    SYN_SENT2: 120,
    RETRANS: 300,
    UNACK: 300,
  },
  udp: 30,
  udpStream: 120,
  icmp: 30,
  icmpv6: 30,
  generic: 600,
  sctp: [10, 10, 3, 3, 210, 3, 3, 3, 30],
}

export const KUBE_PROXY_TIMEOUTS: Timeouts = {
  ...DEFAULT_TIMEOUTS,
  tcp: { ...DEFAULT_TIMEOUTS.tcp, ESTABLISHED: 86_400, CLOSE_WAIT: 3_600 },
}
