import { formatV4, formatV6, V6 } from '../../src/util/address.ts'

/** Numbers that a stack picks, called after the order in which they appear: `port#1`, `id#2`. Known ports keep theirs. */
export class Labels {
  private readonly ports = new Map<number, string>()
  private readonly ids = new Map<number, string>()

  constructor(private readonly known: ReadonlySet<number>) {}

  port(value: number): string {
    return this.known.has(value) ? String(value) : label(this.ports, 'port', value)
  }

  id(value: number): string {
    return label(this.ids, 'id', value)
  }
}

function label(labels: Map<number, string>, kind: string, value: number): string {
  if (!labels.has(value)) labels.set(value, `${kind}#${labels.size + 1}`)
  return labels.get(value)!
}

/**
 * One line for a frame, with everything two stacks must agree on and nothing that each picks for itself: MACs are named after
 * their device, ephemeral ports and ICMP ids are numbered in the order of appearance, TCP sequence numbers count from the
 * initial one, IP ids, timestamps and random flow labels are left out. Wrong checksums are said. Written without src/wire,
 * whose judge it is.
 */
export class Dissector {
  readonly labels: Labels
  private readonly initial = new Map<string, number>()

  /**
   * `roles`: device names by MAC. `known`: the ports that a flow chose itself. `checksums` false: a device that leaves them
   * to hardware (lo).
   */
  constructor(
    private readonly roles: ReadonlyMap<string, string>,
    known: ReadonlySet<number>,
  ) {
    this.labels = new Labels(known)
  }

  frame(b: Uint8Array, checksums = true): string {
    const v = new DataView(b.buffer, b.byteOffset, b.byteLength)
    const macs = `${this.role(b, 6)} > ${this.role(b, 0)}`
    switch (v.getUint16(12)) {
      case 0x0806:
        return `${macs} ${this.arp(b, v)}`
      case 0x0800:
        return `${macs} ${this.ipv4(b, 14, checksums, false)}`
      case 0x86dd:
        return `${macs} ${this.ipv6(b, 14, checksums, false)}`
      default:
        return `${macs} ethertype 0x${v.getUint16(12).toString(16)} len ${b.length}`
    }
  }

  private arp(b: Uint8Array, v: DataView): string {
    const sender = formatV4(v.getUint32(28))
    const target = formatV4(v.getUint32(38))
    const operation = v.getUint16(20)
    if (operation === 1) return `arp who-has ${target} tell ${sender} (${this.role(b, 22)}) len ${b.length}`
    return `arp reply ${sender} is-at ${this.role(b, 22)} to ${target} (${this.role(b, 32)}) len ${b.length}`
  }

  /** `quoted`: within an ICMP error, where the packet may be cut short and its checksums are nobody's business. */
  private ipv4(b: Uint8Array, at: number, checksums: boolean, quoted: boolean): string {
    const v = new DataView(b.buffer, b.byteOffset + at, b.byteLength - at)
    const header = (b[at] & 15) * 4
    const total = v.getUint16(2)
    const flags = v.getUint16(6)
    const offset = (flags & 0x1fff) * 8
    const source = formatV4(v.getUint32(12))
    const destination = formatV4(v.getUint32(16))
    const words = [
      `${source} > ${destination}`,
      `ttl ${b[at + 8]}`,
      `len ${total}`,
      ...(b[at + 1] === 0 ? [] : [`tos 0x${b[at + 1].toString(16)}`]),
      ...(flags & 0x4000 ? ['DF'] : []),
      ...(flags & 0x2000 || offset > 0 ? [`frag ${offset}${flags & 0x2000 ? '+' : ''}`] : []),
      ...(header > 20 ? [`options ${header - 20}`] : []),
      ...(checksums && !quoted && sum(b, at, at + header) !== 0xffff ? ['BAD IP CHECKSUM'] : []),
    ]
    const end = Math.min(b.length, at + total)
    const whole = checksums && !quoted && (flags & 0x3fff) === 0
    const pseudo = whole ? sum(b, at + 12, at + 20) + b[at + 9] + (total - header) : -1
    if (!quoted && b.length > at + total) words.push(`padding ${b.length - at - total}`)
    if (quoted && end < at + total) words.push(`quoted ${end - at}`)
    const transport =
      offset > 0 ? '' : this.transport(b, at + header, end, b[at + 9], `${source}`, `${destination}`, pseudo)
    return `${words.join(' ')}${transport && ` | ${transport}`}`
  }

