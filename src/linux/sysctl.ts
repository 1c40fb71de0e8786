/** The kernel's knobs that the packet path asks, per namespace; names as under /proc/sys/net. Defaults are the kernel's own. */
export interface Sysctl {
  /** net.ipv4.ip_forward */
  ipForward: boolean
  /** net.ipv6.conf.all.forwarding */
  ipv6Forward: boolean
  /** net.ipv4.conf.all.rp_filter: 0 off, 1 strict, 2 loose (RFC 3704). */
  rpFilter: 0 | 1 | 2
  /** net.ipv4.conf.all.accept_local: a source that is our own address is no martian. */
  acceptLocal: boolean
  /** net.ipv4.conf.all.route_localnet: 127/8 is routed like any other. */
  routeLocalnet: boolean
  /** net.ipv4.conf.all.send_redirects */
  sendRedirects: boolean
  /** net.ipv4.ip_default_ttl and net.ipv6.conf.all.hop_limit */
  defaultTtl: number
  /** net.ipv4.icmp_ratelimit and net.ipv6.icmp.ratelimit, in milliseconds between errors to one peer; 0: no limit. */
  icmpRateLimit: number
  /** net.bridge.bridge-nf-call-iptables and -ip6tables */
  bridgeNfCallIptables: boolean
  bridgeNfCallIp6tables: boolean
}

export const SYSCTL: Readonly<Sysctl> = {
  ipForward: false,
  ipv6Forward: false,
  rpFilter: 0,
  acceptLocal: false,
  routeLocalnet: false,
  sendRedirects: true,
  defaultTtl: 64,
  icmpRateLimit: 1000,
  bridgeNfCallIptables: true,
  bridgeNfCallIp6tables: true,
}
