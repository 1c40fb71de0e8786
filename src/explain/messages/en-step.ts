/** What the steps of a scenario do, in English: the headings of its report. */
export const step = {
  trace: (what: string, from: string, to: string): string => `${what} from ${from} to ${to}`,
  packet: { tcp: 'a SYN', udp: 'a datagram', icmp: 'an echo request' },
  bytes: (count: number): string => `${count} bytes`,
  ttl: (hops: number): string => `ttl ${hops}`,
  dontFragment: (set: boolean): string => (set ? "don't fragment" : 'may be fragmented'),
  ping: (from: string, to: string, count: number): string =>
    `${from} pings ${to}${count === 1 ? '' : ` ${count} times`}`,
  traceroute: (from: string, to: string, proto: string): string => `${from} traces the route to ${to} (${proto})`,
  connect: (from: string, to: string): string => `${from} connects to ${to}`,
  sends: (bytes: number): string => `sends ${bytes} bytes`,
  curl: (from: string, url: string): string => `${from} asks for ${url}`,
  insecure: 'any certificate will do',
  tlsMax: (version: string): string => `TLS ${version} at the most`,
  advance: (time: string): string => `${time} pass`,
  cutLink: (device: string): string => `the cable of ${device} is pulled out`,
  setMtu: (device: string, mtu: number): string => `the mtu of ${device} becomes ${mtu}`,
  addNode: (name: string): string => `node ${name} joins`,
  other: (name: string, details: readonly string[]): string => [name, ...details].join(' '),
} as const satisfies object
