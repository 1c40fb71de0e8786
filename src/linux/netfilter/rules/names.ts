/** The protocols iptables prints by name (/etc/protocols); others are numbers. */
const PROTOCOLS: readonly (readonly [string, number])[] = [
  ['icmp', 1],
  ['tcp', 6],
  ['udp', 17],
  ['dccp', 33],
  ['gre', 47],
  ['esp', 50],
  ['ah', 51],
  ['ipv6-icmp', 58],
  ['sctp', 132],
  ['udplite', 136],
]

export function protocolName(protocol: number): string {
  return PROTOCOLS.find(([, number]) => number === protocol)?.[0] ?? `${protocol}`
}

/** Null for a name nobody knows. */
export function protocolNumber(name: string): number | null {
  const known = PROTOCOLS.find(([known]) => known === name)
  if (known !== undefined) return known[1]
  if (name === 'icmpv6') return 58
  return /^\d{1,3}$/.test(name) && Number(name) < 256 ? Number(name) : null
}

/** The extension that holds a protocol's own options. */
export function moduleName(protocol: number): string {
  return protocol === 58 ? 'icmp6' : protocolName(protocol)
}

/** As `--tcp-flags` lists them. */
export const TCP_FLAGS: readonly (readonly [string, number])[] = [
  ['FIN', 0x01],
  ['SYN', 0x02],
  ['RST', 0x04],
  ['PSH', 0x08],
  ['ACK', 0x10],
  ['URG', 0x20],
]
