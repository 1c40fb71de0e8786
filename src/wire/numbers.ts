/** EtherType (IEEE 802). */
export const ETHERTYPE = {
  ipv4: 0x0800,
  arp: 0x0806,
  vlan: 0x8100,
  ipv6: 0x86dd,
} as const

/** IP protocol and IPv6 next header numbers (IANA). */
export const PROTOCOL = {
  hopByHop: 0,
  icmp: 1,
  tcp: 6,
  udp: 17,
  routing: 43,
  fragment: 44,
  icmpv6: 58,
  noNextHeader: 59,
  destinationOptions: 60,
} as const

/** UDP and TCP ports that tell what a payload is. Linux's VXLAN, and flannel, use 8472; RFC 7348 says 4789. */
export const PORT = {
  dns: 53,
  http: 80,
  vxlan: 4789,
  vxlanLinux: 8472,
} as const