  private ipv6(b: Uint8Array, at: number, checksums: boolean, quoted: boolean): string {
    const v = new DataView(b.buffer, b.byteOffset + at, b.byteLength - at)
    const source = this.six(v, 8)
    const destination = this.six(v, 24)
    const payload = v.getUint16(4)
    const traffic = (v.getUint16(0) >> 4) & 0xff
    const words = [`${source} > ${destination}`, `hlim ${b[at + 7]}`, `len ${40 + payload}`]
    if (traffic !== 0) words.push(`tos 0x${traffic.toString(16)}`)
    let next = b[at + 6]
    let offset = at + 40
    let whole = true
    if (next === 44) {
      const word = v.getUint16(42)
      words.push(`frag ${word & 0xfff8}${word & 1 ? '+' : ''}`)
      next = b[offset]
      offset += 8
      whole = false
      if (word & 0xfff8) return words.join(' ')
    }
    const end = Math.min(b.length, at + 40 + payload)
    if (quoted && end < at + 40 + payload) words.push(`quoted ${end - at}`)
    const pseudo = checksums && !quoted && whole ? sum(b, at + 8, at + 40) + next + (at + 40 + payload - offset) : -1
    return `${words.join(' ')} | ${this.transport(b, offset, end, next, source, destination, pseudo)}`
  }

  private transport(b: Uint8Array, at: number, end: number, protocol: number, s: string, d: string, pseudo: number) {
    const bad = pseudo >= 0 && sum(b, at, end, pseudo) !== 0xffff && !(protocol === 17 && b[at + 6] + b[at + 7] === 0)
    const text =
      protocol === 1
        ? this.icmp(b, at, end, pseudo >= 0)
        : protocol === 58
          ? this.icmpv6(b, at, end)
          : protocol === 17
            ? this.udp(b, at, end)
            : protocol === 6
              ? this.tcp(b, at, end, s, d)
              : `protocol ${protocol}`
    const wrong = protocol === 1 ? false : bad
    return wrong ? `${text} BAD CHECKSUM` : text
  }

  private icmp(b: Uint8Array, at: number, end: number, check: boolean): string {
    const v = new DataView(b.buffer, b.byteOffset + at, end - at)
    const bad = check && sum(b, at, end) !== 0xffff ? ' BAD CHECKSUM' : ''
    const [type, code] = [b[at], b[at + 1]]
    if (type === 8 || type === 0) {
      return `icmp echo ${type === 8 ? 'request' : 'reply'} ${this.labels.id(v.getUint16(4))} seq ${v.getUint16(6)}${bad}`
    }
    const mtu = type === 3 && code === 4 ? ` mtu ${v.getUint16(6)}` : ''
    const gateway = type === 5 ? ` to ${formatV4(v.getUint32(4))}` : ''
    return `icmp ${type}/${code}${mtu}${gateway}${bad} [${this.ipv4(b.subarray(0, end), at + 8, false, true)}]`
  }

  private icmpv6(b: Uint8Array, at: number, end: number): string {
    const v = new DataView(b.buffer, b.byteOffset + at, end - at)
    const [type, code] = [b[at], b[at + 1]]
    if (type === 128 || type === 129) {
      const kind = type === 128 ? 'request' : 'reply'
      return `icmp6 echo ${kind} ${this.labels.id(v.getUint16(4))} seq ${v.getUint16(6)}`
    }
    if (type === 135 || type === 136) return this.neighbour(b, at, end, type)
    if (type >= 128) return `icmp6 ${type}/${code}`
    const mtu = type === 2 ? ` mtu ${v.getUint32(4)}` : ''
    return `icmp6 ${type}/${code}${mtu} [${this.ipv6(b.subarray(0, end), at + 8, false, true)}]`
  }

  private neighbour(b: Uint8Array, at: number, end: number, type: number): string {
    const v = new DataView(b.buffer, b.byteOffset + at, end - at)
    const flags =
      type === 136 ? ` flags ${['R', 'S', 'O'].filter((_, i) => b[at + 4] & (0x80 >> i)).join('') || '-'}` : ''
    const option = end - at >= 32 ? ` ${b[at + 24] === 1 ? 'from' : 'is-at'} ${this.role(b, at + 26)}` : ''
    return `icmp6 ${type === 135 ? 'who-has' : 'neighbour'} ${this.six(v, 8)}${flags}${option}`
  }

