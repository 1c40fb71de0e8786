/** What ping (iputils) and traceroute print. */
export const ping = {
  header4: (target: string, address: string, bytes: number): string =>
    `PING ${target} (${address}) ${bytes}(${bytes + 28}) bytes of data.`,
  header6: (target: string, address: string, bytes: number): string => `PING ${target}(${address}) ${bytes} data bytes`,
  reply: (bytes: number, from: string, sequence: number, ttl: number, time: string, duplicate: boolean): string =>
    `${bytes} bytes from ${from}: icmp_seq=${sequence} ttl=${ttl} time=${time} ms${duplicate ? ' (DUP!)' : ''}`,
  error: (from: string, sequence: number, what: string): string => `From ${from} icmp_seq=${sequence} ${what}`,
  localError: (mtu: number): string => `ping: local error: message too long, mtu=${mtu}`,
  unknownHost: (name: string): string => `ping: ${name}: Name or service not known`,
  temporary: (name: string): string => `ping: ${name}: Temporary failure in name resolution`,
  connect: (why: string): string => `ping: connect: ${why}`,
  statistics: (target: string): string => `--- ${target} ping statistics ---`,
  counts(sent: number, received: number, duplicates: number, errors: number, loss: string, millis: number): string {
    const more = `${duplicates > 0 ? `, +${duplicates} duplicates` : ''}${errors > 0 ? `, +${errors} errors` : ''}`
    return `${sent} packets transmitted, ${received} received${more}, ${loss}% packet loss, time ${millis}ms`
  },
  times: (least: string, mean: string, most: string, deviation: string): string =>
    `rtt min/avg/max/mdev = ${least}/${mean}/${most}/${deviation} ms`,
} as const

const UNREACHABLE_V4: readonly string[] = [
  'Destination Net Unreachable',
  'Destination Host Unreachable',
  'Destination Protocol Unreachable',
  'Destination Port Unreachable',
  '',
  'Source Route Failed',
  'Destination Net Unknown',
  'Destination Host Unknown',
  'Source Host Isolated',
  'Destination Net Prohibited',
  'Destination Host Prohibited',
  'Destination Net Unreachable for Type of Service',
  'Destination Host Unreachable for Type of Service',
  'Packet filtered',
  'Precedence Violation',
  'Precedence Cutoff',
]

const UNREACHABLE_V6: readonly string[] = [
  'Destination unreachable: No route',
  'Destination unreachable: Administratively prohibited',
  'Destination unreachable: Beyond scope of source address',
  'Destination unreachable: Address unreachable',
  'Destination unreachable: Port unreachable',
]

/** `pr_icmph` and `pr_icmph6`. */
export function icmpText(family: 4 | 6, type: number, code: number, mtu: number): string {
  if (family === 4) {
    if (type === 3 && code === 4) return `Frag needed and DF set (mtu = ${mtu})`
    if (type === 3) return UNREACHABLE_V4[code] ?? `Dest Unreachable, Bad Code: ${code}`
    if (type === 11) return code === 0 ? 'Time to live exceeded' : 'Frag reassembly time exceeded'
    return type === 12 ? 'Parameter problem: pointer = 0' : `Bad ICMP type: ${type}`
  }
  if (type === 1) return UNREACHABLE_V6[code] ?? `Destination unreachable: Unknown code ${code}`
  if (type === 2) return `Packet too big: mtu=${mtu}`
  if (type === 3) return `Time exceeded: ${code === 0 ? 'Hop limit' : 'Defragmentation failure'}`
  return `Parameter problem: ${code === 0 ? 'Wrong header field' : 'Unknown header'}`
}

export const traceroute = {
  header: (target: string, address: string, hops: number, bytes: number): string =>
    `traceroute to ${target} (${address}), ${hops} hops max, ${bytes} byte packets`,
  unknownHost: (name: string): string => `${name}: Name or service not known`,
  connect: (why: string): string => `connect: ${why}`,
  hop: (ttl: number, rest: string): string => `${String(ttl).padStart(2)} ${rest}`,
  from: (address: string, named: boolean): string => (named ? ` ${address} (${address})` : ` ${address}`),
  time: (millis: number): string => `  ${millis.toFixed(3)} ms`,
  silence: ' *',
} as const

/** What traceroute writes behind the time of an answer that is neither "time exceeded" nor "port unreachable". */
export function annotation(family: 4 | 6, type: number, code: number, mtu: number): string {
  if (family === 4) {
    if (type !== 3) return ''
    const marks: Readonly<Record<number, string>> = { 0: '!N', 1: '!H', 2: '!P', 3: '', 4: `!F-${mtu}`, 13: '!X' }
    return marks[code] ?? `!<${code}>`
  }
  if (type === 2) return `!F-${mtu}`
  if (type !== 1) return ''
  const marks: Readonly<Record<number, string>> = { 0: '!N', 1: '!X', 2: '!S', 3: '!H', 4: '' }
  return marks[code] ?? `!<${code}>`
}