  private udp(b: Uint8Array, at: number, end: number): string {
    const v = new DataView(b.buffer, b.byteOffset + at, end - at)
    const [source, destination] = [v.getUint16(0), v.getUint16(2)]
    const zero = v.getUint16(6) === 0 ? ' no checksum' : ''
    if (destination === 8472 && end - at >= 30) {
      const inner = b.subarray(at + 16, end)
      return `udp vxlan vni ${v.getUint32(12) >>> 8}${zero} { ${this.frame(inner)} }`
    }
    return `udp ${this.labels.port(source)} > ${this.labels.port(destination)} len ${v.getUint16(4)}${zero}`
  }

  private tcp(b: Uint8Array, at: number, end: number, s: string, d: string): string {
    const v = new DataView(b.buffer, b.byteOffset + at, Math.max(0, end - at))
    const ports = `tcp ${this.labels.port(v.getUint16(0))} > ${this.labels.port(v.getUint16(2))}`
    if (end - at < 20) return ports
    const bits = b[at + 13]
    const names = ['FIN', 'SYN', 'RST', 'PSH', 'ACK', 'URG', 'ECE', 'CWR'].filter((_, i) => bits & (1 << i))
    const length = (b[at + 12] >> 4) * 4
    const sequence = this.relative(`${s} ${v.getUint16(0)} ${d} ${v.getUint16(2)}`, v.getUint32(4), (bits & 2) !== 0)
    const acknowledged =
      bits & 16 ? this.relative(`${d} ${v.getUint16(2)} ${s} ${v.getUint16(0)}`, v.getUint32(8), false) : ''
    const ack = acknowledged === '' ? '' : ` ack ${acknowledged}`
    return `${ports} ${names.join(',')} seq ${sequence}${ack} data ${end - at - length}${tcpOptions(b, at + 20, at + length)}`
  }

  /** Sequence numbers of one direction count from its SYN's; NAT changes the key, so a new one starts there too. */
  private relative(key: string, value: number, syn: boolean): string {
    if (syn || !this.initial.has(key)) this.initial.set(key, syn ? value : (value - 1) >>> 0)
    return String((value - this.initial.get(key)!) >>> 0)
  }

  /** A link-local address is named after the MAC it was made from (RFC 4291 appendix A). */
  private six(v: DataView, at: number): string {
    const text = formatV6(new V6(v.getInt32(at), v.getInt32(at + 4), v.getInt32(at + 8), v.getInt32(at + 12)))
    if (v.getUint32(at) !== 0xfe800000 || v.getUint16(at + 11) !== 0xfffe) return text
    const mac = new Uint8Array([8, 9, 10, 13, 14, 15].map((i) => v.getUint8(at + i)))
    mac[0] ^= 2
    return `fe80(${this.role(mac, 0)})`
  }

  private role(b: Uint8Array, at: number): string {
    const mac = [...b.subarray(at, at + 6)].map((x) => x.toString(16).padStart(2, '0')).join(':')
    if (mac === 'ff:ff:ff:ff:ff:ff') return 'broadcast'
    if (mac === '00:00:00:00:00:00') return '0'
    if (mac.startsWith('33:33:')) return `multicast ${mac.slice(6)}`
    return this.roles.get(mac) ?? mac
  }
}

/** Multicast membership reports (IGMP, MLD): when they are sent depends on when addresses were set, not on traffic. */
export function isChatter(b: Uint8Array): boolean {
  const type = (b[12] << 8) | b[13]
  if (type === 0x0800) return b[23] === 2
  return type === 0x86dd && ((b[20] === 0 && b[54] === 58) || (b[20] === 58 && (b[54] === 133 || b[54] === 143)))
}

function tcpOptions(b: Uint8Array, from: number, to: number): string {
  const names: string[] = []
  for (let at = from; at < to && b[at] !== 0; at += b[at] === 1 ? 1 : Math.max(2, b[at + 1])) {
    if (b[at] === 2) names.push(`mss ${(b[at + 2] << 8) | b[at + 3]}`)
    if (b[at] === 3) names.push(`wscale ${b[at + 2]}`)
    if (b[at] === 4) names.push('sackOK')
    if (b[at] === 5) names.push('sack')
    if (b[at] === 8) names.push('ts')
  }
  return names.length === 0 ? '' : ` <${names.join(' ')}>`
}

/** RFC 1071, folded, not complemented: 0xffff over data that includes a right checksum. */
function sum(b: Uint8Array, from: number, to: number, start = 0): number {
  let total = start
  for (let at = from; at < to; at += 2) total += (b[at] << 8) | (at + 1 < to ? b[at + 1] : 0)
  while (total > 0xffff) total = (total & 0xffff) + (total >>> 16)
  return total
}
